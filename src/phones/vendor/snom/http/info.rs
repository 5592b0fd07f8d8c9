//! Device information, from the settings and the SIP User-Agent.

use serde_json::{Map, Value, json};

use super::super::settings_page;
use crate::phone::{MacAddress, Phone};
use crate::vendor::{Plan, ReplyData, ReplyOutcome};
use settings_page::SettingsDump;

/// Plans to read the settings that identify the phone.
pub(super) fn plan(phone: &Phone) -> Plan {
    let known = [
        ("model", phone.model.clone()),
        ("firmware", phone.firmware.to_string()),
    ];
    let mac = phone.mac;
    Plan::new([settings_page::fetch(move |dump| {
        let mut info = Map::new();
        for (name, value) in &known {
            if !value.is_empty() {
                info.insert((*name).to_owned(), json!(value));
            }
        }
        if let Some(model) = dump.value("phone_type") {
            info.insert("model".to_owned(), json!(short_model(model)));
        }
        let reported = dump.value("mac").and_then(|mac| mac.parse().ok());
        if let Some(mac) = reported.or(mac) {
            let mac: MacAddress = mac;
            info.insert("mac".to_owned(), json!(mac.to_string()));
        }
        for (name, setting) in OTHERS {
            if let Some(value) = dump.value(setting) {
                info.insert((*name).to_owned(), json!(value));
            }
        }
        info.insert("lines".to_owned(), lines(dump));
        ReplyOutcome::Data(ReplyData::Value(info.into()))
    })])
}

/// Returns a model without brand and suffix: `D785` for `snomD785-SIP`.
fn short_model(model: &str) -> &str {
    let model = match model.get(..4) {
        Some(maker) if maker.eq_ignore_ascii_case("snom") => model.get(4..).unwrap_or(model),
        _ => model,
    };
    model.strip_suffix("-SIP").unwrap_or(model)
}

/// Returns the identities with an account.
fn lines(dump: &SettingsDump) -> Value {
    let lines = (1..=12_u8).filter_map(|number| {
        let of = |name: &str| dump.value(&format!("{name}{number}"));
        let user = of("user_name")?;
        let mut line = Map::new();
        line.insert("number".to_owned(), json!(number));
        line.insert("user".to_owned(), json!(user));
        let more = [
            ("name", of("user_realname")),
            ("server", of("user_host")),
            ("state", of("user_active")),
        ];
        for (name, value) in more {
            if let Some(value) = value {
                line.insert(name.to_owned(), json!(value));
            }
        }
        Some(Value::from(line))
    });
    lines.collect()
}

/// Further members and their settings.
const OTHERS: &[(&str, &str)] = &[
    ("address", "ip_adr"),
    ("dnd", "dnd_mode"),
    ("language", "language"),
];
