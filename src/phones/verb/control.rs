//! Actions that need no converted media: calls, keys, settings, lamps and more.

use std::time::Duration;

use url::Url;

use super::call::{CallControl, CallId, Digits, Forward, TransferKind};
use super::csta::Csta;
use super::key::KeyPress;
use super::led::Led;
use super::notify::Notify;
use super::setting::Settings;
use super::stream::Stream;
use super::vendor_uri::VendorUri;
use crate::screen::Number;

/// An action that needs no converted media.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Control {
    /// Controls a call; without an id, the one that the phone selects.
    Call(CallControl, Option<CallId>),
    /// Closes a pushed screen.
    Clear,
    /// Sends a CSTA request.
    Csta(Csta),
    /// Places a call.
    Dial {
        /// The number to call.
        number: Number,
        /// The line, counted from 1; `None` leaves the choice to the phone.
        line: Option<u8>,
    },
    /// Switches the backlight, optionally for a limited time.
    Display(Backlight, Option<Duration>),
    /// Switches do-not-disturb.
    Dnd(bool),
    /// Sends digits in the current call.
    Dtmf(Digits),
    /// Runs up to three URIs of the vendor.
    Execute(Vec<VendorUri>),
    /// Loads firmware from a URL.
    Firmware(Url),
    /// Switches call forwarding.
    Forward(Forward),
    /// Reads model, firmware, MAC address and lines.
    Info,
    /// Presses keys, in order.
    Keys(Vec<KeyPress>),
    /// Switches a lamp.
    Led(Led),
    /// Sends a NOTIFY unchanged.
    Notify(Notify),
    /// Restarts the phone.
    Reboot,
    /// Makes the phone reload its configuration.
    Resync,
    /// Stops a playing tone.
    RingStop,
    /// Takes a screenshot.
    Screenshot,
    /// Writes settings, then reads some.
    Settings(Settings),
    /// Starts to receive or send RTP audio.
    Stream(Stream),
    /// Stops all RTP audio.
    StreamStop,
    /// Transfers a call.
    Transfer {
        /// The number to transfer to.
        number: Number,
        /// The kind of transfer.
        kind: TransferKind,
        /// The call; `None` is the one that the phone selects.
        call: Option<CallId>,
    },
}

/// The state of the backlight.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Backlight {
    /// As configured on the phone.
    Default,
    /// Off.
    Off,
    /// On.
    On,
}
