//! Tones: a recording converted to the coding, rate and length that a phone requires.
//!
//! Loudness and silence stay as they are. A file without a header is understood by its name only.

mod cut;
mod error;
mod format;
mod g711;
mod gsm;
mod header;
mod recording;
mod resample;
mod source;
mod wav;

use std::time::Duration;

use bytes::Bytes;

pub use self::error::Error;
pub use self::format::{Coding, Container, ToneFormat};
use self::recording::SourceCoding;
pub use self::source::Headerless;

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
    /// The duration of the source, if it was cut because the phone does not accept so much.
    pub cut_from: Option<Duration>,
}

/// Converts `source` to a tone of `format`: a WAV file, or what `headerless` says.
///
/// Two channels are mixed into one. A tone that is too long is cut at a quiet moment; one that is too
/// short is padded with silence. A headerless file that is such a tone already stays as it is.
pub fn convert(
    source: &[u8],
    headerless: Option<Headerless>,
    format: ToneFormat,
) -> Result<Tone, Error> {
    let recording = source::parse(source, headerless)?;
    if recording.coding == SourceCoding::Mulaw
        && format.accepts_unchanged(source)
        && !wav::is_wav(source)
    {
        return Ok(tone(source.to_vec(), source.len(), format, None));
    }
    // Nothing after the cut is decoded, so an hour costs as much as a few seconds.
    let rate = recording.rate;
    let frames = u64::from(format.longest) * u64::from(rate) / u64::from(format.rate)
        + u64::from(rate / SPARE);
    let samples = recording.samples(usize::try_from(frames).unwrap_or(usize::MAX))?;
    if samples.is_empty() {
        return Err(Error::Empty);
    }

    let mut samples = resample::convert(samples, rate, format.rate);
    let is_cut = samples.len() > format.longest as usize;
    if is_cut {
        cut::at_quiet_moment(&mut samples, format.longest as usize, format.rate);
    }
    if format.container == Container::Raw {
        align_to_zero_crossings(&mut samples);
    }
    let length = samples.len().max(format.shortest as usize);
    samples.resize(length.next_multiple_of(format.multiple as usize), 0.0);
    let linear: Vec<i16> = samples.iter().copied().map(quantise).collect();
    let cut_from = is_cut.then(|| recording.duration());
    Ok(tone(
        wav::write(&linear, format)?,
        linear.len(),
        format,
        cut_from,
    ))
}

fn tone(bytes: Vec<u8>, samples: usize, format: ToneFormat, cut_from: Option<Duration>) -> Tone {
    Tone {
        bytes: Bytes::from(bytes),
        content_type: format.content_type(),
        extension: format.extension(),
        samples,
        rate: format.rate,
        cut_from,
    }
}

impl Tone {
    /// Returns the duration.
    pub fn duration(&self) -> Duration {
        let samples = u32::try_from(self.samples).unwrap_or(u32::MAX);
        Duration::from_secs_f64(f64::from(samples) / f64::from(self.rate.max(1)))
    }

    /// Returns a note for people if the source was cut.
    pub fn note(&self) -> Option<String> {
        let (whole, kept) = (self.cut_from?.as_secs_f64(), self.duration().as_secs_f64());
        Some(format!(
            "the tone was cut from {whole:.1} s to {kept:.1} s, since this phone plays no longer ones"
        ))
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
/// Distance from an end within which a zero crossing is looked for, in samples (5 ms).
const EDGE: usize = 40;
/// Fraction of a second that is read beyond the maximum length, to notice that a tone is cut.
const SPARE: u32 = 10;

#[cfg(test)]
mod tests;
