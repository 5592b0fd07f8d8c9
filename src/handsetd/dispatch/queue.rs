//! One queue for each phone: what is asked of it is sent in the order in which it was asked, and a
//! phone that is slow or dead delays no other.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use handset_phones::phone::Phone;
use handset_phones::verb::{Action, Control, Priority, Push, Request, TransferKind};

/// The queues. Cheap to clone; all clones are the same queues.
#[derive(Clone, Debug, Default)]
pub(super) struct Queues(Arc<Mutex<HashMap<String, Queue>>>);

/// What waits for one phone, while something is being sent to it.
#[derive(Debug, Default)]
struct Queue {
    next: u64,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    /// Whether it is a screen that a newer one makes needless.
    is_screen: bool,
    go: oneshot::Sender<Admission>,
}

/// A place in a queue, which is left when this is dropped.
#[derive(Debug)]
pub(super) struct QueueSlot {
    queues: Queues,
    /// The queue and the number in it; `None` for what does not queue.
    place: Option<(String, u64)>,
    come: Option<oneshot::Receiver<Admission>>,
    passes: bool,
}

/// What became of waiting.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Admission {
    /// It is sent now.
    Now,
    /// A newer screen took its place.
    Replaced,
}

/// Too much waits for the phone already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Full;

impl Queues {
    /// Takes a place behind all that waits for `phone`.
    pub(super) fn enter(&self, phone: &Phone, request: &Request) -> Result<QueueSlot, Full> {
        let kind = Kind::of(request);
        if kind == Kind::Bypass {
            return Ok(self.turn(None, None, false));
        }
        // By the address, since one phone may have several names.
        let name = phone.address.to_string();
        let mut queues = self.lock();
        let Some(queue) = queues.get_mut(&name) else {
            queues.insert(name.clone(), Queue::default());
            return Ok(self.turn(Some((name, 0)), None, kind == Kind::Passes));
        };
        if is_screen(request) {
            queue.replace_screens();
        }
        if queue.waiting.len() >= MAX_WAITING {
            return Err(Full);
        }
        queue.next = queue.next.wrapping_add(1);
        let (go, come) = oneshot::channel();
        let number = queue.next;
        queue.waiting.push_back(Waiting {
            number,
            is_screen: kind == Kind::Screen,
            go,
        });
        Ok(self.turn(Some((name, number)), Some(come), kind == Kind::Passes))
    }

    /// Returns how much waits, for all phones together.
    pub(super) fn len(&self) -> usize {
        self.lock().values().map(|queue| queue.waiting.len()).sum()
    }

    fn turn(
        &self,
        place: Option<(String, u64)>,
        come: Option<oneshot::Receiver<Admission>>,
        passes: bool,
    ) -> QueueSlot {
        QueueSlot {
            queues: self.clone(),
            place,
            come,
            passes,
        }
    }

    /// Lets the next one come, or forgets the queue.
    fn advance(&self, name: &str) {
        let mut queues = self.lock();
        let Some(queue) = queues.get_mut(name) else {
            return;
        };
        while let Some(next) = queue.waiting.pop_front() {
            // Who has gone meanwhile is passed over.
            if next.go.send(Admission::Now).is_ok() {
                return;
            }
        }
        queues.remove(name);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Queue>> {
        // Each queue is whole, whoever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn replace_screens(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        let (screens, others) = waiting.into_iter().partition(|one| one.is_screen);
        self.waiting = others;
        let screens: VecDeque<Waiting> = screens;
        for screen in screens {
            // Who has gone meanwhile needs no word.
            let _ = screen.go.send(Admission::Replaced);
        }
    }
}

impl QueueSlot {
    /// Waits for the turn. Cancel safe.
    pub(super) async fn come(&mut self) -> Admission {
        let come = match &mut self.come {
            // The sender is dropped by nobody but a queue that is forgotten.
            Some(come) => come.await.unwrap_or(Admission::Now),
            None => Admission::Now,
        };
        self.come = None;
        match come {
            Admission::Replaced => self.place = None,
            Admission::Now if self.passes => self.leave(),
            Admission::Now => {}
        }
        come
    }

    fn leave(&mut self) {
        let Some((name, number)) = self.place.take() else {
            return;
        };
        if self.come.is_some() {
            // It still waits, unless its turn came just now and nobody has heard of it.
            let mut queues = self.queues.lock();
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

/// Whether what is shown before will not be seen any more.
fn is_screen(request: &Request) -> bool {
    let is_now = |push: &Push| push.priority == Priority::Now;
    matches!(&request.action, Action::Push(push) if is_now(push))
}

/// Whether nobody minds if it is never sent.
fn is_idle(request: &Request) -> bool {
    !request.wait && request.keep.is_none()
}

/// How a request queues.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// In its turn.
    Plain,
    /// Not at all, since it ends what is under way.
    Bypass,
    /// In its turn, but the next one need not wait for its end: some phones answer when the tone has
    /// been played, and a call is not over before somebody answers it.
    Passes,
    /// In its turn, unless a newer one comes before; nobody waits for it.
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
            ) => Self::Passes,
            // Whoever waits for a screen gets it, even if only for a moment; so does whoever asked to
            // keep it.
            Action::Push(_) if is_screen(request) && is_idle(request) => Self::Screen,
            _ => Self::Plain,
        }
    }
}

/// How much may wait for one phone.
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

    struct Desk(Queues);

    impl Desk {
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

    fn is_come(turn: &mut QueueSlot) -> Option<Admission> {
        turn.come().now_or_never()
    }

    #[test]
    fn each_waits_for_the_one_before() {
        let desk = Desk(Queues::default());
        let mut first = desk.enter("clear");
        let mut second = desk.enter("key keys=1");
        let mut third = desk.enter("clear");
        assert_eq!(is_come(&mut first), Some(Admission::Now));
        assert_eq!((is_come(&mut second), is_come(&mut third)), (None, None));
        assert_eq!(desk.0.len(), 2);
        drop(first);
        assert_eq!(desk.0.len(), 1);
        assert_eq!(is_come(&mut second), Some(Admission::Now));
        drop(second);
        assert_eq!(is_come(&mut third), Some(Admission::Now));
        drop(third);
        assert!(desk.0.lock().is_empty());
    }

    #[test]
    fn another_phone_does_not_wait() {
        let desk = Desk(Queues::default());
        let _slow = desk.enter("clear");
        let request = Request::parse("clear", [("phone", "1002")]).unwrap();
        let mut other = desk.0.enter(&phone("192.0.2.22"), &request).unwrap();
        assert_eq!(is_come(&mut other), Some(Admission::Now));
    }

    #[test]
    fn a_newer_screen_takes_the_place_of_those_that_wait() {
        let desk = Desk(Queues::default());
        let mut shown = desk.enter("push text=1 wait=no");
        let mut old = desk.enter("push text=2 wait=no");
        let mut key = desk.enter("key keys=1");
        let mut later = desk.enter("push text=3 priority=idle wait=no");
        let mut awaited = desk.enter("push text=5");
        let mut kept = desk.enter("push text=6 wait=no keep=1h");
        let mut new = desk.enter("push text=4 wait=no");
        assert_eq!(is_come(&mut old), Some(Admission::Replaced));
        // What is being sent is not taken back.
        assert_eq!(is_come(&mut shown), Some(Admission::Now));
        drop((shown, old));
        assert_eq!(is_come(&mut key), Some(Admission::Now));
        drop(key);
        assert_eq!(is_come(&mut later), Some(Admission::Now));
        drop(later);
        assert_eq!(is_come(&mut awaited), Some(Admission::Now));
        drop(awaited);
        assert_eq!(is_come(&mut kept), Some(Admission::Now));
        drop(kept);
        assert_eq!(is_come(&mut new), Some(Admission::Now));
    }

    #[test]
    fn what_ends_something_overtakes_and_a_tone_lets_others_pass() {
        let desk = Desk(Queues::default());
        let mut tone = desk.enter("ring tone=1");
        let mut push = desk.enter("push text=1 wait=no");
        let mut stop = desk.enter("ring stop=yes");
        assert_eq!(is_come(&mut stop), Some(Admission::Now));
        assert_eq!(is_come(&mut tone), Some(Admission::Now));
        assert_eq!(is_come(&mut push), Some(Admission::Now));
        drop(tone);
        let _still = desk.enter("clear");
        assert_eq!(desk.0.len(), 1);
    }

    #[test]
    fn who_gives_up_makes_room_and_too_many_are_refused() {
        let desk = Desk(Queues::default());
        let first = desk.enter("clear");
        let mut waiting: Vec<_> = (0..MAX_WAITING).map(|_| desk.enter("clear")).collect();
        assert_eq!(desk.try_enter("clear").unwrap_err(), Full);
        assert_eq!(is_come(&mut waiting[3]), None);
        drop(waiting.remove(3));
        waiting.push(desk.enter("clear"));
        assert_eq!(is_come(waiting.first_mut().unwrap()), None);
        drop(first);
        // The first of them has its turn, and goes without taking it.
        drop(waiting.remove(0));
        let second = waiting.first_mut().unwrap();
        assert_eq!(is_come(second), Some(Admission::Now));
    }
}
