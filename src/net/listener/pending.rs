//! Accepted connections that have no slot yet.
//!
//! Whether there is a slot depends on the address of the client only, so each address is asked about once,
//! however many of its connections wait. With a question for each connection, a flood from one address
//! would cost the square of what may wait.

use std::collections::{BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::Instant;

use super::slots::NoSlot;
use super::table::rate_limit_key;

/// An accepted connection.
#[derive(Debug)]
pub(super) struct Pending<S = TcpStream> {
    pub(super) stream: S,
    pub(super) peer: SocketAddr,
    pub(super) since: Instant,
}

/// The connections that wait for a slot.
#[derive(Debug)]
pub(super) struct PendingQueue<S = TcpStream> {
    /// Oldest first.
    connections: VecDeque<Pending<S>>,
    /// How long each may wait.
    limit: Duration,
}

/// The state of a [`PendingQueue`].
#[derive(Debug)]
pub(super) enum Progress<T, S = TcpStream> {
    /// A connection has a slot.
    Admitted(Pending<S>, T),
    /// A connection gets no slot, for this reason.
    Refused(Pending<S>, &'static str),
    /// All connections wait for a change, or until this moment.
    Waiting(Option<Instant>),
}

impl<S> PendingQueue<S> {
    /// Creates a queue whose connections wait no longer than `limit`.
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            connections: VecDeque::new(),
            limit,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.connections.len()
    }

    /// Adds a connection that was accepted now.
    pub(super) fn push(&mut self, stream: S, peer: SocketAddr) {
        self.connections.push_back(Pending {
            stream,
            peer,
            since: Instant::now(),
        });
    }

    /// Removes the oldest connection to whose address `admit` gives a slot, or one that gets none.
    pub(super) fn advance<T>(
        &mut self,
        mut admit: impl FnMut(IpAddr) -> Result<T, NoSlot>,
    ) -> Progress<T, S> {
        let now = Instant::now();
        let mut wake = None;
        let mut waiting = BTreeSet::new();
        for at in 0..self.connections.len() {
            let next = &self.connections[at];
            let address = rate_limit_key(next.peer.ip());
            if waiting.contains(&address) {
                continue;
            }
            let end = next.since + self.limit;
            let progress = match admit(address) {
                Ok(slot) => self.remove(at).map(|next| Progress::Admitted(next, slot)),
                Err(NoSlot::Rejected) => self.refuse(at, "its address has too many connections"),
                Err(_) if end <= now => self.refuse(at, "all connections are in use"),
                // What follows is younger, and waits longer.
                Err(NoSlot::Full) => return Progress::Waiting(earliest([wake, Some(end)])),
                Err(NoSlot::Wait(until)) => {
                    wake = earliest([wake, until, Some(end)]);
                    waiting.insert(address);
                    None
                }
            };
            if let Some(progress) = progress {
                return progress;
            }
        }
        Progress::Waiting(wake)
    }

    fn remove(&mut self, at: usize) -> Option<Pending<S>> {
        self.connections.remove(at)
    }

    fn refuse<T>(&mut self, at: usize, reason: &'static str) -> Option<Progress<T, S>> {
        self.remove(at).map(|next| Progress::Refused(next, reason))
    }
}

fn earliest<const N: usize>(moments: [Option<Instant>; N]) -> Option<Instant> {
    moments.into_iter().flatten().min()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn queue(last: impl IntoIterator<Item = u8>) -> PendingQueue<()> {
        let mut queue = PendingQueue::new(Duration::from_secs(10));
        for last in last {
            queue.push((), (address(last), 1).into());
        }
        queue
    }

    fn address(last: u8) -> IpAddr {
        Ipv4Addr::new(192, 0, 2, last).into()
    }

    #[tokio::test(start_paused = true)]
    async fn each_address_is_asked_about_once() {
        let mut queue = queue([1, 1, 2, 1, 2, 3]);
        let mut asked = Vec::new();
        let progress = queue.advance(|address| {
            asked.push(address);
            Err::<(), _>(NoSlot::Wait(None))
        });
        assert!(matches!(progress, Progress::Waiting(Some(_))));
        assert_eq!(asked, [1, 2, 3].map(address));
        let mut count = 0;
        let progress = queue.advance(|_| {
            count += 1;
            Err::<(), _>(NoSlot::Full)
        });
        assert!(matches!(progress, Progress::Waiting(Some(_))));
        assert_eq!(count, 1, "none has a slot while there are none");
    }

    #[tokio::test(start_paused = true)]
    async fn client_passes_those_of_another_address() {
        let mut queue = queue([1, 1, 2, 1, 2]);
        for left in [4, 3] {
            let progress = queue.advance(|peer| {
                let is_free = peer == address(2);
                is_free.then_some(()).ok_or(NoSlot::Wait(None))
            });
            let Progress::Admitted(Pending { peer, .. }, ()) = progress else {
                panic!("{progress:?}");
            };
            assert_eq!(peer.ip(), address(2));
            assert_eq!(queue.len(), left);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn wait_ends_at_its_limit_or_with_the_share_of_the_address() {
        let mut queue = queue([1, 1]);
        let full = |_| Err::<(), _>(NoSlot::Full);
        let Progress::Waiting(Some(end)) = queue.advance(full) else {
            panic!("it waits");
        };
        assert_eq!(end, Instant::now() + Duration::from_secs(10));
        tokio::time::sleep_until(end).await;
        queue.push((), (address(2), 1).into());
        for no_slot in [NoSlot::Full, NoSlot::Wait(None)] {
            let progress = queue.advance(|_| Err::<(), _>(no_slot.clone()));
            let Progress::Refused(Pending { peer, .. }, reason) = progress else {
                panic!("{progress:?}");
            };
            assert_eq!(peer.ip(), address(1));
            assert_eq!(reason, "all connections are in use");
        }
        assert!(matches!(queue.advance(full), Progress::Waiting(Some(_))));
        let progress = queue.advance(|_| Err::<(), _>(NoSlot::Rejected));
        assert!(matches!(progress, Progress::Refused(..)), "{progress:?}");
        assert_eq!(queue.len(), 0);
    }
}
