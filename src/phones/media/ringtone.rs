//! Ring tones: a WAV file to the samples and the length that a phone insists on.
//!
//! Loudness is left alone, and so is silence. Headerless µ-law cannot be told from anything else, so
//! it is not taken as a source.

mod error;
mod format;
mod g711;
mod resample;
mod wav;

use bytes::Bytes;

pub use self::error::Error;
pub use self::format::{Coding, Container, ToneFormat};

/// A tone that a phone takes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tone {
    /// The file.
    pub bytes: Bytes,
    /// The media type for HTTP.
    pub content_type: &'static str,
    /// How the name of such a file ends, without the dot.
    pub extension: &'static str,
    /// The number of samples.
    pub samples: usize,
    /// Samples a second.
    pub rate: u32,
}

/// Converts `source`, a WAV file, to the wanted tone.
///
/// Two channels are mixed into one. What is too long is cut with a short fade, what is too short
/// is followed by silence.
pub fn convert(source: &[u8], wanted: ToneFormat) -> Result<Tone, Error> {
    let recording = wav::Recording::parse(source)?;
    let rate = recording.rate();
    // Nothing behind the cut is decoded, so that an hour costs what a few seconds cost.
    let frames = u64::from(wanted.longest) * u64::from(rate) / u64::from(wanted.rate)
        + u64::from(rate / SPARE);
    let samples = recording.samples(usize::try_from(frames).unwrap_or(usize::MAX))?;
    if samples.is_empty() {
        return Err(Error::Empty);
    }

    let mut samples = resample::convert(samples, rate, wanted.rate);
    trim(&mut samples, wanted);
    let linear: Vec<i16> = samples.iter().copied().map(quantise).collect();
    Ok(Tone {
        bytes: Bytes::from(wav::write(&linear, wanted)?),
        content_type: wanted.content_type(),
        extension: wanted.extension(),
        samples: linear.len(),
        rate: wanted.rate,
    })
}

/// Makes the length right, without a click where something was cut.
fn trim(samples: &mut Vec<f32>, wanted: ToneFormat) {
    let longest = wanted.longest as usize;
    if samples.len() > longest {
        samples.truncate(longest);
        fade_out(samples);
    }
    if wanted.container == Container::Raw {
        settle(samples);
    }
    let length = samples.len().max(wanted.shortest as usize);
    samples.resize(length.next_multiple_of(wanted.multiple as usize), 0.0);
}

fn fade_out(samples: &mut [f32]) {
    let ending = samples.iter_mut().rev().take(FADE.into());
    for (left, sample) in (0_u16..).zip(ending) {
        *sample *= f32::from(left) / f32::from(FADE);
    }
}

/// Silences what lies outside of the first and the last zero crossing, if these are near the ends.
///
/// Phones play a tone again and again, and want it to start and to end at one.
fn settle(samples: &mut [f32]) {
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

/// Returns the nearest 16-bit sample; what is too loud is clipped.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a float cast saturates, which is wanted here"
)]
fn quantise(sample: f32) -> i16 {
    (sample * FULL_SCALE).round() as i16
}

/// What a sample of 1.0 is in 16 bits, before clipping.
const FULL_SCALE: f32 = 32_768.0;
/// How long a cut tone takes to fade, in samples (30 ms).
const FADE: u16 = 240;
/// How near to an end a zero crossing is looked for, in samples (5 ms).
const EDGE: usize = 40;
/// What is read beyond the longest tone, as a part of a second, so that a cut one is known as such.
const SPARE: u32 = 10;

#[cfg(test)]
mod tests;
