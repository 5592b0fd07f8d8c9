//! Pictures and tones, made to measure for a phone: bytes in, bytes out.
//!
//! [`Model`] tells what a phone takes, [`background::convert`], [`picture::convert`] and
//! [`ringtone::convert`] make it. Nothing here reads a file, opens a connection or knows how the
//! result gets to the phone. Conversions compute for up to a second; asynchronous callers run them
//! on a blocking thread.

pub mod background;
pub mod model;
pub mod picture;
pub mod ringtone;

mod display;

pub use background::{Background, Fit};
pub use display::{Depth, Display, Encoding};
pub use model::Model;
pub use picture::Picture;
pub use ringtone::{Tone, ToneFormat};
