//! Joining, names and members.

use bytes::Bytes;
use tokio::time::Instant;

use super::{Daemon, TIMEOUT, config, servers};
use crate::shared::RETRY_DELAY;
use crate::{Identity, RequestError, State, member_tracker};

#[tokio::test]
async fn daemons_see_each_other_and_answer_requests() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let (one, two) = Daemon::join_two(&servers).await;
    one.sees(2).await;
    two.sees(2).await;
    let mut incoming = two.run(|cluster| cluster.serve(&["echo"]));
    one.tasks.spawn("echo", async move {
        while let Some(request) = incoming.recv().await {
            assert_eq!(request.from.as_str(), "one");
            request.responder.send(request.body).await.unwrap();
        }
    });
    let deadline = Instant::now() + TIMEOUT;
    let body = Bytes::from_static(b"hello");
    let answer = one
        .cluster
        .request(two.cluster.name(), "echo", body.clone(), deadline)
        .await;
    assert_eq!(answer, Ok(body.clone()));
    let refused = one
        .cluster
        .request(two.cluster.name(), "other", body.clone(), deadline)
        .await;
    assert!(
        matches!(refused, Err(RequestError::NotSent(_))),
        "{refused:?}"
    );
    let absent = one
        .cluster
        .request(&"three".parse().unwrap(), "echo", body, deadline)
        .await;
    assert!(
        matches!(absent, Err(RequestError::NotSent(_))),
        "{absent:?}"
    );
    // A daemon that stops is removed at once.
    two.stop().await;
    one.sees(1).await;
}

#[tokio::test]
async fn request_that_was_sent_before_a_new_daemon_subscribed_reaches_it() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let (one, two) = Daemon::join_two(&servers).await;
    one.sees(2).await;
    let deadline = Instant::now() + TIMEOUT;
    let body = Bytes::from_static(b"hello");
    let sent = one
        .cluster
        .send(two.cluster.name(), "echo", body.clone(), deadline)
        .await;
    let reply = sent.unwrap().reply();
    let answering = async {
        tokio::time::sleep(RETRY_DELAY / 2).await;
        let mut incoming = two.run(|cluster| cluster.serve(&["echo"]));
        let request = incoming.recv().await.unwrap();
        request.responder.send(request.body).await.unwrap();
    };
    assert_eq!(tokio::join!(reply, answering).0, Ok(body));
}

/// Such a consumer is at a server that lags behind; here, at one of another cluster.
#[tokio::test]
async fn consumer_that_does_not_deliver_the_own_entry_is_not_believed_and_ends() {
    let (Some(servers), Some(others)) = (servers(1, "").await, servers(1, "").await) else {
        return;
    };
    let (one, two) = tokio::join!(Daemon::join(&servers, "one"), Daemon::join(&others, "two"));
    one.sees(1).await;
    let mut members = one.cluster.members();
    members.mark_unchanged();
    let session = two.shared().session().unwrap();
    let tracked = member_tracker::track(one.shared(), &session);
    let reason = tokio::time::timeout(TIMEOUT, tracked).await.unwrap();
    assert!(reason.as_str().contains("does not deliver"), "{reason}");
    assert!(!members.has_changed().unwrap(), "{:?}", **members.borrow());
}

#[tokio::test]
async fn name_of_a_live_daemon_is_refused_with_the_remedy() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let one = Daemon::join(&servers, "site").await;
    let two = Daemon::start(&servers, "site", Identity::temporary());
    assert!(
        !two.cluster
            .wait_until_joined(Instant::now() + TIMEOUT)
            .await
    );
    let state = two.cluster.state().borrow().clone();
    let State::Refused { reason, .. } = &state else {
        panic!("{state:?}")
    };
    assert!(reason.as_str().contains("set [cluster] name"), "{reason}");
    // The name is free again once its daemon is gone.
    drop(one);
    assert!(config(&servers, "site").timing.member_ttl < TIMEOUT);
    let mut state = two.cluster.state();
    let joined = tokio::time::timeout(TIMEOUT, state.wait_for(State::is_joined)).await;
    assert!(joined.is_ok());
}
