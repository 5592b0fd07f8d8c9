//! `settings.htm`: what is saved, and the two settings that make the phone fetch something.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use image::ImageFormat;
use url::Url;

use super::super::fetch::Ask;
use super::super::picture::Picture;
use super::super::state::Ringtone;
use super::super::wave::{Coding, Wave};
use super::Snom;
use super::control::Fields;

impl Snom {
    /// Saves settings; what they name is fetched afterwards.
    pub(super) fn save(&self, fields: &Fields) -> Result<(), String> {
        let Some((("settings", "save"), rest)) = fields
            .split_first()
            .map(|((name, value), rest)| ((name.as_str(), value.as_str()), rest))
        else {
            return Err("no settings=save at the beginning".to_owned());
        };
        let settings: Vec<_> = rest
            .iter()
            .filter(|(name, _)| name != "store_settings")
            .collect();
        for (name, value) in &settings {
            judge(name, value)?;
        }
        for (name, value) in &settings {
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

    /// Takes another ring tone for an identity; a custom one is fetched and judged.
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
                    state.remark(format!("A custom ringer without a URL in {setting}."));
                });
                return;
            };
            let ask = Ask::get(&url, phone.request_headers(), MAX_FILE);
            let fetched = device.fetch(ask, |fetched| {
                let wave = Wave::parse(&fetched.body)?.narrow(&[Coding::Pcm(16)])?;
                Ok(Ringtone {
                    name: url.to_string(),
                    sound: fetched.body.clone(),
                    length: Some(wave.length),
                })
            });
            // The exchange tells what was wrong; the phone rings as before.
            if let Ok(tone) = fetched.await {
                device.change(|state| state.ringtone = Some(tone));
            }
        }
        .boxed()
    }

    /// Takes another background at once, or the factory's if this one is of no use.
    fn background(&self, url: String) -> BoxFuture<'static, ()> {
        let phone = self.clone();
        async move {
            let device = &phone.device;
            let Ok(url) = Url::parse(&url) else {
                device.change(|state| state.background = None);
                return;
            };
            let size = phone.model.display;
            let ask = Ask::get(&url, phone.request_headers(), MAX_FILE);
            let fetched = device.fetch(ask, |fetched| {
                let picture = Picture::decode(url.as_str(), &fetched.body, &[ImageFormat::Png])?;
                let (width, height) = (picture.width(), picture.height());
                if (width, height) == size {
                    return Ok(picture);
                }
                Err(format!(
                    "a picture of {width}x{height}, which is not {}x{}",
                    size.0, size.1
                ))
            });
            let picture = fetched.await.ok();
            device.change(|state| state.background = picture);
        }
        .boxed()
    }
}

/// Judges a name, and the values of the settings that this phone understands.
fn judge(name: &str, value: &str) -> Result<(), String> {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.is_empty() || !name.bytes().all(lower) {
        return Err(format!("the setting name `{name}`"));
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
            return Err(format!("the setting {name}={value}"));
        }
    }
    Ok(())
}

/// The most bytes of a ring tone or background.
const MAX_FILE: usize = 4 * 1024 * 1024;
