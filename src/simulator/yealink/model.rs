//! The models: displays, keys and capabilities.

use crate::Vendor;
use crate::error::Error;

/// The properties of a model.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) name: &'static str,
    /// Width and height of the display, which limit wallpapers too.
    pub(super) display: (u32, u32),
    /// Whether the display has colours, and the phone therefore pictures and wallpapers.
    pub(super) has_colours: bool,
    /// Number of line keys.
    pub(super) line_keys: u8,
}

impl Model {
    /// Finds a model by its name, such as `SIP-T46G`, `T46G` or `T46S`.
    pub(super) fn find(name: &str) -> Result<&'static Self, Error> {
        let short = name.trim_start_matches("SIP-");
        let found = MODELS.iter().find(|model| {
            short
                .get(..model.name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(model.name))
        });
        found.ok_or_else(|| Error::Model {
            vendor: Vendor::Yealink,
            model: name.to_owned(),
            known: MODELS
                .iter()
                .map(|model| model.name)
                .collect::<Vec<_>>()
                .join(" "),
        })
    }

    /// Returns whether it accepts only one key at a time.
    pub(super) fn is_touch(&self) -> bool {
        matches!(self.name, "T48" | "T49" | "T57")
    }

    /// Returns whether it accepts no pushed documents.
    pub(super) fn is_android(&self) -> bool {
        matches!(self.name, "T58" | "CP960")
    }

    /// Returns whether it lacks a key that others have.
    pub(super) fn lacks(&self, key: &str) -> bool {
        match key {
            "OK" => matches!(self.name, "T57" | "CP925"),
            "ENTER" => matches!(self.name, "T48" | "T57"),
            "SPEAKER" => self.name == "CP925",
            _ => false,
        }
    }
}

/// Returns the release of a firmware version, such as 83 for `28.83.0.130`.
pub(super) fn release(firmware: &str) -> u32 {
    let second = firmware.split('.').nth(1);
    second.and_then(|part| part.parse().ok()).unwrap_or(86)
}

const fn model(name: &'static str, display: (u32, u32), has_colours: bool, line_keys: u8) -> Model {
    Model {
        name,
        display,
        has_colours,
        line_keys,
    }
}

const MODELS: &[Model] = &[
    model("T19", (132, 64), false, 1),
    model("T21", (132, 64), false, 2),
    model("T23", (132, 64), false, 3),
    model("T28", (236, 82), false, 6),
    model("T29", (480, 272), true, 27),
    model("T31", (132, 64), false, 2),
    model("T38", (480, 272), true, 6),
    model("T40", (132, 64), false, 3),
    model("T42", (192, 64), false, 15),
    model("T46", (480, 272), true, 27),
    model("T48", (800, 480), true, 29),
    model("T49", (1280, 800), true, 29),
    model("T53", (360, 160), false, 21),
    model("T54", (480, 272), true, 27),
    model("T57", (800, 480), true, 29),
    model("T58", (1024, 600), true, 27),
    model("CP925", (480, 272), true, 1),
    model("CP960", (720, 1280), true, 1),
];
