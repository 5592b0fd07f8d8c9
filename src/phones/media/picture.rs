//! Pictures for a pushed screen, and the steps that backgrounds share with them.
//!
//! A decompression bomb is refused by what its header says, before anything is unpacked.

mod decode;
mod encode;
mod error;
pub(super) mod scale;

use bytes::Bytes;
use image::{DynamicImage, GrayImage};

pub(super) use self::decode::{Ground, decode};
pub(super) use self::encode::encode;
pub use self::error::Error;
use super::display::Display;

/// A picture that a phone takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Picture {
    /// The file, or the text for an inline encoding.
    pub bytes: Bytes,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// The media type for HTTP.
    pub content_type: &'static str,
    /// How the name of such a file ends, without the dot.
    pub extension: &'static str,
}

/// Converts `source`, a PNG, JPEG, GIF or BMP file whatever its name, to fit into `wanted`.
///
/// The proportions are kept, and a picture that is smaller than the display stays so.
pub fn convert(source: &[u8], wanted: &Display) -> Result<Picture, Error> {
    let image = decode(source, Ground::White)?;
    encode(scale::within(image, wanted.width, wanted.height), wanted)
}

/// Makes a PNG file of a PNG, JPEG, GIF or BMP file whatever its name, without changing its size.
pub fn png(source: &[u8]) -> Result<Bytes, Error> {
    encode::png(&decode(source, Ground::White)?)
}

/// Makes a PNG file of grey pixels, row by row, where 0 is black.
pub fn grey_png(width: u32, height: u32, pixels: Vec<u8>) -> Result<Bytes, Error> {
    let image = GrayImage::from_raw(width, height, pixels).ok_or(Error::Empty)?;
    encode::png(&DynamicImage::ImageLuma8(image).into_rgb8())
}

#[cfg(test)]
mod tests;
