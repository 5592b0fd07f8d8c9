//! The queue of reported events, of which each address has a share.
//!
//! A client that may connect can report as many events as the server can read. So an address may have a
//! limited number of events in the queue and report a limited number in a while; the queue is emptied
//! in turn, one event per address; and when it is full, the address that has most gives way.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use handset_net::listener::rate_limit_key;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::url_event::ActionUrlEvent;

/// Creates an empty queue.
pub fn event_queue() -> (EventSender, EventReceiver) {
    let shared = Arc::new(Shared {
        queue: Mutex::new(Queue::default()),
        arrived: Notify::new(),
    });
    (EventSender(Arc::clone(&shared)), EventReceiver(shared))
}

/// Puts events into the queue.
#[derive(Clone, Debug)]
pub struct EventSender(Arc<Shared>);

/// Takes events out of the queue.
#[derive(Debug)]
pub struct EventReceiver(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    arrived: Notify,
}

/// Why an event was dropped.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Dropped {
    /// Its address reports too many.
    #[error("its address reports more than {MAX_RATE} events in {WINDOW:?}")]
    TooMany,
    /// Too many events of its address wait.
    #[error("the queue is full of events of its address")]
    Full,
}

impl EventSender {
    /// Adds an event, or drops it if its address has no room.
    pub(super) fn send(&self, event: ActionUrlEvent) -> Result<(), Dropped> {
        self.0.queue.lock().push(event, Instant::now())?;
        self.0.arrived.notify_one();
        Ok(())
    }
}

impl EventReceiver {
    /// Waits for the next event. Cancel safe.
    pub async fn recv(&mut self) -> ActionUrlEvent {
        loop {
            if let Some(event) = self.try_recv() {
                return event;
            }
            self.0.arrived.notified().await;
        }
    }

    /// Returns the next event, if there is one.
    pub fn try_recv(&mut self) -> Option<ActionUrlEvent> {
        self.0.queue.lock().pop()
    }
}

#[derive(Debug)]
struct Queue {
    /// The events of each address, in order; none is empty.
    events: HashMap<IpAddr, VecDeque<ActionUrlEvent>>,
    /// The addresses with events, the one whose turn it is first.
    turns: VecDeque<IpAddr>,
    /// The same with their number of events.
    by_length: BTreeSet<(usize, IpAddr)>,
    count: usize,
    /// How many events an address has reported within [`WINDOW`].
    rates: ExpiringMap<IpAddr, usize>,
}

impl Queue {
    fn push(&mut self, event: ActionUrlEvent, now: Instant) -> Result<(), Dropped> {
        let address = rate_limit_key(event.peer.ip());
        match self.rates.get_mut(&address, now) {
            Some(rate) if *rate >= MAX_RATE => return Err(Dropped::TooMany),
            Some(rate) => *rate += 1,
            None => {
                self.rates.insert(address, 1, WINDOW, now);
            }
        }
        let length = self.events.get(&address).map_or(0, VecDeque::len);
        if length >= MAX_EACH {
            return Err(Dropped::Full);
        }
        if self.count >= MAX_ALL && !self.shorten_longest(length) {
            return Err(Dropped::Full);
        }
        if length == 0 {
            self.turns.push_back(address);
        }
        self.events.entry(address).or_default().push_back(event);
        self.set_length(address, length, length + 1);
        self.count += 1;
        Ok(())
    }

    fn pop(&mut self) -> Option<ActionUrlEvent> {
        let address = self.turns.pop_front()?;
        let events = self.events.get_mut(&address)?;
        let event = events.pop_front();
        let length = events.len();
        if length == 0 {
            self.events.remove(&address);
        } else {
            self.turns.push_back(address);
        }
        self.set_length(address, length + 1, length);
        self.count -= 1;
        event
    }

    /// Drops the last event of the address that has most, if that is more than `length` and one.
    fn shorten_longest(&mut self, length: usize) -> bool {
        let Some((longest, address)) = self.by_length.last().copied() else {
            return false;
        };
        // It keeps at least one, so it stays in `turns`.
        if longest <= length + 1 {
            return false;
        }
        if let Some(events) = self.events.get_mut(&address) {
            events.pop_back();
        }
        self.set_length(address, longest, longest - 1);
        self.count -= 1;
        true
    }

    fn set_length(&mut self, address: IpAddr, old: usize, new: usize) {
        self.by_length.remove(&(old, address));
        if new > 0 {
            self.by_length.insert((new, address));
        }
    }
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            events: HashMap::new(),
            turns: VecDeque::new(),
            by_length: BTreeSet::new(),
            count: 0,
            rates: ExpiringMap::new(MAX_ADDRESSES),
        }
    }
}

/// How many events may wait. An event has a few times the size of its query, so all of them together take
/// up to 64 MiB.
const MAX_ALL: usize = 2048;

/// How many events of one address may wait. Phones report a few per call; behind one NAT or proxy there
/// may be hundreds of them.
const MAX_EACH: usize = 256;

/// How many events one address may report within [`WINDOW`]. Otherwise a flood would push everything else
/// out of the event stream.
const MAX_RATE: usize = 1000;

/// How long a report counts, from the first one on.
const WINDOW: Duration = Duration::from_secs(10);

/// How many addresses are counted; those whose window ends next make room.
const MAX_ADDRESSES: usize = 4096;

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};

    use handset_phones::phone::Vendor;

    use super::*;

    fn event(last: u32, name: usize) -> ActionUrlEvent {
        let ip = Ipv4Addr::from_bits(0xC000_0200 + last);
        ActionUrlEvent {
            vendor: Vendor::Snom,
            event: name.to_string(),
            peer: SocketAddr::from((ip, 1024)),
            has_key: false,
            values: Vec::new(),
        }
    }

    fn push(queue: &mut Queue, last: u32, name: usize) -> Result<(), Dropped> {
        queue.push(event(last, name), Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn flooding_address_does_not_delay_others() {
        let mut queue = Queue::default();
        let kept = (0..10_000).filter(|name| push(&mut queue, 9, *name).is_ok());
        assert_eq!(kept.count(), MAX_EACH);
        for phone in 11..29 {
            push(&mut queue, phone, 0).unwrap();
            push(&mut queue, phone, 1).unwrap();
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order.len(), MAX_EACH + 36);
        // One in turn, in the order of each.
        let first: Vec<_> = order.iter().take(38).map(|event| &*event.event).collect();
        assert_eq!(first[..19], ["0"; 19]);
        assert_eq!(first[19..], ["1"; 19]);
        assert_eq!((queue.count, queue.turns.len()), (0, 0));
        assert!(queue.events.is_empty() && queue.by_length.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_with_most_events_make_room_in_a_full_queue() {
        let mut queue = Queue::default();
        for address in 0..8 {
            for name in 0..MAX_EACH {
                push(&mut queue, address, name).unwrap();
            }
        }
        assert_eq!(queue.count, MAX_ALL);
        assert_eq!(push(&mut queue, 0, 0), Err(Dropped::Full));
        for phone in 100..118 {
            push(&mut queue, phone, 0).unwrap();
        }
        assert_eq!(queue.count, MAX_ALL);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        let heard = order.iter().take(26).filter(|event| event.event == "0");
        assert_eq!((order.len(), heard.count()), (MAX_ALL, 26));
        // Every address has one: none is evicted.
        for address in 0..u32::try_from(MAX_ALL).unwrap() {
            push(&mut queue, 1000 + address, 0).unwrap();
        }
        assert_eq!(push(&mut queue, 1, 0), Err(Dropped::Full));
        assert_eq!(std::iter::from_fn(|| queue.pop()).count(), MAX_ALL);
    }

    #[tokio::test(start_paused = true)]
    async fn address_has_a_limited_rate_even_if_the_queue_is_emptied() {
        let mut queue = Queue::default();
        let send = |queue: &mut Queue, last| {
            let sent = push(queue, last, 0);
            queue.pop();
            sent
        };
        for _ in 0..MAX_RATE {
            send(&mut queue, 9).unwrap();
        }
        assert_eq!(send(&mut queue, 9), Err(Dropped::TooMany));
        send(&mut queue, 10).unwrap();
        tokio::time::advance(WINDOW).await;
        send(&mut queue, 9).unwrap();
    }

    #[tokio::test]
    async fn receiver_waits_for_events() {
        let (sender, mut receiver) = event_queue();
        assert_eq!(receiver.try_recv(), None);
        let (received, ()) = tokio::join!(receiver.recv(), async {
            tokio::task::yield_now().await;
            sender.send(event(1, 5)).unwrap();
        });
        assert_eq!(received.event, "5");
    }
}
