//! handsetd makes desk phones act when Asterisk says so.

pub mod agi;
pub mod ami;
pub mod backoff;
pub mod media;
pub mod phone;
pub mod shutdown;
pub mod simulate;
