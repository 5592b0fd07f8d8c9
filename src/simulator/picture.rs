//! A decoded picture, with the bytes that it was decoded from.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use image::{ImageFormat, ImageReader, Limits, RgbImage, RgbaImage, imageops};

/// A decoded picture. Cheap to clone.
#[derive(Clone, Eq, PartialEq)]
pub struct Picture {
    /// URL, or what it was embedded in.
    pub source: String,
    /// Encoded bytes as received.
    pub bytes: Bytes,
    /// Format of `bytes`.
    pub format: ImageFormat,
    /// Pixels, without transparency.
    pub pixels: Arc<RgbImage>,
}

impl Picture {
    /// Decodes `bytes`, which must be in one of `formats`; transparent parts become black. The error is
    /// human-readable.
    pub(crate) fn decode(
        source: &str,
        bytes: &Bytes,
        formats: &[ImageFormat],
    ) -> Result<Self, String> {
        let format = image::guess_format(bytes).map_err(|_| "not a picture".to_owned())?;
        if !formats.contains(&format) {
            return Err(format!("unsupported picture format {format:?}"));
        }
        let mut reader = ImageReader::with_format(std::io::Cursor::new(bytes), format);
        let mut limits = Limits::default();
        limits.max_image_width = Some(MAX_SIDE);
        limits.max_image_height = Some(MAX_SIDE);
        reader.limits(limits);
        let decoded = reader
            .decode()
            .map_err(|error| format!("invalid picture: {error}"))?;
        Ok(Self {
            source: source.to_owned(),
            bytes: bytes.clone(),
            format,
            pixels: Arc::new(flatten(&decoded.to_rgba8())),
        })
    }

    /// Returns the width in pixels.
    pub fn width(&self) -> u32 {
        self.pixels.width()
    }

    /// Returns the height in pixels.
    pub fn height(&self) -> u32 {
        self.pixels.height()
    }

    /// Scales it down to at most `width` by `height` pixels, keeping its proportions.
    pub(crate) fn fitted(self, width: u32, height: u32) -> Self {
        if self.width() <= width && self.height() <= height {
            return self;
        }
        let scale = (f64::from(width) / f64::from(self.width()))
            .min(f64::from(height) / f64::from(self.height()));
        let side = |length: u32| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a side scaled down timeout a small positive number"
            )]
            let scaled = (f64::from(length) * scale).round() as u32;
            scaled.max(1)
        };
        let (width, height) = (side(self.width()), side(self.height()));
        let pixels = imageops::resize(&*self.pixels, width, height, imageops::FilterType::Triangle);
        Self {
            pixels: Arc::new(pixels),
            ..self
        }
    }

    /// Creates a picture from bare pixels.
    pub(crate) fn from_pixels(source: &str, bytes: Bytes, pixels: RgbImage) -> Self {
        Self {
            source: source.to_owned(),
            bytes,
            format: ImageFormat::Pnm,
            pixels: Arc::new(pixels),
        }
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Picture")
            .field("source", &self.source)
            .field("format", &self.format)
            .field("width", &self.width())
            .field("height", &self.height())
            .finish_non_exhaustive()
    }
}

/// Composites a picture onto black.
fn flatten(picture: &RgbaImage) -> RgbImage {
    let mut flat = RgbImage::new(picture.width(), picture.height());
    for (to, from) in flat.pixels_mut().zip(picture.pixels()) {
        let [red, green, blue, alpha] = from.0;
        let shade =
            |value: u8| u8::try_from(u16::from(value) * u16::from(alpha) / 255).unwrap_or(u8::MAX);
        to.0 = [shade(red), shade(green), shade(blue)];
    }
    flat
}

/// Maximum width and height in pixels.
const MAX_SIDE: u32 = 4096;
