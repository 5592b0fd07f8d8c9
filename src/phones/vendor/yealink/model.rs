//! What differs from model to model and from firmware to firmware, as the administrator's guides
//! say.
//!
//! The first number of a version is the model's own, the second one is the release: `96.86.0.70` is
//! V86. Unknown models and releases are treated as current desk phones.

use crate::phone::Phone;
use crate::vendor::PlanError;

/// What a phone is, as far as that decides what it can be asked.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// In upper case, without the vendor's prefixes; empty if unknown.
    name: String,
    release: Option<u32>,
    kind: Kind,
}

/// The families that handsetd distinguishes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// Action URIs, but no pushed documents.
    Android,
    /// Neither: a base with cordless handsets.
    Dect,
    /// Everything.
    Desk,
}

impl Model {
    pub(super) fn of(phone: &Phone) -> Self {
        let upper = phone.model.to_ascii_uppercase();
        let short = upper.trim_start_matches("SIP-").trim_start_matches("SIP");
        let name = match short.strip_prefix("VP-") {
            Some(rest) => rest,
            None => short,
        };
        let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
        let mut characters = name.chars();
        let is_dect = characters.next() == Some('W')
            && characters.next().is_some_and(|next| next.is_ascii_digit());
        let kind = if is_dect {
            Kind::Dect
        } else if starts(&["T56", "T58", "VP59", "CP960"]) {
            Kind::Android
        } else {
            Kind::Desk
        };
        let release = phone.firmware.as_str().split('.').nth(1);
        Self {
            name: name.to_owned(),
            release: release.and_then(|release| release.parse().ok()),
            kind,
        }
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns what to call it in messages.
    pub(super) fn title(&self) -> String {
        match self.name.as_str() {
            "" => "a Yealink phone".to_owned(),
            name => format!("a Yealink {name}"),
        }
    }

    /// Whether it is one of the models whose names begin so.
    pub(super) fn is_one_of(&self, prefixes: &[&str]) -> bool {
        prefixes.iter().any(|prefix| self.name.starts_with(prefix))
    }

    /// Whether the release is known to be `release` or a later one.
    pub(super) fn is_at_least(&self, release: u32) -> bool {
        self.release.is_some_and(|own| own >= release)
    }

    /// Whether the release is known to be an earlier one.
    pub(super) fn is_before(&self, release: u32) -> bool {
        self.release.is_some_and(|own| own < release)
    }

    /// Refuses `what` on firmware before `release`.
    pub(super) fn require_release(&self, release: u32, what: &str) -> Result<(), PlanError> {
        match self.release {
            Some(own) if own < release => Err(PlanError::unsupported(format!(
                "{what} requires firmware V{release} or later, and this phone has V{own}"
            ))),
            _ => Ok(()),
        }
    }

    /// Whether its display is touched; the guide's notes on action URIs and soft keys name these.
    pub(super) fn is_touch(&self) -> bool {
        self.kind == Kind::Android || self.is_one_of(&["T48", "T49", "T57"])
    }

    /// Whether its OK key does what a screen says (`doneAction`), as far as that is known.
    pub(super) fn has_ok_action(&self) -> bool {
        self.has_buttons()
    }

    /// Whether it is a desk phone without a touch screen.
    fn has_buttons(&self) -> bool {
        // The guides end before the T7 and T8 series.
        !self.is_touch() && self.is_one_of(&["T1", "T2", "T3", "T4", "T5"])
    }

    /// Whether one action URI may hold several keys. Models that the guide does not name get one
    /// each, which all of them take.
    pub(super) fn takes_chains(&self) -> bool {
        self.has_buttons()
    }

    /// Returns how many line keys it has, if that is known.
    pub(super) fn line_keys(&self) -> Option<u8> {
        let known = LINE_KEYS
            .iter()
            .find(|(prefixes, _)| self.is_one_of(prefixes));
        known.map(|(_, count)| *count)
    }

    /// Returns the pages of action URIs, to be tried in order as long as the phone has no such page. Up to
    /// V70 there are others, which later firmware still knows.
    pub(super) fn action_pages(&self) -> &'static [&'static str] {
        match self.release {
            None => &[
                "/servlet",
                "/cgi-bin/ConfigManApp.com",
                "/cgi-bin/cgiServer.exx",
            ],
            Some(..=70) if self.is_one_of(&["T3"]) => &["/cgi-bin/cgiServer.exx"],
            Some(..=70) => &["/cgi-bin/ConfigManApp.com"],
            Some(_) => &["/servlet"],
        }
    }

    /// Returns the pages that take pushed documents, likewise.
    pub(super) fn push_pages(&self) -> &'static [&'static str] {
        match self.release {
            None => &["/servlet?push=xml", "/"],
            Some(..=70) => &["/"],
            Some(_) => &["/servlet?push=xml"],
        }
    }
}

/// How many line keys the action URIs `L1`, `L2`, … reach.
const LINE_KEYS: &[(&[&str], u8)] = &[
    (&["T48", "T57"], 29),
    (&["T54", "T46", "T29"], 27),
    (&["T53", "T52", "T43", "T27"], 21),
    (&["T42", "T41"], 15),
    (&["T40", "T23"], 3),
    (&["T21"], 2),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phone::Vendor;
    use crate::vendor::testing::Fixture;

    fn model(name: &str, firmware: &str) -> Model {
        Model::of(&Fixture::new(Vendor::Yealink, name, firmware).phone)
    }

    #[test]
    fn pages_depend_on_release_and_model() {
        for (name, firmware, action, push) in [
            ("T28P", "2.43.0.50", "/cgi-bin/ConfigManApp.com", "/"),
            ("T28P", "2.70.0.140", "/cgi-bin/ConfigManApp.com", "/"),
            ("T38G", "38.70.0.185", "/cgi-bin/cgiServer.exx", "/"),
            ("T28P", "2.71.14.4", "/servlet", "/servlet?push=xml"),
            ("T53W", "96.86.0.70", "/servlet", "/servlet?push=xml"),
        ] {
            let model = model(name, firmware);
            assert_eq!(
                (model.action_pages(), model.push_pages()),
                (&[action][..], &[push][..])
            );
        }
        let unknown = model("T28P", "");
        assert_eq!(
            (unknown.action_pages().len(), unknown.push_pages().len()),
            (3, 2)
        );
    }

    #[test]
    fn families_are_distinguished() {
        for (name, kind, chains, keys) in [
            ("SIP-T46G", Kind::Desk, true, Some(27)),
            ("T48S", Kind::Desk, false, Some(29)),
            ("VP-T49G", Kind::Desk, false, None),
            ("T57W", Kind::Desk, false, Some(29)),
            ("T58V", Kind::Android, false, None),
            ("VP59", Kind::Android, false, None),
            ("CP935W", Kind::Desk, false, None),
            ("W60B", Kind::Dect, false, None),
            ("t21p_e2", Kind::Desk, true, Some(2)),
            ("", Kind::Desk, false, None),
        ] {
            let model = model(name, "");
            let properties = (model.kind(), model.takes_chains(), model.line_keys());
            assert_eq!(properties, (kind, chains, keys), "{name}");
        }
    }

    #[test]
    fn unknown_releases_are_not_too_old() {
        assert!(model("T46G", "").require_release(80, "x").is_ok());
        assert!(model("T46G", "28.80.0.1").require_release(80, "x").is_ok());
        let refused = model("T46G", "28.73.0.1")
            .require_release(80, "x")
            .unwrap_err();
        assert_eq!(
            refused.to_string(),
            "x requires firmware V80 or later, and this phone has V73"
        );
    }
}
