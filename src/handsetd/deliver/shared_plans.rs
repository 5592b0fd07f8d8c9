//! Plans that the deliveries of one request share.
//!
//! A group has thousands of phones and few models. What is pushed to one of them is mostly what is pushed to
//! all of the same model, and writing it takes longer than sending it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use handset_phones::phone::Phone;
use handset_phones::vendor::{self, Plan};
use parking_lot::Mutex;
use tokio::time::Instant;
use url::Url;

use super::expected_fetches::ExpectedFetches;

/// A plan, and what comes with it.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) plan: Plan,
    /// How its content was prepared, for the caller.
    pub(super) note: Option<Cow<'static, str>>,
    pub(super) expected: ExpectedFetches,
}

/// The plans of one request. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedPlans(Option<Arc<Mutex<Vec<SharedPlan>>>>);

#[derive(Debug)]
struct SharedPlan {
    /// The phone that it was made for.
    phone: Phone,
    /// The URL that those of its documents start with.
    base: Url,
    asterisk: bool,
    made_at: Instant,
    planned: Arc<Planned>,
}

impl SharedPlans {
    /// Creates those of a request with this many deliveries.
    pub(crate) fn of(deliveries: usize) -> Self {
        Self((deliveries > 1).then(Arc::default))
    }

    /// Returns the plan of the request for such a phone, if it was made lately. The context of a plan is the
    /// URL that those of its documents start with, and whether Asterisk knows the phone.
    pub(super) fn get(
        &self,
        phone: &Phone,
        (base, asterisk): (&Url, bool),
    ) -> Option<Arc<Planned>> {
        let now = Instant::now();
        let plans = self.0.as_ref()?.lock();
        let is_for = |shared: &&SharedPlan| {
            shared.is_recent(now)
                && shared.asterisk == asterisk
                && shared.base == *base
                && vendor::pushes_alike(&shared.phone, phone)
        };
        plans
            .iter()
            .find(is_for)
            .map(|shared| Arc::clone(&shared.planned))
    }

    /// Adds the plan for a push to `phone`, if others may share it.
    pub(super) fn insert(
        &self,
        phone: &Phone,
        (base, asterisk): (&Url, bool),
        planned: &Arc<Planned>,
    ) {
        let Some(plans) = &self.0 else { return };
        if !vendor::pushes_alike(phone, phone) {
            return;
        }
        let now = Instant::now();
        let mut plans = plans.lock();
        plans.retain(|shared| shared.is_recent(now));
        if plans.len() < MAX_PLANS {
            plans.push(SharedPlan {
                phone: phone.clone(),
                base: base.clone(),
                asterisk,
                made_at: now,
                planned: Arc::clone(planned),
            });
        }
    }
}

impl SharedPlan {
    fn is_recent(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.made_at) < LIFETIME
    }
}

/// How long a plan is shared. Its documents expire with their own lifetime, and a phone may get the plan as late
/// as that.
const LIFETIME: Duration = Duration::from_secs(1);

/// For how many kinds of phones there is a plan to share: more are looked through for longer than it takes to make
/// another.
const MAX_PLANS: usize = 16;

#[cfg(test)]
mod tests {
    use handset_phones::phone::Vendor;
    use tokio::time::advance;

    use super::*;

    fn planned() -> Arc<Planned> {
        Arc::new(Planned {
            plan: Plan::default(),
            note: None,
            expected: ExpectedFetches::default(),
        })
    }

    fn base(host: &str) -> Url {
        Url::parse(&format!("http://{host}:8090")).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn plan_is_shared_in_the_same_context_for_a_second() {
        let (plans, here) = (SharedPlans::of(2), base("192.0.2.10"));
        let desk = Phone::example(Vendor::Yealink, "T46S");
        let other = Phone {
            name: "1002".to_owned(),
            ..desk.clone()
        };
        assert!(plans.get(&desk, (&here, false)).is_none());
        let made = planned();
        plans.insert(&desk, (&here, false), &made);
        let shared = plans.get(&other, (&here, false)).unwrap();
        assert!(Arc::ptr_eq(&shared, &made));
        assert!(plans.get(&other, (&base("192.0.2.11"), false)).is_none());
        assert!(plans.get(&other, (&here, true)).is_none());
        let touch = Phone::example(Vendor::Yealink, "T48S");
        assert!(plans.get(&touch, (&here, false)).is_none());
        advance(LIFETIME).await;
        assert!(plans.get(&other, (&here, false)).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn plans_that_cannot_be_shared_are_not_kept() {
        let here = base("192.0.2.10");
        let (cisco, desk) = (
            Phone::example(Vendor::Cisco, "8841"),
            Phone::example(Vendor::Yealink, "T46S"),
        );
        for (plans, phone) in [(SharedPlans::of(1), &desk), (SharedPlans::of(2), &cisco)] {
            plans.insert(phone, (&here, false), &planned());
            assert!(plans.get(phone, (&here, false)).is_none(), "{phone:?}");
        }
        let plans = SharedPlans::of(2);
        for number in 0..2 * MAX_PLANS {
            let phone = Phone::example(Vendor::Yealink, &format!("T{number}"));
            plans.insert(&phone, (&here, false), &planned());
        }
        assert_eq!(plans.0.unwrap().lock().len(), MAX_PLANS);
    }
}
