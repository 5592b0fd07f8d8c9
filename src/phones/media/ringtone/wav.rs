//! Reading and writing WAV files.
//!
//! hound reads and writes the samples. It supports neither A-law nor µ-law nor GSM, and fails on chunks of odd
//! length and on sizes that a recorder left at zero; so the chunks are located here, and hound gets a
//! plain header.

use std::io::Cursor;

use hound::{SampleFormat, WavSpec, WavWriter};

use super::error::{Error, MAX_RATE, MIN_RATE};
use super::format::{Coding, Container, ToneFormat};
use super::g711;
use super::header::{TAG_ALAW, TAG_EXTENSIBLE, TAG_FLOAT, TAG_GSM, TAG_MULAW, TAG_PCM, header};
use super::recording::{Recording, SourceCoding};

/// Returns whether a file starts like a WAV file.
pub(super) fn is_wav(source: &[u8]) -> bool {
    source.starts_with(b"RIFF") && source.get(8..12) == Some(b"WAVE")
}

/// Locates format and samples of a WAV file. Fewer samples than the header announces are accepted.
pub(super) fn parse(source: &[u8]) -> Result<Recording<'_>, Error> {
    let (riff, chunks) = source.split_at_checked(12).ok_or_else(|| not_wav(source))?;
    if !is_wav(source) {
        return Err(not_wav(source));
    }
    let promised = u32_at(riff, 4).unwrap_or(0) as usize;
    let (format, data) = chunks_of_interest(chunks, promised.saturating_sub(4))?;
    recording(format, data)
}

fn recording<'a>(format: &[u8], data: &'a [u8]) -> Result<Recording<'a>, Error> {
    let field = |at| {
        u16_at(format, at).ok_or(Error::Malformed {
            what: "its format is cut off",
        })
    };
    let rate = u32_at(format, 4).ok_or(Error::Malformed {
        what: "its format is cut off",
    })?;
    let (channels, block, bits) = (field(2)?, field(12)?, field(14)?);
    let tag = match field(0)? {
        // The tag is the start of a GUID. Bits are those of the container, as elsewhere.
        TAG_EXTENSIBLE => field(24)?,
        tag => tag,
    };
    // Codings with a fixed width are written with all kinds of numbers of bits: 8, 16, 0.
    let coding = match (tag, bits) {
        (TAG_ALAW, _) => SourceCoding::Alaw,
        (TAG_GSM, _) => SourceCoding::GsmPairs,
        (TAG_MULAW, _) => SourceCoding::Mulaw,
        (TAG_FLOAT, 32) => SourceCoding::Float,
        (TAG_PCM, 8 | 16 | 24 | 32) => SourceCoding::Integer { bits },
        (TAG_FLOAT | TAG_PCM, _) => return Err(Error::Bits { bits }),
        _ => return Err(Error::Coding { tag }),
    };
    let most = if coding == SourceCoding::GsmPairs {
        1
    } else {
        2
    };
    if !(1..=most).contains(&channels) {
        return Err(Error::Channels { channels });
    }
    if !(MIN_RATE..=MAX_RATE).contains(&rate) {
        return Err(Error::SampleRate { rate });
    }
    let has_width = matches!(coding, SourceCoding::Float | SourceCoding::Integer { .. });
    if has_width && block != channels * (bits / 8) {
        return Err(Error::Malformed {
            what: "its block size contradicts its sample size",
        });
    }
    Ok(Recording {
        coding,
        channels,
        rate,
        data,
    })
}

/// Encodes a tone in the container and coding of `format`.
pub(super) fn write(samples: &[i16], format: ToneFormat) -> Result<Vec<u8>, Error> {
    let mulaw = samples.iter().copied().map(g711::mulaw);
    match (format.container, format.coding) {
        (Container::Raw, Coding::Mulaw) => Ok(mulaw.collect()),
        (Container::Raw, Coding::Linear) => Ok(samples
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect()),
        (Container::Wav, Coding::Mulaw) => {
            let mut bytes = header(TAG_MULAW, 1, format.rate, 8, samples.len());
            bytes.extend(mulaw);
            if samples.len() % 2 == 1 {
                bytes.push(0);
            }
            Ok(bytes)
        }
        (Container::Wav, Coding::Linear) => {
            let spec = WavSpec {
                channels: 1,
                sample_rate: format.rate,
                bits_per_sample: 16,
                sample_format: SampleFormat::Int,
            };
            let mut bytes = Cursor::new(Vec::new());
            let mut writer = WavWriter::new(&mut bytes, spec)?;
            for &sample in samples {
                writer.write_sample(sample)?;
            }
            writer.finalize()?;
            Ok(bytes.into_inner())
        }
    }
}

/// Returns the contents of the `fmt ` and the `data` chunk. `promised` is the length of all chunks
/// as its header states.
fn chunks_of_interest(chunks: &[u8], promised: usize) -> Result<(&[u8], &[u8]), Error> {
    let mut format = None;
    let mut rest = chunks;
    while let Some((name, length, content)) = next_chunk(rest) {
        let at = chunks.len() - content.len();
        let content = match name {
            // A recorder that was cut off, or wrote to a pipe, left its sizes at zero.
            b"data" if length == 0 && promised <= at => content,
            _ => content.get(..length).unwrap_or(content),
        };
        match name {
            b"fmt " => format = Some(content),
            b"data" => {
                let format = format.ok_or(Error::Malformed {
                    what: "samples come before format",
                })?;
                return Ok((format, content));
            }
            _ => {}
        }
        // A chunk of odd length is followed by a padding byte.
        rest = rest
            .get(length.saturating_add(8 + length % 2)..)
            .unwrap_or_default();
    }
    Err(Error::Malformed {
        what: "it has no samples",
    })
}

fn next_chunk(rest: &[u8]) -> Option<(&[u8], usize, &[u8])> {
    let (head, content) = rest.split_at_checked(8)?;
    let (name, _) = head.split_at_checked(4)?;
    Some((name, u32_at(head, 4)? as usize, content))
}

fn not_wav(source: &[u8]) -> Error {
    let start = source.get(..4).unwrap_or(source);
    Error::NotWav {
        start: String::from_utf8_lossy(start).into_owned(),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(
        bytes.get(at..at.checked_add(2)?)?.try_into().ok()?,
    ))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(
        bytes.get(at..at.checked_add(4)?)?.try_into().ok()?,
    ))
}
