//! WAV files: format and duration.

use std::time::Duration;

use bytes::{Buf, Bytes};

/// The format and duration of a WAV file.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Wave {
    pub(crate) coding: Coding,
    pub(crate) channels: u16,
    pub(crate) rate: u32,
    pub(crate) length: Duration,
}

/// The encoding of the samples.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Coding {
    /// G.711 µ-law.
    MuLaw,
    /// Signed linear PCM with that many bits.
    Pcm(u16),
    /// Another one, by its format tag.
    Other(u16),
}

impl Wave {
    /// Parses a file; the error is human-readable.
    pub(crate) fn parse(file: &Bytes) -> Result<Self, String> {
        let mut rest = file.clone();
        if rest.len() < 12 || !rest.starts_with(b"RIFF") || rest.get(8..12) != Some(b"WAVE") {
            return Err("not a WAV file".to_owned());
        }
        rest.advance(12);
        let mut format = None;
        while rest.len() >= 8 {
            let name = rest.split_to(4);
            let length = rest.get_u32_le() as usize;
            if length > rest.len() {
                return Err("truncated WAV file".to_owned());
            }
            let mut chunk = rest.split_to(length);
            rest.advance((length % 2).min(rest.len()));
            match name.as_ref() {
                b"fmt " if length >= 16 => {
                    let tag = chunk.get_u16_le();
                    let (channels, rate) = (chunk.get_u16_le(), chunk.get_u32_le());
                    chunk.advance(6);
                    format = Some((tag, channels, rate, chunk.get_u16_le()));
                }
                b"data" => {
                    let (tag, channels, rate, bits) = format.ok_or("WAV file without a format")?;
                    let coding = match (tag, bits) {
                        (1, bits) => Coding::Pcm(bits),
                        (7, 8) => Coding::MuLaw,
                        _ => Coding::Other(tag),
                    };
                    let second = u64::from(rate) * u64::from(channels) * u64::from(bits / 8);
                    let bytes = u64::try_from(length).unwrap_or(u64::MAX);
                    let length = (bytes * 1000)
                        .checked_div(second)
                        .ok_or("WAV file with a sample rate of 0")?;
                    let length = Duration::from_millis(length);
                    return Ok(Self {
                        coding,
                        channels,
                        rate,
                        length,
                    });
                }
                _ => (),
            }
        }
        Err("WAV file without data".to_owned())
    }

    /// Requires 8000 samples a second on one channel, in one of `codings`.
    pub(crate) fn require_narrowband(self, codings: &[Coding]) -> Result<Self, String> {
        if !codings.contains(&self.coding) {
            return Err(format!(
                "WAV file encoded as {:?}; expected one of {codings:?}",
                self.coding
            ));
        }
        if (self.channels, self.rate) != (1, 8000) {
            let Self { channels, rate, .. } = self;
            return Err(format!(
                "WAV file with {channels} channels at {rate} Hz; expected 1 at 8000 Hz"
            ));
        }
        if self.length.is_zero() {
            return Err("WAV file without samples".to_owned());
        }
        Ok(self)
    }
}

/// Creates a WAV file of silence for tests.
#[cfg(test)]
pub(crate) fn silence(tag: u16, channels: u16, rate: u32, bits: u16, length: usize) -> Vec<u8> {
    let length = u32::try_from(length).unwrap();
    let frame = channels * (bits / 8);
    [
        b"RIFF".as_slice(),
        &(36 + length).to_le_bytes(),
        b"WAVEfmt \x10\0\0\0",
        &tag.to_le_bytes(),
        &channels.to_le_bytes(),
        &rate.to_le_bytes(),
        &(rate * u32::from(frame)).to_le_bytes(),
        &frame.to_le_bytes(),
        &bits.to_le_bytes(),
        b"data",
        &length.to_le_bytes(),
        &vec![0; length as usize],
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_and_duration_are_parsed() {
        let file = Bytes::from(silence(1, 1, 8000, 16, 16_000));
        let wave = Wave::parse(&file).unwrap();
        assert_eq!(wave.coding, Coding::Pcm(16));
        assert_eq!(wave.length, Duration::from_secs(1));
        wave.require_narrowband(&[Coding::Pcm(16)]).unwrap();
        assert!(wave.require_narrowband(&[Coding::MuLaw]).is_err());
    }

    #[test]
    fn other_rates_and_channels_are_refused() {
        for file in [silence(1, 2, 8000, 16, 8), silence(1, 1, 44_100, 16, 8)] {
            let wave = Wave::parse(&Bytes::from(file)).unwrap();
            assert!(wave.require_narrowband(&[Coding::Pcm(16)]).is_err());
        }
    }

    #[test]
    fn truncated_files_are_refused() {
        let file = Bytes::from(silence(7, 1, 8000, 8, 80));
        Wave::parse(&file).unwrap();
        for length in 0..file.len() {
            assert!(Wave::parse(&file.slice(..length)).is_err(), "{length}");
        }
        assert!(Wave::parse(&Bytes::from(silence(1, 1, 8000, 0, 8))).is_err());
    }
}
