//! Pictures for a pushed screen, and the steps that backgrounds share with them.
//!
//! A decompression bomb is refused by the size in its header, before anything is unpacked.

mod decode;
mod encode;
mod error;
mod file;
mod jpeg;
pub(super) mod scale;

use bytes::Bytes;
use image::{DynamicImage, GrayImage};

pub(super) use self::decode::{Matte, decode};
pub(super) use self::encode::encode;
pub use self::error::Error;
pub use self::file::Picture;
use super::display::Display;

/// Converts `source`, a PNG, JPEG, GIF or BMP file whatever its name, to fit into `display`.
///
/// The aspect ratio is kept, and pictures are never enlarged.
pub fn convert(source: &[u8], display: &Display) -> Result<Picture, Error> {
    let image = decode(source, Matte::White)?;
    encode(scale::within(image, display.width, display.height), display)
}

/// Re-encodes a PNG, JPEG, GIF or BMP file as PNG at its own size.
pub fn png(source: &[u8]) -> Result<Bytes, Error> {
    encode::png(&decode(source, Matte::White)?)
}

/// Encodes grey pixels, row by row, 0 being black, as PNG.
pub fn grey_png(width: u32, height: u32, pixels: Vec<u8>) -> Result<Bytes, Error> {
    let image = GrayImage::from_raw(width, height, pixels).ok_or(Error::Empty)?;
    encode::png(&DynamicImage::ImageLuma8(image).into_rgb8())
}

#[cfg(test)]
mod tests;
