//! One queue for each phone: its requests are sent in the order of their arrival, and a slow or dead
//! phone delays no other.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use handset_phones::phone::Phone;
use handset_phones::verb::{Action, Control, Priority, Push, Request, TransferKind};

/// The queues. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Queues(Arc<Mutex<HashMap<Arc<str>, Queue>>>);

/// The requests waiting for one phone, while another is being sent to it.
#[derive(Debug, Default)]
struct Queue {
    next: u64,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    /// Whether a newer screen replaces it.
    is_screen: bool,
    admit: oneshot::Sender<Admission>,
}

/// A slot in a queue; dropping it admits the next request.
#[derive(Debug)]
pub(super) struct QueueSlot {
    queues: Queues,
    /// The queue and the number in it; `None` if the request does not queue, or has left.
    place: Option<(Arc<str>, u64)>,
    admission: Option<oneshot::Receiver<Admission>>,
    releases_early: bool,
}

/// How waiting ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Admission {
    /// The request may be sent.
    Now,
    /// A newer screen has replaced it.
    Replaced,
}

/// The queue of the phone is full.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the queue of this phone is full")]
pub(super) struct Full;

impl Queues {
    /// Queues a request behind all others for `phone`.
    pub(super) fn enter(&self, phone: &Phone, request: &Request) -> Result<QueueSlot, Full> {
        let kind = Kind::of(request);
        if kind == Kind::Bypass {
            return Ok(self.slot(None, None, false));
        }
        // By the address, since one phone may have several names.
        self.enter_queue(phone.address.authority().into(), kind, is_screen(request))
    }

    /// Queues behind all others of this name; the order is kept, and nothing is replaced.
    pub(super) fn enter_as(&self, name: String) -> Result<QueueSlot, Full> {
        self.enter_queue(name.into(), Kind::Plain, false)
    }

    fn enter_queue(
        &self,
        name: Arc<str>,
        kind: Kind,
        replaces_screens: bool,
    ) -> Result<QueueSlot, Full> {
        let mut queues = self.0.lock();
        let Some(queue) = queues.get_mut(&name) else {
            queues.insert(Arc::clone(&name), Queue::default());
            return Ok(self.slot(Some((name, 0)), None, kind == Kind::ReleasesEarly));
        };
        if replaces_screens {
            queue.replace_screens();
        }
        if queue.waiting.len() >= MAX_WAITING {
            return Err(Full);
        }
        queue.next = queue.next.wrapping_add(1);
        let (admit, admission) = oneshot::channel();
        let number = queue.next;
        queue.waiting.push_back(Waiting {
            number,
            is_screen: kind == Kind::Screen,
            admit,
        });
        Ok(self.slot(
            Some((name, number)),
            Some(admission),
            kind == Kind::ReleasesEarly,
        ))
    }

    /// Returns how many requests wait, for all phones together.
    pub(super) fn len(&self) -> usize {
        self.0
            .lock()
            .values()
            .map(|queue| queue.waiting.len())
            .sum()
    }

    fn slot(
        &self,
        place: Option<(Arc<str>, u64)>,
        admission: Option<oneshot::Receiver<Admission>>,
        releases_early: bool,
    ) -> QueueSlot {
        QueueSlot {
            queues: self.clone(),
            place,
            admission,
            releases_early,
        }
    }

    /// Admits the next request, or removes the queue.
    fn advance(&self, name: &str) {
        let mut queues = self.0.lock();
        let Some(queue) = queues.get_mut(name) else {
            return;
        };
        while let Some(next) = queue.waiting.pop_front() {
            // A request that was dropped meanwhile is skipped.
            if next.admit.send(Admission::Now).is_ok() {
                return;
            }
        }
        queues.remove(name);
    }
}

impl Queue {
    fn replace_screens(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let (screens, others) = waiting.into_iter().partition(|one| one.is_screen);
        self.waiting = others;
        let screens: VecDeque<Waiting> = screens;
        for screen in screens {
            // It may have been dropped meanwhile.
            let _ = screen.admit.send(Admission::Replaced);
        }
    }
}

impl QueueSlot {
    /// Returns whether the request was admitted when it came, or [`admission`](Self::admission) said so.
    pub(super) fn is_admitted(&self) -> bool {
        self.admission.is_none()
    }

    /// Waits until the request may be sent. Cancel safe.
    pub(super) async fn admission(&mut self) -> Admission {
        let admission = match &mut self.admission {
            // The sender is dropped only with its queue.
            Some(admission) => admission.await.unwrap_or(Admission::Now),
            None => Admission::Now,
        };
        self.admission = None;
        if admission == Admission::Replaced {
            self.place = None;
        }
        admission
    }

    /// Admits the next request if it need not wait for the end of this one. Not before this one is sent: it may
    /// wait for a worker or a place when it has been admitted.
    pub(super) fn begin(&mut self) {
        if self.releases_early {
            self.leave();
        }
    }

    fn leave(&mut self) {
        let Some((name, number)) = self.place.take() else {
            return;
        };
        if self.admission.is_some() {
            // It still waits, unless it was admitted just now without having read that.
            let mut queues = self.queues.0.lock();
            if let Some(queue) = queues.get_mut(&name)
                && let Some(at) = queue.waiting.iter().position(|one| one.number == number)
            {
                queue.waiting.remove(at);
                return;
            }
        }
        self.queues.advance(&name);
    }
}

impl Drop for QueueSlot {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Returns whether a request hides the screens shown before it.
fn is_screen(request: &Request) -> bool {
    let is_now = |push: &Push| push.priority == Priority::Now;
    matches!(&request.action, Action::Push(push) if is_now(push))
}

/// Returns whether the caller neither waits for a request nor wants it stored.
fn is_optional(request: &Request) -> bool {
    !request.wait && request.keep.is_none()
}

/// How a request queues.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// In order.
    Plain,
    /// Not at all, since it ends what is in progress.
    Bypass,
    /// In order, but the next request need not wait for its end: some phones reply after the tone has
    /// been played, and a call ends only when it is answered.
    ReleasesEarly,
    /// In order, unless a newer screen arrives first; no caller waits for it.
    Screen,
}

impl Kind {
    fn of(request: &Request) -> Self {
        match &request.action {
            Action::Control(Control::RingStop | Control::StreamStop) => Self::Bypass,
            Action::Ring(_)
            | Action::Control(
                Control::Dial { .. }
                | Control::Transfer {
                    kind: TransferKind::Attended,
                    ..
                },
            ) => Self::ReleasesEarly,
            // Screens with `wait` or `keep` are sent, even if they show only for a moment.
            Action::Push(_) if is_screen(request) && is_optional(request) => Self::Screen,
            _ => Self::Plain,
        }
    }
}

/// How many requests may wait for one phone.
const MAX_WAITING: usize = 2000;

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use handset_phones::phone::Vendor;

    fn phone(address: &str) -> Phone {
        Phone {
            address: address.parse().unwrap(),
            ..Phone::example(Vendor::Cisco, "")
        }
    }

    struct Bench(Queues);

    impl Bench {
        fn enter(&self, words: &str) -> QueueSlot {
            self.try_enter(words).unwrap()
        }

        fn try_enter(&self, words: &str) -> Result<QueueSlot, Full> {
            let (verb, rest) = words.split_once(' ').unwrap_or((words, ""));
            let pairs = rest.split(' ').filter_map(|pair| pair.split_once('='));
            let request = Request::parse(verb, pairs).unwrap();
            self.0.enter(&phone("192.0.2.21"), &request)
        }
    }

    fn admitted(slot: &mut QueueSlot) -> Option<Admission> {
        slot.admission().now_or_never()
    }

    #[test]
    fn requests_to_a_phone_wait_for_the_one_before() {
        let bench = Bench(Queues::default());
        let mut first = bench.enter("clear");
        let mut second = bench.enter("key keys=1");
        let mut third = bench.enter("clear");
        assert_eq!(admitted(&mut first), Some(Admission::Now));
        assert_eq!((admitted(&mut second), admitted(&mut third)), (None, None));
        assert_eq!(bench.0.len(), 2);
        drop(first);
        assert_eq!(bench.0.len(), 1);
        assert_eq!(admitted(&mut second), Some(Admission::Now));
        drop(second);
        assert_eq!(admitted(&mut third), Some(Admission::Now));
        drop(third);
        assert!(bench.0.0.lock().is_empty());
    }

    #[test]
    fn requests_to_another_phone_do_not_wait() {
        let bench = Bench(Queues::default());
        let _slow = bench.enter("clear");
        let request = Request::parse("clear", [("phone", "1002")]).unwrap();
        let mut other = bench.0.enter(&phone("192.0.2.22"), &request).unwrap();
        assert_eq!(admitted(&mut other), Some(Admission::Now));
    }

    #[test]
    fn newer_screen_replaces_waiting_ones() {
        let bench = Bench(Queues::default());
        let mut shown = bench.enter("push text=1 wait=no");
        let mut old = bench.enter("push text=2 wait=no");
        let mut key = bench.enter("key keys=1");
        let mut later = bench.enter("push text=3 priority=idle wait=no");
        let mut awaited = bench.enter("push text=5");
        let mut kept = bench.enter("push text=6 wait=no keep=1h");
        let mut new = bench.enter("push text=4 wait=no");
        assert_eq!(admitted(&mut old), Some(Admission::Replaced));
        // A request that is being sent is not replaced.
        assert_eq!(admitted(&mut shown), Some(Admission::Now));
        drop((shown, old));
        assert_eq!(admitted(&mut key), Some(Admission::Now));
        drop(key);
        assert_eq!(admitted(&mut later), Some(Admission::Now));
        drop(later);
        assert_eq!(admitted(&mut awaited), Some(Admission::Now));
        drop(awaited);
        assert_eq!(admitted(&mut kept), Some(Admission::Now));
        drop(kept);
        assert_eq!(admitted(&mut new), Some(Admission::Now));
    }

    #[test]
    fn stops_bypass_the_queue_and_tones_release_it_early() {
        let bench = Bench(Queues::default());
        let mut tone = bench.enter("ring tone=1");
        let mut push = bench.enter("push text=1 wait=no");
        let mut stop = bench.enter("ring stop=yes");
        assert_eq!(admitted(&mut stop), Some(Admission::Now));
        assert_eq!(admitted(&mut tone), Some(Admission::Now));
        assert_eq!(admitted(&mut push), None);
        tone.begin();
        assert_eq!(admitted(&mut push), Some(Admission::Now));
        drop(tone);
        let _still = bench.enter("clear");
        assert_eq!(bench.0.len(), 1);
    }

    #[test]
    fn dropped_requests_make_room_and_too_many_are_refused() {
        let bench = Bench(Queues::default());
        let first = bench.enter("clear");
        let mut waiting: Vec<_> = (0..MAX_WAITING).map(|_| bench.enter("clear")).collect();
        assert_eq!(bench.try_enter("clear").unwrap_err(), Full);
        assert_eq!(admitted(&mut waiting[3]), None);
        drop(waiting.remove(3));
        waiting.push(bench.enter("clear"));
        assert_eq!(admitted(waiting.first_mut().unwrap()), None);
        drop(first);
        // The first of them is admitted, and dropped without reading that.
        drop(waiting.remove(0));
        let second = waiting.first_mut().unwrap();
        assert_eq!(admitted(second), Some(Admission::Now));
    }
}
