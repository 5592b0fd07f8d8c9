//! Screen areas: size, depth, and the encoding of pictures for them.

/// An area of a phone's screen, and how pictures for it are written.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Display {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Shades that the display shows.
    pub depth: Depth,
    /// The form in which the phone accepts a picture.
    pub encoding: Encoding,
}

impl Display {
    /// Parses the header `x-CiscoIPPhoneDisplay`, in which a Cisco phone states width, height, bits per
    /// pixel and `C` or `G`: `298,168,12,C`. It takes precedence over any table.
    pub fn from_cisco_header(value: &str) -> Option<Self> {
        let mut fields = value.split(',').map(str::trim);
        let mut side = || {
            fields
                .next()?
                .parse()
                .ok()
                .filter(|side| (1..=MAX_SIDE).contains(side))
        };
        let (width, height) = (side()?, side()?);
        let depth = match (fields.next()?.parse::<u8>().ok()?, fields.next()?) {
            (1, "G") => Depth::Mono,
            (2, "G") => Depth::Grey2,
            (3, "G") => Depth::Grey3,
            (_, "G") => Depth::Grey4,
            (_, "C") => Depth::Colour,
            _ => return None,
        };
        Some(Self {
            width,
            height,
            depth,
            encoding: Encoding::Png,
        })
    }
}

/// The shades of a display.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Depth {
    /// Black and white.
    Mono,
    /// 4 shades of grey.
    Grey2,
    /// 8 shades of grey.
    Grey3,
    /// 16 shades of grey.
    Grey4,
    /// Colours; their number is up to the phone.
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
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
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
    /// Returns whether the bytes are text within a screen document, not a file that the phone fetches.
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

    /// Returns the file name extension, without the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Bmp => "bmp",
            Self::CiscoPixels | Self::YealinkPixels => "txt",
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

/// The largest plausible side of a display, in pixels.
const MAX_SIDE: u32 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cisco_display_headers_are_parsed() {
        let read = |value| {
            let display = Display::from_cisco_header(value)?;
            Some((display.width, display.height, display.depth))
        };
        assert_eq!(read("298,168,12,C"), Some((298, 168, Depth::Colour)));
        assert_eq!(read("298, 144, 3, G"), Some((298, 144, Depth::Grey3)));
        for nonsense in [
            "",
            "298,168",
            "0,168,12,C",
            "298,5000,12,C",
            "298,168,x,C",
            "298,168,1,X",
        ] {
            assert_eq!(read(nonsense), None, "{nonsense:?}");
        }
    }
}
