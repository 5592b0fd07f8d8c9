//! The breakers of all phones: a dead one costs a few deliveries their time, and then no more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::circuit_breaker::{Breaker, Open};
use handset_phones::phone::Address;

/// One breaker for each phone that gave no sign of life lately. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub(super) struct Breakers(Arc<Mutex<HashMap<Address, Breaker>>>);

/// Leave to ask a phone. What came of it must be told; dropping this tells that nothing did.
#[derive(Debug)]
pub(super) struct Permit {
    breakers: Breakers,
    address: Address,
    arrivals: u64,
    since: Instant,
    told: bool,
}

impl Breakers {
    /// Gives leave to ask the phone at `address`, or says in words why not; nothing is sent then.
    ///
    /// `arrivals` counts how often Asterisk saw the phone come.
    pub(super) fn ask(&self, address: Address, arrivals: u64) -> Result<Permit, String> {
        let since = Instant::now();
        if let Some(breaker) = self.lock().get_mut(&address) {
            let asked = breaker.ask(since, arrivals);
            asked.map_err(|spared| words(&address, spared))?;
        }
        Ok(Permit {
            breakers: self.clone(),
            address,
            arrivals,
            since,
            told: false,
        })
    }

    /// Takes note that the phone at `address` was told to restart: its silence is no wonder.
    pub(super) fn excuse(&self, address: &Address) {
        let now = Instant::now();
        self.with(address, 0, |breaker| breaker.excuse(now + RESTART));
    }

    /// Returns how many phones are spared.
    pub(super) fn open(&self) -> usize {
        self.lock().values().filter(|one| one.is_open()).count()
    }

    /// Changes the breaker of `address`; one that is idle then is forgotten.
    fn with(&self, address: &Address, arrivals: u64, change: impl FnOnce(&mut Breaker)) {
        let now = Instant::now();
        let mut all = self.lock();
        if all.len() >= MAX_BREAKERS && !all.contains_key(address) {
            all.retain(|_, breaker| !breaker.is_idle(now));
        }
        if all.len() >= MAX_BREAKERS && !all.contains_key(address) {
            // It is asked each time, as if there were no breakers.
            return;
        }
        let breaker = all
            .entry(address.clone())
            .or_insert_with(|| Breaker::new(now, arrivals));
        change(breaker);
        if breaker.is_idle(now) {
            all.remove(address);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Address, Breaker>> {
        // Each breaker is whole, whoever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Tells that the phone gave a sign of life.
    pub(super) fn alive(mut self) {
        self.told = true;
        let mut all = self.breakers.lock();
        if let Some(breaker) = all.get_mut(&self.address) {
            breaker.alive();
            if breaker.is_idle(Instant::now()) {
                all.remove(&self.address);
            }
        }
    }

    /// Tells that it gave none. What fails at once costs nothing that could be spared, and who was
    /// hardly waited for need not be dead: that tells nothing.
    pub(super) fn silent(mut self) {
        let now = Instant::now();
        if now.saturating_duration_since(self.since) < FAIR {
            return;
        }
        self.told = true;
        let change = |breaker: &mut Breaker| breaker.silent(now);
        self.breakers.with(&self.address, self.arrivals, change);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.told
            && let Some(breaker) = self.breakers.lock().get_mut(&self.address)
        {
            breaker.undecided(Instant::now());
        }
    }
}

fn words(address: &Address, spared: Open) -> String {
    let silent = spared.silent_for.as_secs();
    let again = spared.again_in;
    if again.is_zero() {
        return format!(
            "{address} has given no sign of life for {silent} s; another delivery tries it just now"
        );
    }
    // Rounded up, so that whoever waits for so long does not come too early.
    let again = again.as_secs() + u64::from(again.subsec_nanos() > 0);
    format!(
        "{address} has given no sign of life for {silent} s; it is tried again in {again} s, or as \
         soon as it registers"
    )
}

/// How long a phone may take to restart, with another firmware or without.
const RESTART: Duration = Duration::from_mins(3);

/// How long a phone must have been waited for to count as silent.
const FAIR: Duration = Duration::from_secs(1);

/// How many phones are remembered.
const MAX_BREAKERS: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(number: usize) -> Address {
        format!("192.0.2.21:{}", number + 1).parse().unwrap()
    }

    async fn fails(breakers: &Breakers, number: usize, after: Duration) {
        let pass = breakers.ask(phone(number), 0).unwrap();
        tokio::time::advance(after).await;
        pass.silent();
    }

    #[tokio::test(start_paused = true)]
    async fn a_phone_that_is_spared_is_told_since_when_and_until_when() {
        let breakers = Breakers::default();
        for _ in 0..3 {
            fails(&breakers, 1, FAIR).await;
        }
        let words = breakers.ask(phone(1), 0).unwrap_err();
        assert_eq!(
            words,
            "192.0.2.21:2 has given no sign of life for 2 s; it is tried again in 2 s, or as soon as \
             it registers"
        );
        assert!(breakers.ask(phone(2), 0).is_ok(), "another phone");
        assert_eq!(breakers.open(), 1);
        tokio::time::advance(Duration::from_secs(2)).await;
        let trial = breakers.ask(phone(1), 0).unwrap();
        let words = breakers.ask(phone(1), 0).unwrap_err();
        assert!(
            words.ends_with("another delivery tries it just now"),
            "{words}"
        );
        drop(trial);
        breakers.ask(phone(1), 0).unwrap().alive();
        assert_eq!((breakers.open(), breakers.lock().len()), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn who_refuses_at_once_is_asked_each_time() {
        let breakers = Breakers::default();
        for _ in 0..9 {
            fails(&breakers, 1, FAIR / 2).await;
        }
        assert_eq!(breakers.open(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn phones_that_answer_take_no_room_and_the_others_so_much() {
        let breakers = Breakers::default();
        breakers.ask(phone(1), 0).unwrap().alive();
        assert_eq!(breakers.lock().len(), 0);
        let many = (0..MAX_BREAKERS).map(|number| format!("192.0.2.21:{}", number + 1));
        let many: Vec<_> = many
            .map(|address| breakers.ask(address.parse().unwrap(), 0).unwrap())
            .collect();
        tokio::time::advance(FAIR).await;
        many.into_iter().for_each(Permit::silent);
        let one_more: Address = "192.0.2.99".parse().unwrap();
        for _ in 0..9 {
            let pass = breakers.ask(one_more.clone(), 0).unwrap();
            tokio::time::advance(FAIR).await;
            pass.silent();
        }
        assert_eq!(breakers.lock().len(), MAX_BREAKERS);
    }
}
