//! One queue for each phone: its requests are sent in the order of their arrival, and a slow or dead
//! phone delays no other.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use handset_phones::phone::Phone;
use handset_phones::verb::{Action, Control, Priority, Push, Request, TransferKind};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::commit_point::CommitPoint;

/// The queues. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Queues(Arc<Mutex<HashMap<Arc<str>, Queue>>>);

/// The requests waiting for one phone, while another is being sent to it.
#[derive(Debug, Default)]
struct Queue {
    next: u64,
    /// What the request that is being sent starts, as long as that has not begun.
    starting: Option<Sound>,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    /// Whether a newer screen replaces it.
    is_screen: bool,
    /// What it starts.
    starts: Option<Sound>,
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
    /// Whether requests that stop a sound wait for it until it is sent.
    starts_sound: bool,
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
        let entry = Entry {
            kind: Kind::of(request),
            replaces_screens: is_screen(request),
            starts: Sound::started_by(request),
        };
        // By the address, since one phone may have several names.
        self.enter_queue(phone.address.authority().into(), entry)
    }

    /// Queues behind all others of this name; the order is kept, and nothing is replaced.
    pub(super) fn enter_as(&self, name: String) -> Result<QueueSlot, Full> {
        let entry = Entry {
            kind: Kind::Plain,
            replaces_screens: false,
            starts: None,
        };
        self.enter_queue(name.into(), entry)
    }

    fn enter_queue(&self, name: Arc<str>, entry: Entry) -> Result<QueueSlot, Full> {
        let Entry {
            kind,
            replaces_screens,
            starts,
        } = entry;
        let mut queues = self.0.lock();
        let queue = queues.get_mut(&name);
        if let Kind::Stop(sound) = kind
            && !queue.as_ref().is_some_and(|queue| queue.will_start(sound))
        {
            return Ok(self.slot(None, None, entry));
        }
        let Some(queue) = queue else {
            let queue = Queue {
                starting: starts,
                ..Queue::default()
            };
            queues.insert(Arc::clone(&name), queue);
            return Ok(self.slot(Some((name, 0)), None, entry));
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
            starts,
            admit,
        });
        Ok(self.slot(Some((name, number)), Some(admission), entry))
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
        entry: Entry,
    ) -> QueueSlot {
        QueueSlot {
            queues: self.clone(),
            place,
            admission,
            releases_early: entry.kind == Kind::ReleasesEarly,
            starts_sound: entry.starts.is_some(),
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
                queue.starting = next.starts;
                return;
            }
        }
        queues.remove(name);
    }
}

impl Queue {
    /// Returns whether a request starts such a sound that has not begun to be sent.
    fn will_start(&self, sound: Sound) -> bool {
        let waiting = self.waiting.iter().map(|waiting| waiting.starts);
        std::iter::once(self.starting)
            .chain(waiting)
            .any(|starts| starts == Some(sound))
    }

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

    /// Delivers a request that was admitted. At its commit point, the next one is admitted if that need not wait
    /// for the end. Not before: this one may still wait for a worker, or convert a tone.
    pub(super) async fn run<F: Future>(
        &mut self,
        commit_point: &CommitPoint,
        deliver: impl FnOnce() -> F,
    ) -> F::Output {
        if !self.releases_early && !self.starts_sound {
            return deliver().await;
        }
        let mut delivery = Box::pin(deliver());
        // Before the delivery is polled, which commits.
        let committed = commit_point.committed();
        tokio::select! {
            biased;
            end = &mut delivery => return end,
            () = committed => {}
        }
        // It is connected, and not yet written.
        if let Ok(end) = timeout(WRITE_TIME, &mut delivery).await {
            return end;
        }
        if self.releases_early {
            self.leave();
        } else if let Some((name, _)) = &self.place
            && let Some(queue) = self.queues.0.lock().get_mut(name)
        {
            queue.starting = None;
        }
        delivery.await
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

/// A request that enters a queue.
#[derive(Clone, Copy, Debug)]
struct Entry {
    kind: Kind,
    replaces_screens: bool,
    starts: Option<Sound>,
}

/// What a request starts, and another stops.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Sound {
    Tone,
    Stream,
}

impl Sound {
    fn started_by(request: &Request) -> Option<Self> {
        match &request.action {
            Action::Ring(_) => Some(Self::Tone),
            Action::Control(Control::Stream(_)) => Some(Self::Stream),
            _ => None,
        }
    }
}

/// How a request queues.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// In order.
    Plain,
    /// Not at all, since it ends what is in progress; in order if that has not begun.
    Stop(Sound),
    /// In order, but the next request need not wait for its end: some phones reply after the tone has
    /// been played, and a call ends only when it is answered.
    ReleasesEarly,
    /// In order, unless a newer screen arrives first; no caller waits for it.
    Screen,
}

impl Kind {
    fn of(request: &Request) -> Self {
        match &request.action {
            Action::Control(Control::RingStop) => Self::Stop(Sound::Tone),
            Action::Control(Control::StreamStop) => Self::Stop(Sound::Stream),
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

/// How long it takes to write a request after its commit point. A later one, over another connection, waits for it.
const WRITE_TIME: Duration = Duration::from_millis(20);

/// How many requests may wait for one phone.
const MAX_WAITING: usize = 2000;

#[cfg(test)]
mod tests;
