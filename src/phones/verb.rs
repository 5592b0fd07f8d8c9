//! The vocabulary of requests: verbs and their keys, in one table.
//!
//! The dialplan, rules, the admin API and the command line all use [`Request::parse`], so every
//! verb exists in all of them. Nothing here knows how a phone is reached, or which phone supports
//! what.

mod action;
mod call;
mod control;
mod csta;
mod id;
mod key;
mod kind;
mod led;
mod mobility;
mod notify;
mod parse;
mod priority;
mod push;
mod read;
mod refusal;
mod request;
mod setting;
mod stream;
mod syntax;
mod table;
mod text;
mod tone;
mod value;
mod vendor_uri;
mod via;

pub use action::{Action, Fit};
pub use call::{CallControl, CallId, Digits, Forward, ForwardKind, TransferKind};
pub use control::{Backlight, Control};
pub use csta::{Csta, Element, ElementContent};
pub use id::{UnknownVerb, Verb};
pub use key::KeyPress;
pub use kind::Kind;
pub use led::{Led, LedColor, LedName, LedState};
pub use mobility::{DeviceName, Mobility, UserId};
pub use notify::Notify;
pub use priority::Priority;
pub use push::{Content, Push};
pub use refusal::Refusal;
pub use request::Request;
pub use setting::{Setting, SettingName, Settings};
pub use stream::{Codec, Mode, Stream};
pub use table::{COMMON, Key, MAX_ELEMENTS, MAX_VALUES, Row, TABLE};
pub use tone::Tone;
pub use vendor_uri::VendorUri;
pub use via::Via;
