//! Lost connections: the fate of actions, and reconnecting.

use super::*;

#[tokio::test]
async fn dropped_connection_is_replaced_once_within_a_second() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let session = asterisk.accept_login().await;
    let first = connected(&client).await;
    drop(session);
    let dropped = Instant::now();
    let _session = asterisk.accept_login().await;
    let State::Connected(second) = wait_for(
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
        timeout(Duration::from_millis(300), asterisk.listener.accept())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn shutdown_notice_leads_to_a_new_connection() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let mut session = asterisk.accept_login().await;
    connected(&client).await;
    session
        .send("Event: Shutdown\r\nShutdown: Cleanly\r\nRestart: True\r\n\r\n")
        .await;
    drop(session);
    let state = wait_for(&client, |state| matches!(state, State::Lost { .. })).await;
    let State::Lost { reason, .. } = state else {
        unreachable!()
    };
    assert_eq!(&*reason, "the server shut down");
    let _session = asterisk.accept_login().await;
    connected(&client).await;
}

#[tokio::test]
async fn written_action_without_response_has_an_unknown_outcome() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let mut session = asterisk.accept_login().await;
    let response = send_scripted(&client, Action::ping(), async {
        session.expect("Ping").await;
        drop(session);
    });
    let error = response.await.unwrap_err();
    assert_eq!(
        error,
        Error::OutcomeUnknown {
            action: "Ping".into()
        }
    );
    assert!(!error.is_safe_to_retry());
}

#[tokio::test]
async fn action_that_was_never_written_is_not_sent() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let deadline = Instant::now() + Duration::from_millis(100);
    let error = client
        .send_until(Action::ping(), deadline)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "not sent: not connected yet");
    assert!(error.is_safe_to_retry());
    // It is not sent later, either.
    let mut session = asterisk.accept_login().await;
    let command = Action::command("late").unwrap();
    let response = send_scripted(&client, command, async {
        session.respond("Command", "Success", "").await;
    });
    response.await.unwrap();
}

#[tokio::test]
async fn action_waits_for_the_next_connection() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let session = asterisk.accept_login().await;
    connected(&client).await;
    drop(session);
    wait_for(&client, |state| !state.is_connected()).await;
    let response = send_scripted(&client, Action::ping(), async {
        asterisk
            .accept_login()
            .await
            .respond("Ping", "Success", "")
            .await;
    });
    response.await.unwrap();
}

#[tokio::test]
async fn stopped_client_ends_subscriptions_and_fails_actions() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let mut events = client.events();
    let _session = asterisk.accept_login().await;
    connected(&client).await;
    client.stop();
    wait_for(&client, |state| *state == State::Stopped).await;
    while timeout(TEST_TIMEOUT, events.next())
        .await
        .unwrap()
        .is_some()
    {}
    let error = client.send(Action::ping()).await.unwrap_err();
    assert_eq!(error.to_string(), "not sent: the client was stopped");
    assert!(asterisk.tasks.shut_down(TEST_TIMEOUT).await);
}

#[tokio::test]
async fn clients_of_several_servers_are_independent() {
    let (one, two) = (FakeAsterisk::new().await, FakeAsterisk::new().await);
    let (first, second) = (one.client(), two.client());
    let (first_session, mut second_session) = (one.accept_login().await, two.accept_login().await);
    connected(&first).await;
    connected(&second).await;
    drop((first_session, one));
    wait_for(&first, |state| !state.is_connected()).await;
    let response = send_scripted(&second, Action::ping(), async {
        second_session.respond("Ping", "Success", "").await;
    });
    response.await.unwrap();
}

#[tokio::test]
async fn dropped_driver_fails_queued_actions_as_not_sent() {
    let asterisk = FakeAsterisk::new().await;
    let (client, driver) = Client::new(&asterisk.config()).unwrap();
    let mut events = client.events();
    let (response, ()) = tokio::join!(client.send(Action::ping()), async {
        tokio::task::yield_now().await;
        drop(driver);
    });
    let error = response.unwrap_err();
    assert_eq!(error.to_string(), "not sent: the client was stopped");
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn driver_ends_with_the_last_client() {
    let asterisk = FakeAsterisk::new().await;
    let (client, driver) = Client::new(&asterisk.config()).unwrap();
    let run = asterisk.tasks.spawn("ami", driver.run());
    let _session = asterisk.accept_login().await;
    connected(&client).await;
    drop(client.clone());
    assert!(!run.is_finished());
    drop(client);
    timeout(TEST_TIMEOUT, run).await.unwrap().unwrap();
}
