//! CSTA sessions over SIP (uaCSTA): phones that register an identity of their own with handsetd, and the
//! SIP dialog with each, in which requests and events travel.
//!
//! [`Sessions`] is the handle for those that send requests. It exists, without a session, also where
//! `[uacsta]` is not configured.

mod binding;
mod config;
mod counters;
mod lookup;
mod pace;
mod phone_state;
mod refusal;
mod register;
mod report;
mod request_error;
mod server;
mod session;
mod sessions;
mod shared;
mod slot;
mod status;

pub(crate) use config::Config;
pub(crate) use counters::SessionTotals;
pub(crate) use lookup::{Contact, CstaPhone, PhoneLookup};
pub(crate) use report::{Report, Reported};
pub(crate) use request_error::RequestError;
pub(crate) use server::{Server, Services};
pub(crate) use sessions::Sessions;
pub(crate) use status::SessionStatus;
