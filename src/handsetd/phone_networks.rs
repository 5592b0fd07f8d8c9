//! The networks where phones live, and in which alone phones are contacted that no `[[phone]]` names.

mod config;

pub(crate) use config::Config;
