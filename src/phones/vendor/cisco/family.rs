//! Which family a phone belongs to, and what Cisco says that the family can be told.
//!
//! From the tables of "Internal URI Features" in Cisco's development notes. They know the phones
//! of today; of the older ones it is known what tools in the field send them, and the rest is let
//! through with a note.

mod table;

use crate::phone::Phone;
use table::FAMILIES;

/// What a family of phones has in common.
#[derive(Debug)]
pub(super) struct Family {
    /// How it is spoken of: `the 7800 series`.
    pub(super) title: &'static str,
    /// The models, as their first digits.
    models: &'static [&'static str],
    /// Which firmware.
    firmware: Firmware,
    /// The internal URIs.
    uris: &'static [Scheme],
    /// Whether Cisco's tables list the family, so that what is missing in them is refused.
    pub(super) is_listed: bool,
    /// The keys.
    keys: &'static [Keys],
    /// Whether Cisco's table of keys lists the family.
    are_keys_listed: bool,
    /// Whether it has the interface for RTP streams (`startMedia`).
    pub(super) has_media: bool,
}

/// Who made the firmware what it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Firmware {
    /// For a call manager.
    Enterprise,
    /// For any SIP server: 3PCC, MPP.
    Multiplatform,
    /// For small businesses: SPA.
    Spa,
}

/// What an internal URI begins with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Scheme {
    App,
    Application,
    Device,
    Dial,
    Display,
    EditDial,
    Init,
    Key,
    Play,
    /// `RTPRx`, `RTPTx`, `RTPMRx`, `RTPMTx`.
    Rtp,
    SendDigits,
    SoftKey,
    Vibrate,
}

/// Keys with one name, or with names that end in a number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keys {
    One(&'static str),
    /// From the first number to the last.
    Numbered(&'static str, u8, u8),
}

/// Whether something works.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Support {
    No,
    /// Nobody says so, and nobody says that it does not.
    Unproven,
    Yes,
}

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
        // The last one of each firmware has all models that the others leave.
        FAMILIES
            .iter()
            .find(fits)
            .unwrap_or_else(|| &FAMILIES[FAMILIES.len() - 1])
    }

    /// Returns whether the phone authenticates by itself, and answers with nothing but a status.
    pub(super) fn is_multiplatform(&self) -> bool {
        self.firmware != Firmware::Enterprise
    }

    /// Returns whether it can be told a URI of that kind.
    pub(super) fn runs(&self, scheme: Scheme) -> Support {
        match (self.uris.contains(&scheme), self.is_listed) {
            (true, _) => Support::Yes,
            (false, true) => Support::No,
            (false, false) => Support::Unproven,
        }
    }

    /// Returns whether it has a key of that name, which is one of Cisco's.
    pub(super) fn has_key(&self, name: &str) -> Support {
        if self.keys.iter().any(|keys| keys.contain(name)) {
            Support::Yes
        } else if self.are_keys_listed {
            Support::No
        } else {
            Support::Unproven
        }
    }

    /// Returns the first of these keys that it is known to have.
    pub(super) fn first_key(&self, names: &[&'static str]) -> Option<&'static str> {
        let mut names = names.iter().copied();
        names.find(|name| self.has_key(name) == Support::Yes)
    }

    /// Returns the URI that closes pushed screens, if there is one.
    pub(super) fn close(&self) -> Option<&'static str> {
        // Multi-platform firmware knows Init:CallHistory and no other.
        let closes = self.runs(Scheme::Init) != Support::No && !self.is_multiplatform();
        closes.then_some("Init:Services")
    }
}

impl Scheme {
    /// Returns how it is written.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::App => "App",
            Self::Application => "Application",
            Self::Device => "Device",
            Self::Dial => "Dial",
            Self::Display => "Display",
            Self::EditDial => "EditDial",
            Self::Init => "Init",
            Self::Key => "Key",
            Self::Play => "Play",
            Self::Rtp => "RTP",
            Self::SendDigits => "SendDigits",
            Self::SoftKey => "SoftKey",
            Self::Vibrate => "Vibrate",
        }
    }
}

impl Keys {
    fn contain(self, name: &str) -> bool {
        match self {
            Self::One(known) => known == name,
            Self::Numbered(stem, first, last) => {
                let number = name
                    .strip_prefix(stem)
                    .filter(|n| !n.starts_with('0') || *n == "0");
                number.is_some_and(|number| {
                    number
                        .parse()
                        .is_ok_and(|number: u8| (first..=last).contains(&number))
                })
            }
        }
    }
}

/// Returns the name of a key as Cisco writes it, whatever the case; `None` if it is none of any
/// phone of Cisco's.
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
        written.filter(|written| keys.contain(written))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Vendor;
    use crate::vendor::testing::Bench;

    fn of(model: &str) -> &'static str {
        Family::of(&Bench::new(Vendor::Cisco, model, "").phone).title
    }

    #[test]
    fn models_find_their_families() {
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
    fn keys_are_known_whatever_their_case() {
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
            Family::of(&Bench::new(Vendor::Cisco, model, "").phone).has_key(key)
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
        assert_eq!(has("7970", "Contacts"), Support::Unproven);
        assert_eq!(has("840", "Soft1"), Support::No);
    }
}
