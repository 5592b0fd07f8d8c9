//! A recording: encoded samples, and how they are decoded.

use std::io::{Cursor, Read};
use std::time::Duration;

use hound::WavReader;

use super::error::Error;
use super::header::{TAG_FLOAT, TAG_PCM, header};
use super::{g711, gsm};

/// Encoded samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recording<'a> {
    pub(super) coding: SourceCoding,
    pub(super) channels: u16,
    pub(super) rate: u32,
    pub(super) data: &'a [u8],
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SourceCoding {
    Alaw,
    Float,
    /// Frames of a `.gsm` file.
    Gsm,
    /// Pairs of frames, as in WAV49.
    GsmPairs,
    /// Integers of a WAV file, unsigned if of 8 bits.
    Integer {
        bits: u16,
    },
    Mulaw,
}

impl Recording<'_> {
    /// Returns the duration, without decoding anything.
    pub(super) fn duration(&self) -> Duration {
        let (bytes, samples) = self.block();
        let blocks = self.data.len() / (bytes * usize::from(self.channels)).max(1);
        let samples = u32::try_from(blocks * samples).unwrap_or(u32::MAX);
        Duration::from_secs_f64(f64::from(samples) / f64::from(self.rate.max(1)))
    }

    /// Reads at most `frames` samples of each channel, mixed into one; full scale is 1.0.
    pub(super) fn samples(&self, frames: usize) -> Result<Vec<f32>, Error> {
        let (bytes, samples) = self.block();
        let blocks = frames.div_ceil(samples);
        let bytes = blocks.saturating_mul(bytes * usize::from(self.channels));
        let data = self.data.get(..bytes).unwrap_or(self.data);
        let samples: Vec<f32> = match self.coding {
            SourceCoding::Alaw => scaled(data.iter().copied().map(g711::from_alaw)),
            SourceCoding::Mulaw => scaled(data.iter().copied().map(g711::from_mulaw)),
            SourceCoding::Gsm => scaled(gsm::decode(data, frames)),
            SourceCoding::GsmPairs => scaled(gsm::decode_pairs(data, frames)),
            SourceCoding::Float => floats(self, data)?,
            SourceCoding::Integer { bits } => integers(self, data, bits)?,
        };
        if self.channels == 1 {
            return Ok(samples);
        }
        // Half of each, so that two loud channels are not clipped.
        Ok(samples
            .chunks_exact(2)
            .map(|pair| pair.iter().sum::<f32>() / 2.0)
            .collect())
    }

    /// Returns the bytes of the smallest unit of a channel, and the samples in it.
    fn block(&self) -> (usize, usize) {
        match self.coding {
            SourceCoding::Alaw | SourceCoding::Mulaw => (1, 1),
            SourceCoding::Float => (4, 1),
            SourceCoding::Gsm => (gsm::FRAME_BYTES, gsm::FRAME_SAMPLES),
            SourceCoding::GsmPairs => (gsm::PAIR_BYTES, 2 * gsm::FRAME_SAMPLES),
            SourceCoding::Integer { bits } => (usize::from(bits / 8), 1),
        }
    }
}

fn scaled(samples: impl IntoIterator<Item = i16>) -> Vec<f32> {
    let scaled = |sample| f32::from(sample) / 32_768.0;
    samples.into_iter().map(scaled).collect()
}

/// Reads floats after a plain header; clips at full scale.
fn floats(recording: &Recording<'_>, data: &[u8]) -> Result<Vec<f32>, Error> {
    let samples = reader(recording, data, TAG_FLOAT, 32)?.into_samples::<f32>();
    Ok(samples
        .map(|sample| sample.map(sane))
        .collect::<Result<_, _>>()?)
}

/// Reads integers after a plain header; full scale becomes 1.0.
fn integers(recording: &Recording<'_>, data: &[u8], bits: u16) -> Result<Vec<f32>, Error> {
    let full = f64::from(1_u32 << (bits - 1));
    let samples = reader(recording, data, TAG_PCM, bits)?.into_samples::<i32>();
    let scaled = |sample| narrowed(f64::from(sample) / full);
    Ok(samples
        .map(|sample| sample.map(scaled))
        .collect::<Result<_, _>>()?)
}

/// Has hound read `data` after a plain header.
fn reader<'d>(
    recording: &Recording<'_>,
    data: &'d [u8],
    tag: u16,
    bits: u16,
) -> Result<WavReader<impl Read + use<'d>>, Error> {
    let frame = usize::from(recording.channels) * usize::from(bits / 8);
    let data = data
        .get(..data.len() - data.len() % frame.max(1))
        .unwrap_or(data);
    let header = header(tag, recording.channels, recording.rate, bits, data.len());
    Ok(WavReader::new(Cursor::new(header).chain(data))?)
}

/// Replaces NaN, and clips at full scale.
fn sane(sample: f32) -> f32 {
    if sample.is_nan() {
        0.0
    } else {
        sample.clamp(-1.0, 1.0)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "24 bits exceed what a phone plays"
)]
fn narrowed(sample: f64) -> f32 {
    sample as f32
}
