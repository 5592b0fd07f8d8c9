//! The server that phones talk to.

mod config;

pub use config::Config;
