use std::future::pending;

use futures_util::FutureExt;
use handset_phones::phone::Vendor;
use tokio::sync::Notify;

use super::*;

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

#[tokio::test(start_paused = true)]
async fn stops_bypass_the_queue_and_tones_release_it_early() {
    let bench = Bench(Queues::default());
    let mut tone = bench.enter("ring tone=1");
    let mut push = bench.enter("push text=1 wait=no");
    assert_eq!(admitted(&mut tone), Some(Admission::Now));
    let (preparing, committed) = (Notify::new(), CommitPoint::default());
    let mut playing = Box::pin(tone.run(&committed, || async {
        preparing.notified().await;
        committed.commit().await.unwrap();
        pending::<()>().await;
    }));
    assert_eq!((&mut playing).now_or_never(), None);
    assert_eq!(admitted(&mut push), None);
    preparing.notify_one();
    assert_eq!((&mut playing).now_or_never(), None);
    assert_eq!(admitted(&mut push), None);
    assert!(timeout(WRITE_TIME * 2, &mut playing).await.is_err());
    assert_eq!(admitted(&mut push), Some(Admission::Now));
    let mut stop = bench.enter("ring stop=yes");
    assert_eq!(admitted(&mut stop), Some(Admission::Now));
    drop(playing);
    drop(tone);
    let _still = bench.enter("clear");
    assert_eq!(bench.0.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn stops_wait_for_what_they_stop_until_it_is_sent() {
    for verb in ["ring tone=1", "stream address=239.1.2.3:20480"] {
        let bench = Bench(Queues::default());
        let stops = ["ring stop=yes", "stream stop=yes"];
        let is_other = |stop: &str| stop.split(' ').next() != verb.split(' ').next();
        let enter = |is_of_other: bool| {
            let stop = stops.into_iter().find(|stop| is_other(stop) == is_of_other);
            bench.enter(stop.unwrap())
        };
        let mut push = bench.enter("push text=1");
        let mut sound = bench.enter(verb);
        let (mut stop, mut stop_of_other) = (enter(false), enter(true));
        assert_eq!(admitted(&mut stop_of_other), Some(Admission::Now), "{verb}");
        assert_eq!(admitted(&mut push), Some(Admission::Now));
        drop(push);
        assert_eq!(admitted(&mut sound), Some(Admission::Now));
        assert_eq!(admitted(&mut stop), None, "{verb}");
        let committed = CommitPoint::default();
        let mut playing = Box::pin(sound.run(&committed, || async {
            committed.commit().await.unwrap();
            pending::<()>().await;
        }));
        assert!(timeout(WRITE_TIME * 2, &mut playing).await.is_err());
        assert_eq!(admitted(&mut enter(false)), Some(Admission::Now), "{verb}");
        drop(playing);
        drop(sound);
        assert_eq!(admitted(&mut stop), Some(Admission::Now), "{verb}");
        drop(stop);
        assert!(bench.0.0.lock().is_empty());
    }
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
