//! What a file contains: a WAV file says so itself, other files by their names.

use super::error::{Error, MAX_SOURCE};
use super::recording::{Recording, SourceCoding};
use super::{gsm, wav};

/// The coding of a file without a header, which only its name shows. One channel.
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

/// Locates the samples of a file. One that starts like a WAV file is one, whatever its name says.
pub(super) fn parse(source: &[u8], headerless: Option<Headerless>) -> Result<Recording<'_>, Error> {
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
