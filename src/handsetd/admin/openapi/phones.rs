//! What the API says of a phone.

use serde_json::{Value, json};

/// Returns the schema of a phone.
pub(super) fn schema() -> Value {
    let text = json!({"type": "string"});
    let on = json!({"enum": ["on", "off", "unknown"]});
    json!({
        "type": "object",
        "properties": {
            "name": text,
            "vendor": text,
            "model": text,
            "firmware": text,
            "address": text,
            "mac": text,
            "endpoint": text,
            "server": text,
            "registered": {"type": "boolean", "description": "whether it is registered with Asterisk"},
            "found": {"type": "array", "items": text, "description": "how it was found"},
            "state": {
                "type": "object",
                "properties": {"activity": text, "hook": on, "dnd": on},
                "required": ["activity", "hook", "dnd"],
            },
            "csta": session(),
            "daemon": {"type": "string", "description": "the daemon that reaches it; absent without [cluster]"},
        },
        "required": [
            "name", "vendor", "model", "firmware", "address", "mac", "endpoint", "server", "registered", "found",
            "state",
        ],
    })
}

/// Returns the schema of the CSTA session of a phone.
fn session() -> Value {
    let time = json!({"type": ["string", "null"], "format": "date-time"});
    let at = |description: &str| {
        let mut time = time.clone();
        time["description"] = description.into();
        time
    };
    json!({
        "type": "object",
        "description": "its CSTA session over SIP; absent if it cannot have one",
        "properties": {
            "registered": at("when it registered with handsetd last; null if it is not registered"),
            "session": {"type": "boolean", "description": "whether the session is up"},
            "since": at("since when it is up, or down"),
            "reason": {
                "type": "string",
                "description": "what the phone refused, and which of its settings helps; absent if nothing is wrong",
            },
        },
        "required": ["registered", "session", "since"],
    })
}

/// Returns the schema of a reply whose result is a phone, or a list of phones.
pub(super) fn reply(is_list: bool) -> Value {
    let phone = json!({"$ref": "#/components/schemas/Phone"});
    let phones = json!({"type": "array", "items": phone});
    let result = if is_list { phones } else { phone };
    json!({"allOf": [
        {"$ref": "#/components/schemas/Reply"},
        {"type": "object", "properties": {"result": result}},
    ]})
}
