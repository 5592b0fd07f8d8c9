//! NATS servers that fail: one, two of three, all.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::{Daemon, TIMEOUT, config, servers, text};
use crate::shared::RETRY_DELAY;
use crate::testing::NatsServers;
use crate::{AppendError, Identity, Queue, RequestError, State, Unavailable};

#[tokio::test]
async fn entries_are_stored_once_while_the_leader_is_replaced() {
    let Some(mut servers) = servers(3, "").await else {
        return;
    };
    let mut config = config(&servers, "one");
    // NATS takes up to 9 s to elect a leader, and longer on a busy machine.
    config.timing.unavailable_timeout = TIMEOUT;
    let one = Daemon::start_with(config, Identity::temporary());
    one.joined().await;
    let queue = one.cluster.queue();
    let before = one.cluster.state().borrow().clone();
    let mut appended = BTreeMap::new();
    let leader = leader(&servers).await;
    for number in 0..200 {
        if number == 20 {
            servers.kill(leader);
        }
        append(&queue, number, &mut appended).await;
    }
    assert_eq!(*one.cluster.state().borrow(), before);
    is_stored(&queue, &appended).await;
}

#[tokio::test]
async fn daemons_leave_the_cluster_without_a_quorum_and_rejoin_it() {
    let Some(mut servers) = servers(3, "").await else {
        return;
    };
    let (one, two) = Daemon::join_two(&servers).await;
    one.sees(2).await;
    let queue = one.cluster.queue();
    let mut appended = BTreeMap::new();
    let leader = leader(&servers).await;
    for number in 0..40 {
        if number == 20 {
            servers.kill((leader + 1) % 3);
        }
        append(&queue, number, &mut appended).await;
    }
    // One of them may have had to find another server first.
    one.sees(2).await;

    // A second server is killed: operations fail, and each daemon reports that it is alone.
    servers.kill(leader);
    let begun = Instant::now();
    let failed = queue.append("1001", "without quorum", text("")).await;
    let is_known = match failed {
        Err(AppendError::Unavailable(Unavailable::NotApplied(_))) => true,
        Err(AppendError::Unavailable(Unavailable::Unknown(_))) => false,
        other => panic!("{other:?}"),
    };
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    let mut state = one.cluster.state();
    let alone = state.wait_for(|state| matches!(state, State::Alone { .. }));
    drop(tokio::time::timeout(TIMEOUT, alone).await.unwrap().unwrap());
    let begun = Instant::now();
    for _ in 0..100 {
        let failed = queue.append("1001", "alone", text("")).await;
        assert!(
            matches!(
                failed,
                Err(AppendError::Unavailable(Unavailable::NotApplied(_)))
            ),
            "{failed:?}"
        );
    }
    let deadline = Instant::now() + TIMEOUT;
    let reply = one
        .cluster
        .request(two.cluster.name(), "echo", text(""), deadline)
        .await;
    assert!(matches!(reply, Err(RequestError::NotSent(_))), "{reply:?}");
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "{:?}",
        begun.elapsed()
    );
    // The members are remembered.
    assert_eq!(one.cluster.members().borrow().len(), 2);

    // All servers are started cold: the daemons rejoin by themselves, and all stored entries exist.
    servers.kill_all();
    servers.restart_all().await.unwrap();
    one.joined().await;
    two.joined().await;
    // A server that was lost first has fewer entries until it has caught up.
    let caught_up = async {
        loop {
            let items = queue.read(None).await.unwrap();
            if items.len() >= appended.len() {
                return items;
            }
        }
    };
    let items = tokio::time::timeout(TIMEOUT, caught_up).await.unwrap();
    let others = items
        .iter()
        .filter(|item| !appended.contains_key(&item.position.first));
    let others: Vec<&str> = others.map(|item| item.id.as_str()).collect();
    // The entry whose result was unknown may exist or not.
    assert!(
        others.is_empty() || (!is_known && others == ["without quorum"]),
        "{others:?}"
    );
    assert_eq!(items.len() - others.len(), appended.len());
    one.sees(2).await;
}

#[tokio::test]
async fn hung_server_is_replaced_by_another_one() {
    let Some(servers) = servers(3, "").await else {
        return;
    };
    let one = Daemon::join(&servers, "one").await;
    let queue = one.cluster.queue();
    // The server to which it is connected.
    let name = one
        .shared()
        .session()
        .unwrap()
        .client
        .server_info()
        .server_name;
    let node: usize = name.strip_prefix("node").unwrap().parse().unwrap();
    servers.freeze(node).await.unwrap();
    let appended = async {
        // An append may fail before the loss is noticed; none is stored twice.
        while let Err(error) = queue.append("1001", "a", text("")).await {
            match error {
                AppendError::Exists => return,
                AppendError::Unavailable(_) => one.joined().await,
                error => panic!("{error:?}"),
            }
        }
    };
    tokio::time::timeout(TIMEOUT, appended).await.unwrap();
    let other = one
        .shared()
        .session()
        .unwrap()
        .client
        .server_info()
        .server_name;
    assert_ne!(name, other);
    // The streams may still elect a leader.
    let read = async {
        loop {
            match queue.read(None).await {
                Ok(entries) => return entries,
                Err(_) => tokio::time::sleep(RETRY_DELAY).await,
            }
        }
    };
    let entries = tokio::time::timeout(TIMEOUT, read).await.unwrap();
    assert_eq!(entries.len(), 1);
    servers.thaw(node);
    one.joined().await;
}

/// Appends an entry whose id is the number, and adds its position to `appended`.
async fn append(queue: &Queue, number: usize, appended: &mut BTreeMap<u64, String>) {
    let id = number.to_string();
    let position = queue.append("1001", &id, text(&id)).await.unwrap();
    appended.insert(position.first, id);
}

async fn is_stored(queue: &Queue, appended: &BTreeMap<u64, String>) {
    let items = queue.read(None).await.unwrap();
    let stored = items.into_iter().map(|item| (item.position.first, item.id));
    assert_eq!(stored.collect::<BTreeMap<_, _>>(), *appended);
}

/// Returns the server that leads the stream of the queue.
async fn leader(servers: &NatsServers) -> usize {
    let client = async_nats::connect(servers.urls()).await.unwrap();
    let context = async_nats::jetstream::new(client);
    let stream = context.get_stream("handsetd_outbox").await.unwrap();
    let leader = stream
        .cached_info()
        .cluster
        .as_ref()
        .unwrap()
        .leader
        .clone()
        .unwrap();
    leader.strip_prefix("node").unwrap().parse().unwrap()
}
