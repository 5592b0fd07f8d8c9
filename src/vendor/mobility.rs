//! Extension Mobility of Cisco's call manager: what is asked, as XML, and what is answered. No I/O.
//!
//! Facts: Cisco's "Extension Mobility API". Elements are told apart by case and stand in the order
//! of the DTD; the pages that show them in lower case are wrong.

mod answer;
mod ask;
mod fault;

pub use answer::{Answer, DeviceUser, Profile, UserDevices, read};
pub use ask::{Ask, Spelling};
pub use fault::{Blame, Fault};
