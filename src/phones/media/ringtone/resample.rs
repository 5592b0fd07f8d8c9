//! Conversion to another sample rate, without aliasing.

use rubato::audioadapter_buffers::owned::InterleavedOwned;
use rubato::{Fft, FixedSync, Resampler};

/// Converts mono samples from one rate to another. Both rates are between 4 and 192 kHz.
pub(super) fn convert(samples: Vec<f32>, from: u32, to: u32) -> Vec<f32> {
    if from == to {
        return samples;
    }
    let length = samples.len();
    let wanted = (length as u64 * u64::from(to)).div_ceil(u64::from(from));
    let mut resampler = Fft::<f32>::new_custom(
        from as usize,
        to as usize,
        CHUNK,
        1,
        1,
        WINDOW,
        FixedSync::Both,
    )
    .expect("rates and chunk are not zero");
    let samples = InterleavedOwned::new_from(samples, 1, length)
        .expect("one channel has as many samples as frames");
    let resampled = resampler
        .process_all(&samples, length, None)
        .expect("the resampler allocates its own output");
    let mut samples = resampled.take_data();
    samples.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
    samples
}

/// Frames per chunk; enough for a steep filter.
const CHUNK: usize = 4096;
const WINDOW: rubato::WindowFunction = rubato::WindowFunction::BlackmanHarris2;
