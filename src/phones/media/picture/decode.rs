//! Decoding a file to pixels: format by content, within limits, upright, without alpha.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, Rgb, RgbImage};

use super::super::display::Depth;
use super::error::{Error, MAX_PIXELS, MAX_SIDE, MAX_SOURCE, MAX_UNPACKED};
use super::jpeg;

/// The colour behind transparent parts, since many phones do not support alpha.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::media) enum Matte {
    /// Dark, as the backgrounds of colour phones are.
    Black,
    /// Light, as pushed screens and grey displays are.
    White,
}

impl Matte {
    /// Returns the matte of a background on a display of that depth.
    pub(in crate::media) const fn background(depth: Depth) -> Self {
        match depth {
            Depth::Colour => Self::Black,
            Depth::Mono | Depth::Grey2 | Depth::Grey3 | Depth::Grey4 => Self::White,
        }
    }
}

/// Decodes a picture; of an animation, the first frame.
pub(in crate::media) fn decode(source: &[u8], matte: Matte) -> Result<RgbImage, Error> {
    if source.len() > MAX_SOURCE {
        return Err(Error::TooLong {
            bytes: source.len(),
        });
    }
    let format = match image::guess_format(source) {
        Ok(format) if TAKEN.contains(&format) => format,
        Ok(other) => {
            return Err(Error::Format {
                found: format!("in {other:?} format"),
            });
        }
        Err(_) => {
            return Err(Error::Format {
                found: "in an unknown format".to_owned(),
            });
        }
    };
    if format == ImageFormat::Jpeg && jpeg::is_cut_off(source) {
        return Err(Error::CutOff);
    }
    let mut reader = ImageReader::with_format(Cursor::new(source), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_UNPACKED);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(Error::from_decoder)?;

    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(Error::Empty);
    }
    let pixels = u64::from(width) * u64::from(height);
    if width > MAX_SIDE || height > MAX_SIDE || pixels > MAX_PIXELS {
        return Err(Error::Dimensions { width, height });
    }
    if decoder.total_bytes() > MAX_UNPACKED {
        return Err(Error::Memory);
    }

    let orientation = decoder.orientation().map_err(Error::from_decoder)?;
    let image = DynamicImage::from_decoder(decoder).map_err(Error::from_decoder)?;
    let mut image = DynamicImage::ImageRgb8(flatten(image, matte));
    image.apply_orientation(orientation);
    Ok(image.into_rgb8())
}

/// Lays the picture on its ground.
fn flatten(image: DynamicImage, matte: Matte) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    let mut flat = RgbImage::new(image.width(), image.height());
    for (to, from) in flat.pixels_mut().zip(image.pixels()) {
        let [red, green, blue, alpha] = from.0;
        *to = Rgb([red, green, blue].map(|value| blend(value, alpha, matte)));
    }
    flat
}

fn blend(value: u8, alpha: u8, matte: Matte) -> u8 {
    let below = match matte {
        Matte::Black => 0,
        Matte::White => 255,
    };
    let (value, alpha) = (u16::from(value), u16::from(alpha));
    // 255 * 255 + 127 still fits, and the quotient is at most 255.
    let mixed = (value * alpha + below * (255 - alpha) + 127) / 255;
    u8::try_from(mixed).unwrap_or(u8::MAX)
}

const TAKEN: [ImageFormat; 4] = [
    ImageFormat::Png,
    ImageFormat::Jpeg,
    ImageFormat::Gif,
    ImageFormat::Bmp,
];
