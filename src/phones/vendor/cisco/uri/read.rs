//! Reading of internal URIs that users write.
//!
//! A phone answers a URI that it does not understand with "Invalid URI" at best, so all are read
//! here before anything is sent.

use super::super::family::{Family, Scheme};
use super::super::keys;
use super::Uri;
use super::kinds::KINDS;
use crate::vendor::PlanError;

/// Reads an internal URI as a user writes it; also returns what is to be said of it.
pub(in super::super) fn read(
    family: &Family,
    text: &str,
) -> Result<(Uri, Option<String>), PlanError> {
    let (head, rest) = text.split_once(':').unwrap_or((text, ""));
    let Some(kind) = KINDS
        .iter()
        .find(|kind| kind.name.eq_ignore_ascii_case(head))
    else {
        return Err(PlanError::Unsupported(other(head)));
    };
    let name = kind.name;
    let malformed = || {
        let form = kind.form;
        PlanError::Invalid(format!("uri: {text} is not of the form {name}:{form}"))
    };
    if head != name {
        return Err(PlanError::Invalid(format!(
            "uri: {head}: is written {name}:"
        )));
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
        return Err(PlanError::Unsupported(format!("{}: {why}", family.title)));
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
