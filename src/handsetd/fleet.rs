//! The other daemons, as this one sees them: traits that `cluster` implements, so that nothing else has to
//! know about NATS, and what other daemons announce. Without `[cluster]` there are none of them.

mod announced;
mod carried;
mod claims;
mod index;
mod leadership;
mod peers;
mod routes;
mod state;

pub(crate) use announced::{AnnouncedGroup, AnnouncedPhone, AnnouncedServer};
pub(crate) use carried::{CarriedFile, CarriedFiles, FileStore, carry};
pub(crate) use claims::ScheduleClaims;
pub(crate) use index::{Announcement, Fleet, Seen};
pub(crate) use leadership::{Leadership, Role};
pub(crate) use peers::{AnswerQuestions, AskError, Peer, Peers};
pub(crate) use routes::{
    NotSent, PeerCancellation, PeerReply, PeerRequest, Reply, Routes, Unanswered,
};
pub(crate) use state::{ClusterHealth, ClusterMember, ClusterState, Membership};
