//! Delays between retries: exponential, capped, and jittered, so that many clients of the same server
//! do not retry at the same time.

use std::time::Duration;

/// A sequence of delays between retries.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    cap: Duration,
    step: Duration,
}

impl Backoff {
    /// Creates a sequence whose first delay is up to `first`, and whose upper bound doubles each time up
    /// to `cap`.
    pub fn new(first: Duration, cap: Duration) -> Self {
        Self {
            first,
            cap,
            step: first.min(cap),
        }
    }

    /// Returns the next delay, between half of its upper bound and all of it.
    pub fn next_delay(&mut self) -> Duration {
        // Without randomness there is merely no jitter.
        self.jittered(getrandom::u32().unwrap_or(u32::MAX))
    }

    /// Restarts the sequence, after a success.
    pub fn reset(&mut self) {
        self.step = self.first.min(self.cap);
    }

    fn jittered(&mut self, random: u32) -> Duration {
        let half = self.step / 2;
        let delay = half.saturating_add(half.mul_f64(f64::from(random) / f64::from(u32::MAX)));
        self.step = self.step.saturating_mul(2).min(self.cap);
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(200);
    const CAP: Duration = Duration::from_secs(1);

    fn delays(random: u32) -> Vec<u128> {
        let mut backoff = Backoff::new(FIRST, CAP);
        (0..5)
            .map(|_| backoff.jittered(random).as_millis())
            .collect()
    }

    #[test]
    fn delays_double_up_to_the_cap() {
        assert_eq!(delays(u32::MAX), [200, 400, 800, 1000, 1000]);
    }

    #[test]
    fn jitter_subtracts_up_to_half() {
        assert_eq!(delays(0), [100, 200, 400, 500, 500]);
    }

    #[test]
    fn reset_restarts_the_sequence() {
        let mut backoff = Backoff::new(FIRST, CAP);
        backoff.next_delay();
        backoff.next_delay();
        backoff.reset();
        assert_eq!(backoff.jittered(u32::MAX), FIRST);
    }

    #[test]
    fn first_delay_is_capped_too() {
        assert_eq!(Backoff::new(CAP * 2, CAP).jittered(u32::MAX), CAP);
    }
}
