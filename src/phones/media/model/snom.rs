//! Snom's models.
//!
//! Phones scale down pictures of up to twice the size of the display; pictures are sent in the size of
//! the display.

use super::row::{NO_FIGURES, Row};
use crate::media::background::Background;
use crate::media::display::{Depth, Display, Encoding};
use crate::media::ringtone::ToneFormat;

/// Strips the vendor's name.
pub(super) fn name(plain: &str) -> &str {
    plain.strip_prefix("SNOM").unwrap_or(plain)
}

/// All models.
pub(super) static MODELS: &[Row] = &[
    Row {
        names: &["D713", "D735", "D765"],
        screen_image: Ok(colour(320, 240)),
        background: Ok(exact(colour(320, 240))),
        ..OTHER
    },
    Row {
        names: &["D717"],
        screen_image: Ok(colour(426, 240)),
        background: Ok(exact(colour(426, 240))),
        ..OTHER
    },
    Row {
        names: &["D375", "D385", "D785"],
        screen_image: Ok(colour(480, 272)),
        background: Ok(exact(colour(480, 272))),
        ..OTHER
    },
    Row {
        names: &["D862", "D865"],
        screen_image: Ok(colour(1280, 720)),
        background: Ok(exact(colour(1280, 720))),
        ..OTHER
    },
    Row {
        names: &["D812", "D815", "D892", "D895"],
        ..OTHER
    },
    Row {
        names: &["820", "821"],
        screen_image: Ok(colour(320, 240)),
        background: Err(NO_SETTING),
        ..OTHER
    },
    Row {
        names: &["870"],
        screen_image: Ok(colour(480, 272)),
        background: Err(NO_SETTING),
        ..OTHER
    },
    Row {
        names: &["370"],
        screen_image: Ok(bitmap(240, 128, Depth::Grey4)),
        background: Err(NO_SETTING),
        ..OTHER
    },
    Row {
        names: &["300", "320"],
        screen_image: Err("its display has two lines of text"),
        background: Err(NO_SETTING),
        ..OTHER
    },
    Row {
        names: &["360"],
        families: &["3"],
        screen_image: Ok(bitmap(128, 64, Depth::Mono)),
        background: Err(NO_SETTING),
        ..OTHER
    },
    Row {
        names: &["M100", "M200", "M300", "M400", "M700", "M900"],
        families: &["M"],
        screen_image: Err("Snom's DECT bases show no pictures"),
        background: Err("Snom's DECT bases have no backgrounds"),
        ..OTHER
    },
];

/// A picture that is small enough for all displays.
pub(super) const OTHER: Row = Row {
    names: &[],
    families: &[],
    screen_image: Ok(colour(240, 120)),
    background: Err(NO_FIGURES),
    ringtone: ToneFormat::SNOM_RING,
    play: Err("Snom phones play no files on request"),
};

const fn colour(width: u32, height: u32) -> Display {
    Display {
        width,
        height,
        depth: Depth::Colour,
        encoding: Encoding::Png,
    }
}

const fn bitmap(width: u32, height: u32, depth: Depth) -> Display {
    Display {
        width,
        height,
        depth,
        encoding: Encoding::Bmp,
    }
}

const fn exact(display: Display) -> Background {
    Background {
        display,
        thumbnail: None,
    }
}

const NO_SETTING: &str = "this model has no setting for a background";
