//! The displays of Snom's phones, and which of them have no remote control.

use super::super::error::Error;
use crate::phone::Vendor;

/// What differs from model to model.
#[derive(Debug)]
pub(super) struct Model {
    name: &'static str,
    /// Width and height of the display, which are those of its background too.
    pub(super) display: (u32, u32),
    /// Whether it is one of those that know no remote control over HTTP.
    pub(super) has_no_control: bool,
}

impl Model {
    /// Finds a model by its name, with or without the maker's before it.
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
    without_control("D862", (1280, 720)),
    without_control("D865", (1280, 720)),
];
