//! Yealink's models.
//!
//! Colour models get pictures in the size of their screen, from data sheets where the guides are
//! silent; they scale other sizes. Monochrome models get pixels within the document, which is limited
//! to 10,000 bytes: 132x64 pixels take 8448 of them, so larger screens get no more.

use super::row::{NO_FIGURES, Row};
use crate::media::background::Background;
use crate::media::display::{Depth, Display, Encoding};
use crate::media::ringtone::ToneFormat;

/// Strips the vendor's name and `SIP`; the desktop video phone T49G is called `VP-T49G`.
pub(super) fn name(plain: &str) -> &str {
    let plain = plain.strip_prefix("YEALINK").unwrap_or(plain);
    let plain = plain.strip_prefix("SIP").unwrap_or(plain);
    plain
        .strip_prefix("VP")
        .filter(|rest| rest.starts_with('T'))
        .unwrap_or(plain)
}

/// All models.
pub(super) static MODELS: &[Row] = &[
    Row {
        names: &["T33", "T34", "T44", "T52"],
        ..of(320, 240)
    },
    Row {
        names: &["T32"],
        ..of(400, 240)
    },
    Row {
        names: &["T29", "T38", "T46", "T54"],
        ..of(480, 272)
    },
    Row {
        names: &["T48", "T57"],
        ..of(800, 480)
    },
    Row {
        names: &["T56", "T58"],
        ..of(1024, 600)
    },
    Row {
        names: &["T49"],
        ..of(1280, 800)
    },
    Row {
        names: &[
            "T18", "T19", "T20", "T21", "T22", "T23", "T26", "T27", "T28", "T30", "T31", "T40",
            "T41", "T42", "T43", "T53",
        ],
        families: &["T1", "T2", "T3"],
        screen_image: Ok(Display {
            width: 132,
            height: 64,
            depth: Depth::Mono,
            encoding: Encoding::YealinkPixels,
        }),
        background: Err("monochrome Yealink phones have no background"),
        ..OTHER
    },
    Row {
        names: &[
            "W52", "W53", "W56", "W59", "W60", "W70", "W73", "W76", "W78", "W80", "W90",
        ],
        families: &["W"],
        screen_image: Err("Yealink's DECT phones show no pictures"),
        background: Err("Yealink's DECT phones take no background"),
        play: Err("Yealink's DECT phones play no files on request"),
        ..OTHER
    },
    Row {
        names: &[
            "AX83", "AX86", "CP860", "CP920", "CP925", "CP935", "CP960", "CP965", "T73", "T74",
            "T77", "T85", "T87", "T88", "VP59", "VP530",
        ],
        ..OTHER
    },
];

pub(super) const OTHER: Row = Row {
    names: &[],
    families: &[],
    screen_image: Err(NO_FIGURES),
    background: Err(NO_FIGURES),
    ringtone: ToneFormat::YEALINK_RING,
    play: Ok(ToneFormat::YEALINK_PLAY),
};

const fn of(width: u32, height: u32) -> Row {
    let screen = Display {
        width,
        height,
        depth: Depth::Colour,
        encoding: Encoding::Png,
    };
    // A photograph as PNG would fill the memory of a phone that keeps several.
    let wallpaper = Display {
        encoding: Encoding::Jpeg,
        ..screen
    };
    Row {
        screen_image: Ok(screen),
        background: Ok(Background {
            display: wallpaper,
            thumbnail: None,
        }),
        ..OTHER
    }
}
