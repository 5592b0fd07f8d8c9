//! How long to wait before the next try.
//!
//! Exponential, capped, and jittered, so that many who lost the same server do not come back in
//! step. It only reckons; waiting is the caller's.

use std::time::Duration;

/// The waits between the tries of one thing.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    cap: Duration,
    step: Duration,
}

impl Backoff {
    /// Creates a sequence of waits that starts with `first` at the most and doubles up to `cap`.
    pub fn new(first: Duration, cap: Duration) -> Self {
        Self {
            first,
            cap,
            step: first.min(cap),
        }
    }

    /// Returns the next wait: between half of the step and the whole of it.
    pub fn next_wait(&mut self) -> Duration {
        // Without randomness the waits are merely in step with others.
        self.jittered(getrandom::u32().unwrap_or(u32::MAX))
    }

    /// Starts over, after a success.
    pub fn reset(&mut self) {
        self.step = self.first.min(self.cap);
    }

    fn jittered(&mut self, random: u32) -> Duration {
        let half = self.step / 2;
        let wait = half.saturating_add(half.mul_f64(f64::from(random) / f64::from(u32::MAX)));
        self.step = self.step.saturating_mul(2).min(self.cap);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(200);
    const CAP: Duration = Duration::from_secs(1);

    fn waits(random: u32) -> Vec<u128> {
        let mut backoff = Backoff::new(FIRST, CAP);
        (0..5)
            .map(|_| backoff.jittered(random).as_millis())
            .collect()
    }

    #[test]
    fn waits_double_up_to_the_cap() {
        assert_eq!(waits(u32::MAX), [200, 400, 800, 1000, 1000]);
    }

    #[test]
    fn jitter_takes_off_up_to_half() {
        assert_eq!(waits(0), [100, 200, 400, 500, 500]);
    }

    #[test]
    fn reset_starts_over() {
        let mut backoff = Backoff::new(FIRST, CAP);
        backoff.next_wait();
        backoff.next_wait();
        backoff.reset();
        assert_eq!(backoff.jittered(u32::MAX), FIRST);
    }

    #[test]
    fn first_wait_is_capped_too() {
        assert_eq!(Backoff::new(CAP * 2, CAP).jittered(u32::MAX), CAP);
    }
}
