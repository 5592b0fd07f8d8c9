//! `setBackground` and `setRingTone`: the phone fetches, validates and keeps the files.

use std::time::Duration;

use bytes::Bytes;
use image::ImageFormat;
use url::Url;

use super::command::success;
use super::{Cisco, Refusal};
use crate::document::Element;
use crate::fetch::{Fetch, Resource};
use crate::picture::Picture;
use crate::request::{Response, media_type};
use crate::state::Ringtone;

impl Cisco {
    /// Sets the background, if picture and thumbnail have the sizes of the model.
    pub(super) async fn set_background(&self, document: &Element) -> Result<Response, Refusal> {
        let Some([size, thumbnail_size]) = self.model.background else {
            return Err(Refusal::unusable("this model has no background"));
        };
        let background = document.child("background").unwrap_or(document);
        let picture = self.picture(&background.text_of("image"), size).await?;
        let thumbnail = self
            .picture(&background.text_of("icon"), thumbnail_size)
            .await?;
        self.device.change(|state| {
            state.background = Some(picture);
            state.thumbnail = Some(thumbnail);
        });
        Ok(success("setBackground"))
    }

    /// Sets the ring tone, if its format and length are right.
    pub(super) async fn set_ring_tone(&self, document: &Element) -> Result<Response, Refusal> {
        let url = plain_url(&document.text_of("ringTone"))?;
        let fetch = Fetch::get(&url, self.request_headers(), MAX_FILE);
        let sound = self.device.fetch(fetch, ring_tone).await;
        let sound = sound.map_err(|failure| Refusal::unusable(format!("ring tone: {failure}")))?;
        let length = Duration::from_micros(sound.len() as u64 * MICROSECONDS_PER_SAMPLE);
        self.device.change(|state| {
            state.ringtone = Some(Ringtone {
                name: url.to_string(),
                sound,
                length: Some(length),
            });
        });
        Ok(success("setRingTone"))
    }

    async fn picture(&self, url: &str, size: (u32, u32)) -> Result<Picture, Refusal> {
        let url = plain_url(url)?;
        let fetch = Fetch::get(&url, self.request_headers(), MAX_FILE);
        let picture = self.device.fetch(fetch, |resource| {
            let picture = png(&url, resource)?;
            let (width, height) = (picture.width(), picture.height());
            if (width, height) == size {
                return Ok(picture);
            }
            Err(format!(
                "picture of {width}x{height}; expected {}x{}",
                size.0, size.1
            ))
        });
        picture
            .await
            .map_err(|failure| Refusal::unusable(failure.to_string()))
    }
}

/// Decodes a PNG that is served as `image/png`.
pub(super) fn png(url: &Url, resource: &Resource) -> Result<Picture, String> {
    if media_type(resource.content_type()) != "image/png" {
        return Err(format!(
            "picture with Content-Type `{}`; expected image/png",
            resource.content_type()
        ));
    }
    Picture::decode(url.as_str(), &resource.body, &[ImageFormat::Png])
}

/// Validates headerless µ-law, with one byte per sample.
fn ring_tone(resource: &Resource) -> Result<Bytes, String> {
    let samples = resource.body.len();
    if resource.body.starts_with(b"RIFF") {
        return Err("WAV file; expected headerless µ-law".to_owned());
    }
    if !(RING_TONE_UNIT..=MAX_RING_TONE).contains(&samples) {
        return Err(format!(
            "ring tone of {samples} samples; expected {RING_TONE_UNIT} to {MAX_RING_TONE}"
        ));
    }
    if !samples.is_multiple_of(RING_TONE_UNIT) {
        return Err(format!(
            "ring tone of {samples} samples; expected a multiple of {RING_TONE_UNIT}"
        ));
    }
    Ok(resource.body.clone())
}

fn plain_url(text: &str) -> Result<Url, Refusal> {
    let url = Url::parse(text)
        .map_err(|error| Refusal::parse(format!("invalid URL `{text}`: {error}")))?;
    if url.scheme() != "http" {
        return Err(Refusal::parse(format!("URL `{text}` is not http")));
    }
    Ok(url)
}

/// Maximum size of a picture or ring tone that the phone fetches in bytes.
const MAX_FILE: usize = 4 * 1024 * 1024;

/// The length of a ring tone is a multiple of this number of samples.
const RING_TONE_UNIT: usize = 240;

/// Maximum length of a ring tone in samples.
const MAX_RING_TONE: usize = 16_080;

/// Duration of a sample at 8000 Hz.
const MICROSECONDS_PER_SAMPLE: u64 = 125;
