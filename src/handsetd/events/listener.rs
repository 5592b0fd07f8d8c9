//! Receives the events of an Asterisk server, and determines whether this daemon acts on them.

use std::time::Duration;

use handset_ami as ami;
use handset_phones::phone::ServerName;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};

use super::input::Input;
use super::server_events::ServerEvents;
use crate::fleet::Role;
use crate::rules::Fact;

/// Forwards the events of a server, and a `handsetd.gap` after each reconnection and when this daemon takes
/// over from another. Without other daemons, `role` is `None`.
pub(super) async fn listen(
    server: ServerEvents,
    role: Option<watch::Receiver<Role>>,
    sender: &mpsc::Sender<Input>,
) {
    let ServerEvents { client, mut events } = server;
    let mut state = client.state();
    let mut last = None;
    let name = client.name().to_owned();
    let of = name.parse::<ServerName>().ok();
    let mut duty = role.map(Duty::new);
    loop {
        let mut facts: Vec<_> = tokio::select! {
            events = events.next_batch() => match events {
                Some(events) => events
                    .into_iter()
                    .map(|event| Fact::from(event).of_server(of.clone()))
                    .collect(),
                None => return,
            },
            changed = state.changed() => match changed {
                Ok(()) => missed(&state.borrow_and_update(), &mut last)
                    .map(|missed| gap(&name, missed))
                    .into_iter()
                    .collect(),
                Err(_) => return,
            },
            () = changed(&mut duty) => Vec::new(),
        };
        let acts = match &mut duty {
            None => true,
            Some(duty) => {
                let decided = duty.decide(!facts.is_empty()).await;
                let missed = decided.gap.map(|missed| gap(&name, missed));
                facts.splice(..0, missed);
                decided.acts
            }
        };
        if facts.is_empty() {
            continue;
        }
        let facts = facts.into();
        if sender.send(Input::Facts { facts, acts }).await.is_err() {
            return;
        }
    }
}

/// Waits for a change of role; forever if there are no other daemons. Cancel safe.
async fn changed(duty: &mut Option<Duty>) {
    match duty {
        Some(duty) => duty.changed().await,
        None => std::future::pending().await,
    }
}

/// Whether this daemon acts on the events of a server.
struct Duty {
    role: watch::Receiver<Role>,
    /// The latest term whose start was reported.
    term: Option<u64>,
    /// Whether the wait for a decision has timed out, and none has been made since.
    is_overdue: bool,
}

/// What to do with events.
#[derive(Debug, Eq, PartialEq)]
struct Decided {
    acts: bool,
    /// How long no daemon acted on events, if this daemon has just taken over.
    gap: Option<Duration>,
}

impl Duty {
    fn new(role: watch::Receiver<Role>) -> Self {
        Self {
            role,
            term: None,
            is_overdue: false,
        }
    }

    /// Waits for a change of role. Cancel safe.
    async fn changed(&mut self) {
        if self.role.changed().await.is_err() {
            // The daemon is stopping.
            std::future::pending::<()>().await;
        }
    }

    /// Returns what to do with received events; if there are any, waits until it is known which daemon acts
    /// on them.
    async fn decide(&mut self, has_events: bool) -> Decided {
        let deadline = Instant::now() + MAX_UNDECIDED;
        loop {
            if let Some(decided) = self.now() {
                self.is_overdue = false;
                return decided;
            }
            let is_awaited = has_events && !self.is_overdue;
            if !is_awaited || !matches!(timeout_at(deadline, self.role.changed()).await, Ok(Ok(())))
            {
                self.is_overdue |= is_awaited;
                return Decided {
                    acts: false,
                    gap: None,
                };
            }
        }
    }

    fn now(&mut self) -> Option<Decided> {
        let role = *self.role.borrow_and_update();
        match role {
            Role::Undecided => None,
            // This process may have been suspended: another daemon may have taken over.
            Role::Leads {
                until: Some(until), ..
            } if until <= Instant::now() => None,
            Role::Leads { term, gap, .. } => {
                let is_new = self.term.replace(term) != Some(term);
                Some(Decided {
                    acts: true,
                    gap: gap.filter(|_| is_new),
                })
            }
            Role::Follows => Some(Decided {
                acts: false,
                gap: None,
            }),
        }
    }
}

/// Returns how long events were missed before this connection.
///
/// A connection is reported again when Asterisk has booted; `last` is the login of the latest one.
fn missed(state: &ami::State, last: &mut Option<Instant>) -> Option<Duration> {
    let ami::State::Connected(connected) = state else {
        return None;
    };
    if last.replace(connected.since) == Some(connected.since) {
        return None;
    }
    connected.gap
}

/// Returns the event `handsetd.gap`.
fn gap(server: &str, missed: Duration) -> Fact {
    let seconds = format!("{:.3}", missed.as_secs_f64());
    let values = [("Server", server.to_owned()), ("Seconds", seconds)];
    let values = values.map(|(name, value)| (name.to_owned(), value));
    Fact::new("handsetd.gap", values).of_server(server.parse().ok())
}

/// Maximum time that events wait for the decision. A NATS server that is lost may have led the stream of the
/// leases: then no daemon can renew one for up to ten seconds. The loss of all servers is noticed in as much
/// time.
const MAX_UNDECIDED: Duration = Duration::from_secs(12);

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(term: u64, gap: Option<u64>, until: Option<Instant>) -> Role {
        let gap = gap.map(Duration::from_secs);
        Role::Leads { term, gap, until }
    }

    fn decided(acts: bool, gap: Option<u64>) -> Decided {
        let gap = gap.map(Duration::from_secs);
        Decided { acts, gap }
    }

    #[tokio::test(start_paused = true)]
    async fn gap_is_reported_once_per_term() {
        let (role, receiver) = watch::channel(Role::Follows);
        let mut duty = Duty::new(receiver);
        assert_eq!(duty.decide(true).await, decided(false, None));
        role.send_replace(leads(1, Some(7), None));
        duty.changed().await;
        assert_eq!(duty.decide(false).await, decided(true, Some(7)));
        assert_eq!(duty.decide(true).await, decided(true, None));
        // The lease is renewed.
        role.send_replace(leads(1, Some(7), Some(Instant::now() + MAX_UNDECIDED)));
        assert_eq!(duty.decide(true).await, decided(true, None));
        role.send_replace(leads(2, Some(3), None));
        assert_eq!(duty.decide(true).await, decided(true, Some(3)));
    }

    #[tokio::test(start_paused = true)]
    async fn events_wait_until_it_is_known_who_acts_on_them() {
        let (role, receiver) = watch::channel(Role::Undecided);
        let mut duty = Duty::new(receiver);
        let lead = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            role.send_replace(leads(1, None, None));
        };
        let (waited, ()) = tokio::join!(duty.decide(true), lead);
        assert_eq!(waited, decided(true, None));
    }

    #[tokio::test(start_paused = true)]
    async fn lease_that_has_run_out_decides_nothing() {
        let lease = Duration::from_secs(10);
        let (role, receiver) = watch::channel(leads(1, None, Some(Instant::now() + lease)));
        let mut duty = Duty::new(receiver);
        assert_eq!(duty.decide(true).await, decided(true, None));
        tokio::time::advance(lease).await;
        let lose = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            role.send_replace(Role::Follows);
        };
        let (waited, ()) = tokio::join!(duty.decide(true), lose);
        assert_eq!(waited, decided(false, None));
    }

    #[tokio::test(start_paused = true)]
    async fn decision_that_never_comes_is_awaited_once() {
        let (role, receiver) = watch::channel(Role::Undecided);
        let mut duty = Duty::new(receiver);
        let began = Instant::now();
        for _ in 0..3 {
            assert_eq!(duty.decide(true).await, decided(false, None));
        }
        assert_eq!(began.elapsed(), MAX_UNDECIDED);
        role.send_replace(leads(1, Some(20), None));
        assert_eq!(duty.decide(true).await, decided(true, Some(20)));
        role.send_replace(Role::Undecided);
        duty.decide(true).await;
        assert_eq!(began.elapsed(), 2 * MAX_UNDECIDED);
    }
}
