//! The features by which families differ.

/// Properties shared by a family of phones.
#[derive(Debug)]
pub(in super::super) struct Family {
    /// Its name in messages: `the 7800 series`.
    pub(in super::super) title: &'static str,
    /// The leading digits of its models.
    pub(super) models: &'static [&'static str],
    /// The firmware of its phones.
    pub(super) firmware: Firmware,
    /// The internal URIs that it supports.
    pub(super) uris: &'static [Scheme],
    /// Whether Cisco's tables list the family, so that other URIs are refused.
    pub(in super::super) is_listed: bool,
    /// The keys that it has.
    pub(super) keys: &'static [Keys],
    /// Whether Cisco's table of keys lists the family, so that other keys are refused.
    pub(super) are_keys_listed: bool,
    /// Whether it has the media API (`startMedia`).
    pub(in super::super) has_media: bool,
}

/// The kind of firmware.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Firmware {
    /// For a call manager.
    Enterprise,
    /// For any SIP server: multiplatform phones (3PCC, MPP).
    Multiplatform,
    /// For small businesses: SPA.
    Spa,
}

/// The scheme of an internal URI.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) enum Scheme {
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

/// A key, or a range of numbered keys.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keys {
    One(&'static str),
    /// A stem with the first and the last number.
    Numbered(&'static str, u8, u8),
}

/// Whether a phone supports something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) enum Support {
    No,
    /// Not documented either way.
    Unverified,
    Yes,
}

impl Family {
    /// Returns whether the phone sends challenges and replies with nothing but a status.
    pub(in super::super) fn is_multiplatform(&self) -> bool {
        self.firmware != Firmware::Enterprise
    }

    /// Returns whether it is the 7940 and 7960, whose firmware is older than most documents.
    pub(in super::super) fn is_before_7941(&self) -> bool {
        self.models.contains(&"7940")
    }

    /// Returns whether it supports URIs of a scheme.
    pub(in super::super) fn supports(&self, scheme: Scheme) -> Support {
        match (self.uris.contains(&scheme), self.is_listed) {
            (true, _) => Support::Yes,
            // Cisco's tables have these URIs in objects only; other tools push them as well.
            (false, true) if scheme == Scheme::SoftKey && self.firmware == Firmware::Enterprise => {
                Support::Unverified
            }
            (false, true) => Support::No,
            (false, false) => Support::Unverified,
        }
    }

    /// Returns whether it has a key, given by Cisco's name.
    pub(in super::super) fn has_key(&self, name: &str) -> Support {
        if self.keys.iter().any(|keys| keys.contains(name)) {
            Support::Yes
        } else if self.are_keys_listed {
            Support::No
        } else {
            Support::Unverified
        }
    }

    /// Returns the first of `names` that it is known to have.
    pub(in super::super) fn first_key(&self, names: &[&'static str]) -> Option<&'static str> {
        let mut names = names.iter().copied();
        names.find(|name| self.has_key(name) == Support::Yes)
    }

    /// Returns the URI that closes pushed screens, if there is one.
    pub(in super::super) fn close_uri(&self) -> Option<&'static str> {
        // Of the Init URIs, multiplatform phones support Init:CallHistory only.
        let can_close = self.supports(Scheme::Init) != Support::No && !self.is_multiplatform();
        can_close.then_some("Init:Services")
    }
}

impl Scheme {
    /// Returns its name as written in a URI.
    pub(in super::super) fn name(self) -> &'static str {
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
    pub(super) fn contains(self, name: &str) -> bool {
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
