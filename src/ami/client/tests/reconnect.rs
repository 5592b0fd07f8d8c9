//! The end of a connection: what becomes of actions, and how the next one comes about.

use super::*;

#[tokio::test]
async fn dropped_link_is_back_within_a_second_and_logged_in_once() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let session = pbx.let_in().await;
    let first = connected(&client).await;
    drop(session);
    let dropped = Instant::now();
    let _session = pbx.let_in().await;
    let State::Connected(second) = until(
        &client,
        |state| matches!(state, State::Connected(now) if *now != first),
    )
    .await
    else {
        unreachable!()
    };
    assert!(dropped.elapsed() < Duration::from_secs(1));
    assert!(
        second.gap.is_some_and(|gap| gap < Duration::from_secs(2)),
        "{second:?}"
    );
    assert_eq!(client.totals().connections, 2);
    assert!(
        timeout(Duration::from_millis(300), pbx.listener.accept())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn shutdown_notice_leads_to_a_new_connection() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let mut session = pbx.let_in().await;
    connected(&client).await;
    session
        .say("Event: Shutdown\r\nShutdown: Cleanly\r\nRestart: True\r\n\r\n")
        .await;
    drop(session);
    let state = until(&client, |state| matches!(state, State::Lost { .. })).await;
    let State::Lost { reason, .. } = state else {
        unreachable!()
    };
    assert_eq!(&*reason, "the server shut down");
    let _session = pbx.let_in().await;
    connected(&client).await;
}

#[tokio::test]
async fn what_was_written_and_not_answered_has_an_unknown_outcome() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let mut session = pbx.let_in().await;
    let answer = ask(&client, Action::ping(), async {
        session.hear("Ping").await;
        drop(session);
    });
    let error = answer.await.unwrap_err();
    assert_eq!(
        error,
        Error::OutcomeUnknown {
            action: "Ping".into()
        }
    );
    assert!(!error.is_safe_to_retry());
}

#[tokio::test]
async fn what_was_never_written_was_not_sent_and_says_why() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let deadline = Instant::now() + Duration::from_millis(100);
    let error = client
        .send_until(Action::ping(), deadline)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "not sent: not connected yet");
    assert!(error.is_safe_to_retry());
    // It is not sent later either.
    let mut session = pbx.let_in().await;
    let command = Action::command("late").unwrap();
    let answer = ask(&client, command, async {
        session.answer("Command", "Success", "").await;
    });
    answer.await.unwrap();
}

#[tokio::test]
async fn action_waits_over_a_short_outage() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let session = pbx.let_in().await;
    connected(&client).await;
    drop(session);
    until(&client, |state| !state.is_connected()).await;
    let answer = ask(&client, Action::ping(), async {
        pbx.let_in().await.answer("Ping", "Success", "").await;
    });
    answer.await.unwrap();
}

#[tokio::test]
async fn stopped_client_ends_its_listeners_and_refuses_actions() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let mut events = client.events();
    let _session = pbx.let_in().await;
    connected(&client).await;
    client.stop();
    until(&client, |state| *state == State::Stopped).await;
    while timeout(PATIENCE, events.next()).await.unwrap().is_some() {}
    let error = client.send(Action::ping()).await.unwrap_err();
    assert_eq!(error.to_string(), "not sent: the client was stopped");
    assert!(pbx.tasks.shut_down(PATIENCE).await);
}

#[tokio::test]
async fn several_servers_live_side_by_side() {
    let (one, two) = (Pbx::new().await, Pbx::new().await);
    let (first, second) = (one.client(), two.client());
    let (first_session, mut second_session) = (one.let_in().await, two.let_in().await);
    connected(&first).await;
    connected(&second).await;
    drop((first_session, one));
    until(&first, |state| !state.is_connected()).await;
    let answer = ask(&second, Action::ping(), async {
        second_session.answer("Ping", "Success", "").await;
    });
    answer.await.unwrap();
}
