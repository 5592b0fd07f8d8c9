//! The displays of Yealink's phones.

use super::super::error::Error;
use crate::phone::Vendor;

/// What differs from model to model.
#[derive(Debug)]
pub(super) struct Model {
    name: &'static str,
    /// Width and height of the display; wallpapers may be no larger.
    pub(super) display: (u32, u32),
    /// Whether the display shows colours, and therefore pictures and wallpapers.
    pub(super) has_colours: bool,
}

impl Model {
    /// Finds a model by its name: `SIP-T46G`, `T46G`, `T46S`.
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
}

const fn model(name: &'static str, display: (u32, u32), has_colours: bool) -> Model {
    Model {
        name,
        display,
        has_colours,
    }
}

const MODELS: &[Model] = &[
    model("T19", (132, 64), false),
    model("T21", (132, 64), false),
    model("T23", (132, 64), false),
    model("T28", (236, 82), false),
    model("T29", (480, 272), true),
    model("T31", (132, 64), false),
    model("T46", (480, 272), true),
    model("T48", (800, 480), true),
    model("T54", (480, 272), true),
];
