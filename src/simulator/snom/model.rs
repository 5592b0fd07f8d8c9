//! The models: displays, keys, and which have no remote control.

use crate::Vendor;
use crate::error::Error;

/// The properties of a model.
#[derive(Debug)]
pub(super) struct Model {
    name: &'static str,
    /// Width and height of the display and of the background.
    pub(super) display: (u32, u32),
    /// Whether it has no remote control over HTTP.
    pub(super) has_no_control: bool,
}

impl Model {
    /// Returns the number of programmable keys.
    pub(super) fn function_keys(&self) -> u16 {
        match self.name {
            "300" | "D713" => 4,
            "320" | "370" | "820" => 12,
            "870" => 15,
            "D785" => 24,
            "D735" | "D862" => 32,
            "D865" => 40,
            _ => 48,
        }
    }

    /// Returns whether it has a touch screen in place of soft keys.
    pub(super) fn has_touch(&self) -> bool {
        self.name == "870"
    }

    /// Returns whether its screenshots lack a layer until `FIX_LIL` is set.
    pub(super) fn hides_lines(&self) -> bool {
        self.name == "820"
    }

    /// Finds a model by its name, with or without the prefix `snom`.
    pub(super) fn find(name: &str) -> Result<&'static Self, Error> {
        let short = name.trim_start_matches("snom");
        let found = MODELS
            .iter()
            .find(|model| model.name.eq_ignore_ascii_case(short));
        found.ok_or_else(|| Error::Model {
            vendor: Vendor::Snom,
            model: name.to_owned(),
            known: MODELS
                .iter()
                .map(|model| model.name)
                .collect::<Vec<_>>()
                .join(" "),
        })
    }
}

const fn model(name: &'static str, display: (u32, u32)) -> Model {
    Model {
        name,
        display,
        has_no_control: false,
    }
}

const fn without_control(name: &'static str, display: (u32, u32)) -> Model {
    Model {
        name,
        display,
        has_no_control: true,
    }
}

const MODELS: &[Model] = &[
    model("D375", (480, 272)),
    model("D385", (480, 272)),
    model("D713", (320, 240)),
    model("D717", (426, 240)),
    model("D735", (320, 240)),
    model("D765", (320, 240)),
    model("D785", (480, 272)),
    model("820", (320, 240)),
    model("870", (480, 272)),
    model("300", (128, 64)),
    model("320", (128, 64)),
    model("370", (240, 128)),
    without_control("D862", (1280, 720)),
    without_control("D865", (1280, 720)),
];
