//! Conversion to another sample rate, without aliasing.

use rubato::audioadapter_buffers::owned::InterleavedOwned;
use rubato::{
    Async, FixedAsync, Resampler, SincInterpolationParameters, SincInterpolationType,
    WindowFunction,
};

/// Converts mono samples from one rate to another. Both rates are between 4 and 192 kHz.
pub(super) fn convert(samples: Vec<f32>, from: u32, to: u32) -> Vec<f32> {
    if from == to {
        return samples;
    }
    let length = samples.len();
    let wanted = (length as u64 * u64::from(to)).div_ceil(u64::from(from));
    let mut resampler = Async::<f32>::new_sinc(
        f64::from(to) / f64::from(from),
        1.0,
        &filter(from, to),
        CHUNK,
        1,
        FixedAsync::Input,
    )
    .expect("the ratio is positive, and the chunk is not empty");
    let samples = InterleavedOwned::new_from(samples, 1, length)
        .expect("one channel has as many samples as frames");
    let resampled = resampler
        .process_all(&samples, length, None)
        .expect("the resampler allocates its own output");
    let mut samples = resampled.take_data();
    samples.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
    samples
}

/// A low-pass filter that is equally steep, relative to the lower of both rates, for every pair of them.
///
/// Length and density count samples of the input, and a filter for a lower rate is longer and smoother by the
/// ratio of the rates.
fn filter(from: u32, to: u32) -> SincInterpolationParameters {
    let ratio = from.div_ceil(to);
    SincInterpolationParameters::new((PERIODS * ratio) as usize, WindowFunction::BlackmanHarris2)
        .oversampling_factor(POINTS.div_ceil(ratio) as usize)
        .interpolation(SincInterpolationType::Quadratic)
}

/// Frames per chunk.
const CHUNK: usize = 4096;
/// Length of the filter, in periods of the lower rate: passes nine tenths of the band.
const PERIODS: u32 = 128;
/// Points at which the filter is known, in each period of the lower rate.
const POINTS: u32 = 128;
