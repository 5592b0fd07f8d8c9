//! The other daemons, as this one sees them: traits that `cluster` implements, so that nothing else has to
//! know about NATS, and what other daemons announce. Without `[cluster]` there are none of them.

mod claims;
mod leadership;
mod peers;
mod routes;

pub(crate) use claims::ScheduleClaims;
pub(crate) use leadership::{Leadership, Role};
#[expect(unused_imports, reason = "`admin` uses them soon")]
pub(crate) use peers::{AnswerQuestions, AskError, Peer, Peers};
