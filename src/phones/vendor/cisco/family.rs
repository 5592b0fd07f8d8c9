//! Families of phones, and the URIs and keys that each supports.
//!
//! Source: the tables of "Internal URI Features" in Cisco's development notes. They cover current
//! phones. For older ones the tables hold what other tools send them, and the rest is sent with a
//! note.

mod features;
mod table;

use crate::phone::Phone;
use features::{Firmware, Keys};
use table::FAMILIES;

pub(super) use features::{Family, Scheme, Support};

impl Family {
    /// Returns the family of a phone.
    pub(super) fn of(phone: &Phone) -> &'static Self {
        let model = phone.model.to_ascii_uppercase();
        let firmware = if model.starts_with("SPA") {
            Firmware::Spa
        } else if model.contains("3PCC") || model.contains("MPP") {
            Firmware::Multiplatform
        } else {
            Firmware::Enterprise
        };
        let digits = model.trim_start_matches(|c: char| !c.is_ascii_digit());
        let fits = |family: &&Self| {
            let mut models = family.models.iter();
            family.firmware == firmware && models.any(|start| digits.starts_with(start))
        };
        // The last family of each firmware matches all other models.
        FAMILIES
            .iter()
            .find(fits)
            .unwrap_or_else(|| &FAMILIES[FAMILIES.len() - 1])
    }
}

/// Returns a key's name in Cisco's spelling, ignoring case; `None` if no Cisco phone has such a key.
pub(super) fn known_key(name: &str) -> Option<String> {
    let letters = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = name.get(letters.len()..).unwrap_or_default();
    table::ALL_KEYS.iter().find_map(|keys| {
        let written = match keys {
            Keys::One(known) => known
                .eq_ignore_ascii_case(name)
                .then(|| (*known).to_owned()),
            Keys::Numbered(stem, ..) => stem
                .eq_ignore_ascii_case(letters)
                .then(|| format!("{stem}{number}")),
        };
        written.filter(|written| keys.contains(written))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Vendor;
    use crate::vendor::testing::Fixture;

    fn of(model: &str) -> &'static str {
        Family::of(&Fixture::new(Vendor::Cisco, model, "").phone).title
    }

    #[test]
    fn models_belong_to_families() {
        for (model, title) in [
            ("7960G", "the 7940 or 7960"),
            ("7970", "the 7900 series"),
            ("CP-7945G", "the 7900 series"),
            ("7921", "the wireless 7900 series"),
            ("6941", "the 6900 series"),
            ("7841", "the 7800 series"),
            ("7832", "the 7832"),
            ("8841", "the 8800 series"),
            ("8865NR", "the 8800 series"),
            ("8875", "the 8875"),
            ("8821-EX", "the 8821"),
            ("8945", "the 8900 or 9900 series"),
            ("9971", "the 8900 or 9900 series"),
            ("9841", "the 9800 series"),
            ("9871", "the 9871"),
            ("840S", "the 840 or 860"),
            ("8841-3PCC", "a multiplatform phone"),
            ("9841-3PCC", "a multiplatform phone"),
            ("SPA508G", "an SPA phone"),
            ("", "a phone of an unknown model"),
            ("CIPC", "a phone of an unknown model"),
        ] {
            assert_eq!(of(model), title, "{model}");
        }
    }

    #[test]
    fn key_names_ignore_case() {
        assert_eq!(known_key("navdwn").as_deref(), Some("NavDwn"));
        assert_eq!(known_key("KEYPAD0").as_deref(), Some("KeyPad0"));
        assert_eq!(known_key("kempage").as_deref(), Some("KEMPage"));
        assert_eq!(known_key("line120").as_deref(), Some("Line120"));
        for name in [
            "", "Line121", "Line0", "Soft6", "Soft01", "KeyPad", "Nav", "Soft",
        ] {
            assert_eq!(known_key(name), None, "{name}");
        }
    }

    #[test]
    fn families_have_the_keys_of_the_table() {
        let has = |model: &str, key: &str| {
            Family::of(&Fixture::new(Vendor::Cisco, model, "").phone).has_key(key)
        };
        assert_eq!(has("7841", "Hold"), Support::Yes);
        assert_eq!(has("7841", "Session1"), Support::No);
        assert_eq!(has("7841", "Soft5"), Support::No);
        assert_eq!(has("8841", "FixedFeature3"), Support::Yes);
        assert_eq!(has("8841", "NavBack"), Support::No);
        assert_eq!(has("8841-3PCC", "Hold"), Support::Yes);
        assert_eq!(has("8841-3PCC", "Services"), Support::No);
        assert_eq!(has("9871", "Soft1"), Support::No);
        assert_eq!(has("7970", "Services"), Support::Yes);
        assert_eq!(has("7970", "Contacts"), Support::Unverified);
        assert_eq!(has("840", "Soft1"), Support::No);
    }
}
