//! Joins this daemon with others over NATS: implements the traits of `fleet` on top of the crate
//! `handset-cluster`.

mod announcing;
mod bus;
mod deliveries;
mod election;
mod files;
mod fleet_watch;
mod incoming;
mod outbox;
mod outcome_wire;
mod queries;
mod routes;
mod schedule_claims;
mod state;

pub(crate) use announcing::Announcer;
pub(crate) use bus::Bus;
pub(crate) use deliveries::PeerDeliveries;
pub(crate) use election::Election;
pub(crate) use files::ClusterFiles;
pub(crate) use fleet_watch::FleetWatch;
pub(crate) use incoming::{PeerQuestions, receive};
pub(crate) use outbox::{ClusterOutbox, KnownPhones};
pub(crate) use queries::{ClusterPeers, answer};
pub(crate) use routes::ClusterRoutes;
pub(crate) use state::ClusterView;
