//! The FastAGI server.

mod config;

pub use config::Config;
