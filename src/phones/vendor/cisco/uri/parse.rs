//! Parsing of the internal URIs in requests.
//!
//! Phones reply to an unknown URI with "Invalid URI" at best, so all are checked before anything is
//! sent.

use super::super::family::{Family, Scheme};
use super::super::key_names;
use super::Uri;
use super::kinds::KINDS;
use crate::vendor::PlanError;

/// Parses an internal URI. Also returns a caveat to report.
pub(in super::super) fn parse(
    family: &Family,
    text: &str,
) -> Result<(Uri, Option<String>), PlanError> {
    let (head, rest) = text.split_once(':').unwrap_or((text, ""));
    let Some(kind) = KINDS
        .iter()
        .find(|kind| kind.name.eq_ignore_ascii_case(head))
    else {
        return Err(PlanError::Unsupported(unsupported(head)));
    };
    let name = kind.name;
    let malformed = || {
        let form = kind.form;
        PlanError::Invalid(format!("uri: {text} does not have the form {name}:{form}"))
    };
    if head != name {
        return Err(PlanError::Invalid(format!(
            "uri: write {name}: instead of {head}:"
        )));
    }
    if kind.scheme == Scheme::Key {
        let key = key_names::find(family, rest)?;
        let note = (key.name != rest).then(|| format!("sent Key:{} for Key:{rest}", key.name));
        let notes: Vec<_> = note.into_iter().chain(key.note).collect();
        let uri = Uri::key(&key.name);
        return Ok((uri, (!notes.is_empty()).then(|| notes.join("; "))));
    }
    if !(kind.is_valid)(rest) {
        return Err(malformed());
    }
    if let Some(why) = restriction(family, kind.scheme, rest) {
        return Err(PlanError::Unsupported(format!("{}: {why}", family.title)));
    }
    let note = (kind.scheme == Scheme::Vibrate)
        .then(|| "unverified on real phones: the syntax of Vibrate".to_owned());
    Ok((Uri::new(kind.scheme, text.to_owned()), note))
}

/// Returns why a family does not support this form of a URI that it supports otherwise.
fn restriction(family: &Family, scheme: Scheme, rest: &str) -> Option<&'static str> {
    let is_wireless = matches!(family.title, "the 8821" | "the 9821");
    match scheme {
        Scheme::Init if family.is_multiplatform() && rest != "CallHistory" => {
            Some("Init: supports only CallHistory")
        }
        Scheme::Dial if family.title == "the 8821" && rest.contains(':') => {
            Some("Dial: accepts only a number")
        }
        Scheme::Device if rest != "Unlock" && !is_wireless => {
            Some("only the 8821 and 9821 support problem reports")
        }
        Scheme::Rtp if rest.split(':').count() > 3 && !is_wireless => {
            Some("only the 8821 and 9821 support the audio path of an RTP stream")
        }
        _ => None,
    }
}

/// Returns why a URI of another kind is refused.
fn unsupported(head: &str) -> String {
    let why = match head {
        "Notify" => "works in soft keys, menus and events only, not in an Execute",
        "QueryStringParam" => "works in menus and soft keys only, not in an Execute",
        "Resource" => "names an icon and cannot be executed",
        "SettingsMenu" | "Button" => "works only on an 8875 with Cisco's call manager",
        "UserCallData" | "UserCallDataSoftKey" | "UserData" | "UserDataSoftKey" => {
            "is for the call manager, not for phones"
        }
        _ => {
            return format!(
                "unknown URI scheme {head}:; Cisco phones support http(s), Key, Dial, EditDial, \
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
    use crate::vendor::testing::Fixture;

    fn check(model: &str, text: &str) -> Result<String, String> {
        let family = Family::of(&Fixture::new(Vendor::Cisco, model, "").phone);
        let (uri, note) = parse(family, text).map_err(|error| error.to_string())?;
        let more = uri.check(family).map_err(|error| error.to_string())?;
        let notes: Vec<_> = note.into_iter().chain(more).collect();
        Ok([vec![uri.text], notes].concat().join("|"))
    }

    #[test]
    fn documented_uris_are_parsed() {
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
    fn key_spelling_is_corrected_with_a_note() {
        assert_eq!(
            check("8851", "Key:NavDown").as_deref(),
            Ok("Key:NavDwn|sent Key:NavDwn for Key:NavDown")
        );
    }

    #[test]
    fn families_support_the_uris_of_the_tables() {
        for (model, text, words) in [
            (
                "7841",
                "Display:Off",
                "the 7800 series does not support Display URIs",
            ),
            ("7841", "SendDigits:1", "does not support SendDigits"),
            ("8831", "App:Close:Cisco/Dialer", "does not support App"),
            ("8821", "EditDial:100", "does not support EditDial"),
            ("8821", "Dial:100:1", "only a number"),
            ("840", "Key:Soft1", "has no key Soft1"),
            ("840", "Dial:100", "does not support Dial"),
            ("8841-3PCC", "RTPRx:192.0.2.1:20480", "does not support RTP"),
            ("8841-3PCC", "Init:Services", "only CallHistory"),
            ("8851", "Vibrate:1", "does not support Vibrate"),
            ("8841-3PCC", "SoftKey:Exit", "does not support SoftKey"),
            ("8851", "Device:GeneratePRT", "8821 and 9821"),
            ("8851", "RTPRx:192.0.2.1:20480:50:1", "audio path"),
            ("8851", "Notify:http:192.0.2.1:80:x", "not in an Execute"),
            ("8851", "QueryStringParam:a=b", "not in an Execute"),
            ("8851", "UserData:1:x", "call manager"),
            ("8851", "ftp://x", "unknown URI scheme"),
        ] {
            let error = check(model, text).unwrap_err();
            assert!(error.contains(words), "{model} {text}: {error}");
        }
        let in_objects = check("8851", "SoftKey:Exit").unwrap();
        assert!(in_objects.contains("unverified"), "{in_objects}");
        let unlisted = check("7970", "SendDigits:1").unwrap();
        assert!(unlisted.contains("unverified"), "{unlisted}");
    }

    #[test]
    fn malformed_uris_are_refused() {
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
            let error = check("9821", text).unwrap_err();
            assert!(error.starts_with("uri: "), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn accepted_uris_cannot_leave_their_attribute(text in "\\PC{0,80}") {
            if let Ok(uri) = check("9821", &text) {
                prop_assert!(!uri.contains(['"', '&', '\n', '<']) || uri.contains("SoftKey:<<"));
            }
        }
    }
}
