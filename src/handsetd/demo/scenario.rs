//! The phones, the extensions that they dial, and the effect that each must have.

use std::fmt;

use handset_phones::phone::Endpoint;
use handset_simulator::{SimulatedPhone, State, Vendor};

/// A simulated phone with its endpoint at Asterisk.
#[derive(Debug)]
pub(super) struct DemoPhone {
    pub(super) endpoint: Endpoint,
    pub(super) simulated: SimulatedPhone,
}

impl DemoPhone {
    /// Returns a tone that this phone can play: Snom phones have built-in ringers only.
    pub(super) fn tone(&self) -> &'static str {
        match self.simulated.options().vendor {
            Vendor::Snom => "3",
            Vendor::Cisco | Vendor::Yealink => "bell.wav",
        }
    }
}

impl fmt::Display for DemoPhone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = self.simulated.options();
        let (vendor, model) = (
            options.vendor.title(),
            options.model.trim_start_matches("SIP-"),
        );
        write!(f, "{} ({vendor} {model})", self.endpoint)
    }
}

/// An extension, and the verb that it runs.
#[derive(Debug)]
pub(super) struct Extension {
    pub(super) number: &'static str,
    pub(super) title: &'static str,
    pub(super) verb: &'static str,
    pub(super) arguments: &'static [&'static str],
    has_effect: fn(&State, &State) -> bool,
}

pub(super) const EXTENSIONS: [Extension; 4] = [
    Extension {
        number: "700",
        title: "show a screen",
        verb: "push",
        arguments: &[
            "title=Support",
            "text=You are number 3 in the queue. Ada will be with you soon.",
        ],
        has_effect: |before, now| now.screen.is_some() && now.screen != before.screen,
    },
    Extension {
        number: "701",
        title: "play a tone",
        verb: "ring",
        arguments: &["tone=TONE"],
        has_effect: |before, now| now.played.len() > before.played.len(),
    },
    Extension {
        number: "702",
        title: "set the ring tone",
        verb: "ringtone",
        arguments: &["tone=bell.wav"],
        has_effect: |before, now| now.ringtone.is_some() && now.ringtone != before.ringtone,
    },
    Extension {
        number: "703",
        title: "set the background",
        verb: "background",
        arguments: &["image=night.png"],
        has_effect: |before, now| now.background.is_some() && now.background != before.background,
    },
];

impl Extension {
    /// Returns the arguments of `AGI()` for a caller.
    pub(super) fn arguments(&self, phone: &DemoPhone) -> Vec<String> {
        self.arguments
            .iter()
            .map(|argument| argument.replace("TONE", phone.tone()))
            .collect()
    }

    /// Returns the text between the parentheses of `AGI()`.
    pub(super) fn application(&self, phone: &DemoPhone) -> String {
        format!(
            "agi://127.0.0.1/{},{}",
            self.verb,
            self.arguments(phone).join(",")
        )
    }

    /// Returns whether the phone has done what the extension asks for.
    pub(super) fn has_effect(&self, before: &State, now: &State) -> bool {
        (self.has_effect)(before, now)
    }

    /// Returns whether the effect can be seen, so that the phone is worth drawing.
    pub(super) fn is_visible(&self) -> bool {
        matches!(self.verb, "push" | "background")
    }

    /// Describes the effect on the phone, or its absence.
    pub(super) fn result(&self, state: &State) -> String {
        match self.verb {
            "push" => match &state.screen {
                Some(screen) => format!("The phone shows the screen {:?}.", screen.title),
                None => "The phone shows no screen.".to_owned(),
            },
            "ring" => match state.played.last() {
                Some(tone) => format!("The phone has played {}.", file_name(&tone.name)),
                None => "The phone has played nothing.".to_owned(),
            },
            "ringtone" => match &state.ringtone {
                Some(tone) => format!("The ring tone is {}.", file_name(&tone.name)),
                None => "The ring tone is unchanged.".to_owned(),
            },
            _ => match &state.background {
                Some(picture) => {
                    let (width, height) = (picture.width(), picture.height());
                    format!("The background is a picture of {width}x{height} pixels.")
                }
                None => "The background is unchanged.".to_owned(),
            },
        }
    }
}

/// Returns the file name in a URL, or the whole name if it is not a URL.
fn file_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
