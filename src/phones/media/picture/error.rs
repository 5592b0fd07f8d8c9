//! Why a picture cannot be converted.

use image::ImageError;

/// Why a picture cannot be converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is damaged, or uses what its format has but the decoder does not.
    #[error("the picture cannot be read")]
    Damaged(#[source] ImageError),
    /// The picture would take too much memory.
    #[error(
        "the picture measures {width}x{height}; at most {} pixels a side and {} megapixels are \
         taken: scale it down first",
        MAX_SIDE,
        MAX_PIXELS / 1_000_000
    )]
    Dimensions {
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
    },
    /// The picture has no pixels.
    #[error("the picture is empty")]
    Empty,
    /// The result cannot be written.
    #[error("the converted picture cannot be written")]
    Encode(#[source] ImageError),
    /// The file is something else.
    #[error("this is {found}, not a PNG, JPEG, GIF or BMP picture: convert it first")]
    Format {
        /// What it looks like.
        found: String,
    },
    /// Unpacking the picture would take too much memory.
    #[error("the picture takes more than {MAX_UNPACKED} bytes of memory: scale it down first")]
    Memory,
    /// The file is too long.
    #[error("the picture file has {bytes} bytes, more than {MAX_SOURCE}: scale it down first")]
    TooLong {
        /// The length of the file.
        bytes: usize,
    },
}

impl Error {
    /// Tells what the decoder means.
    pub(super) fn from_decoder(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::Memory,
            error => Self::Damaged(error),
        }
    }
}

/// The longest file that is read, in bytes.
pub(super) const MAX_SOURCE: usize = 16 << 20;
/// The longest side of a picture that is read, in pixels.
pub(super) const MAX_SIDE: u32 = 8192;
/// The most pixels that are read.
pub(super) const MAX_PIXELS: u64 = 40_000_000;
/// The most memory that a decoder may take for a picture, in bytes.
pub(super) const MAX_UNPACKED: u64 = 128 << 20;
