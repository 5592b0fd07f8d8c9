//! The grammar of internal URIs, by kind.

use std::net::Ipv4Addr;

use super::super::family::Scheme;
use super::{is_dial_string, is_file, is_port};

/// A kind of URI.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) scheme: Scheme,
    /// The syntax after the colon, for messages.
    pub(super) form: &'static str,
    /// Returns whether the text after the colon has that syntax.
    pub(super) is_valid: fn(&str) -> bool,
}

const fn kind(
    name: &'static str,
    scheme: Scheme,
    form: &'static str,
    is_valid: fn(&str) -> bool,
) -> Kind {
    Kind {
        name,
        scheme,
        form,
        is_valid,
    }
}

pub(super) const KINDS: &[Kind] = &[
    kind(
        "App",
        Scheme::App,
        "ACTION[:PRIORITY:IDLE]:APPLICATION",
        is_app,
    ),
    kind(
        "Application",
        Scheme::Application,
        "Cisco/NAME",
        is_application,
    ),
    kind(
        "Device",
        Scheme::Device,
        "Unlock, GeneratePRT or PRTStatus",
        |rest| ["Unlock", "GeneratePRT", "PRTStatus"].contains(&rest),
    ),
    kind(
        "Dial",
        Scheme::Dial,
        "NUMBER[:0|1:APPLICATION[:0|1]]",
        is_dial,
    ),
    kind(
        "Display",
        Scheme::Display,
        "On, Off or Default[:MINUTES], up to 1440",
        is_display,
    ),
    kind("EditDial", Scheme::EditDial, "NUMBER", is_dial_string),
    kind(
        "Init",
        Scheme::Init,
        "CallHistory, Services, Messages, Directories or AppStatus",
        |rest| {
            [
                "CallHistory",
                "Services",
                "Messages",
                "Directories",
                "AppStatus",
            ]
            .contains(&rest)
        },
    ),
    kind("Key", Scheme::Key, "NAME", |_| true),
    kind("Play", Scheme::Play, "FILE or Stop", is_file),
    kind("RTPMRx", Scheme::Rtp, "GROUP:PORT[:VOLUME]", |rest| {
        is_stream(rest, true)
    }),
    kind("RTPMTx", Scheme::Rtp, "GROUP:PORT", |rest| {
        is_stream(rest, true)
    }),
    kind(
        "RTPRx",
        Scheme::Rtp,
        "ADDRESS[:PORT[:VOLUME]] or Stop",
        |rest| is_stream(rest, false),
    ),
    kind("RTPTx", Scheme::Rtp, "ADDRESS[:PORT] or Stop", |rest| {
        is_stream(rest, false)
    }),
    kind(
        "SendDigits",
        Scheme::SendDigits,
        "DIGITS[:0|1[:APPLICATION]]",
        is_send_digits,
    ),
    kind("SoftKey", Scheme::SoftKey, "NAME", |rest| {
        [
            "Back", "Cancel", "Exit", "Next", "Search", "Select", "Submit", "Update", "<<",
        ]
        .contains(&rest)
    }),
    kind("Vibrate", Scheme::Vibrate, "PARAMETERS", |rest| {
        rest.chars()
            .all(|c| c.is_ascii_alphanumeric() || ":,".contains(c))
    }),
];

fn is_dial(rest: &str) -> bool {
    let parts: Vec<_> = rest.split(':').collect();
    match parts.as_slice() {
        [number] => is_dial_string(number),
        [number, ui] => is_dial_string(number) && is_switch(ui),
        [number, ui, id] => is_dial_string(number) && is_switch(ui) && is_id(id),
        [number, ui, id, audible] => {
            is_dial_string(number) && is_switch(ui) && is_id(id) && is_switch(audible)
        }
        _ => false,
    }
}

fn is_send_digits(rest: &str) -> bool {
    let mut parts = rest.splitn(3, ':');
    let digits = parts.next().unwrap_or_default();
    let is_allowed = |c: char| c.is_ascii_digit() || "*#ABCD,".contains(c);
    !digits.is_empty()
        && digits.chars().all(is_allowed)
        && parts.next().is_none_or(is_switch)
        && parts.next().is_none_or(is_id)
}

fn is_display(rest: &str) -> bool {
    let (state, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let minutes = minutes
        .parse()
        .is_ok_and(|minutes: u64| minutes <= MAX_MINUTES);
    matches!(state, "On" | "Off" | "Default") && minutes
}

/// `Close:Cisco/Dialer`, or `RequestFocus:0:60:Cisco/Dialer`.
fn is_app(rest: &str) -> bool {
    let parts: Vec<_> = rest.split(':').collect();
    let is_action =
        |text: &str| ["RequestFocus", "ReleaseFocus", "Minimize", "Close"].contains(&text);
    let between = |text: &str, least: u32, most: u32| {
        text.parse()
            .is_ok_and(|number: u32| (least..=most).contains(&number))
    };
    match parts.as_slice() {
        [action, id] => is_action(action) && is_id(id),
        [action, priority, idle, id] => {
            is_action(action) && between(priority, 0, 2) && between(idle, 10, 86_400) && is_id(id)
        }
        _ => false,
    }
}

fn is_application(rest: &str) -> bool {
    ["MissedCalls", "ReceivedCalls", "PlacedCalls", "Voicemail"]
        .iter()
        .any(|name| rest.strip_prefix("Cisco/") == Some(name))
}

fn is_stream(rest: &str, is_group: bool) -> bool {
    if rest == "Stop" {
        return true;
    }
    let mut parts = rest.split(':');
    let ip: Option<Ipv4Addr> = parts.next().and_then(|ip| ip.parse().ok());
    let mut number = || {
        parts
            .next()
            .map(|text| text.parse::<u16>().unwrap_or(u16::MAX))
    };
    let (port, volume, path) = (number(), number(), number());
    ip.is_some_and(|ip| ip.is_multicast() == is_group)
        && (port.is_some() || !is_group)
        && port.is_none_or(is_port)
        && volume.is_none_or(|volume| volume <= 100)
        && path.is_none_or(|path| path <= 2)
        && parts.next().is_none()
}

fn is_switch(text: &str) -> bool {
    matches!(text, "0" | "1")
}

/// `Company/Product`.
fn is_id(text: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    !text.is_empty() && text.len() <= 64 && text.chars().all(is_allowed)
}

/// The longest time that a backlight can be switched for, in minutes.
const MAX_MINUTES: u64 = 1440;
