//! A converted picture.

use bytes::Bytes;

/// A picture as a phone accepts it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Picture {
    /// The file, or the text of an inline encoding.
    pub bytes: Bytes,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The media type for HTTP.
    pub content_type: &'static str,
    /// The file name extension, without the dot.
    pub extension: &'static str,
}
