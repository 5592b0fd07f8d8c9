//! Internal URIs: how each is written, and which family takes it.
//!
//! From "Internal URI Features" in Cisco's development notes. A phone answers a URI that it does
//! not understand with "Invalid URI" at best, so all are read here before anything is sent.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::family::{Family, Scheme, Support};
use super::keys;
use crate::screen::Number;
use crate::vendor::Refused;

/// An internal URI that is written as it should be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Uri {
    scheme: Scheme,
    text: String,
}

impl Uri {
    /// Presses a key of Cisco's name.
    pub(super) fn key(name: &str) -> Self {
        Self::new(Scheme::Key, format!("Key:{name}"))
    }

    /// Calls a number.
    pub(super) fn dial(number: &Number) -> Result<Self, Refused> {
        if !is_sequence(number.as_str()) {
            return Err(Refused::Unsupported(format!(
                "number: a Cisco phone dials digits, letters and * # + . @ - only, not {number}"
            )));
        }
        Ok(Self::new(Scheme::Dial, format!("Dial:{number}")))
    }

    /// Sends digits in the call, which are heard.
    pub(super) fn send_digits(digits: &str) -> Self {
        Self::new(
            Scheme::SendDigits,
            format!("SendDigits:{digits}:1:{DIALER}"),
        )
    }

    /// Plays a file of the TFTP server, or ends that (`Stop`).
    pub(super) fn play(file: &str) -> Self {
        Self::new(Scheme::Play, format!("Play:{file}"))
    }

    /// Switches the backlight.
    pub(super) fn display(state: &str, minutes: Option<u64>) -> Self {
        let minutes = minutes.map(|minutes| format!(":{minutes}"));
        let text = format!("Display:{state}{}", minutes.unwrap_or_default());
        Self::new(Scheme::Display, text)
    }

    /// Plays what comes to an address, which may be a multicast group.
    pub(super) fn receive(address: SocketAddrV4, volume: Option<u8>) -> Self {
        let kind = if address.ip().is_multicast() {
            "RTPMRx"
        } else {
            "RTPRx"
        };
        let volume = volume.map(|volume| format!(":{volume}"));
        let text = format!("{kind}:{address}{}", volume.unwrap_or_default());
        Self::new(Scheme::Rtp, text)
    }

    /// Sends to an address, which may be a multicast group.
    pub(super) fn send(address: SocketAddrV4) -> Self {
        let kind = if address.ip().is_multicast() {
            "RTPMTx"
        } else {
            "RTPTx"
        };
        Self::new(Scheme::Rtp, format!("{kind}:{address}"))
    }

    /// Ends what is played, and what is sent.
    pub(super) fn stop_streams() -> [Self; 2] {
        ["RTPRx:Stop", "RTPTx:Stop"].map(|text| Self::new(Scheme::Rtp, text.to_owned()))
    }

    /// Closes the application that shows pushed screens.
    pub(super) fn close(family: &Family) -> Option<Self> {
        let text = family.close()?;
        Some(Self::new(Scheme::Init, text.to_owned()))
    }

    fn new(scheme: Scheme, text: String) -> Self {
        Self { scheme, text }
    }

    /// Returns how it is written.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Says whether phones of `family` take it, and what is to be said of it then.
    pub(super) fn check(&self, family: &Family) -> Result<Option<String>, Refused> {
        let (title, name) = (family.title, self.scheme.name());
        match family.runs(self.scheme) {
            Support::Yes => Ok(None),
            Support::Unproven => Ok(Some(format!("that {title} takes {name} URIs is unproven"))),
            Support::No => Err(Refused::Unsupported(format!(
                "{title} takes no {name} URIs"
            ))),
        }
    }
}

/// Reads an internal URI as a user writes it; also returns what is to be said of it.
pub(super) fn read(family: &Family, text: &str) -> Result<(Uri, Option<String>), Refused> {
    let (head, rest) = text.split_once(':').unwrap_or((text, ""));
    let Some(kind) = KINDS
        .iter()
        .find(|kind| kind.name.eq_ignore_ascii_case(head))
    else {
        return Err(Refused::Unsupported(other(head)));
    };
    let name = kind.name;
    let malformed = || {
        let form = kind.form;
        Refused::Invalid(format!("uri: {text} is not of the form {name}:{form}"))
    };
    if head != name {
        return Err(Refused::Invalid(format!("uri: {head}: is written {name}:")));
    }
    if kind.scheme == Scheme::Key {
        let key = keys::find(family, rest)?;
        let note = (key.name != rest).then(|| format!("Key:{rest} is written Key:{}", key.name));
        let notes: Vec<_> = note.into_iter().chain(key.note).collect();
        let uri = Uri::key(&key.name);
        return Ok((uri, (!notes.is_empty()).then(|| notes.join("; "))));
    }
    if !(kind.fits)(rest) {
        return Err(malformed());
    }
    if let Some(why) = special(family, kind.scheme, rest) {
        return Err(Refused::Unsupported(format!("{}: {why}", family.title)));
    }
    let note =
        (kind.scheme == Scheme::Vibrate).then(|| "how Vibrate is written is unproven".to_owned());
    Ok((Uri::new(kind.scheme, text.to_owned()), note))
}

/// What a family takes of a kind of URI, where it does not take all.
fn special(family: &Family, scheme: Scheme, rest: &str) -> Option<&'static str> {
    let is_wireless = matches!(family.title, "the 8821" | "the 9821");
    match scheme {
        Scheme::Init if family.is_multiplatform() && rest != "CallHistory" => {
            Some("of Init: only CallHistory is known")
        }
        Scheme::Dial if family.title == "the 8821" && rest.contains(':') => {
            Some("Dial: takes a number and nothing else")
        }
        Scheme::Device if rest != "Unlock" && !is_wireless => {
            Some("problem reports are for the 8821 and 9821")
        }
        Scheme::Rtp if rest.split(':').count() > 3 && !is_wireless => {
            Some("only the 8821 and 9821 let an RTP stream choose its loudspeaker")
        }
        _ => None,
    }
}

/// Says why a URI of another kind can't be run.
fn other(head: &str) -> String {
    let why = match head {
        "Notify" => "is for soft keys, menus and events, and no phone runs it on request",
        "QueryStringParam" => "is for menus and soft keys, and no phone runs it on request",
        "Resource" => "names an icon, and there is nothing to run",
        "SettingsMenu" | "Button" => "is for an 8875 with Cisco's call manager only",
        "UserCallData" | "UserCallDataSoftKey" | "UserData" | "UserDataSoftKey" => {
            "goes to the call manager, not to the phone"
        }
        _ => {
            return format!(
                "{head}: is no URI of a Cisco phone; there are http(s) URLs, Key, Dial, EditDial, \
                 SendDigits, Init, Play, Display, Device, App, RTPRx, RTPTx, RTPMRx, RTPMTx and \
                 Vibrate"
            );
        }
    };
    format!("{head}: {why}")
}

struct Kind {
    name: &'static str,
    scheme: Scheme,
    form: &'static str,
    fits: fn(&str) -> bool,
}

const fn kind(
    name: &'static str,
    scheme: Scheme,
    form: &'static str,
    fits: fn(&str) -> bool,
) -> Kind {
    Kind {
        name,
        scheme,
        form,
        fits,
    }
}

const KINDS: &[Kind] = &[
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
    kind("EditDial", Scheme::EditDial, "NUMBER", is_sequence),
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

/// Returns whether a name is that of a file on the phone's TFTP server.
pub(super) fn is_file(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !text.is_empty() && text.chars().all(fits)
}

/// What can be dialed; a comma is a second without a digit.
fn is_sequence(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "*#,+@.-".contains(c);
    !text.is_empty() && text.chars().all(fits)
}

fn is_dial(rest: &str) -> bool {
    let parts: Vec<_> = rest.split(':').collect();
    match parts.as_slice() {
        [number] => is_sequence(number),
        [number, ui] => is_sequence(number) && is_switch(ui),
        [number, ui, id] => is_sequence(number) && is_switch(ui) && is_id(id),
        [number, ui, id, audible] => {
            is_sequence(number) && is_switch(ui) && is_id(id) && is_switch(audible)
        }
        _ => false,
    }
}

fn is_send_digits(rest: &str) -> bool {
    let mut parts = rest.splitn(3, ':');
    let digits = parts.next().unwrap_or_default();
    let fits = |c: char| c.is_ascii_digit() || "*#ABCD,".contains(c);
    !digits.is_empty()
        && digits.chars().all(fits)
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

/// The ports that phones have for RTP.
pub(super) fn is_port(port: u16) -> bool {
    (20_480..=32_768).contains(&port) && port.is_multiple_of(2)
}

fn is_switch(text: &str) -> bool {
    matches!(text, "0" | "1")
}

/// `Company/Product`.
fn is_id(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    !text.is_empty() && text.len() <= 64 && text.chars().all(fits)
}

/// The longest time that a backlight can be switched for.
const MAX_MINUTES: u64 = 1440;

/// The application that digits are sent by in Cisco's example.
const DIALER: &str = "Cisco/Dialer";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::phone::Vendor;
    use crate::vendor::testing::Bench;

    fn check(model: &str, text: &str) -> Result<String, String> {
        let family = Family::of(&Bench::new(Vendor::Cisco, model, "").phone);
        let (uri, note) = read(family, text).map_err(|refused| refused.to_string())?;
        let more = uri.check(family).map_err(|refused| refused.to_string())?;
        let notes: Vec<_> = note.into_iter().chain(more).collect();
        Ok([vec![uri.text], notes].concat().join("|"))
    }

    #[test]
    fn all_uris_of_the_book_are_read() {
        for text in [
            "Dial:100",
            "Dial:9,1234#:1:Cisco/Dialer:0",
            "EditDial:100",
            "SendDigits:12*#A:1:Cisco/Dialer",
            "Key:Soft1",
            "Init:CallHistory",
            "Play:chime.raw",
            "Play:Stop",
            "Display:Off:60",
            "App:Close:0:60:Cisco/Dialer",
            "App:Close:Cisco/Dialer",
            "Device:Unlock",
            "RTPRx:192.0.2.1",
            "RTPRx:192.0.2.1:20480:50",
            "RTPTx:192.0.2.1:20480",
            "RTPMRx:239.1.2.3:20480",
            "RTPMTx:239.1.2.3:20480",
            "RTPRx:Stop",
        ] {
            assert_eq!(check("8851", text).as_deref(), Ok(text));
        }
        assert_eq!(check("8821", "SoftKey:Exit").as_deref(), Ok("SoftKey:Exit"));
        assert_eq!(
            check("9821", "Device:PRTStatus").as_deref(),
            Ok("Device:PRTStatus")
        );
    }

    #[test]
    fn the_spelling_of_keys_is_put_right_and_told() {
        assert_eq!(
            check("8851", "Key:NavDown").as_deref(),
            Ok("Key:NavDwn|Key:NavDown is written Key:NavDwn")
        );
    }

    #[test]
    fn families_take_what_ciscos_tables_say() {
        for (model, text, words) in [
            (
                "7841",
                "Display:Off",
                "the 7800 series takes no Display URIs",
            ),
            ("7841", "SendDigits:1", "takes no SendDigits"),
            ("8831", "App:Close:Cisco/Dialer", "takes no App"),
            ("8821", "EditDial:100", "takes no EditDial"),
            ("8821", "Dial:100:1", "a number and nothing else"),
            ("840", "Key:Soft1", "has no key Soft1"),
            ("840", "Dial:100", "takes no Dial"),
            ("8841-3PCC", "RTPRx:192.0.2.1:20480", "takes no RTP"),
            ("8841-3PCC", "Init:Services", "only CallHistory"),
            ("8851", "Vibrate:1", "takes no Vibrate"),
            ("8851", "SoftKey:Exit", "takes no SoftKey"),
            ("8851", "Device:GeneratePRT", "8821 and 9821"),
            ("8851", "RTPRx:192.0.2.1:20480:50:1", "loudspeaker"),
            ("8851", "Notify:http:192.0.2.1:80:x", "on request"),
            ("8851", "QueryStringParam:a=b", "on request"),
            ("8851", "UserData:1:x", "call manager"),
            ("8851", "ftp://x", "no URI of a Cisco phone"),
        ] {
            let refused = check(model, text).unwrap_err();
            assert!(refused.contains(words), "{model} {text}: {refused}");
        }
        let told = check("7970", "SendDigits:1").unwrap();
        assert!(told.contains("unproven"), "{told}");
    }

    #[test]
    fn what_is_written_wrong_is_refused_with_the_form() {
        for text in [
            "dial:100",
            "Dial:",
            "Dial:1;2",
            "Dial:100:2",
            "SendDigits:E",
            "Init:Nothing",
            "Play:../x.raw",
            "Play:",
            "Display:Maybe",
            "Display:On:1441",
            "App:Close",
            "App:Open:Cisco/Dialer",
            "App:Close:3:60:Cisco/Dialer",
            "Device:Lock",
            "RTPRx:192.0.2.1:20481",
            "RTPRx:192.0.2.1:80",
            "RTPRx:192.0.2.1:20480:101",
            "RTPRx:239.1.2.3:20480",
            "RTPMRx:192.0.2.1:20480",
            "RTPMRx:239.1.2.3",
            "RTPRx:192.0.2.1:20480:1:1:1",
        ] {
            let refused = check("9821", text).unwrap_err();
            assert!(refused.starts_with("uri: "), "{text}: {refused}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_holds_nothing_that_ends_it(text in "\\PC{0,80}") {
            if let Ok(told) = check("9821", &text) {
                prop_assert!(!told.contains(['"', '&', '\n', '<']) || told.contains("SoftKey:<<"));
            }
        }
    }
}
