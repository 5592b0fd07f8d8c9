//! What was made to measure, kept for the next phone of the same kind.
//!
//! A push to a group makes a picture once for each model, and a call to the same extension does not
//! make it again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::{OnceCell, Semaphore};

use super::prepare::blocking;
use handset_phones::media::{self, Background, Display, Fit, ToneFormat};

/// What a phone takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    Background(Background, Fit),
    Picture(Display),
    Tone(ToneFormat),
}

/// A file that was made. A tone has no size.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) bytes: Bytes,
    pub(super) content_type: &'static str,
    pub(super) extension: &'static str,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// The files that were made last.
#[derive(Debug)]
pub(super) struct ConversionCache {
    kept: Mutex<VecDeque<(Key, Slot)>>,
    /// Conversions compute; more at once than there are processors only wait for each other.
    benches: Semaphore,
}

/// What was asked: the source, by its hash, and what was made of it.
type Key = ([u8; 32], Target);

/// What was made: the file, and a thumbnail if it has one. Filled once; who comes meanwhile waits.
type Slot = Arc<OnceCell<(File, Option<File>)>>;

impl ConversionCache {
    /// Creates an empty store, for `benches` conversions at once.
    pub(super) fn new(benches: usize) -> Self {
        Self {
            kept: Mutex::default(),
            benches: Semaphore::new(benches),
        }
    }

    /// Makes what is wanted of `source`, or finds it; the error is in words for people.
    pub(super) async fn make(
        &self,
        source: Vec<u8>,
        wanted: Target,
    ) -> Result<(File, Option<File>), String> {
        let slot = self.slot((Sha256::digest(&source).into(), wanted));
        let made = slot.get_or_try_init(|| async {
            let _bench = self.benches.acquire().await;
            blocking(move || convert(&source, wanted)).await
        });
        made.await.cloned()
    }

    /// Returns the slot for `key`, which becomes the last one to be forgotten.
    fn slot(&self, key: Key) -> Slot {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.iter().position(|(known, _)| *known == key);
        let entry = known.and_then(|at| kept.remove(at));
        let (_, slot) = entry.clone().unwrap_or_else(|| (key, Slot::default()));
        kept.push_back((key, Arc::clone(&slot)));
        while kept.len() > MAX_KEPT {
            kept.pop_front();
        }
        slot
    }
}

fn convert(source: &[u8], wanted: Target) -> Result<(File, Option<File>), String> {
    match wanted {
        Target::Background(background, fit) => {
            let made = media::background::convert(source, &background, fit);
            let made = made.map_err(|error| error.to_string())?;
            Ok((made.image.into(), made.thumbnail.map(File::from)))
        }
        Target::Picture(display) => {
            let made = media::picture::convert(source, &display);
            Ok((made.map_err(|error| error.to_string())?.into(), None))
        }
        Target::Tone(format) => {
            let made = media::ringtone::convert(source, format);
            Ok((made.map_err(|error| error.to_string())?.into(), None))
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
        }
    }
}

impl From<media::Tone> for File {
    fn from(tone: media::Tone) -> Self {
        let media::Tone {
            bytes,
            content_type,
            extension,
            samples: _,
            rate: _,
        } = tone;
        Self {
            bytes,
            content_type,
            extension,
            width: 0,
            height: 0,
        }
    }
}

/// How many are kept: a few pictures and tones for a few models, some megabytes.
const MAX_KEPT: usize = 32;

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
    async fn the_same_is_made_once() {
        let made = ConversionCache::new(1);
        let wanted = Target::Tone(ToneFormat::CISCO_RING);
        let (one, other) = tokio::join!(made.make(bell(480), wanted), made.make(bell(480), wanted));
        // The very bytes, not equal ones.
        assert_eq!(
            one.unwrap().0.bytes.as_ptr(),
            other.unwrap().0.bytes.as_ptr()
        );
        let snom = made
            .make(bell(480), Target::Tone(ToneFormat::SNOM_RING))
            .await
            .unwrap();
        assert_eq!(snom.0.extension, "wav");
        assert_eq!(made.kept.lock().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn what_can_not_be_made_is_told_each_time_and_old_things_are_forgotten() {
        let made = ConversionCache::new(1);
        let wanted = Target::Tone(ToneFormat::CISCO_RING);
        for _ in 0..2 {
            assert!(made.make(b"no tone".to_vec(), wanted).await.is_err());
        }
        for length in 1..=MAX_KEPT {
            made.make(bell(length), wanted).await.unwrap();
        }
        assert_eq!(made.kept.lock().unwrap().len(), MAX_KEPT);
    }
}
