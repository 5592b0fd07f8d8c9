//! Extension Mobility of Cisco's call manager: what is asked, as XML, and what is answered. No I/O.
//!
//! Sources: Cisco's "Extension Mobility API". Elements are told apart by case and documents in the order
//! of the DTD; the pages that show them in lower case are wrong.

mod answer;
mod fault;
mod query;

pub use answer::{Answer, DeviceUser, Profile, UserDevices, read};
pub use fault::{Blame, Fault};
pub use query::{Query, Spelling};
