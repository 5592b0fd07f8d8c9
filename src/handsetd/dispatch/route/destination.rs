//! The destination of a request.

use std::sync::Arc;

use handset_phones::phone::{Phone, Vendor};

use crate::resolver::{PhoneRef, Resolution};

/// The destination of a request to one phone.
#[expect(
    clippy::large_enum_variant,
    reason = "most phones are those of this daemon"
)]
#[derive(Clone, Debug)]
pub(in crate::dispatch) enum Destination {
    /// To a phone of this daemon, or nowhere.
    Local(Resolution),
    /// To a phone of another daemon.
    Remote(Box<RemotePhone>),
}

/// A phone that another daemon owns.
#[derive(Clone, Debug)]
pub(in crate::dispatch) struct RemotePhone {
    /// Its name, qualified with its server if phones of several servers have the same name.
    pub(in crate::dispatch) name: String,
    /// Its vendor, if known.
    pub(in crate::dispatch) vendor: Option<Vendor>,
    pub(in crate::dispatch) phone_ref: PhoneRef,
    /// The daemons to send to, in order; at least one, of which the first owns the phone.
    pub(in crate::dispatch) daemons: Vec<Arc<str>>,
    /// The phone, if this daemon reaches it as well, as a last resort.
    pub(in crate::dispatch) local: Option<Phone>,
}
