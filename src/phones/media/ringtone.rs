//! Tones: a WAV file converted to the coding, rate and length that a phone requires.
//!
//! Loudness and silence stay as they are. Headerless µ-law cannot be recognized, so it is not accepted
//! as a source.

mod error;
mod format;
mod g711;
mod resample;
mod wav;

use bytes::Bytes;

pub use self::error::Error;
pub use self::format::{Coding, Container, ToneFormat};

/// A tone as a phone accepts it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tone {
    /// The file.
    pub bytes: Bytes,
    /// The media type for HTTP.
    pub content_type: &'static str,
    /// The file name extension, without the dot.
    pub extension: &'static str,
    /// The number of samples.
    pub samples: usize,
    /// Samples per second.
    pub rate: u32,
}

/// Converts `source`, a WAV file, to a tone of `format`.
///
/// Two channels are mixed into one. A tone that is too long is cut with a short fade; one that is too
/// short is padded with silence.
pub fn convert(source: &[u8], format: ToneFormat) -> Result<Tone, Error> {
    let file = wav::WavFile::parse(source)?;
    let rate = file.rate();
    // Nothing after the cut is decoded, so an hour costs as much as a few seconds.
    let frames = u64::from(format.longest) * u64::from(rate) / u64::from(format.rate)
        + u64::from(rate / SPARE);
    let samples = file.samples(usize::try_from(frames).unwrap_or(usize::MAX))?;
    if samples.is_empty() {
        return Err(Error::Empty);
    }

    let mut samples = resample::convert(samples, rate, format.rate);
    trim(&mut samples, format);
    let linear: Vec<i16> = samples.iter().copied().map(quantise).collect();
    Ok(Tone {
        bytes: Bytes::from(wav::write(&linear, format)?),
        content_type: format.content_type(),
        extension: format.extension(),
        samples: linear.len(),
        rate: format.rate,
    })
}

/// Adjusts the length, without a click at a cut.
fn trim(samples: &mut Vec<f32>, format: ToneFormat) {
    let longest = format.longest as usize;
    if samples.len() > longest {
        samples.truncate(longest);
        fade_out(samples);
    }
    if format.container == Container::Raw {
        align_to_zero_crossings(samples);
    }
    let length = samples.len().max(format.shortest as usize);
    samples.resize(length.next_multiple_of(format.multiple as usize), 0.0);
}

fn fade_out(samples: &mut [f32]) {
    let ending = samples.iter_mut().rev().take(FADE.into());
    for (left, sample) in (0_u16..).zip(ending) {
        *sample *= f32::from(left) / f32::from(FADE);
    }
}

/// Silences the samples before the first and after the last zero crossing, if these are near the ends.
///
/// Phones repeat a tone, and it must start and end at a zero crossing.
fn align_to_zero_crossings(samples: &mut [f32]) {
    let crosses = |pair: &[f32]| matches!(pair, [a, b] if a * b <= 0.0);
    let reach = EDGE.min(samples.len() / 2);
    let (start, _) = samples.split_at_mut(reach);
    if let Some(first) = start.windows(2).position(crosses) {
        start[..=first].fill(0.0);
    }
    let (_, end) = samples.split_at_mut(samples.len() - reach);
    if let Some(last) = end.windows(2).rposition(crosses) {
        end[last + 1..].fill(0.0);
    }
}

/// Returns the nearest 16-bit sample; louder ones are clipped.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float cast saturates, which is format here"
)]
fn quantise(sample: f32) -> i16 {
    (sample * FULL_SCALE).round() as i16
}

/// A sample of 1.0 in 16 bits, before clipping.
const FULL_SCALE: f32 = 32_768.0;
/// Fade at a cut, in samples (30 ms).
const FADE: u16 = 240;
/// Distance from an end within which a zero crossing is looked for, in samples (5 ms).
const EDGE: usize = 40;
/// Fraction of a second that is read beyond the maximum length, to notice that a tone is cut.
const SPARE: u32 = 10;

#[cfg(test)]
mod tests;
