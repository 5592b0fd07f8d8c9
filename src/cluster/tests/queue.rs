//! The queue.

use std::time::Duration;

use bytes::Bytes;

use super::{Daemon, TIMEOUT, config, servers, text};
use crate::ordered_consumer::OrderedConsumer;
use crate::{
    AppendError, ChangeError, Identity, Limits, QueueEntry, QueueEvent, QueueWatcher, Timing,
};

#[tokio::test]
async fn entry_is_changed_only_with_its_last_revision() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let (one, two) = Daemon::join_two(&servers).await;
    let (one, two) = (one.cluster.queue(), two.cluster.queue());
    let first = one.append("pbx/1001", "a", text("1")).await.unwrap();
    let second = one.append("pbx/1001", "b", text("2")).await.unwrap();
    assert!(first < second);
    assert_eq!(
        one.append("pbx/1001", "a", text("x")).await,
        Err(AppendError::Exists)
    );
    let taken = two
        .replace("pbx/1001", "a", first, text("3"))
        .await
        .unwrap();
    assert_eq!(taken.first, first.first);
    let late = one.replace("pbx/1001", "a", first, text("4")).await;
    assert_eq!(late, Err(ChangeError::Conflict));
    assert_eq!(
        one.remove("pbx/1001", "a", first).await,
        Err(ChangeError::Conflict)
    );
    // In the order in which they were appended, although the first was changed last.
    let items = one.read(Some("pbx/1001")).await.unwrap();
    assert_eq!(values(&items), ["3", "2"]);
    two.remove("pbx/1001", "a", taken).await.unwrap();
    assert_eq!(
        two.remove("pbx/1001", "a", taken).await,
        Err(ChangeError::Conflict)
    );
    assert_eq!(values(&one.read(None).await.unwrap()), ["2"]);
    // A removed id is remembered: an entry appended again is rejected.
    assert_eq!(
        one.append("pbx/1001", "a", text("1")).await,
        Err(AppendError::Exists)
    );
    assert_eq!(values(&one.read(Some("pbx/1002")).await.unwrap()), [""; 0]);
}

#[tokio::test]
async fn watchers_see_existing_entries_and_changes_also_after_an_interruption() {
    let Some(mut servers) = servers(1, "").await else {
        return;
    };
    let (one, two) = Daemon::join_two(&servers).await;
    let queue = one.cluster.queue();
    let first = queue.append("1001", "a", text("1")).await.unwrap();
    let mut watcher = two.run(|cluster| cluster.queue().watch());
    assert_eq!(next_events(&mut watcher, 2).await, ["a=1", "current"]);
    let first = queue.replace("1001", "a", first, text("2")).await.unwrap();
    queue.append("1002", "b", text("3")).await.unwrap();
    assert_eq!(next_events(&mut watcher, 2).await, ["a=2", "b=3"]);
    queue.remove("1001", "a", first).await.unwrap();
    assert_eq!(next_events(&mut watcher, 1).await, ["a gone"]);
    servers.kill(0);
    assert_eq!(next_events(&mut watcher, 1).await, ["interrupted"]);
    servers.restart(0).await.unwrap();
    assert_eq!(next_events(&mut watcher, 2).await, ["b=3", "current"]);
    one.joined().await;
    queue.append("1002", "c", text("4")).await.unwrap();
    assert_eq!(next_events(&mut watcher, 1).await, ["c=4"]);
}

#[tokio::test]
async fn full_queue_refuses_entries_and_still_lets_them_be_changed_and_removed() {
    for count in [1, 3] {
        let Some(servers) = servers(count, "").await else {
            return;
        };
        let mut config = config(&servers, "one");
        config.limits = Limits {
            queue_entries: 3,
            ..Limits::default()
        };
        config.timing = Timing {
            tombstone_ttl: Duration::from_millis(100),
            ..config.timing
        };
        let one = Daemon::start_with(config, Identity::temporary());
        one.joined().await;
        let queue = one.cluster.queue();
        let mut last = None;
        for id in ["a", "b", "c"] {
            last = Some(queue.append("1001", id, text(id)).await.unwrap());
        }
        assert_eq!(
            queue.append("1001", "d", text("d")).await,
            Err(AppendError::Full)
        );
        let last = queue
            .replace("1001", "c", last.unwrap(), text("C"))
            .await
            .unwrap();
        assert_eq!(values(&queue.read(None).await.unwrap()), ["a", "b", "C"]);
        queue.remove("1001", "c", last).await.unwrap();
        // There is room once the tombstone is deleted.
        let appended = async {
            while let Err(error) = queue.append("1001", "e", text("e")).await {
                assert_eq!(error, AppendError::Full);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(TIMEOUT, appended).await.unwrap();
        assert_eq!(values(&queue.read(None).await.unwrap()), ["a", "b", "e"]);
    }
}

#[tokio::test]
async fn hostile_messages_on_the_subjects_of_the_queue_are_skipped() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let one = Daemon::join(&servers, "one").await;
    let mut watcher = one.run(|cluster| cluster.queue().watch());
    assert_eq!(next_events(&mut watcher, 1).await, ["current"]);
    let other = async_nats::connect(servers.url(0)).await.unwrap();
    for subject in [
        "handsetd.outbox.=2.a",
        "handsetd.outbox.=FF.a",
        "handsetd.outbox.a.=41",
    ] {
        other.publish(subject, text("x")).await.unwrap();
    }
    let mut headers = async_nats::HeaderMap::new();
    headers.insert(crate::headers::FIRST, "-1");
    other
        .publish_with_headers("handsetd.outbox.a.b", headers, text("x"))
        .await
        .unwrap();
    other.flush().await.unwrap();
    let queue = one.cluster.queue();
    queue.append("1001", "good", text("1")).await.unwrap();
    assert_eq!(next_events(&mut watcher, 1).await, ["good=1"]);
    assert_eq!(values(&queue.read(None).await.unwrap()), ["1"]);
}

/// Returns the next events in a short notation.
async fn next_events(watcher: &mut QueueWatcher, count: usize) -> Vec<String> {
    let mut events = Vec::new();
    for _ in 0..count {
        let next = tokio::time::timeout(TIMEOUT, watcher.next()).await;
        events.push(match next.expect("an event in time").expect("no end") {
            QueueEvent::Entry(item) => format!("{}={}", item.id, utf8(&item.value)),
            QueueEvent::Removed { id, .. } => format!("{id} gone"),
            QueueEvent::Current => "current".to_owned(),
            QueueEvent::Interrupted => "interrupted".to_owned(),
        });
    }
    events
}

fn values(items: &[QueueEntry]) -> Vec<String> {
    items.iter().map(|item| utf8(&item.value)).collect()
}

fn utf8(bytes: &Bytes) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// NATS itself accepts both: with replicas, 2.9 checks the expected sequence before it replicates.
#[tokio::test]
async fn one_of_several_changes_at_the_same_time_wins() {
    let Some(servers) = servers(3, "").await else {
        return;
    };
    let mut daemons = Vec::new();
    for name in ["one", "two", "three"] {
        daemons.push(Daemon::join(&servers, name).await);
    }
    let queues: Vec<_> = daemons
        .iter()
        .map(|daemon| daemon.cluster.queue())
        .collect();
    for number in 0..200 {
        let id = number.to_string();
        let position = queues[0].append("1001", &id, text("")).await.unwrap();
        let (one, two, three) = tokio::join!(
            queues[0].replace("1001", &id, position, text("one")),
            queues[1].replace("1001", &id, position, text("two")),
            queues[2].remove("1001", &id, position),
        );
        let won = [one.is_ok(), two.is_ok(), three.is_ok()];
        let conflicts = [one.err(), two.err(), three.err()];
        assert_eq!(
            won.iter().filter(|won| **won).count(),
            1,
            "{number}: {won:?}"
        );
        for conflict in conflicts.into_iter().flatten() {
            assert_eq!(conflict, ChangeError::Conflict);
        }
    }
}

/// A consumer may read from a server that was killed, whose copy differs from the leader's.
#[tokio::test]
async fn watcher_receives_the_current_entry_after_a_conflict() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let one = Daemon::join(&servers, "one").await;
    let queue = one.cluster.queue();
    let mut watcher = one.run(|cluster| cluster.queue().watch());
    assert_eq!(next_events(&mut watcher, 1).await, ["current"]);
    let position = queue.append("1001", "a", text("1")).await.unwrap();
    assert_eq!(next_events(&mut watcher, 1).await, ["a=1"]);
    // Watchers are not notified of this.
    let client = async_nats::connect(servers.url(0)).await.unwrap();
    let context = async_nats::jetstream::new(client);
    let stream = context.get_stream("handsetd_outbox").await.unwrap();
    stream.delete_message(position.last).await.unwrap();
    assert_eq!(
        queue.replace("1001", "a", position, text("2")).await,
        Err(ChangeError::Conflict)
    );
    assert_eq!(next_events(&mut watcher, 1).await, ["a gone"]);
}

/// Such a consumer is at a server that lags behind; here, at one of another cluster.
#[tokio::test]
async fn consumer_that_delivers_less_than_the_leader_has_ends() {
    let (Some(servers), Some(others)) = (servers(1, "").await, servers(1, "").await) else {
        return;
    };
    let (one, two) = tokio::join!(Daemon::join(&servers, "one"), Daemon::join(&others, "two"));
    let subjects = &one.shared().subjects;
    let start = |daemon: &Daemon| {
        let session = daemon.shared().session().unwrap();
        async move {
            let (stream, filter) = (subjects.queue_stream(), subjects.queue_entries());
            OrderedConsumer::start(&session, &stream, filter)
                .await
                .unwrap()
        }
    };
    let (mut current, mut lagging) = tokio::join!(start(&one), start(&two));
    lagging.check_with(&one.shared().session().unwrap());
    one.cluster
        .queue()
        .append("pbx/1001", "a", text("1"))
        .await
        .unwrap();
    let reason = async {
        loop {
            match lagging.next().await {
                Ok(message) => assert!(message.is_none(), "{message:?}"),
                Err(reason) => break reason,
            }
        }
    };
    let delivering = async { while current.next().await.is_ok() {} };
    tokio::select! {
        reason = tokio::time::timeout(TIMEOUT, reason) => {
            let reason = reason.unwrap();
            assert!(reason.as_str().contains("lags behind"), "{reason}");
        }
        () = delivering => panic!("a consumer that has all ended"),
    }
    assert_eq!(
        current.next().await.map(|message| message.is_some()),
        Ok(false)
    );
}
