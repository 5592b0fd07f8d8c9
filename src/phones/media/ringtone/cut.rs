//! Cuts a tone that is too long.

/// Cuts `samples` to at most `longest`: in the last quarter of that where it is much quieter than at its
/// end, so that a word or a chime ends rather than breaks off. Ends with a short fade, without a
/// click. `rate` is in samples per second.
pub(super) fn at_quiet_moment(samples: &mut Vec<f32>, longest: usize, rate: u32) {
    let moment = (rate * MOMENT / 1000).max(1) as usize;
    let energy = |end: &usize| energy(samples, *end, moment);
    let ends = (0..longest / 4).step_by(moment).map(|back| longest - back);
    // Of equal ones, `min_by` returns the first, which is the latest.
    let quietest = ends.min_by(|a, b| energy(a).total_cmp(&energy(b)));
    let quietest = quietest.filter(|end| energy(end) * MUCH <= energy(&longest));
    samples.truncate(quietest.unwrap_or(longest));
    fade_out(samples, moment);
}

/// Returns the energy of the moment before `end`.
fn energy(samples: &[f32], end: usize, moment: usize) -> f32 {
    let heard = samples.iter().take(end).skip(end.saturating_sub(moment));
    heard.map(|sample| sample * sample).sum()
}

fn fade_out(samples: &mut [f32], length: usize) {
    let length = u16::try_from(length.min(samples.len())).unwrap_or(u16::MAX);
    let ending = samples.iter_mut().rev().take(length.into());
    for (left, sample) in (0_u16..).zip(ending) {
        *sample *= f32::from(left) / f32::from(length);
    }
}

/// The length of a moment in milliseconds; also a step of Cisco's ring tones.
const MOMENT: u32 = 30;
/// How much less energy makes a moment much quieter (10 dB).
const MUCH: f32 = 10.0;
