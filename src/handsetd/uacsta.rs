//! CSTA sessions over SIP (uaCSTA): phones that register an identity of their own with handsetd, and the
//! SIP dialog with each, in which requests and events travel.
//!
//! [`Sessions`] is the handle for those that send requests. It exists, without a session, also where
//! `[uacsta]` is not configured.

mod config;
mod request_error;
mod sessions;
mod status;

pub(crate) use config::Config;
pub(crate) use request_error::RequestError;
pub(crate) use sessions::Sessions;
pub(crate) use status::SessionStatus;
