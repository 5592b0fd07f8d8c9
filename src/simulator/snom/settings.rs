//! `settings.htm`: saving settings, of which two make the phone fetch a file.

use std::collections::BTreeSet;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use image::ImageFormat;
use url::Url;

use super::Snom;
use super::control::Fields;
use crate::fetch::Fetch;
use crate::picture::Picture;
use crate::request::Response;
use crate::state::Ringtone;
use crate::wave::{Coding, Wave};

impl Snom {
    /// Saves settings; files that they name are fetched afterwards.
    pub(super) fn save(&self, fields: &Fields) -> Result<(), String> {
        if let [(load, what), (name, url)] = fields
            && (load.as_str(), what.as_str(), name.as_str()) == ("swload", "load", "firmware")
        {
            Url::parse(url).map_err(|error| format!("invalid firmware URL `{url}`: {error}"))?;
            self.device
                .change(|state| state.remark(format!("The phone loads the firmware {url}.")));
            return Ok(());
        }
        let Some((("settings", "save"), rest)) = fields
            .split_first()
            .map(|((name, value), rest)| ((name.as_str(), value.as_str()), rest))
        else {
            return Err("the query does not begin with settings=save".to_owned());
        };
        let settings: Vec<_> = rest
            .iter()
            .filter(|(name, _)| name != "store_settings")
            .cloned()
            .collect();
        self.set(&settings)
    }

    /// Changes settings, with their effects.
    pub(super) fn set(&self, settings: &Fields) -> Result<(), String> {
        for (name, value) in settings {
            check_setting(name, value)?;
        }
        for (name, value) in settings {
            self.device.change(|state| state.set(name, value));
        }
        for (name, value) in settings {
            if let Some(identity) = name.strip_prefix("user_ringer") {
                let effect = self.ring_tone(identity.to_owned(), value.clone());
                self.device.spawn(effect);
            }
            if name == "custom_bg_image_url" {
                let effect = self.background(value.clone());
                self.device.spawn(effect);
            }
        }
        Ok(())
    }

    /// Returns the value of a setting, which may come from provisioning.
    pub(crate) fn setting(&self, name: &str) -> Option<String> {
        let set = self.device.state().settings.get(name).cloned();
        let options = self.device.options();
        let set = set.or_else(|| options.settings.get(name).cloned());
        set.or_else(|| match name {
            "phone_type" => Some(format!(
                "snom{}-SIP",
                options.model.trim_start_matches("snom")
            )),
            "mac" => Some(self.device.mac().to_owned()),
            // Its successor has another name.
            "fwd_all_enabled1" if self.is_older_than(&[8, 7]) => None,
            "redirect_event" if !self.is_older_than(&[8, 7]) => None,
            _ => PROVISIONED
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned()),
        })
    }

    /// Returns whether the pages refuse queries that the phone's own pages did not create.
    pub(super) fn guards_queries(&self) -> bool {
        ["use_hidden_tags", "restrict_uri_queries"]
            .iter()
            .any(|name| self.setting(name).as_deref() == Some("on"))
    }

    /// Lists all settings: as XML, or as plain text on old firmware.
    pub(super) fn dump(&self) -> Response {
        let set = self.device.state().settings;
        let names = PROVISIONED.iter().map(|(name, _)| *name);
        let provisioned = self.device.options().settings.keys();
        let names = names.chain(["phone_type", "mac"]);
        let names = names.chain(provisioned.map(String::as_str));
        let names: BTreeSet<&str> = names.chain(set.keys().map(String::as_str)).collect();
        let is_old = self.is_older_than(&[8, 7]);
        let line = |name: &str| {
            let value = self.setting(name)?;
            let value = value.replace('&', "&amp;").replace('<', "&lt;");
            let digits = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let (_, index) = name.split_at(digits.len());
            Some(match (is_old, index) {
                (true, _) => format!("{name}!: {value}\n"),
                (false, "") => format!("<{name} perm=\"RW\">{value}</{name}>\n"),
                (false, index) => {
                    format!("<{digits} idx=\"{index}\" perm=\"RW\">{value}</{digits}>\n")
                }
            })
        };
        let lines: String = names.into_iter().filter_map(line).collect();
        let body = if is_old {
            format!("<html><pre>\n# settings\n{lines}</pre></html>\n")
        } else {
            format!("<settings>\n<phone-settings>\n{lines}</phone-settings>\n</settings>\n")
        };
        Response::with_body(200, "text/html", body)
    }

    /// Changes the ring tone of an identity; a custom one is fetched and validated.
    fn ring_tone(&self, identity: String, value: String) -> BoxFuture<'static, ()> {
        let phone = self.clone();
        async move {
            let device = &phone.device;
            if value != "custom" {
                let name = value.clone();
                let tone = Ringtone {
                    name,
                    sound: bytes::Bytes::new(),
                    length: None,
                };
                device.change(|state| state.ringtone = Some(tone));
                return;
            }
            let setting = format!("user_custom{identity}");
            let url = device
                .state()
                .settings
                .get(&setting)
                .cloned()
                .unwrap_or_default();
            let Ok(url) = Url::parse(&url) else {
                device.change(|state| {
                    state.remark(format!("The custom ringer has no URL in {setting}."));
                });
                return;
            };
            let fetch = Fetch::get(&url, phone.request_headers(), MAX_FILE);
            let resource = device.fetch(fetch, |resource| {
                let wave = Wave::parse(&resource.body)?.require_narrowband(&[Coding::Pcm(16)])?;
                Ok(Ringtone {
                    name: url.to_string(),
                    sound: resource.body.clone(),
                    length: Some(wave.length),
                })
            });
            // On failure the exchange holds the reason, and the ring tone is unchanged.
            if let Ok(tone) = resource.await {
                device.change(|state| state.ringtone = Some(tone));
            }
        }
        .boxed()
    }

    /// Changes the background, to the factory setting if the file is unusable.
    fn background(&self, url: String) -> BoxFuture<'static, ()> {
        let phone = self.clone();
        async move {
            let device = &phone.device;
            let Ok(url) = Url::parse(&url) else {
                device.change(|state| state.background = None);
                return;
            };
            let size = phone.model.display;
            let fetch = Fetch::get(&url, phone.request_headers(), MAX_FILE);
            let resource = device.fetch(fetch, |resource| {
                let picture = Picture::decode(url.as_str(), &resource.body, &[ImageFormat::Png])?;
                let (width, height) = (picture.width(), picture.height());
                if (width, height) == size {
                    return Ok(picture);
                }
                Err(format!(
                    "picture of {width}x{height}; expected {}x{}",
                    size.0, size.1
                ))
            });
            let picture = resource.await.ok();
            device.change(|state| state.background = picture);
        }
        .boxed()
    }
}

/// Checks the name, and the value if the phone knows the setting.
fn check_setting(name: &str, value: &str) -> Result<(), String> {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || !name.bytes().all(lower) {
        return Err(format!("invalid setting name `{name}`"));
    }
    if let Some(identity) = name.strip_prefix("user_ringer") {
        let known = identity
            .parse::<u8>()
            .is_ok_and(|identity| (1..=12).contains(&identity));
        let ringer = value
            .strip_prefix("Ringer")
            .and_then(|number| number.parse::<u8>().ok());
        let ringer = ringer.is_some_and(|number| (1..=10).contains(&number));
        if !known || !(ringer || matches!(value, "Silent" | "custom")) {
            return Err(format!("invalid setting {name}={value}"));
        }
    }
    Ok(())
}

/// Settings from provisioning.
const PROVISIONED: [(&str, &str); 18] = [
    ("call_join_xfer", "off"),
    ("csta_challenge", "0"),
    ("csta_control", "on"),
    ("csta_legacy_control", "4"),
    ("dnd_mode", "off"),
    ("filter_registrar", "on"),
    ("fwd_all_enabled1", "off"),
    ("fwd_all_target1", ""),
    ("language", "English"),
    ("mc_address10", ""),
    ("redirect_event", "none"),
    ("restrict_uri_queries", "off"),
    ("sip_ip_dialin_content_types", "application/sdp"),
    ("use_hidden_tags", "off"),
    ("user_active1", "on"),
    ("user_host1", "pbx.example"),
    ("user_name1", "1001"),
    ("user_realname1", "Ada & Co"),
];

/// Maximum size of a ring tone or background in bytes.
const MAX_FILE: usize = 4 * 1024 * 1024;
