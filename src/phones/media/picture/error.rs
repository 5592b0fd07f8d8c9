//! Why a picture cannot be converted.

use image::ImageError;

/// Why a picture cannot be converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file ends in the middle of the picture.
    #[error("the picture file is cut off; copy it again, or open and save it in an image editor")]
    CutOff,
    /// The file is damaged, or uses a feature that the decoder lacks.
    #[error("the picture cannot be read")]
    Damaged(#[source] ImageError),
    /// The picture would take too much memory.
    #[error(
        "the picture has {width}x{height} pixels; the limits are {} pixels a side and {} megapixels: \
         scale it down first",
        MAX_SIDE,
        MAX_PIXELS / 1_000_000
    )]
    Dimensions {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The picture has no pixels.
    #[error("the picture is empty")]
    Empty,
    /// The result cannot be written.
    #[error("the converted picture cannot be written")]
    Encode(#[source] ImageError),
    /// The file is something else.
    #[error("the file is {found}, not PNG, JPEG, GIF or BMP: convert it first")]
    Format {
        /// The format, as a clause after "is".
        found: String,
    },
    /// Unpacking the picture would take too much memory.
    #[error(
        "the picture needs more than {MAX_UNPACKED} bytes of memory to decode: scale it down first"
    )]
    Memory,
    /// The file is too long.
    #[error(
        "the picture file has {bytes} bytes, and the limit is {MAX_SOURCE}: scale it down first"
    )]
    TooLong {
        /// The size of the file.
        bytes: usize,
    },
}

impl Error {
    /// Translates an error of the decoder.
    pub(super) fn from_decoder(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::Memory,
            error => Self::Damaged(error),
        }
    }
}

/// Maximum size of a source file, in bytes.
pub(super) const MAX_SOURCE: usize = 16 << 20;
/// Maximum side of a source picture, in pixels.
pub(super) const MAX_SIDE: u32 = 8192;
/// Maximum pixels of a source picture.
pub(super) const MAX_PIXELS: u64 = 40_000_000;
/// Maximum memory of a decoder, in bytes.
pub(super) const MAX_UNPACKED: u64 = 128 << 20;
