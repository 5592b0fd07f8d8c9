//! `YealinkIPPhoneConfiguration`: parameters that change while the phone runs.
//!
//! Files are fetched first, so that other parameters of the same document may name them.

use bytes::Bytes;
use url::Url;

use super::Yealink;
use super::uploads::PICTURE_FORMATS;
use crate::document::Element;
use crate::fetch::Fetch;
use crate::picture::Picture;
use crate::state::Ringtone;
use crate::wave::{Coding, Wave};

impl Yealink {
    /// Applies the parameters of a document; a remark notes each that fails.
    pub(super) async fn configure(&self, document: &Element) {
        let mut parameters = Vec::new();
        for item in document.named("Item").map(Element::text) {
            match item.split_once('=') {
                Some((name, value)) if is_name(name.trim()) => {
                    parameters.push((name.trim().to_owned(), value.trim().to_owned()));
                }
                _ => self.remark(format!("Invalid parameter: `{item}`.")),
            }
        }
        for (name, value) in &parameters {
            let uploaded = match name.as_str() {
                "ringtone.url" => self.upload_tone(value).await,
                "wallpaper_upload.url" => self.upload_wallpaper(value).await,
                _ => continue,
            };
            match uploaded {
                Ok(()) => self.remark(format!(
                    "{name} worked here; by push it is unverified on real phones."
                )),
                Err(reason) => self.remark(format!("{name}: {reason}.")),
            }
        }
        for (name, value) in &parameters {
            self.device.change(|state| state.set(name, value));
            if let Err(reason) = self.apply(name, value) {
                self.remark(format!("{name}: {reason}."));
            }
        }
    }

    /// Applies a parameter, if its effect can be seen or heard.
    fn apply(&self, name: &str, value: &str) -> Result<(), String> {
        let uploads = self.uploads.lock();
        match name {
            "phone_setting.backgrounds" => {
                let picture = match value.strip_prefix("Config:") {
                    Some(file) => {
                        let picture = uploads.wallpaper(file);
                        Some(picture.ok_or_else(|| format!("no wallpaper is named {file}"))?)
                    }
                    None if value.starts_with("Resource:") => None,
                    None => {
                        return Err(format!(
                            "invalid value `{value}`; expected Config: or Resource:"
                        ));
                    }
                };
                self.device.change(|state| state.background = picture);
            }
            _ if is_ring_type(name) => {
                let sound = match value.strip_prefix("Config:") {
                    Some(file) => {
                        let sound = uploads.tone(file);
                        sound.ok_or_else(|| format!("no ring tone is named {file}"))?
                    }
                    None => Bytes::new(),
                };
                let length = Wave::parse(&sound).ok().map(|wave| wave.length);
                let tone = Ringtone {
                    name: value.to_owned(),
                    sound,
                    length,
                };
                self.device.change(|state| state.ringtone = Some(tone));
            }
            _ => (),
        }
        Ok(())
    }

    async fn upload_tone(&self, url: &str) -> Result<(), String> {
        let (url, file) = url_and_file_name(url)?;
        let sound = self.sound(&url, &[Coding::MuLaw], MAX_TONE).await;
        let sound = sound.map_err(|failure| failure.to_string())?;
        self.uploads.lock().add_tone(file, sound)
    }

    async fn upload_wallpaper(&self, url: &str) -> Result<(), String> {
        if !self.model.has_colours {
            return Err("the display is monochrome".to_owned());
        }
        let (url, file) = url_and_file_name(url)?;
        let (max_width, max_height) = self.model.display;
        let fetch = Fetch::get(&url, self.request_headers(), MAX_WALLPAPER);
        let picture = self.device.fetch(fetch, |resource| {
            let picture = Picture::decode(url.as_str(), &resource.body, &PICTURE_FORMATS)?;
            let (width, height) = (picture.width(), picture.height());
            if width <= max_width && height <= max_height {
                return Ok(picture);
            }
            Err(format!(
                "picture of {width}x{height}; the maximum is {max_width}x{max_height}"
            ))
        });
        let picture = picture.await.map_err(|failure| failure.to_string())?;
        self.uploads.lock().add_wallpaper(file, picture)
    }

    fn remark(&self, remark: String) {
        self.device.change(|state| state.remark(remark));
    }
}

/// Returns a URL and its file name.
fn url_and_file_name(url: &str) -> Result<(Url, String), String> {
    let url = Url::parse(url).map_err(|error| format!("invalid URL `{url}`: {error}"))?;
    let file = url
        .path_segments()
        .and_then(Iterator::last)
        .unwrap_or_default()
        .to_owned();
    if file.is_empty() {
        return Err(format!("URL `{url}` has no file name"));
    }
    Ok((url, file))
}

fn is_ring_type(name: &str) -> bool {
    name == "phone_setting.ring_type"
        || name.starts_with("account.") && name.ends_with(".ringtone.ring_type")
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    name.contains('.') && name.bytes().all(plain)
}

/// Maximum size of a ring tone in bytes.
const MAX_TONE: usize = 100 * 1024;

/// Maximum size of a wallpaper in bytes.
const MAX_WALLPAPER: usize = 5 * 1024 * 1024;
