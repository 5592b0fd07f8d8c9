//! What happened, in one vocabulary for all vendors.
//!
//! The words are Yealink's, who have one for most of what can happen; Snom's settings
//! (`action_incoming_url`) and their middles (`incoming`) mean the same. An event that is in no table
//! keeps its own name.

use handset_phones::phone::Vendor;

/// What an event is called here, and what its name tells beside that.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Event {
    /// The name, the same for all vendors.
    pub(super) name: String,
    /// A value that the vendor has put into the name.
    pub(super) value: Option<(&'static str, &'static str)>,
}

impl Event {
    /// Reads the vendor's own name.
    pub(super) fn of(vendor: Vendor, own: &str) -> Self {
        let lower = own.to_ascii_lowercase();
        let (name, table): (&str, &[Known]) = match vendor {
            Vendor::Cisco => (&lower, &[]),
            Vendor::Snom => (bare(&lower, "action_", "_url"), SNOM),
            Vendor::Yealink => (bare(&lower, "action_url.", ""), YEALINK),
        };
        match table.iter().find(|known| known.own == name) {
            Some(known) => Self {
                name: known.name.to_owned(),
                value: known.value,
            },
            // A name that is in the vocabulary already is meant as it is.
            None if COMMON.contains(&name) => Self {
                name: name.to_owned(),
                value: None,
            },
            None => Self {
                name: own.to_owned(),
                value: None,
            },
        }
    }
}

struct Known {
    own: &'static str,
    name: &'static str,
    value: Option<(&'static str, &'static str)>,
}

const fn known(own: &'static str, name: &'static str) -> Known {
    Known {
        own,
        name,
        value: None,
    }
}

const fn forwarding(own: &'static str, name: &'static str, kind: &'static str) -> Known {
    Known {
        own,
        name,
        value: Some(("kind", kind)),
    }
}

fn bare<'a>(name: &'a str, prefix: &str, suffix: &str) -> &'a str {
    let name = name.strip_prefix(prefix).unwrap_or(name);
    name.strip_suffix(suffix).unwrap_or(name)
}

/// Snom's events, as the middle of the setting that has their URL.
const SNOM: &[Known] = &[
    known("attended_transfer", "attended_transfer_call"),
    known("blind_transfer", "blind_transfer_call"),
    known("connected", "call_established"),
    known("disconnected", "call_terminated"),
    known("incoming", "incoming_call"),
    known("missed", "missed_call"),
    known("offhook", "off_hook"),
    known("onhook", "on_hook"),
    known("outgoing", "outgoing_call"),
    known("redirection_off", "forward_off"),
    known("redirection_on", "forward_on"),
    known("reg_failed", "register_failed"),
    known("setup", "setup_completed"),
    known("transfer", "transfer_call"),
];

/// Yealink's events that have another name here.
const YEALINK: &[Known] = &[
    forwarding("always_fwd_off", "forward_off", "all"),
    forwarding("always_fwd_on", "forward_on", "all"),
    forwarding("busy_fwd_off", "forward_off", "busy"),
    forwarding("busy_fwd_on", "forward_on", "busy"),
    forwarding("no_answer_fwd_off", "forward_off", "noanswer"),
    forwarding("no_answer_fwd_on", "forward_on", "noanswer"),
];

/// The words that are the same for all vendors. What only one vendor tells has its name.
const COMMON: &[&str] = &[
    "answer_new_incoming_call",
    "attended_transfer_call",
    "blacklist",
    "blind_transfer_call",
    "busy_to_idle",
    "call_established",
    "call_remote_canceled",
    "call_terminated",
    "call_waiting_off",
    "call_waiting_on",
    "cancel_callout",
    "dnd_off",
    "dnd_on",
    "forward_incoming_call",
    "forward_off",
    "forward_on",
    "fwtest",
    "handfree",
    "headset",
    "held",
    "hold",
    "idle_to_busy",
    "incoming_call",
    "ip_change",
    "log_off",
    "log_on",
    "longpress",
    "missed_call",
    "mute",
    "off_hook",
    "on_hook",
    "outgoing_call",
    "received_attended_transfer",
    "received_subscr_notify",
    "register_failed",
    "registered",
    "reject_incoming_call",
    "remote_busy",
    "setup_autop_finish",
    "setup_completed",
    "transfer_call",
    "transfer_failed",
    "transfer_finished",
    "unheld",
    "unhold",
    "unmute",
    "unregistered",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn name(vendor: Vendor, own: &str) -> String {
        Event::of(vendor, own).name
    }

    #[test]
    fn the_same_thing_has_the_same_name() {
        for (snom, yealink) in [
            ("incoming", "incoming_call"),
            ("action_incoming_url", "incoming_call"),
            ("outgoing", "outgoing_call"),
            ("connected", "call_established"),
            ("disconnected", "call_terminated"),
            ("missed", "missed_call"),
            ("offhook", "off_hook"),
            ("onhook", "on_hook"),
            ("dnd_on", "dnd_on"),
            ("action_dnd_off_url", "dnd_off"),
            ("action_hold", "hold"),
            ("unhold", "unhold"),
            ("transfer", "transfer_call"),
            ("blind_transfer", "blind_transfer_call"),
            ("attended_transfer", "attended_transfer_call"),
            ("action_reg_failed", "register_failed"),
            ("setup", "setup_completed"),
            ("redirection_on", "always_fwd_on"),
            ("redirection_off", "busy_fwd_off"),
        ] {
            assert_eq!(
                name(Vendor::Snom, snom),
                name(Vendor::Yealink, yealink),
                "{snom}"
            );
        }
    }

    #[test]
    fn every_setting_of_a_snom_phone_leads_to_a_known_name() {
        let settings = "setup_url incoming_url outgoing_url missed_url connected_url \
                        disconnected_url offhook_url onhook_url dnd_on_url dnd_off_url \
                        redirection_on_url redirection_off_url log_on_url log_off_url reg_failed \
                        hold unhold transfer blind_transfer attended_transfer \
                        received_attended_transfer longpress_url blacklist_url \
                        received_subscr_notify_url fwtest_url";
        for setting in settings.split_whitespace() {
            let name = name(Vendor::Snom, &format!("action_{setting}"));
            assert!(COMMON.contains(&name.as_str()), "{setting}: {name}");
        }
    }

    #[test]
    fn the_provisioning_of_a_snom_phone_tells_known_events() {
        let file = include_str!("../../../../etc/provisioning/snom.xml");
        let document = roxmltree::Document::parse(file).unwrap();
        let mut count = 0;
        for node in document.descendants() {
            let name = node.tag_name().name();
            if !name.starts_with("action_") {
                continue;
            }
            let url = node.text().unwrap();
            let (_, rest) = url.split_once("/action/snom/").unwrap();
            let (event, query) = rest.split_once('?').unwrap();
            let of_setting = Event::of(Vendor::Snom, name).name;
            assert_eq!(Event::of(Vendor::Snom, event).name, of_setting, "{name}");
            assert!(query.starts_with("mac=$mac&ip=$phone_ip&"), "{name}");
            count += 1;
        }
        // All of them but the hidden one.
        assert_eq!(count, 24);
    }

    #[test]
    fn what_a_name_tells_beside_the_event_is_a_value() {
        let event = Event::of(Vendor::Yealink, "no_answer_fwd_on");
        assert_eq!(
            (event.name.as_str(), event.value),
            ("forward_on", Some(("kind", "noanswer")))
        );
        assert_eq!(Event::of(Vendor::Snom, "redirection_on").value, None);
    }

    #[test]
    fn what_is_unknown_keeps_its_name() {
        for own in ["VPN_ip", "Peripheral-Information", "x"] {
            assert_eq!(name(Vendor::Yealink, own), own);
            assert_eq!(name(Vendor::Snom, own), own);
            assert_eq!(name(Vendor::Cisco, own), own);
        }
        assert_eq!(name(Vendor::Yealink, "Incoming_Call"), "incoming_call");
    }

    #[test]
    fn names_stand_once() {
        assert!(COMMON.is_sorted_by(|one, next| one < next));
        for table in [SNOM, YEALINK] {
            assert!(table.is_sorted_by(|one, next| one.own < next.own));
            assert!(table.iter().all(|known| COMMON.contains(&known.name)));
        }
    }
}
