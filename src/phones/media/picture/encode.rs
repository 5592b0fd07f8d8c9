//! Encoding pixels in the form that a phone accepts.

use bytes::Bytes;
use image::codecs::bmp::BmpEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops::{self, ColorMap};
use image::{DynamicImage, ExtendedColorType, GrayImage, ImageEncoder, ImageError, Luma, RgbImage};

use super::super::display::{Depth, Display, Encoding};
use super::error::Error;
use super::file::Picture;

/// Encodes `image` at its own size, in the depth and encoding of `display`.
pub(in crate::media) fn encode(image: RgbImage, display: &Display) -> Result<Picture, Error> {
    let (width, height) = image.dimensions();
    let bytes = match (display.encoding, display.depth) {
        (Encoding::Bmp, Depth::Mono) => one_bit_bitmap(&grey(image, Depth::Mono)),
        (Encoding::CiscoPixels, depth) => packed::<2>(&grey(image, depth)),
        (Encoding::YealinkPixels, depth) => packed::<4>(&grey(image, depth)),
        (encoding, Depth::Colour) => file(
            encoding,
            image.as_raw(),
            (width, height),
            ExtendedColorType::Rgb8,
        )?,
        (encoding, depth) => {
            let image = grey(image, depth);
            file(
                encoding,
                image.as_raw(),
                (width, height),
                ExtendedColorType::L8,
            )?
        }
    };
    Ok(Picture {
        bytes: Bytes::from(bytes),
        width,
        height,
        content_type: display.encoding.content_type(),
        extension: display.encoding.extension(),
    })
}

/// Encodes `image` as PNG in full colour.
pub(super) fn png(image: &RgbImage) -> Result<Bytes, Error> {
    let color = ExtendedColorType::Rgb8;
    let bytes = file(Encoding::Png, image.as_raw(), image.dimensions(), color)?;
    Ok(Bytes::from(bytes))
}

fn file(
    encoding: Encoding,
    pixels: &[u8],
    (width, height): (u32, u32),
    color: ExtendedColorType,
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let written: Result<(), ImageError> = match encoding {
        Encoding::Bmp => BmpEncoder::new(&mut bytes).write_image(pixels, width, height, color),
        Encoding::Jpeg => JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
            .write_image(pixels, width, height, color),
        Encoding::CiscoPixels | Encoding::Png | Encoding::YealinkPixels => {
            PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive)
                .write_image(pixels, width, height, color)
        }
    };
    written.map_err(Error::Encode)?;
    Ok(bytes)
}

/// Converts colours to the greys of a display, with dithering.
fn grey(image: RgbImage, depth: Depth) -> GrayImage {
    let mut image = DynamicImage::ImageRgb8(image).into_luma8();
    let greys = Greys {
        steps: u16::from(depth.greys().unwrap_or(u8::MAX)) - 1,
    };
    if image.width() > 1 {
        imageops::dither(&mut image, &greys);
    } else {
        // The dithering of the image crate panics on a single column.
        image.pixels_mut().for_each(|pixel| greys.map_color(pixel));
    }
    image
}

/// Evenly spaced shades from black to white.
struct Greys {
    /// Number of shades besides black.
    steps: u16,
}

impl ColorMap for Greys {
    type Color = Luma<u8>;

    fn index_of(&self, color: &Luma<u8>) -> usize {
        let [value] = color.0;
        usize::from((u16::from(value) * self.steps + 127) / 255)
    }

    fn map_color(&self, color: &mut Luma<u8>) {
        let index = u16::try_from(self.index_of(color)).unwrap_or(self.steps);
        color.0 = [u8::try_from((index * 255 + self.steps / 2) / self.steps).unwrap_or(u8::MAX)];
    }
}

/// Packs pixels of `BITS` bits into hexadecimal text, the first pixel lowest, black as all ones.
fn packed<const BITS: usize>(image: &GrayImage) -> Vec<u8> {
    let bytes: Vec<u8> = image
        .as_raw()
        .chunks(8 / BITS)
        .map(|pixels| {
            pixels.iter().rev().fold(0, |byte, &value| {
                (byte << BITS) | ((255 - value) >> (8 - BITS))
            })
        })
        .collect();
    hex::encode_upper(bytes).into_bytes()
}

/// Encodes a bitmap with one bit per pixel, which the image crate does not support.
fn one_bit_bitmap(image: &GrayImage) -> Vec<u8> {
    let (width, height) = image.dimensions();
    let stride = width.div_ceil(32) * 4;
    let size = stride * height;
    let mut bytes = b"BM".to_vec();
    let header = [
        HEADER + size,
        0,
        HEADER,
        40,
        width,
        height,
        1 | (1 << 16),
        0,
        size,
    ];
    let rest = [
        DOTS_PER_METRE,
        DOTS_PER_METRE,
        2,
        2,
        0x0000_0000,
        0x00FF_FFFF,
    ];
    for field in header.into_iter().chain(rest) {
        bytes.extend_from_slice(&field.to_le_bytes());
    }
    for row in image.rows().rev() {
        let mut line = vec![0_u8; stride as usize];
        for (at, Luma([value])) in row.enumerate() {
            line[at / 8] |= (value >> 7) << (7 - at % 8);
        }
        bytes.extend_from_slice(&line);
    }
    bytes
}

/// Bytes before the pixels of a bitmap with a palette of two colours.
const HEADER: u32 = 62;
/// 72 dots per inch; phones ignore it.
const DOTS_PER_METRE: u32 = 2835;
/// High enough to keep text in a picture sharp.
const JPEG_QUALITY: u8 = 90;
