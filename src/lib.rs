//! handsetd makes desk phones act when Asterisk says so.

pub mod agi;
pub mod ami;
pub mod backoff;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod deliver;
pub mod demo;
pub mod dialplan;
pub mod http;
pub mod media;
pub mod outcome;
pub mod phone;
pub mod roster;
pub mod screen;
pub mod shelf;
pub mod shutdown;
pub mod simulate;
pub mod telemetry;
pub mod token;
pub mod vendor;
pub mod verb;
