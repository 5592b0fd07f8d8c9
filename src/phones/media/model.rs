//! What each model accepts, as a table.
//!
//! Sizes are from the vendors' documents. Where those are silent, the table says so instead of
//! guessing: a phone silently refuses a background of the wrong size.

mod cisco;
mod snom;
mod yealink;

use super::background::Background;
use super::display::Display;
use super::ringtone::ToneFormat;
use crate::phone::Vendor;

/// What a model accepts. Where it accepts nothing, the reason is a clause that follows a colon.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Model {
    /// Whether the model itself is in the table, not only its family or vendor.
    pub known: bool,
    /// Pictures on a pushed screen.
    pub screen_image: Result<Display, &'static str>,
    /// Backgrounds.
    pub background: Result<Background, &'static str>,
    /// Ring tones.
    pub ringtone: ToneFormat,
    /// Tones that are played at once.
    pub play: Result<ToneFormat, &'static str>,
}

impl Model {
    /// Returns the row of a model, or else of its family, or else of its vendor.
    ///
    /// Names may be written as in User-Agents or as administrators write them: `CP-7970G`, `8851`,
    /// `snomD785`, `SIP-T46G`, in any case.
    pub fn find(vendor: Vendor, model: &str) -> Self {
        let name = plain(model);
        match vendor {
            Vendor::Cisco => cisco::find(&name),
            Vendor::Snom => lookup(snom::MODELS, &snom::OTHER, snom::name(&name)),
            Vendor::Yealink => lookup(yealink::MODELS, &yealink::OTHER, yealink::name(&name)),
        }
    }

    /// Returns the names of all models in the table, in its order.
    pub fn all(vendor: Vendor) -> impl Iterator<Item = &'static str> {
        let rows = match vendor {
            Vendor::Cisco => cisco::MODELS,
            Vendor::Snom => snom::MODELS,
            Vendor::Yealink => yealink::MODELS,
        };
        rows.iter().flat_map(|row| row.names.iter().copied())
    }
}

/// Guesses the vendor from the name of a model; `None` if it is in no table.
pub fn guess(model: &str) -> Option<(Vendor, Model)> {
    // Yealink before Cisco: the CP960 is a Yealink, and Cisco's CP-8841 is in no other table.
    [Vendor::Snom, Vendor::Yealink, Vendor::Cisco]
        .into_iter()
        .map(|vendor| (vendor, Model::find(vendor, model)))
        .find(|(_, model)| model.known)
}

/// Models that accept the same.
struct Row {
    /// Their names as [`plain`] returns them, without variable parts (`7970` for `CP-7970G`).
    names: &'static [&'static str],
    /// Prefixes of other models for which this row is the best guess.
    families: &'static [&'static str],
    screen_image: Result<Display, &'static str>,
    background: Result<Background, &'static str>,
    ringtone: ToneFormat,
    play: Result<ToneFormat, &'static str>,
}

impl Row {
    fn model(&self, known: bool) -> Model {
        Model {
            known,
            screen_image: self.screen_image,
            background: self.background,
            ringtone: self.ringtone,
            play: self.play,
        }
    }
}

/// Finds the row of `name`, or else of its family, or else `other`.
fn lookup(rows: &[Row], other: &Row, name: &str) -> Model {
    let named = |row: &&Row| row.names.iter().any(|known| is_variant(name, known));
    if let Some(row) = rows.iter().find(named) {
        return row.model(true);
    }
    let related = |row: &&Row| row.families.iter().any(|family| name.starts_with(family));
    rows.iter().find(related).unwrap_or(other).model(false)
}

/// Returns whether `name` is `known`, possibly followed by letters (`7970G`, `T21PE2`).
fn is_variant(name: &str, known: &str) -> bool {
    name.strip_prefix(known)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Returns a name in capitals, with letters and digits only.
fn plain(model: &str) -> String {
    model
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

const NO_FIGURES: &str = "no document states the size for this model";

#[cfg(test)]
mod tests;
