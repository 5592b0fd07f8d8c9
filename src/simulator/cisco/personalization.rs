//! `setBackground` and `setRingTone`: the phone fetches, measures and keeps.

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
    /// Fetches background and thumbnail, and keeps them if both are of the model's sizes.
    pub(super) async fn set_background(&self, document: &Element) -> Result<Response, Refusal> {
        let Some([size, thumbnail_size]) = self.model.background else {
            return Err(Refusal::unusable("a background, and this model has none"));
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

    /// Fetches a ring tone, and keeps it if its length is right.
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
                "a picture of {width}x{height}, which is not {}x{}",
                size.0, size.1
            ))
        });
        picture
            .await
            .map_err(|failure| Refusal::unusable(failure.to_string()))
    }
}

/// Reads a PNG that is served as such.
pub(super) fn png(url: &Url, resource: &Resource) -> Result<Picture, String> {
    if media_type(resource.content_type()) != "image/png" {
        return Err(format!("a picture served as `{}`", resource.content_type()));
    }
    Picture::decode(url.as_str(), &resource.body, &[ImageFormat::Png])
}

/// Judges raw µ-law, one byte for each sample.
fn ring_tone(resource: &Resource) -> Result<Bytes, String> {
    let samples = resource.body.len();
    if resource.body.starts_with(b"RIFF") {
        return Err("a WAV file, and the phone takes only headerless µ-law".to_owned());
    }
    if !(RING_TONE_UNIT..=MAX_RING_TONE).contains(&samples) {
        return Err(format!(
            "{samples} samples, which are not {RING_TONE_UNIT} to {MAX_RING_TONE}"
        ));
    }
    if !samples.is_multiple_of(RING_TONE_UNIT) {
        return Err(format!(
            "{samples} samples, which is no multiple of {RING_TONE_UNIT}"
        ));
    }
    Ok(resource.body.clone())
}

fn plain_url(text: &str) -> Result<Url, Refusal> {
    let url = Url::parse(text).map_err(|error| Refusal::parse(format!("`{text}`: {error}")))?;
    if url.scheme() != "http" {
        return Err(Refusal::parse(format!("`{text}`, which is not http")));
    }
    Ok(url)
}

/// The most bytes of a picture or ring tone that the phone fetches.
const MAX_FILE: usize = 4 * 1024 * 1024;

/// Ring tones are so many samples long, or a multiple.
const RING_TONE_UNIT: usize = 240;

/// The most samples of a ring tone.
const MAX_RING_TONE: usize = 16_080;

/// How long one of 8000 samples a second lasts.
const MICROSECONDS_PER_SAMPLE: u64 = 125;
