//! Joins this daemon with others over NATS: implements the traits of `fleet` with the crate `handset-cluster`.

mod routes;
