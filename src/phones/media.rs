//! Conversion of pictures and tones for a phone model: bytes in, bytes out.
//!
//! [`Model`] says what a phone accepts; [`background::convert`], [`picture::convert`] and
//! [`ringtone::convert`] produce it. Nothing here reads a file or opens a connection. Conversions take up to a second of CPU time; asynchronous callers run them
//! on a blocking thread.

pub mod background;
pub mod model;
pub mod picture;
pub mod ringtone;

mod display;
mod fit;

pub use background::Background;
pub use display::{Depth, Display, Encoding};
pub use fit::Fit;
pub use model::Model;
pub use picture::Picture;
pub use ringtone::{Headerless, Tone, ToneFormat};
