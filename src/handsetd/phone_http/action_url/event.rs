//! One vocabulary of events for all vendors.
//!
//! The names are those of Yealink, which has one for nearly every event. The names of Snom's settings
//! (`action_incoming_url`) and their stems (`incoming`) map to them. Other names are not events: otherwise, a host that
//! can reach the server could fire rules with names of their own.

use handset_phones::phone::Vendor;

/// An event in the common vocabulary.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Event {
    pub(super) name: String,
    /// A value that is part of the vendor's name, such as the kind of forwarding.
    pub(super) value: Option<(&'static str, &'static str)>,
}

impl Event {
    /// Parses the vendor's own name of an event; `None` if it is not in the vocabulary.
    pub(super) fn parse(vendor: Vendor, vendor_name: &str) -> Option<Self> {
        let lower = vendor_name.to_ascii_lowercase();
        let (name, table): (&str, &[Known]) = match vendor {
            Vendor::Cisco | Vendor::Generic => (&lower, &[]),
            Vendor::Snom => (strip(&lower, "action_", "_url"), SNOM),
            Vendor::Yealink => (strip(&lower, "action_url.", ""), YEALINK),
        };
        match table.iter().find(|known| known.vendor_name == name) {
            Some(known) => Some(Self {
                name: known.name.to_owned(),
                value: known.value,
            }),
            // A name of the common vocabulary stands for itself.
            None => COMMON.contains(&name).then(|| Self {
                name: name.to_owned(),
                value: None,
            }),
        }
    }
}

struct Known {
    vendor_name: &'static str,
    name: &'static str,
    value: Option<(&'static str, &'static str)>,
}

const fn known(vendor_name: &'static str, name: &'static str) -> Known {
    Known {
        vendor_name,
        name,
        value: None,
    }
}

const fn forwarding(vendor_name: &'static str, name: &'static str, kind: &'static str) -> Known {
    Known {
        vendor_name,
        name,
        value: Some(("kind", kind)),
    }
}

fn strip<'a>(name: &'a str, prefix: &str, suffix: &str) -> &'a str {
    let name = name.strip_prefix(prefix).unwrap_or(name);
    name.strip_suffix(suffix).unwrap_or(name)
}

/// Snom's events by the stem of the setting that holds their URL.
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

/// Yealink's events that have another common name.
const YEALINK: &[Known] = &[
    forwarding("always_fwd_off", "forward_off", "all"),
    forwarding("always_fwd_on", "forward_on", "all"),
    forwarding("busy_fwd_off", "forward_off", "busy"),
    forwarding("busy_fwd_on", "forward_on", "busy"),
    forwarding("no_answer_fwd_off", "forward_off", "noanswer"),
    forwarding("no_answer_fwd_on", "forward_on", "noanswer"),
];

/// The common vocabulary. Events of a single vendor keep that vendor's name.
pub(super) const COMMON: &[&str] = &[
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
    "peripheral_information",
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
    "vpn_ip",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn name_of(vendor: Vendor, vendor_name: &str) -> String {
        Event::parse(vendor, vendor_name).unwrap().name
    }

    #[test]
    fn equal_events_of_snom_and_yealink_have_one_name() {
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
                name_of(Vendor::Snom, snom),
                name_of(Vendor::Yealink, yealink),
                "{snom}"
            );
        }
    }

    #[test]
    fn every_setting_of_a_snom_phone_maps_to_a_common_name() {
        let settings = "setup_url incoming_url outgoing_url missed_url connected_url \
                        disconnected_url offhook_url onhook_url dnd_on_url dnd_off_url \
                        redirection_on_url redirection_off_url log_on_url log_off_url reg_failed \
                        hold unhold transfer blind_transfer attended_transfer \
                        received_attended_transfer longpress_url blacklist_url \
                        received_subscr_notify_url fwtest_url";
        for setting in settings.split_whitespace() {
            let name = name_of(Vendor::Snom, &format!("action_{setting}"));
            assert!(COMMON.contains(&name.as_str()), "{setting}: {name}");
        }
    }

    #[test]
    fn snom_provisioning_reports_the_events_of_its_settings() {
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
            let expected = name_of(Vendor::Snom, name);
            assert_eq!(name_of(Vendor::Snom, event), expected, "{name}");
            assert!(query.starts_with("mac=$mac&ip=$phone_ip&"), "{name}");
            count += 1;
        }
        // All but the undocumented one.
        assert_eq!(count, 24);
    }

    #[test]
    fn kind_of_forwarding_in_a_name_becomes_a_value() {
        let event = Event::parse(Vendor::Yealink, "no_answer_fwd_on").unwrap();
        assert_eq!(
            (event.name.as_str(), event.value),
            ("forward_on", Some(("kind", "noanswer")))
        );
        let event = Event::parse(Vendor::Snom, "redirection_on").unwrap();
        assert_eq!(event.value, None);
    }

    #[test]
    fn other_names_are_no_events() {
        for unknown in [
            "unknown",
            "Peripheral-Information",
            "x",
            "",
            "action_",
            "hold_url",
        ] {
            assert_eq!(Event::parse(Vendor::Yealink, unknown), None, "{unknown}");
            assert_eq!(Event::parse(Vendor::Cisco, unknown), None, "{unknown}");
        }
        assert_eq!(Event::parse(Vendor::Snom, "x"), None);
        assert_eq!(name_of(Vendor::Yealink, "action_url.VPN_ip"), "vpn_ip");
        assert_eq!(name_of(Vendor::Yealink, "Incoming_Call"), "incoming_call");
    }

    #[test]
    fn tables_are_sorted_and_map_to_common_names() {
        assert!(COMMON.is_sorted_by(|one, next| one < next));
        for table in [SNOM, YEALINK] {
            assert!(table.is_sorted_by(|one, next| one.vendor_name < next.vendor_name));
            assert!(table.iter().all(|known| COMMON.contains(&known.name)));
        }
    }
}
