//! The URIs and keys of each model, from Cisco's tables of internal URIs.
//!
//! Written independently of the backend's tables, so that a mistake there shows. Older phones, which
//! the tables omit, have what was observed on them.

/// The capabilities of a model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capabilities {
    /// Schemes of the URIs, separated by spaces.
    uris: &'static str,
    /// Whether a key exists.
    keys: fn(&str) -> bool,
    /// Whether it requires a digest and responds with a status alone.
    pub(super) is_multiplatform: bool,
    /// Whether it has `startMedia` and `stopMedia`.
    pub(super) has_media: bool,
    /// Whether its status pages have the newer names.
    pub(super) has_java_pages: bool,
}

impl Capabilities {
    pub(super) fn of(model: &str) -> Self {
        let digits: String = model.chars().filter(char::is_ascii_digit).collect();
        let enterprise = Self {
            uris: "App Dial Display EditDial Init Key Play RTP SendDigits SoftKey",
            keys: |name| !matches!(name, "Hold" | "FixedFeature3" | "Session1" | "Release"),
            is_multiplatform: false,
            has_media: false,
            has_java_pages: false,
        };
        if model.contains("3PCC") || model.starts_with("SPA") {
            return Self {
                uris: "Device Dial EditDial Init Key Play",
                keys: multiplatform,
                is_multiplatform: true,
                ..enterprise
            };
        }
        match digits.get(..2) {
            Some("78") => Self {
                uris: "Dial EditDial Init Key Play RTP SoftKey",
                keys: |name| {
                    !is_one_of(
                        name,
                        &[
                            "Contacts",
                            "FixedFeature",
                            "NavLeft",
                            "NavRight",
                            "Session",
                            "Release",
                            "Soft5",
                        ],
                    )
                },
                has_java_pages: true,
                ..enterprise
            },
            Some("88") if digits.starts_with("8821") => Self {
                uris: "Device Dial Display Init Key Play RTP SoftKey Vibrate",
                has_java_pages: true,
                ..enterprise
            },
            Some("88" | "98") => Self {
                uris: "App Device Dial Display EditDial Init Key Play RTP SendDigits SoftKey",
                keys: |name| {
                    !matches!(
                        name,
                        "Hold" | "Info" | "NavBack" | "Offhook" | "OnHook" | "Transfer"
                    )
                },
                has_media: true,
                has_java_pages: true,
                ..enterprise
            },
            _ => enterprise,
        }
    }

    /// Returns whether the phone runs URIs with that beginning.
    pub(super) fn runs(&self, scheme: &str, rest: &str) -> bool {
        let family = if scheme.starts_with("RTP") {
            "RTP"
        } else {
            scheme
        };
        let knows = self.uris.split(' ').any(|known| known == family);
        knows && !(self.is_multiplatform && scheme == "Init" && rest != "CallHistory")
    }

    /// Returns whether the phone has that key.
    pub(super) fn has_key(&self, name: &str) -> bool {
        // These names exist in objects only.
        name != "NavDown" && name != "VolDown" && (self.keys)(name)
    }
}

fn multiplatform(name: &str) -> bool {
    is_one_of(
        name,
        &[
            "Directories",
            "Headset",
            "Hold",
            "Info",
            "KeyPad",
            "Line",
            "Messages",
            "Mute",
            "Nav",
            "Soft",
            "Speaker",
            "Vol",
        ],
    )
}

fn is_one_of(name: &str, starts: &[&str]) -> bool {
    starts.iter().any(|start| name.starts_with(start))
}
