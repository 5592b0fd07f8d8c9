//! Backgrounds: any picture scaled to exactly the model's size, with its thumbnail.

use super::display::Display;
use super::fit::Fit;
use super::picture::{self, Error, Matte, Picture, scale};

/// The background that a model accepts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Background {
    /// Exact size, depth and encoding.
    pub display: Display,
    /// Width and height in pixels of the thumbnail in the phone's menu, if it has one; depth and
    /// encoding are those of the display.
    pub thumbnail: Option<(u32, u32)>,
}

/// A background as the phone fetches it.
#[derive(Clone, Debug)]
pub struct Converted {
    /// The background itself.
    pub image: Picture,
    /// Its thumbnail, if the model has one.
    pub thumbnail: Option<Picture>,
}

/// Converts `source`, a PNG, JPEG, GIF or BMP file whatever its name, to the background of a model.
///
/// Small pictures are scaled up: phones refuse a background that is too small.
pub fn convert(source: &[u8], wanted: &Background, fit: Fit) -> Result<Converted, Error> {
    let image = picture::decode(source, Matte::background(wanted.display.depth))?;
    let render = |display: &Display| {
        let scaled = scale::exactly(&image, display.width, display.height, fit);
        picture::encode(scaled, display)
    };
    let thumbnail = wanted.thumbnail.map(|(width, height)| {
        render(&Display {
            width,
            height,
            ..wanted.display
        })
    });
    Ok(Converted {
        image: render(&wanted.display)?,
        thumbnail: thumbnail.transpose()?,
    })
}

#[cfg(test)]
mod tests;
