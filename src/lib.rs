//! handsetd makes desk phones act when Asterisk says so.

pub mod agi;
pub mod cli;
pub mod config;
pub mod http;
pub mod media;
pub mod phone;
pub mod shutdown;
pub mod simulate;
pub mod telemetry;
