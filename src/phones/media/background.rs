//! Backgrounds: any picture to exactly the model's size, with its thumbnail.

use super::display::Display;
use super::picture::{self, Error, Ground, Picture, scale};

/// What a phone's background must be like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Background {
    /// The size, which is exact, and the form.
    pub display: Display,
    /// Width and height of the picture for the phone's menu of backgrounds, if it wants one. Its
    /// depth and encoding are those of the display.
    pub thumbnail: Option<(u32, u32)>,
}

/// How a picture of other proportions fills the screen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Fit {
    /// All of the picture is seen, with black beside or above it.
    Contain,
    /// All of the screen is filled; what sticks out of it, equally on both sides, is cut off.
    #[default]
    Cover,
}

/// A background, ready for the phone.
#[derive(Clone, Debug)]
pub struct Converted {
    /// The background itself.
    pub image: Picture,
    /// Its thumbnail, if the phone wants one.
    pub thumbnail: Option<Picture>,
}

/// Converts `source`, a PNG, JPEG, GIF or BMP file whatever its name, to the wanted background.
///
/// Pictures are scaled up too: a phone refuses a background that is too small.
pub fn convert(source: &[u8], wanted: &Background, fit: Fit) -> Result<Converted, Error> {
    let image = picture::decode(source, Ground::background(wanted.display.depth))?;
    let made = |display: &Display| {
        let scaled = scale::exactly(&image, display.width, display.height, fit);
        picture::encode(scaled, display)
    };
    let thumbnail = wanted.thumbnail.map(|(width, height)| {
        made(&Display {
            width,
            height,
            ..wanted.display
        })
    });
    Ok(Converted {
        image: made(&wanted.display)?,
        thumbnail: thumbnail.transpose()?,
    })
}

#[cfg(test)]
mod tests;
