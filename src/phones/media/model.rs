//! What each model takes, as a table.
//!
//! Sizes are those of the makers' documents. Where there is none, the model says so instead of
//! guessing: a phone refuses a background of the wrong size without a word.

mod cisco;
mod snom;
mod yealink;

use super::background::Background;
use super::display::Display;
use super::ringtone::ToneFormat;
use crate::phone::Vendor;

/// What a model takes. Where it takes nothing, the reason is a clause that fits behind a colon.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Model {
    /// Whether the model itself is in the table, not only its family or its maker.
    pub known: bool,
    /// What a picture on a pushed screen may measure.
    pub screen_image: Result<Display, &'static str>,
    /// What a background must be like.
    pub background: Result<Background, &'static str>,
    /// What a ring tone must be like.
    pub ringtone: ToneFormat,
    /// What a tone that is played at once must be like.
    pub play: Result<ToneFormat, &'static str>,
}

impl Model {
    /// Returns what is known about a model: of itself, else of its family, else of its maker.
    ///
    /// Names are taken as User-Agents and administrators write them: `CP-7970G`, `8851`,
    /// `snomD785`, `SIP-T46G`, in any case.
    pub fn find(vendor: Vendor, model: &str) -> Self {
        let name = plain(model);
        match vendor {
            Vendor::Cisco => cisco::find(&name),
            Vendor::Snom => lookup(snom::MODELS, &snom::OTHER, snom::name(&name)),
            Vendor::Yealink => lookup(yealink::MODELS, &yealink::OTHER, yealink::name(&name)),
        }
    }

    /// Returns the names of all models that are known, in the order of the table.
    pub fn all(vendor: Vendor) -> impl Iterator<Item = &'static str> {
        let rows = match vendor {
            Vendor::Cisco => cisco::MODELS,
            Vendor::Snom => snom::MODELS,
            Vendor::Yealink => yealink::MODELS,
        };
        rows.iter().flat_map(|row| row.names.iter().copied())
    }
}

/// Finds the maker of a model by its name alone. `None` if no table has it.
pub fn guess(model: &str) -> Option<(Vendor, Model)> {
    // Yealink before Cisco: CP960 is Yealink's, and Cisco's CP-8841 is in no other table.
    [Vendor::Snom, Vendor::Yealink, Vendor::Cisco]
        .into_iter()
        .map(|vendor| (vendor, Model::find(vendor, model)))
        .find(|(_, model)| model.known)
}

/// Models that take the same.
struct Row {
    /// Their names, as [`plain`] writes them and without what varies (`7970` for `CP-7970G`).
    names: &'static [&'static str],
    /// How the names of others start for which this row is the best guess.
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

/// Finds the row for `name`, else for its family; `other` is for all the rest.
fn lookup(rows: &[Row], other: &Row, name: &str) -> Model {
    let named = |row: &&Row| row.names.iter().any(|known| is_variant(name, known));
    if let Some(row) = rows.iter().find(named) {
        return row.model(true);
    }
    let related = |row: &&Row| row.families.iter().any(|family| name.starts_with(family));
    rows.iter().find(related).unwrap_or(other).model(false)
}

/// Tells whether `name` is `known` itself or with letters behind (`7970G`, `T21PE2`).
fn is_variant(name: &str, known: &str) -> bool {
    name.strip_prefix(known)
        .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Writes a name in capitals, without what is no letter and no digit.
fn plain(model: &str) -> String {
    model
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

const NO_FIGURES: &str = "no document tells the size that this model takes";

#[cfg(test)]
mod tests;
