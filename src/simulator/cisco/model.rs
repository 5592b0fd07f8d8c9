//! The models: sizes of screens, backgrounds and thumbnails.

use crate::Vendor;
use crate::error::Error;

/// The properties of a model.
#[derive(Debug)]
pub(super) struct Model {
    names: &'static [&'static str],
    /// Width and height of the area for applications.
    pub(super) area: (u32, u32),
    /// Bits per pixel.
    pub(super) depth: u8,
    /// Whether the display has colours.
    pub(super) has_colours: bool,
    /// Width and height of background and thumbnail; `None` if the background cannot be set.
    pub(super) background: Option<[(u32, u32); 2]>,
    /// Whether it is a 7940 or 7960, which redirects to its responses.
    pub(super) is_old: bool,
}

impl Model {
    /// Finds a model by its number; trailing letters are ignored.
    pub(super) fn find(name: &str) -> Result<&'static Self, Error> {
        let digits: String = name
            .trim_start_matches("CP-")
            .trim_start_matches("SPA")
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        let found = MODELS
            .iter()
            .find(|model| model.names.contains(&digits.as_str()));
        found.ok_or_else(|| Error::Model {
            vendor: Vendor::Cisco,
            model: name.to_owned(),
            known: MODELS
                .iter()
                .flat_map(|model| model.names)
                .copied()
                .collect::<Vec<_>>()
                .join(" "),
        })
    }

    /// Returns the width and height of the whole screen.
    pub(super) fn screen(&self) -> (u32, u32) {
        match self.background {
            Some([size, _]) => size,
            None => self.area,
        }
    }
}

const fn model(
    names: &'static [&'static str],
    area: (u32, u32),
    depth: u8,
    has_colours: bool,
    background: Option<[(u32, u32); 2]>,
) -> Model {
    Model {
        names,
        area,
        depth,
        has_colours,
        background,
        is_old: false,
    }
}

const MODELS: &[Model] = &[
    Model {
        is_old: true,
        ..model(&["7940", "7960"], (133, 65), 2, false, None)
    },
    model(
        &["7941", "7942", "7961", "7962"],
        (298, 144),
        3,
        false,
        Some([(320, 196), (80, 53)]),
    ),
    model(
        &["7945", "7965"],
        (298, 156),
        16,
        true,
        Some([(320, 212), (80, 53)]),
    ),
    model(
        &["7970", "7971"],
        (298, 168),
        12,
        true,
        Some([(320, 212), (80, 53)]),
    ),
    model(
        &["7975"],
        (298, 168),
        16,
        true,
        Some([(320, 216), (80, 53)]),
    ),
    model(
        &["7811", "7821", "7841", "7861"],
        (396, 162),
        1,
        false,
        None,
    ),
    model(&["504", "508", "509", "525"], (128, 64), 1, false, None),
    model(&["9851"], (320, 108), 24, true, None),
    model(&["8811"], (559, 265), 4, false, None),
    model(
        &["8821"],
        (240, 215),
        24,
        true,
        Some([(240, 320), (117, 117)]),
    ),
    model(
        &["8841", "8845", "8851", "8861", "8865"],
        (559, 265),
        24,
        true,
        Some([(800, 480), (139, 109)]),
    ),
    model(
        &["8941", "8945", "8961", "9951", "9971"],
        (498, 289),
        24,
        true,
        Some([(640, 480), (123, 111)]),
    ),
];
