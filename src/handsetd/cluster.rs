//! Joins this daemon with others over NATS: implements the traits of `fleet` with the crate `handset-cluster`.

mod election;
mod outbox;
mod routes;
mod schedule_claims;
mod state;

pub(crate) use election::Election;
pub(crate) use state::ClusterView;
