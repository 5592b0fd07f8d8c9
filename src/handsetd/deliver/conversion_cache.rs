//! Cache of converted media, keyed by source hash and target format.
//!
//! A push to a group converts a picture once for each model, and the next call to the same extension
//! does not convert it again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use handset_net::expiring::ExpiringMap;
use handset_phones::media::{self, Background, Display, Fit, Headerless, ToneFormat};
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;

use super::blocking::blocking;

/// The format that a phone requires.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Target {
    Background(Background, Fit),
    Picture(Display),
    Tone(ToneFormat, Option<Headerless>),
}

/// A converted file. Width and height are in pixels, and 0 for tones.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) bytes: Bytes,
    pub(super) content_type: &'static str,
    pub(super) extension: &'static str,
    pub(super) width: u32,
    pub(super) height: u32,
    /// A note for the caller on what was lost.
    pub(super) note: Option<String>,
}

/// A converted file, and its thumbnail if it has one.
pub(super) type Converted = (File, Option<File>);

/// Why a source cannot be converted: it is damaged, too large or of an unknown format.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct ConvertError(String);

/// The most recently used conversions.
#[derive(Debug)]
pub(super) struct ConversionCache {
    entries: Mutex<ExpiringMap<Key, Slot>>,
    /// Conversions are bound by the processor, so no more run at once than there are processors.
    workers: Semaphore,
}

/// SHA-256 of the source, and the target.
type Key = ([u8; 32], Target);

/// Filled once; callers in between wait for it.
type Slot = Arc<OnceCell<Converted>>;

impl ConversionCache {
    /// Creates an empty cache that runs up to `workers` conversions at once.
    pub(super) fn new(workers: usize) -> Self {
        Self {
            entries: Mutex::new(ExpiringMap::new(CAPACITY)),
            workers: Semaphore::new(workers),
        }
    }

    /// Converts `source`, or returns the cached result.
    pub(super) async fn convert(
        &self,
        source: Vec<u8>,
        target: Target,
    ) -> Result<Converted, ConvertError> {
        let slot = self.slot((Sha256::digest(&source).into(), target));
        let converted = slot.get_or_try_init(|| async {
            let _worker = self.workers.acquire().await;
            blocking(move || convert(&source, target)).await
        });
        converted.await.cloned()
    }

    /// Returns the slot for `key`, which becomes the most recently used.
    fn slot(&self, key: Key) -> Slot {
        let now = Instant::now();
        let mut entries = self.entries.lock();
        let slot = entries.remove(&key, now).unwrap_or_default();
        entries.insert(key, Arc::clone(&slot), LIFETIME, now);
        slot
    }
}

fn convert(source: &[u8], target: Target) -> Result<Converted, ConvertError> {
    let error = |error: &dyn std::error::Error| ConvertError(error.to_string());
    match target {
        Target::Background(background, fit) => {
            let converted = media::background::convert(source, &background, fit);
            let converted = converted.map_err(|e| error(&e))?;
            Ok((converted.image.into(), converted.thumbnail.map(File::from)))
        }
        Target::Picture(display) => {
            let converted = media::picture::convert(source, &display);
            Ok((converted.map_err(|e| error(&e))?.into(), None))
        }
        Target::Tone(format, headerless) => {
            let converted = media::ringtone::convert(source, headerless, format);
            Ok((converted.map_err(|e| error(&e))?.into(), None))
        }
    }
}

impl From<media::Picture> for File {
    fn from(picture: media::Picture) -> Self {
        let media::Picture {
            bytes,
            width,
            height,
            content_type,
            extension,
        } = picture;
        Self {
            bytes,
            content_type,
            extension,
            width,
            height,
            note: None,
        }
    }
}

impl From<media::Tone> for File {
    fn from(tone: media::Tone) -> Self {
        Self {
            note: tone.note(),
            bytes: tone.bytes,
            content_type: tone.content_type,
            extension: tone.extension,
            width: 0,
            height: 0,
        }
    }
}

/// How many conversions are cached: some pictures and tones for some models, a few megabytes.
const CAPACITY: usize = 32;

/// How long a conversion is cached after its last use.
const LIFETIME: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    fn bell(length: usize) -> Vec<u8> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut bytes = std::io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        (0..length).for_each(|_| writer.write_sample(1000_i16).unwrap());
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[tokio::test]
    async fn equal_requests_are_converted_once() {
        let cache = ConversionCache::new(1);
        let target = Target::Tone(ToneFormat::CISCO_RING, None);
        let (one, other) = tokio::join!(
            cache.convert(bell(480), target),
            cache.convert(bell(480), target)
        );
        // The same bytes in memory, not equal ones.
        assert_eq!(
            one.unwrap().0.bytes.as_ptr(),
            other.unwrap().0.bytes.as_ptr()
        );
        let snom = cache
            .convert(bell(480), Target::Tone(ToneFormat::SNOM_RING, None))
            .await
            .unwrap();
        assert_eq!(snom.0.extension, "wav");
        assert_eq!(cache.entries.lock().len(), 2);
    }

    #[tokio::test]
    async fn failed_conversions_are_retried_and_the_least_recently_used_are_dropped() {
        let cache = ConversionCache::new(1);
        let target = Target::Tone(ToneFormat::CISCO_RING, None);
        for _ in 0..2 {
            assert!(cache.convert(b"no tone".to_vec(), target).await.is_err());
        }
        for length in 1..=CAPACITY {
            cache.convert(bell(length), target).await.unwrap();
        }
        assert_eq!(cache.entries.lock().len(), CAPACITY);
    }
}
