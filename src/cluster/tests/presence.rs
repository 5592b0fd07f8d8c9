//! Announcements of daemons.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::{Daemon, TIMEOUT, config, servers, text};
use crate::{Identity, Presence, PresenceChange};

#[tokio::test]
async fn announcements_count_while_their_daemon_is_live() {
    let Some(mut servers) = servers(1, "").await else {
        return;
    };
    let (one, two) = Daemon::join_two(&servers).await;
    let (presence, seen) = (one.cluster.presence(), two.cluster.presence());
    presence.set("pbx/1001", text("1")).unwrap();
    presence.set("pbx/1002", text("2")).unwrap();
    shows(&seen, &[("one", "pbx/1001", "1"), ("one", "pbx/1002", "2")]).await;
    let mut changes = seen.changes();
    presence.set("pbx/1001", text("3")).unwrap();
    presence.remove("pbx/1002");
    shows(&seen, &[("one", "pbx/1001", "3")]).await;
    let change = tokio::time::timeout(TIMEOUT, changes.recv())
        .await
        .unwrap()
        .unwrap();
    let expected = PresenceChange::Key {
        daemon: "one".parse().unwrap(),
        key: "pbx/1001".into(),
    };
    assert_eq!(change, expected);
    assert!(presence.set(&"k".repeat(1000), text("")).is_err());
    assert!(presence.set("k", Bytes::from(vec![0; 100_000])).is_err());

    // Changes made while NATS was away are published when it is back.
    servers.kill(0);
    presence.replace([("pbx/1003".to_owned(), text("4"))]);
    servers.restart(0).await.unwrap();
    shows(&seen, &[("one", "pbx/1003", "4")]).await;

    // The announcements of a daemon no longer count once it is gone, killed or stopped.
    drop(one);
    shows(&seen, &[]).await;
}

#[tokio::test]
async fn restarted_daemon_announces_only_its_new_entries() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let start = || Daemon::start(&servers, "one", Identity::load(folder.path()).unwrap());
    let (one, two) = (start(), Daemon::join(&servers, "two").await);
    one.cluster.presence().set("old", text("1")).unwrap();
    one.cluster.presence().set("both", text("1")).unwrap();
    let seen = two.cluster.presence();
    shows(&seen, &[("one", "both", "1"), ("one", "old", "1")]).await;
    drop(one);
    // Killed and restarted at once: it takes its name back without waiting.
    let one = start();
    let begun = tokio::time::Instant::now();
    one.joined().await;
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "{:?}",
        begun.elapsed()
    );
    one.cluster.presence().set("both", text("1")).unwrap();
    shows(&seen, &[("one", "both", "1")]).await;
    assert_eq!(seen.find("both"), [("one".parse().unwrap(), text("1"))]);
}

#[tokio::test]
async fn stale_announcements_are_deleted() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let mut config = config(&servers, "two");
    config.timing.presence_ttl = Duration::from_millis(100);
    config.timing.presence_cleanup_interval = Duration::from_millis(100);
    let (one, two) = (
        Daemon::join(&servers, "one").await,
        Daemon::start_with(config, Identity::temporary()),
    );
    one.cluster.presence().set("key", text("1")).unwrap();
    shows(&two.cluster.presence(), &[("one", "key", "1")]).await;
    drop(one);
    let client = async_nats::connect(servers.url(0)).await.unwrap();
    let context = async_nats::jetstream::new(client);
    let purged = async {
        loop {
            let stream = context.get_stream("KV_handsetd_phones").await.unwrap();
            if stream.cached_info().state.messages == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(TIMEOUT, purged).await.unwrap();
}

#[tokio::test]
async fn tombstones_of_removed_keys_are_deleted() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let mut config = config(&servers, "one");
    config.timing.tombstone_ttl = Duration::from_millis(500);
    let one = Daemon::start_with(config, Identity::temporary());
    let presence = one.cluster.presence();
    presence.set("kept", text("1")).unwrap();
    presence.set("removed", text("1")).unwrap();
    shows(&presence, &[("one", "kept", "1"), ("one", "removed", "1")]).await;
    presence.remove("removed");
    shows(&presence, &[("one", "kept", "1")]).await;
    let client = async_nats::connect(servers.url(0)).await.unwrap();
    let context = async_nats::jetstream::new(client);
    // The tombstone first, so that slow readers see it.
    let mut counts = Vec::new();
    let deleted = async {
        while counts.last() != Some(&1) {
            let stream = context.get_stream("KV_handsetd_phones").await.unwrap();
            counts.push(stream.cached_info().state.messages);
        }
    };
    tokio::time::timeout(TIMEOUT, deleted).await.unwrap();
    assert_eq!(counts.first(), Some(&2));
}

/// Waits until exactly these daemons, keys and values are known.
async fn shows(presence: &Presence, expected: &[(&str, &str, &str)]) {
    let expected: BTreeMap<(String, String), String> = expected
        .iter()
        .map(|(daemon, key, value)| {
            (
                ((*daemon).to_owned(), (*key).to_owned()),
                (*value).to_owned(),
            )
        })
        .collect();
    let mut shown = BTreeMap::new();
    for _ in 0..TIMEOUT.as_millis() / 20 {
        shown.clear();
        presence.for_each(|daemon, key, value| {
            let value = String::from_utf8(value.to_vec()).unwrap();
            shown.insert((daemon.to_string(), key.to_owned()), value);
        });
        if shown == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{shown:?} instead of {expected:?}");
}
