//! Rows of the tables of models.

use crate::media::background::Background;
use crate::media::display::Display;
use crate::media::ringtone::ToneFormat;

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

/// Models that accept the same.
pub(super) struct Row {
    /// Their names as `plain` of the parent returns them, without variable parts (`7970` for `CP-7970G`).
    pub(super) names: &'static [&'static str],
    /// Prefixes of other models for which this row is the best guess.
    pub(super) families: &'static [&'static str],
    pub(super) screen_image: Result<Display, &'static str>,
    pub(super) background: Result<Background, &'static str>,
    pub(super) ringtone: ToneFormat,
    pub(super) play: Result<ToneFormat, &'static str>,
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
pub(super) fn lookup(rows: &[Row], other: &Row, name: &str) -> Model {
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

pub(super) const NO_FIGURES: &str = "no document states the size for this model";
