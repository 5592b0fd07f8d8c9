//! The other daemons, as this one sees them: what they announce, and traits that `cluster` implements, so
//! that no other module depends on NATS. Without `[cluster]` there are no other daemons.

mod announced;
mod carried_files;
mod claims;
mod index;
mod leadership;
mod peers;
mod routes;
mod state;

pub(crate) use announced::{AnnouncedGroup, AnnouncedPhone, AnnouncedServer};
pub(crate) use carried_files::{CarriedFile, CarriedFiles, FileStore, ReadError, carry};
pub(crate) use claims::ScheduleClaims;
pub(crate) use index::{Announcement, Fleet, PeerPhone};
pub(crate) use leadership::{Leadership, Role};
pub(crate) use peers::{AnswerQueries, Peer, Peers, QueryError};
pub(crate) use routes::{
    NotSent, PeerCancellation, PeerReply, PeerRequest, Reply, Routes, Unanswered,
};
pub(crate) use state::{ClusterHealth, ClusterMember, ClusterState, Membership};
