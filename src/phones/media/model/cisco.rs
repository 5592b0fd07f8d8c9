//! Cisco's models.
//!
//! An `ImageFile` may fill the picture area, which is smaller than the screen. Backgrounds and
//! thumbnails have the sizes of the `Desktops` folders. Where the picture area is undocumented, it is
//! 298x168: the limits of the schema, which fit all models.

use super::row::{Model, NO_FIGURES, Row, lookup};
use crate::media::background::Background;
use crate::media::display::{Depth, Display, Encoding};
use crate::media::ringtone::ToneFormat;

/// Finds a model by its plain name.
pub(super) fn find(name: &str) -> Model {
    let name = ["CISCO", "LINKSYS"]
        .iter()
        .find_map(|maker| name.strip_prefix(maker))
        .unwrap_or(name);
    // Multiplatform phones share names with the others, but little else.
    let multiplatform = MULTIPLATFORM_MARKS
        .iter()
        .find_map(|mark| Some(name.split_once(mark)?.0));
    let bare = multiplatform.unwrap_or(name);
    let bare = ["CP", "DP"]
        .iter()
        .find_map(|prefix| bare.strip_prefix(prefix))
        .unwrap_or(bare);
    match multiplatform {
        Some(_) => Model {
            known: lookup(MODELS, &OTHER, bare).known,
            ..lookup(MULTIPLATFORM, &OTHER_MULTIPLATFORM, bare)
        },
        None => lookup(MODELS, &OTHER, bare),
    }
}

/// Enterprise and small business models.
pub(super) static MODELS: &[Row] = &[
    Row {
        names: &["7941", "7942", "7961", "7962"],
        screen_image: Ok(grey(298, 144, Depth::Grey3)),
        background: Ok(desktop(grey(320, 196, Depth::Grey4), (80, 53))),
        ..OTHER
    },
    Row {
        names: &["7945", "7965"],
        background: Ok(desktop(colour(320, 212), (80, 53))),
        ..OTHER
    },
    Row {
        names: &["7970", "7971"],
        background: Ok(desktop(colour(320, 212), (80, 53))),
        ..OTHER
    },
    Row {
        names: &["7975"],
        background: Ok(desktop(colour(320, 216), (80, 53))),
        ..OTHER
    },
    Row {
        names: &["7921", "7925", "7926"],
        screen_image: Ok(colour(176, 140)),
        ..OTHER
    },
    Row {
        names: &["7940", "7960"],
        screen_image: Ok(Display {
            width: 133,
            height: 65,
            depth: Depth::Grey2,
            encoding: Encoding::CiscoPixels,
        }),
        background: Err("the 7940 and 7960 have no backgrounds"),
        ..OTHER
    },
    Row {
        names: &["7902", "7905", "7906", "7911", "7912", "7931", "7937"],
        screen_image: Err(NO_FIGURES),
        ..OTHER
    },
    Row {
        names: &["6901", "6911", "6921", "6941", "6945", "6961"],
        families: &["69"],
        screen_image: Err(NO_FIGURES),
        ..OTHER
    },
    Row {
        names: &["7811", "7821", "7832", "7841", "7861"],
        families: &["78"],
        screen_image: Err("the 7800 series shows no pictures"),
        background: Err("the 7800 series shows no pictures"),
        ..OTHER
    },
    Row {
        names: &["8821"],
        screen_image: Ok(colour(240, 215)),
        background: Ok(desktop(colour(240, 320), (117, 117))),
        ..OTHER
    },
    Row {
        names: &["8831"],
        screen_image: Err("the 8831 shows no pictures"),
        background: Err("the 8831 shows no pictures"),
        ..OTHER
    },
    Row {
        names: &["8832"],
        screen_image: Ok(colour(480, 128)),
        ..OTHER
    },
    Row {
        names: &["8841", "8845", "8851", "8861", "8865"],
        screen_image: Ok(colour(559, 265)),
        background: Ok(desktop(colour(800, 480), (139, 109))),
        ..OTHER
    },
    Row {
        names: &["8875"],
        screen_image: Ok(colour(696, 312)),
        ..OTHER
    },
    Row {
        names: &["8811"],
        families: &["88"],
        screen_image: Ok(colour(559, 265)),
        ..OTHER
    },
    Row {
        names: &["8941", "8945", "8961", "9951", "9971"],
        background: Ok(desktop(colour(640, 480), (123, 111))),
        ..OTHER
    },
    Row {
        names: &["9811"],
        screen_image: Ok(colour(248, 28)),
        ..OTHER
    },
    Row {
        names: &["9821"],
        screen_image: Ok(colour(240, 246)),
        ..OTHER
    },
    Row {
        names: &["9841"],
        screen_image: Ok(colour(240, 60)),
        ..OTHER
    },
    Row {
        names: &["9851"],
        screen_image: Ok(colour(320, 108)),
        ..OTHER
    },
    Row {
        names: &["9861"],
        screen_image: Ok(colour(600, 280)),
        ..OTHER
    },
    Row {
        names: &["9871"],
        screen_image: Ok(colour(960, 360)),
        ..OTHER
    },
    Row {
        names: &["840", "860"],
        play: Err("the 840 and 860 play no tones on request"),
        ..OTHER
    },
    Row {
        names: &[
            "SPA301", "SPA303", "SPA501", "SPA502", "SPA504", "SPA508", "SPA509", "SPA512",
            "SPA514", "SPA525", "SPA942",
        ],
        families: &["SPA"],
        screen_image: Err(NO_FIGURES),
        play: Err("small business phones play no tones on request"),
        ..OTHER
    },
];

static MULTIPLATFORM: &[Row] = &[
    Row {
        families: &["8811", "8841", "8845", "8851", "8861", "8865"],
        screen_image: Ok(colour(559, 265)),
        ..OTHER_MULTIPLATFORM
    },
    Row {
        families: &["8832"],
        screen_image: Ok(colour(480, 128)),
        ..OTHER_MULTIPLATFORM
    },
    Row {
        families: &["8875"],
        screen_image: Ok(colour(696, 312)),
        ..OTHER_MULTIPLATFORM
    },
];

const OTHER: Row = Row {
    names: &[],
    families: &[],
    screen_image: Ok(colour(298, 168)),
    background: Err(NO_FIGURES),
    ringtone: ToneFormat::CISCO_RING,
    play: Ok(ToneFormat::CISCO_PLAY),
};

const OTHER_MULTIPLATFORM: Row = Row {
    screen_image: Err("of the multiplatform phones, only the 8800 series shows pictures"),
    background: Err("multiplatform phones accept no background on request"),
    play: Err("multiplatform phones play only their own ring tones"),
    ..OTHER
};

const fn colour(width: u32, height: u32) -> Display {
    grey(width, height, Depth::Colour)
}

const fn grey(width: u32, height: u32, depth: Depth) -> Display {
    Display {
        width,
        height,
        depth,
        encoding: Encoding::Png,
    }
}

const fn desktop(display: Display, thumbnail: (u32, u32)) -> Background {
    Background {
        display,
        thumbnail: Some(thumbnail),
    }
}

const MULTIPLATFORM_MARKS: [&str; 2] = ["3PCC", "MPP"];
