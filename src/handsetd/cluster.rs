//! Joins this daemon with others over NATS: implements the traits of `fleet` on top of the crate
//! `handset-cluster`.

mod announcer;
mod bus;
mod deliveries;
mod election;
mod files;
mod fleet_watch;
mod outbox;
mod outcome_wire;
mod peer_requests;
mod queries;
mod routes;
mod schedule_claims;
mod state;

pub(crate) use announcer::Announcer;
pub(crate) use bus::Bus;
pub(crate) use deliveries::PeerDeliveries;
pub(crate) use election::Election;
pub(crate) use files::ClusterFiles;
pub(crate) use fleet_watch::FleetWatch;
pub(crate) use outbox::{ClusterOutbox, KnownPhones};
pub(crate) use peer_requests::{PeerRequests, receive};
pub(crate) use queries::{ClusterPeers, answer};
pub(crate) use routes::ClusterRoutes;
pub(crate) use state::ClusterView;
