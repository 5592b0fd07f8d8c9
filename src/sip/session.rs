//! The session timer (RFC 4028).

use std::time::Duration;

use tokio::time::Instant;

use super::wire::{Headers, Name, Value, read_seconds};

/// When a dialog must be refreshed, and by which side.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct SessionTimer(Option<Running>);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Running {
    since: Instant,
    interval: Duration,
    is_ours: bool,
}

impl SessionTimer {
    /// Reads what the peer granted in a success response to our INVITE or UPDATE. Without `Session-Expires`,
    /// the session does not expire.
    pub(crate) fn granted(headers: &Headers, now: Instant) -> Self {
        Self::read(headers, now, "uac")
    }

    /// Reads what the peer wants in its INVITE or UPDATE, where we are the server.
    pub(crate) fn wanted(headers: &Headers, now: Instant) -> Self {
        Self::read(headers, now, "uas")
    }

    /// `ours` is the role in which we refresh the session. Without a refresher, the client does.
    fn read(headers: &Headers, now: Instant, ours: &str) -> Self {
        let field = headers.get(&Name::SESSION_EXPIRES).and_then(read_seconds);
        Self(
            field
                .filter(|(seconds, _)| *seconds > 0)
                .map(|(seconds, refresher)| {
                    let refresher = refresher.as_deref().unwrap_or("uac");
                    Running {
                        since: now,
                        interval: Duration::from_secs(u64::from(seconds.max(MIN_SE))),
                        is_ours: refresher.eq_ignore_ascii_case(ours),
                    }
                }),
        )
    }

    /// Returns when to refresh the session, if it is up to us: after half of the interval.
    pub(crate) fn refresh_at(self) -> Option<Instant> {
        let running = self.0.filter(|running| running.is_ours)?;
        running.since.checked_add(running.interval / 2)
    }

    /// Returns when the session is over. If the peer should have refreshed it, shortly before (section 10).
    pub(crate) fn expires_at(self) -> Option<Instant> {
        let running = self.0?;
        let early = if running.is_ours {
            Duration::ZERO
        } else {
            EARLY.min(running.interval / 3)
        };
        running
            .since
            .checked_add(running.interval.saturating_sub(early))
    }

    /// Returns the value of `Session-Expires` in our response to the peer's request.
    pub(crate) fn in_response(self) -> Option<Value> {
        let running = self.0?;
        let refresher = if running.is_ours { "uas" } else { "uac" };
        let seconds = running.interval.as_secs();
        Some(Value::lossy(&format!("{seconds};refresher={refresher}")))
    }
}

/// Returns the interval that the peer wants if it is too small.
pub(crate) fn is_too_small(headers: &Headers) -> bool {
    let field = headers.get(&Name::SESSION_EXPIRES).and_then(read_seconds);
    field.is_some_and(|(seconds, _)| seconds < MIN_SE)
}

/// Returns the value of `Session-Expires` in our INVITE and UPDATE.
pub(crate) fn in_request(seconds: u32) -> Value {
    Value::lossy(&format!("{seconds};refresher=uac"))
}

/// The interval that we ask for, in seconds; that of RFC 4028, section 4.
pub(crate) const SESSION_EXPIRES: u32 = 1800;

/// The smallest interval, in seconds (section 5).
pub(crate) const MIN_SE: u32 = 90;

/// The largest interval that a peer may demand with 422, in seconds.
pub(crate) const MAX_SE: u32 = 24 * 3600;

/// How long before its end a session that was not refreshed is over.
const EARLY: Duration = Duration::from_secs(32);
