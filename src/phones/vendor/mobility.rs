//! Extension Mobility of Cisco's call manager: queries and responses as XML. No I/O.
//!
//! Sources: Cisco's "Extension Mobility API". Elements are distinguished by case and documents in the order
//! of the DTD; the pages that show them in lower case are wrong.

mod fault;
mod query;
mod response;

pub use fault::{Cause, Fault};
pub use query::{Query, Spelling};
pub use response::{DeviceUser, Profile, Response, UserDevices, parse};
