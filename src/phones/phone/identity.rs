//! Parses User-Agents: vendor, model, firmware, sometimes the MAC address.
//!
//! The forms were seen on real phones, in SIP and in HTTP. Softphones, gateways, adapters, PBXs and video
//! units of the same vendors are not recognised; DECT bases are.

use super::{Firmware, MacAddress, Vendor};

/// The identity that a phone reports.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    /// The vendor.
    pub vendor: Vendor,
    /// The model, without the vendor's prefix: `7970G`, `8841-3PCC`, `SPA508G`, `D785`, `T46G`.
    pub model: String,
    /// The firmware.
    pub firmware: Firmware,
    /// The MAC address, if the phone adds it.
    pub mac: Option<MacAddress>,
}

impl Identity {
    /// Parses a User-Agent; `None` if it is not that of a supported desk phone.
    pub fn of_user_agent(text: &str) -> Option<Self> {
        cisco(text)
            .or_else(|| linksys(text))
            .or_else(|| snom(text))
            .or_else(|| yealink(text))
    }

    /// Parses the device type that chan-sccp reports, such as `Cisco 7970`; `None` if it is empty. All
    /// SCCP phones are Cisco's.
    pub fn of_skinny_type(text: &str) -> Option<Self> {
        let bare = strip_prefix(text.trim(), "Cisco").unwrap_or(text);
        let model: String = bare
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(MAX_MODEL)
            .collect();
        (!model.is_empty()).then(|| Self {
            vendor: Vendor::Cisco,
            model,
            firmware: Firmware::default(),
            mac: None,
        })
    }
}

/// `Cisco-CP7960G/8.0`, `Cisco-CP-8841-3PCC/11.0 (MAC)`, `Cisco/SPA508G-7.4.4 (MAC)(serial)`.
fn cisco(text: &str) -> Option<Identity> {
    if let Some(rest) = strip_prefix(text, "Cisco/SPA") {
        return spa(rest);
    }
    let rest = strip_prefix(text, "Cisco-CP").or_else(|| strip_prefix(text, "Cisco-DP"))?;
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    let (model, rest) = rest.split_once('/')?;
    // DX80 and its like are video units; the DX650 is a phone.
    if !model.starts_with(|c: char| c.is_ascii_digit()) && model != "DX650" {
        return None;
    }
    Some(Identity {
        vendor: Vendor::Cisco,
        model: valid_model(model)?,
        firmware: Firmware::first_word(rest),
        mac: trailing_mac(rest),
    })
}

/// `Linksys/SPA942-6.1.5(a) (MAC)`, also `SPA-942`.
fn linksys(text: &str) -> Option<Identity> {
    spa(strip_prefix(text, "Linksys/SPA")?)
}

fn spa(rest: &str) -> Option<Identity> {
    let (model, rest) = rest.trim_start_matches('-').split_once('-')?;
    // SPA112, SPA2102, SPA3102 and SPA8000 are adapters: phones have three digits, and none begins with 1 or 2.
    let digits = model.bytes().take_while(u8::is_ascii_digit).count();
    if digits != 3 || !model.starts_with(['3', '5', '9']) {
        return None;
    }
    let firmware = rest.split([' ', '(']).next().unwrap_or_default();
    Some(Identity {
        vendor: Vendor::Cisco,
        model: format!("SPA{}", valid_model(model)?),
        firmware: Firmware::new(firmware),
        mac: trailing_mac(rest),
    })
}

/// `snomD785/10.1.198.12 [MAC]` and `snom200-3.56z` in SIP, `Mozilla/4.0 (compatible; snomD785-SIP
/// 10.1.33.33 …)` in HTTP; bases add `(MAC=…; HW=…)`.
fn snom(text: &str) -> Option<Identity> {
    let text = strip_prefix(text, "Mozilla/4.0 (compatible; ").unwrap_or(text);
    let rest = strip_prefix(text, "snom")?;
    let (model, rest) = rest
        .split_once("-SIP ")
        .or_else(|| rest.split_once('/'))
        .or_else(|| rest.split_once('-'))?;
    // `snomONE` is a PBX, `snom-m3` and `snom-m9` are cordless sets of other makers.
    let letters = model.bytes().take_while(u8::is_ascii_alphabetic).count();
    let has_number = model
        .as_bytes()
        .get(letters)
        .is_some_and(u8::is_ascii_digit);
    if letters > 2 || !has_number && model != "MP" {
        return None;
    }
    Some(Identity {
        vendor: Vendor::Snom,
        model: valid_model(model)?,
        firmware: Firmware::first_word(rest),
        mac: trailing_mac(rest),
    })
}

/// `Yealink SIP-T53W 96.86.0.70 [MAC]`, also with other case, spaces and prefixes, or without the brand.
fn yealink(text: &str) -> Option<Identity> {
    let branded = strip_prefix(text, "yealink");
    let rest = branded.unwrap_or(text);
    let rest = rest.trim_start_matches([' ', '-']);
    let sip = strip_prefix(rest, "SIP-").or_else(|| strip_prefix(rest, "SIP "));
    if branded.is_none() && sip.is_none_or(|rest| strip_prefix(rest, "T").is_none()) {
        return None;
    }
    let rest = sip.unwrap_or(rest);
    let (model, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let is_video_unit = |prefix| strip_prefix(model, prefix).is_some();
    if ["VC", "MVC", "MeetingBar"].into_iter().any(is_video_unit) {
        return None;
    }
    Some(Identity {
        vendor: Vendor::Yealink,
        model: valid_model(model)?,
        firmware: Firmware::first_word(rest.trim_start()),
        mac: trailing_mac(rest),
    })
}

/// Strips `prefix`, ignoring case.
fn strip_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let start = text.get(..prefix.len())?;
    start
        .eq_ignore_ascii_case(prefix)
        .then(|| text.get(prefix.len()..))
        .flatten()
}

/// Validates a model: letters, digits, `-`, `_` and `+`.
fn valid_model(model: &str) -> Option<String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '+');
    let is_valid = !model.is_empty() && model.len() <= MAX_MODEL && model.chars().all(is_allowed);
    is_valid.then(|| model.to_owned())
}

/// Finds a MAC address among the words after the firmware.
fn trailing_mac(rest: &str) -> Option<MacAddress> {
    rest.split([' ', '(', ')', '[', ']', '=', ';'])
        .skip(1)
        .find_map(|word| word.parse().ok())
}

const MAX_MODEL: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(user_agent: &str, vendor: Vendor, model: &str, firmware: &str, mac: Option<&str>) {
        let identity = Identity::of_user_agent(user_agent).expect(user_agent);
        assert_eq!(identity.vendor, vendor, "{user_agent}");
        assert_eq!(identity.model, model, "{user_agent}");
        assert_eq!(identity.firmware.as_str(), firmware, "{user_agent}");
        assert_eq!(
            identity.mac,
            mac.map(|mac| mac.parse().unwrap()),
            "{user_agent}"
        );
    }

    #[test]
    fn cisco_phones_are_recognised() {
        use Vendor::Cisco;
        check("Cisco-CP7970G/8.5.4", Cisco, "7970G", "8.5.4", None);
        check("Cisco-CP8865NR/14.2.1", Cisco, "8865NR", "14.2.1", None);
        check("Cisco-DP9841/3.1", Cisco, "9841", "3.1", None);
        let mac = Some("00:00:5E:00:53:01");
        check(
            "Cisco-CP-8841-3PCC/11.0 (00005e005301)",
            Cisco,
            "8841-3PCC",
            "11.0",
            mac,
        );
        check(
            "Cisco/SPA508G-7.4.4 (00005E005301)(CBT000000AA)",
            Cisco,
            "SPA508G",
            "7.4.4",
            mac,
        );
        check(
            "Linksys/SPA-942-6.1.5(a) (00005E005301)",
            Cisco,
            "SPA942",
            "6.1.5",
            mac,
        );
    }

    #[test]
    fn snom_phones_are_recognised() {
        use Vendor::Snom;
        check("snom300/7.3.30", Snom, "300", "7.3.30", None);
        let mac = Some("00:00:5E:00:53:02");
        check(
            "snomD785/10.1.198.12 00005E005302",
            Snom,
            "D785",
            "10.1.198.12",
            mac,
        );
        check(
            "Mozilla/4.0 (compatible; snom320-SIP 6.5.20; snom320 x)",
            Snom,
            "320",
            "6.5.20",
            None,
        );
        check(
            "Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-0 00005E005302 SXM:0)",
            Snom,
            "D785",
            "10.1.33.33",
            mac,
        );
    }

    #[test]
    fn yealink_phones_are_recognised() {
        use Vendor::Yealink;
        check(
            "Yealink SIP-T53W 96.86.0.70",
            Yealink,
            "T53W",
            "96.86.0.70",
            None,
        );
        check("Yealink T58 58.80.0.5", Yealink, "T58", "58.80.0.5", None);
        check("SIP-T46U 108.86.0.20", Yealink, "T46U", "108.86.0.20", None);
        check("Yealink SIP-T46G", Yealink, "T46G", "", None);
        check(
            "Yealink-T46G 28.71.0.81 28.1.0.128.0.0.0",
            Yealink,
            "T46G",
            "28.71.0.81",
            None,
        );
        let mac = Some("00:00:5E:00:53:03");
        check(
            "yealink SIP-T38G  38.70.0.125 00:00:5e:00:53:03",
            Yealink,
            "T38G",
            "38.70.0.125",
            mac,
        );
        check(
            "Yealink SIP VP-T49G 51.80.0.10 00005e005303",
            Yealink,
            "VP-T49G",
            "51.80.0.10",
            mac,
        );
    }

    #[test]
    fn user_agents_of_the_field_are_understood() {
        let file = include_str!("../../../tests/fixtures/field/user-agents.tsv");
        let lines = file.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let (user_agent, expected) = line.split_once('\t').unwrap();
            let found = match Identity::of_user_agent(user_agent) {
                None => "- - -".to_owned(),
                Some(identity) => {
                    let mac = identity.mac.map(|mac| format!(" {mac}"));
                    let Identity {
                        vendor,
                        model,
                        firmware,
                        ..
                    } = identity;
                    format!("{vendor} {model} {firmware}{}", mac.unwrap_or_default())
                }
            };
            assert_eq!(found, expected, "{user_agent}");
        }
    }

    #[test]
    fn other_devices_are_not_recognised() {
        for user_agent in [
            "",
            "Cisco-CSF",
            "Cisco-SIPIPCommunicator/9.1.1",
            "Cisco-CUCM12.5",
            "Cisco-SIPGateway/IOS-16.9.3",
            "TANDBERG/518 (TCNC6.2.0.20b1616)",
            "Asterisk PBX 22.10.1",
            "snom",
            "snom /1",
            "Cisco-CP",
            "Zoiper",
        ] {
            assert_eq!(Identity::of_user_agent(user_agent), None, "{user_agent}");
        }
    }

    proptest::proptest! {
        #[test]
        fn garbage_never_panics(text in "\\PC{0,80}") {
            let _ = Identity::of_user_agent(&text);
            let _ = Identity::of_user_agent(&format!("Yealink {text}"));
            let _ = Identity::of_user_agent(&format!("Cisco-CP{text}"));
        }
    }
}
