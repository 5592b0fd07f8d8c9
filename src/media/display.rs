//! What a picture must be like to be shown.

/// An area of a phone's screen, and how pictures for it are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Display {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// The shades that it can show.
    pub depth: Depth,
    /// The form in which the phone takes a picture.
    pub encoding: Encoding,
}

/// The shades that a display can show.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Depth {
    /// Black and white.
    Mono,
    /// 4 shades of grey.
    Grey2,
    /// 8 shades of grey.
    Grey3,
    /// 16 shades of grey.
    Grey4,
    /// Colours. Their number is left to the phone.
    Colour,
}

impl Depth {
    /// Returns the number of shades of grey, `None` for colours.
    pub const fn greys(self) -> Option<u8> {
        match self {
            Self::Mono => Some(2),
            Self::Grey2 => Some(4),
            Self::Grey3 => Some(8),
            Self::Grey4 => Some(16),
            Self::Colour => None,
        }
    }
}

/// The form in which a picture is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// A Windows bitmap without compression.
    Bmp,
    /// Hexadecimal text for the `Data` element of a `CiscoIPPhoneImage`: two bits a pixel, the
    /// first pixel in the low bits, 3 is black, one stream without padding between rows.
    CiscoPixels,
    /// JPEG.
    Jpeg,
    /// PNG, 8 bits a channel, without alpha.
    Png,
    /// Hexadecimal text for the `Image` element of a `YealinkIPPhoneImageScreen`: four bits a
    /// pixel, the first pixel in the low bits, 15 is black, row by row.
    YealinkPixels,
}

impl Encoding {
    /// Tells whether the bytes are text that goes into a screen document, instead of a file that
    /// the phone fetches.
    pub const fn is_inline(self) -> bool {
        matches!(self, Self::CiscoPixels | Self::YealinkPixels)
    }

    /// Returns the media type for HTTP.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Bmp => "image/bmp",
            Self::CiscoPixels | Self::YealinkPixels => "text/plain",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// Returns how the name of such a file ends, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Bmp => "bmp",
            Self::CiscoPixels | Self::YealinkPixels => "txt",
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}
