//! Circuit breakers of all phones: a dead phone costs a few deliveries their timeout, and the others
//! fail at once.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use handset_phones::phone::Address;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::circuit_breaker::{CircuitBreaker, Open};

/// A circuit breaker for each phone that did not respond lately. Clones share the state.
#[derive(Clone, Debug)]
pub(super) struct CircuitBreakers(Arc<Mutex<ExpiringMap<Address, CircuitBreaker>>>);

/// Permission to send one request. Report the result; dropping the permit releases it.
#[derive(Debug)]
pub(super) struct Permit {
    breakers: CircuitBreakers,
    address: Address,
    registrations: u64,
    acquired: Instant,
    is_reported: bool,
}

/// The circuit breaker of a phone is open, so nothing is sent.
#[derive(Debug)]
pub(super) struct CircuitOpen {
    address: Address,
    open: Open,
}

impl Default for CircuitBreakers {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(ExpiringMap::new(CAPACITY))))
    }
}

impl CircuitBreakers {
    /// Returns a permit for one request to the server at `address`, unless its breaker is open.
    /// `registrations` is the registration count of the phone.
    pub(super) fn try_acquire(
        &self,
        address: Address,
        registrations: u64,
    ) -> Result<Permit, CircuitOpen> {
        let now = Instant::now();
        if let Some(breaker) = self.0.lock().get_mut(&address, now)
            && let Err(open) = breaker.try_acquire(now, registrations)
        {
            return Err(CircuitOpen { address, open });
        }
        Ok(Permit {
            breakers: self.clone(),
            address,
            registrations,
            acquired: now,
            is_reported: false,
        })
    }

    /// Ignores failures of the phone at `address` for a while, since it is restarting.
    pub(super) fn grant_grace(&self, address: &Address) {
        let now = Instant::now();
        self.update(address, 0, |breaker| {
            breaker.grant_grace(now + RESTART_GRACE);
        });
    }

    /// Returns how many circuit breakers are open.
    pub(super) fn open_count(&self) -> usize {
        let breakers = self.0.lock();
        let open = breakers.iter(Instant::now());
        open.filter(|(_, breaker)| breaker.is_open()).count()
    }

    /// Changes the breaker of `address`. One that is idle is dropped, as a new one is equal to it.
    fn update(
        &self,
        address: &Address,
        registrations: u64,
        change: impl FnOnce(&mut CircuitBreaker),
    ) {
        let now = Instant::now();
        let mut breakers = self.0.lock();
        let known = breakers.remove(address, now);
        breakers.remove_expired(now);
        if known.is_none() && breakers.len() >= CAPACITY {
            // This phone goes without a breaker rather than another one losing its own.
            return;
        }
        let mut breaker = known.unwrap_or_else(|| CircuitBreaker::new(now, registrations));
        change(&mut breaker);
        if !breaker.is_idle(now) {
            breakers.insert(address.clone(), breaker, RETENTION, now);
        }
    }
}

impl Permit {
    /// Reports that the phone responded.
    pub(super) fn success(mut self) {
        self.is_reported = true;
        let now = Instant::now();
        let mut breakers = self.breakers.0.lock();
        if let Some(breaker) = breakers.get_mut(&self.address, now) {
            breaker.success();
            if breaker.is_idle(now) {
                breakers.remove(&self.address, now);
            }
        }
    }

    /// Reports that it did not. A failure within [`MIN_TIMEOUT`] does not count: it cost next to
    /// nothing, or the deadline was too short for any phone.
    pub(super) fn failure(mut self) {
        let now = Instant::now();
        if now.saturating_duration_since(self.acquired) < MIN_TIMEOUT {
            return;
        }
        self.is_reported = true;
        let fail = |breaker: &mut CircuitBreaker| breaker.failure(now);
        self.breakers
            .update(&self.address, self.registrations, fail);
    }

    /// Returns the permit: nothing was sent.
    pub(super) fn release(self) {
        drop(self);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.is_reported {
            return;
        }
        let now = Instant::now();
        if let Some(breaker) = self.breakers.0.lock().get_mut(&self.address, now) {
            breaker.release(now);
        }
    }
}

impl fmt::Display for CircuitOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, open } = self;
        let unresponsive = open.unresponsive_for.as_secs();
        write!(f, "{address} has not responded for {unresponsive} s")?;
        if open.retry_after.is_zero() {
            return f.write_str("; another delivery is trying it");
        }
        // Rounded up, so that a caller who waits for that long is not too early.
        let retry_after =
            open.retry_after.as_secs() + u64::from(open.retry_after.subsec_nanos() > 0);
        write!(
            f,
            "; next try in {retry_after} s, or as soon as it registers"
        )
    }
}

/// How long a phone may take to restart, with new firmware or without.
const RESTART_GRACE: Duration = Duration::from_mins(3);

/// How long a request must have waited to count as failed.
const MIN_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a phone is remembered after its last failure.
const RETENTION: Duration = Duration::from_hours(24);

/// How many phones are remembered.
const CAPACITY: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(number: usize) -> Address {
        format!("192.0.2.21:{}", number + 1).parse().unwrap()
    }

    async fn fails(breakers: &CircuitBreakers, number: usize, after: Duration) {
        let permit = breakers.try_acquire(phone(number), 0).unwrap();
        tokio::time::advance(after).await;
        permit.failure();
    }

    #[tokio::test(start_paused = true)]
    async fn error_of_an_open_breaker_states_its_times() {
        let breakers = CircuitBreakers::default();
        for _ in 0..3 {
            fails(&breakers, 1, MIN_TIMEOUT).await;
        }
        let message = breakers.try_acquire(phone(1), 0).unwrap_err().to_string();
        assert_eq!(
            message,
            "192.0.2.21:2 has not responded for 2 s; next try in 2 s, or as soon as it registers"
        );
        assert!(breakers.try_acquire(phone(2), 0).is_ok(), "another phone");
        assert_eq!(breakers.open_count(), 1);
        tokio::time::advance(Duration::from_secs(2)).await;
        let permit = breakers.try_acquire(phone(1), 0).unwrap();
        let message = breakers.try_acquire(phone(1), 0).unwrap_err().to_string();
        assert!(
            message.ends_with("another delivery is trying it"),
            "{message}"
        );
        drop(permit);
        breakers.try_acquire(phone(1), 0).unwrap().success();
        assert_eq!((breakers.open_count(), breakers.0.lock().len()), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn immediate_failures_do_not_count() {
        let breakers = CircuitBreakers::default();
        for _ in 0..9 {
            fails(&breakers, 1, MIN_TIMEOUT / 2).await;
        }
        assert_eq!(breakers.open_count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn responsive_phones_take_no_memory_and_others_a_bounded_amount() {
        let breakers = CircuitBreakers::default();
        breakers.try_acquire(phone(1), 0).unwrap().success();
        assert_eq!(breakers.0.lock().len(), 0);
        let many = (0..CAPACITY).map(|number| format!("192.0.2.21:{}", number + 1));
        let many: Vec<_> = many
            .map(|address| breakers.try_acquire(address.parse().unwrap(), 0).unwrap())
            .collect();
        tokio::time::advance(MIN_TIMEOUT).await;
        many.into_iter().for_each(Permit::failure);
        let one_more: Address = "192.0.2.99".parse().unwrap();
        for _ in 0..9 {
            let permit = breakers.try_acquire(one_more.clone(), 0).unwrap();
            tokio::time::advance(MIN_TIMEOUT).await;
            permit.failure();
        }
        assert_eq!(breakers.0.lock().len(), CAPACITY);
    }
}
