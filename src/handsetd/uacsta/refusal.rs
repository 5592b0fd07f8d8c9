//! What a phone answered to the INVITE that opens its session, and which of its settings helps.
//!
//! The settings are those that the vendors document (snom wiki, Gigaset's FAQ on `csta_challenge`,
//! Yeastar, Polycom's and Mondago's guides). What a phone does without them is inferred for some, and the
//! texts say so.

use handset_phones::phone::Vendor;
use handset_sip::InviteError;
use handset_sip::wire::Status;

/// The answer of a phone to the INVITE.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// Nothing could be sent to it, for this reason.
    NotSent(String),
    /// It did not answer.
    Silent,
    /// It rang, or took the INVITE for a call in another way (180, 183, 480, 486, 600, 603).
    Call(u16),
    /// It refused, with the status and the reason phrase.
    Refused(u16, String),
    /// It accepted, and said of its system what no request can follow.
    Unready(String),
    /// It accepted, and then refused the request of this name.
    Request(&'static str, String),
}

/// What is known of the phone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refuser<'a> {
    pub(super) vendor: Option<Vendor>,
    /// Its User-Agent, for phones of vendors that are not distinguished otherwise.
    pub(super) user_agent: &'a str,
    /// Whether it was called at its contact in Asterisk, not at one that it registered here.
    pub(super) is_direct: bool,
}

impl Refusal {
    /// Returns whether another INVITE might ring, so that the phone is left alone until it registers again.
    pub(super) fn is_call(&self) -> bool {
        matches!(self, Self::Call(_))
    }

    /// Describes the answer, and what to change.
    pub(super) fn describe(&self, of: Refuser<'_>) -> String {
        match self {
            Self::NotSent(why) => format!("nothing could be sent: {why}"),
            Self::Silent => format!("no answer to INVITE{}", silence(of)),
            Self::Call(status) => format!(
                "the phone took the INVITE for a call ({status}), which was cancelled; it is left alone \
                 until it registers again: {}",
                enable(of)
            ),
            Self::Refused(status, phrase) => {
                format!(
                    "the phone answered INVITE with {status} {phrase}{}",
                    cure(*status, of)
                )
            }
            Self::Unready(status) => {
                format!(
                    "the phone answered that its system status is {status:?}, which is tried again"
                )
            }
            Self::Request(name, why) => format!("{name}: {why}"),
        }
    }
}

impl From<InviteError> for Refusal {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::NotSent(why) => Self::NotSent(why.to_string()),
            InviteError::Unanswered(_) => Self::Silent,
            InviteError::Rings(response) => Self::Call(response.status.code()),
            InviteError::Refused(response) if is_of_a_call(response.status) => {
                Self::Call(response.status.code())
            }
            InviteError::Refused(response) => {
                let phrase: String = response.reason.chars().take(MAX_PHRASE).collect();
                Self::Refused(response.status.code(), phrase)
            }
        }
    }
}

/// Returns whether a phone answers so where a person or a call decides: 486 of one that is in a call, 480
/// of one with do-not-disturb, 600 and 603.
fn is_of_a_call(status: Status) -> bool {
    matches!(status.code(), 480 | 486 | 600 | 603)
}

fn silence(of: Refuser<'_>) -> String {
    match (of.vendor, of.is_direct) {
        (Some(Vendor::Snom), true) => {
            "; a Snom phone drops what comes from other addresses than its registrar's while its setting \
             filter_registrar is on: turn it off, or let the phone register an identity with handsetd"
                .to_owned()
        }
        (_, true) => {
            "; it may be behind NAT, or accept nothing from other addresses than its registrar's: let it \
             register an identity with handsetd"
                .to_owned()
        }
        (_, false) => {
            "; it registered, so a NAT device or firewall on the way may have forgotten it: let it register \
             more often, or by TCP"
                .to_owned()
        }
    }
}

/// Returns what helps against a status.
fn cure(status: u16, of: Refuser<'_>) -> String {
    let is_snom = of.vendor == Some(Vendor::Snom);
    match status {
        401 | 407 if is_snom => {
            ": it does not accept the password of csta; its setting csta_challenge asks for that of the \
             identity (user_pass), so make both the same, or set csta_challenge to 0"
                .to_owned()
        }
        401 | 407 => {
            ": it does not accept the password of csta; make the one of its identity the same".to_owned()
        }
        403 if is_snom => {
            ": with csta_challenge 1 or 2, it refuses an identity without a password (user_pass); set \
             one, or csta_challenge to 0"
                .to_owned()
        }
        403 => format!(": it does not allow it; {}", enable(of)),
        404 => ": it has no such identity; the user of csta must be that of the identity that it registers"
            .to_owned(),
        405 | 489 | 501 => format!(": it does not know what it is asked; {}", enable(of)),
        415 | 488 | 606 if is_snom && of.is_direct => {
            ": turn on its setting csta_control, and let sip_ip_dialin_content_types be \
             \"application/sdp application/csta+xml\" (as far as is known)"
                .to_owned()
        }
        415 | 488 | 606 => format!(": it does not accept CSTA; {}", enable(of)),
        481 => ": it does not know the session; it is opened again".to_owned(),
        500..=599 => ": it is tried again".to_owned(),
        _ => String::new(),
    }
}

/// Returns the setting that turns uaCSTA on.
fn enable(of: Refuser<'_>) -> &'static str {
    match of.vendor {
        Some(Vendor::Snom) => "turn on its setting csta_control",
        Some(Vendor::Yealink) => {
            "set features.csta_control.enable = 1, which firmware of V83 and later has"
        }
        Some(Vendor::Cisco) => {
            "no Cisco phone is known to speak uaCSTA; remove csta from its [[phone]]"
        }
        _ => {
            let agent = of.user_agent.to_ascii_lowercase();
            let known = SETTINGS.iter().find(|(word, _)| agent.contains(word));
            known.map_or("turn on uaCSTA in its settings", |(_, setting)| setting)
        }
    }
}

/// The settings of other vendors, by a word of their User-Agents.
const SETTINGS: [(&str, &str); 10] = [
    (
        "fanvil",
        "set CSTAEnable to 1 in its sip section, and the CSTANumber of the line",
    ),
    ("polycom", "set voIpProt.SIP.csta to 1"),
    ("poly", "set voIpProt.SIP.csta to 1"),
    ("grandstream", "set remoteControl.csta.enable (P32053) to 1"),
    ("aastra", "set CSTA: 1 in its configuration file"),
    ("mitel", "set CSTA: 1 in its configuration file"),
    ("panasonic", "set UACSTA_ENABLE_1 to \"Y\""),
    ("gigaset", "set SipProvider.0.CSTA_IsActive to 1"),
    ("n670", "set SipProvider.0.CSTA_IsActive to 1"),
    (
        "comfortel",
        "turn on uaCSTA, which requires the server type BroadSoft or estos ECSTA",
    ),
];

/// The longest reason phrase that is shown, in characters.
const MAX_PHRASE: usize = 80;

#[cfg(test)]
mod tests {
    use handset_sip::wire::{Response, Value};
    use handset_sip::{NotSent, Unanswered};

    use super::*;

    const SNOM: Refuser<'_> = Refuser {
        vendor: Some(Vendor::Snom),
        user_agent: "snomD785/10.1.1.1",
        is_direct: false,
    };

    fn refused(code: u16) -> Refusal {
        let response = Response::new(Status::from_code(code).unwrap());
        InviteError::Refused(Box::new(response)).into()
    }

    #[test]
    fn only_what_may_ring_leaves_the_phone_alone() {
        let ringing = Response::new(Status::RINGING);
        assert!(Refusal::from(InviteError::Rings(Box::new(ringing))).is_call());
        for code in [480, 486, 600, 603] {
            assert!(refused(code).is_call(), "{code}");
        }
        for code in [401, 403, 404, 405, 415, 481, 488, 489, 500, 501, 503] {
            assert!(!refused(code).is_call(), "{code}");
        }
        assert!(!Refusal::from(InviteError::from(Unanswered::TimedOut)).is_call());
        assert!(!Refusal::from(InviteError::from(NotSent::NotConnected)).is_call());
    }

    #[test]
    fn settings_of_snom_are_named() {
        let direct = Refuser {
            is_direct: true,
            ..SNOM
        };
        for (refusal, of, setting) in [
            (refused(401), SNOM, "csta_challenge"),
            (refused(407), SNOM, "csta_challenge"),
            (refused(403), SNOM, "user_pass"),
            (refused(488), SNOM, "csta_control"),
            (refused(415), SNOM, "csta_control"),
            (refused(415), direct, "sip_ip_dialin_content_types"),
            (refused(488), direct, "sip_ip_dialin_content_types"),
            (refused(486), SNOM, "csta_control"),
            (Refusal::Silent, direct, "filter_registrar"),
        ] {
            let text = refusal.describe(of);
            assert!(text.contains(setting), "{text}");
        }
        assert!(!Refusal::Silent.describe(SNOM).contains("filter_registrar"));
    }

    #[test]
    fn settings_of_other_vendors_are_named() {
        for (vendor, user_agent, setting) in [
            (Some(Vendor::Yealink), "", "features.csta_control.enable"),
            (None, "Fanvil X4U 2.4.5", "CSTANumber"),
            (None, "PolycomVVX-VVX_411-UA/5.9.0", "voIpProt.SIP.csta"),
            (None, "Grandstream GRP2615 1.0.5", "P32053"),
            (None, "Mitel 6867i/4.3.0.39", "CSTA: 1"),
            (None, "Panasonic_KX-HDV230", "UACSTA_ENABLE"),
            (None, "Gigaset N670 IP PRO", "CSTA_IsActive"),
            (Some(Vendor::Cisco), "Cisco/SPA508G-7.4.4", "no Cisco phone"),
            (None, "", "turn on uaCSTA"),
        ] {
            let of = Refuser {
                vendor,
                user_agent,
                is_direct: false,
            };
            for refusal in [refused(488), refused(486), refused(501)] {
                let text = refusal.describe(of);
                assert!(text.contains(setting), "{text}");
            }
        }
    }

    #[test]
    fn reason_phrase_is_shown_and_cut() {
        let mut response = Response::new(Status::NOT_ACCEPTABLE_HERE);
        response.reason = Value::lossy(&"x".repeat(1000));
        let text = Refusal::from(InviteError::Refused(Box::new(response))).describe(SNOM);
        assert!(text.contains("with 488 xxx") && text.len() < 300, "{text}");
    }
}
