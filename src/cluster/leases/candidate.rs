//! Acquires and renews leases.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_nats::header::HeaderMap;
use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{Candidacy, Leadership};
use crate::error::Reason;
use crate::headers;
use crate::names::DaemonName;
use crate::revisions::{self, Revision};
use crate::session::{Failure, Session};
use crate::shared::Shared;
use crate::streams::LEASES;

/// Starts contending for a lease.
pub(crate) fn contend(shared: &Arc<Shared>, key: &str, value: Bytes) -> Candidacy {
    let withdrawal = CancellationToken::new();
    let bucket = shared.subjects.bucket(LEASES);
    let value = watch::Sender::new(value);
    let mut candidate = Candidate {
        shared: Arc::clone(shared),
        stream: bucket.stream(),
        subject: bucket.key(&[key]),
        value: value.subscribe(),
        leadership: watch::Sender::new(Leadership::Unknown),
        held: None,
        last_of_others: None,
    };
    let leadership = candidate.leadership.subscribe();
    let (withdrawn, stop) = (withdrawal.clone(), shared.tasks.stop());
    // Leaving the cluster waits until this is dropped.
    let unreleased = shared.releases.token();
    shared.tasks.spawn("cluster_lease", async move {
        tokio::select! {
            () = candidate.run() => {}
            () = withdrawn.cancelled() => {}
            () = stop.cancelled() => {}
        }
        candidate.release().await;
        drop(unreleased);
    });
    Candidacy {
        leadership,
        value,
        _withdrawal: withdrawal.drop_guard(),
    }
}

struct Candidate {
    shared: Arc<Shared>,
    stream: String,
    subject: String,
    value: watch::Receiver<Bytes>,
    leadership: watch::Sender<Leadership>,
    held: Option<HeldLease>,
    /// The last renewal by another daemon that this one has seen.
    last_of_others: Option<SystemTime>,
}

#[derive(Clone, Copy)]
struct HeldLease {
    sequence: u64,
    /// From this moment on, another daemon may hold it.
    until: Instant,
}

impl Candidate {
    async fn run(&mut self) {
        loop {
            self.attempt().await;
            let timing = &self.shared.config.timing;
            let (delay, until) = match self.held {
                Some(lease) => (timing.lease_renewal_interval, Some(lease.until)),
                None => (timing.lease_attempt_interval, None),
            };
            let wake = Instant::now() + delay;
            let wake = until.map_or(wake, |until| until.min(wake));
            tokio::select! {
                () = tokio::time::sleep_until(wake) => {}
                Ok(()) = self.value.changed() => {}
            }
        }
    }

    /// Tries to acquire or renew the lease.
    async fn attempt(&mut self) {
        let attempt = match self.shared.session() {
            Some(session) => {
                let limit = self
                    .held
                    .map_or_else(|| self.shared.unavailable_deadline(), |lease| lease.until);
                let trying = self.acquire(&session);
                tokio::time::timeout_at(limit, trying)
                    .await
                    .unwrap_or_else(|_| {
                        Err(Failure::Unanswered(Reason::new("not renewed in time")))
                    })
            }
            None => Err(Failure::NotSent(self.shared.unavailable_reason())),
        };
        let new = match attempt {
            Ok(outcome) => outcome,
            // Until it ends, no other daemon can acquire it.
            Err(_) if self.held.is_some_and(|lease| lease.until > Instant::now()) => return,
            Err(_) => {
                self.held = None;
                Leadership::Unknown
            }
        };
        self.leadership.send_if_modified(|old| {
            let is_new = *old != new;
            if is_new {
                *old = new;
            }
            is_new
        });
    }

    async fn acquire(&mut self, session: &Session) -> Result<Leadership, Failure> {
        if let Some(lease) = self.held {
            match self.put(session, lease.sequence).await {
                Ok(until) => return Ok(self.renewed(until)),
                // It has expired, or a reply was lost.
                Err(Failure::Refused { .. }) => {}
                Err(failure) => return Err(failure),
            }
        }
        let last = revisions::last(session, &self.stream, &self.subject).await?;
        if let Some(Revision {
            at,
            value: Some(value),
            headers,
            ..
        }) = &last
            && !self.is_own(headers)
        {
            self.held = None;
            self.last_of_others = Some(*at);
            return Ok(
                match headers::text(Some(headers), headers::FROM).map(str::parse) {
                    Some(Ok(daemon)) => Leadership::Other {
                        daemon,
                        value: value.clone(),
                    },
                    _ => Leadership::Unknown,
                },
            );
        }
        let was_held = self.held.is_some() && self.leadership.borrow().is_mine();
        let expected = last.as_ref().map_or(0, |last| last.sequence);
        let until = self.put(session, expected).await?;
        if was_held {
            return Ok(self.renewed(until));
        }
        // Held by this daemon before a restart, unless by another one.
        let before = last.filter(|last| last.value.is_some()).map(|last| last.at);
        let since = self.shared.clock.now();
        let gap = self.last_of_others.max(before);
        let gap = gap.map(|last| since.duration_since(last).unwrap_or_default());
        Ok(Leadership::Mine { since, gap, until })
    }

    fn renewed(&self, until: Instant) -> Leadership {
        match self.leadership.borrow().clone() {
            Leadership::Mine { since, gap, .. } => Leadership::Mine { since, gap, until },
            other => other,
        }
    }

    /// Stores a new version that replaces `expected`; returns until when it is valid.
    async fn put(&mut self, session: &Session, expected: u64) -> Result<Instant, Failure> {
        // NATS measures the age from when it stores the message, which is later.
        let started = Instant::now();
        let value = self.value.borrow_and_update().clone();
        let mut map = HeaderMap::new();
        map.insert(headers::FROM, self.shared.config.name.as_str());
        map.insert(headers::INSTANCE, self.shared.identity.instance());
        map.insert(headers::INCARNATION, self.shared.identity.incarnation());
        let sequence = revisions::put(session, &self.subject, expected, map, value).await?;
        let age = self.shared.config.timing.lease_ttl;
        let until = started + age.saturating_sub(safety_margin(age));
        self.held = Some(HeldLease { sequence, until });
        Ok(until)
    }

    /// Returns whether this daemon holds it, or did before a restart: that process is gone.
    fn is_own(&self, headers: &HeaderMap) -> bool {
        let from = headers::text(Some(headers), headers::FROM).map(str::parse::<DaemonName>);
        let instance = headers::text(Some(headers), headers::INSTANCE);
        from == Some(Ok(self.shared.config.name.clone()))
            && instance == Some(self.shared.identity.instance())
    }

    /// Releases the lease, so that no contender has to wait for its expiry.
    async fn release(&mut self) {
        if let (Some(lease), Some(session)) = (self.held.take(), self.shared.session()) {
            // If that fails, it expires.
            let _ = revisions::delete(&session, &self.subject, lease.sequence).await;
        }
        self.leadership.send_replace(Leadership::Unknown);
    }
}

/// Safety margin by which this daemon considers a lease expired before NATS does: it covers clocks that run
/// at different speeds, and work that is in progress at that moment.
fn safety_margin(age: Duration) -> Duration {
    age / 10
}
