//! What can be asked that needs nothing made to measure: calls, keys, settings, lamps and the like.

use std::time::Duration;

use url::Url;

use super::call::{CallControl, CallId, Digits, Forward, TransferKind};
use super::{Csta, KeyPress, Led, Notify, Settings, Stream, VendorUri};
use crate::screen::Number;

/// Something that a phone does or tells, just as it is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Control {
    /// Answers, ends, holds or resumes a call; without an id the one that the phone would choose.
    Call(CallControl, Option<CallId>),
    /// Takes a pushed screen away.
    Clear,
    /// Sends a CSTA request.
    Csta(Csta),
    /// Places a call.
    Dial {
        /// Whom to call.
        number: Number,
        /// The line, counted from 1; `None` leaves it to the phone.
        line: Option<u8>,
    },
    /// Switches the backlight.
    Display(Backlight, Option<Duration>),
    /// Switches do not disturb.
    Dnd(bool),
    /// Sends digits in the call.
    Dtmf(Digits),
    /// Runs URIs of the vendor, up to three, all at once.
    Execute(Vec<VendorUri>),
    /// Loads a firmware.
    Firmware(Url),
    /// Forwards calls, or stops that.
    Forward(Forward),
    /// Tells model, firmware, hardware address and lines.
    Info,
    /// Presses keys, in order.
    Keys(Vec<KeyPress>),
    /// Switches a lamp.
    Led(Led),
    /// Sends a NOTIFY as it is.
    Notify(Notify),
    /// Restarts the phone.
    Reboot,
    /// Makes the phone read its configuration again.
    Resync,
    /// Ends a tone that plays.
    RingStop,
    /// Takes the picture on the screen.
    Screenshot,
    /// Writes settings, then reads some.
    Settings(Settings),
    /// Starts to play or send RTP audio.
    Stream(Stream),
    /// Ends all RTP audio that was started.
    StreamStop,
    /// Transfers a call.
    Transfer {
        /// To whom.
        number: Number,
        /// Whether the phone talks to them first.
        kind: TransferKind,
        /// Which call; `None` is the one that the phone would choose.
        call: Option<CallId>,
    },
}

/// What the backlight is to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Backlight {
    /// As the phone is configured.
    Default,
    /// Dark.
    Off,
    /// Lit.
    On,
}
