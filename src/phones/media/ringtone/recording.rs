//! A recording: samples in some coding, from a WAV file or from a file without a header.

use std::time::Duration;

use super::error::{Error, MAX_SOURCE};
use super::{g711, gsm, wav};

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

/// The coding of a file without a header, which only its name tells. One channel.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Headerless {
    /// A-law at 8 kHz.
    Alaw,
    /// GSM 06.10 full rate.
    Gsm,
    /// 16 bits, signed, little endian.
    Linear {
        /// Samples per second.
        rate: u32,
    },
    /// µ-law at 8 kHz.
    Mulaw,
}

impl Headerless {
    /// Returns the coding that the extension of a file name stands for: Cisco's ring tones (`.raw`,
    /// wideband `.rwb`) and what Asterisk records (`.gsm`, `.ulaw`, `.alaw`, `.sln`, `.sln16` and
    /// others of that kind).
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "raw" | "ulaw" | "ul" | "mu" | "ulw" | "pcm" => Self::Mulaw,
            "alaw" | "al" | "alw" => Self::Alaw,
            "gsm" => Self::Gsm,
            "rwb" | "sln16" => Self::Linear { rate: 16_000 },
            "sln" => Self::Linear { rate: 8000 },
            "sln12" => Self::Linear { rate: 12_000 },
            "sln24" => Self::Linear { rate: 24_000 },
            "sln32" => Self::Linear { rate: 32_000 },
            "sln44" => Self::Linear { rate: 44_100 },
            "sln48" => Self::Linear { rate: 48_000 },
            "sln96" => Self::Linear { rate: 96_000 },
            "sln192" => Self::Linear { rate: 192_000 },
            _ => return None,
        })
    }

    fn recording(self, data: &[u8]) -> Result<Recording<'_>, Error> {
        let (coding, rate) = match self {
            Self::Alaw => (SourceCoding::Alaw, 8000),
            Self::Gsm if !gsm::is_signed(data) => return Err(Error::NotGsm),
            Self::Gsm => (SourceCoding::Gsm, 8000),
            Self::Linear { rate } => (SourceCoding::Integer { bits: 16 }, rate),
            Self::Mulaw => (SourceCoding::Mulaw, 8000),
        };
        Ok(Recording {
            coding,
            channels: 1,
            rate,
            data,
        })
    }
}

impl<'a> Recording<'a> {
    /// Locates the samples of a file. One that starts like a WAV file is one, whatever its name says.
    pub(super) fn parse(source: &'a [u8], headerless: Option<Headerless>) -> Result<Self, Error> {
        if source.len() > MAX_SOURCE {
            return Err(Error::TooLong {
                bytes: source.len(),
            });
        }
        match headerless {
            Some(headerless) if !wav::is_wav(source) => headerless.recording(source),
            _ => wav::parse(source),
        }
    }

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
            SourceCoding::Float => wav::floats(self, data)?,
            SourceCoding::Integer { bits } => wav::integers(self, data, bits)?,
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
