//! What each model accepts, as a table.
//!
//! Sizes are from the vendors' documents. Where those are silent, the table says so instead of
//! guessing: a phone silently refuses a background of the wrong size.

mod cisco;
mod generic;
mod row;
mod snom;
mod yealink;

use crate::phone::Vendor;
use row::lookup;

pub use row::Model;

impl Model {
    /// Returns the row of a model, or else of its family, or else of its vendor.
    ///
    /// Names may be written as in User-Agents or as administrators write them: `CP-7970G`, `8851`,
    /// `snomD785`, `SIP-T46G`, in any case.
    pub fn find(vendor: Vendor, model: &str) -> Self {
        let name = plain(model);
        match vendor {
            Vendor::Cisco => cisco::find(&name),
            Vendor::Generic => lookup(&[], &generic::OTHER, &name),
            Vendor::Snom => lookup(snom::MODELS, &snom::OTHER, snom::name(&name)),
            Vendor::Yealink => lookup(yealink::MODELS, &yealink::OTHER, yealink::name(&name)),
        }
    }

    /// Returns the names of all models in the table, in its order.
    pub fn all(vendor: Vendor) -> impl Iterator<Item = &'static str> {
        let rows = match vendor {
            Vendor::Cisco => cisco::MODELS,
            Vendor::Generic => &[],
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

/// Returns a name in capitals, with letters and digits only.
fn plain(model: &str) -> String {
    model
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

#[cfg(test)]
mod tests;
