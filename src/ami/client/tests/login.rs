//! The login: its methods and its failures.

use super::*;

#[tokio::test]
async fn client_logs_in_by_md5_and_receives_responses() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let mut session = asterisk.accept_login().await;
    let connected = connected(&client).await;
    assert_eq!(&*connected.banner, "Asterisk Call Manager/11.0.0");
    assert_eq!((connected.gap, connected.booted), (None, true));
    let response = send_scripted(&client, Action::ping(), async {
        session.respond("Ping", "Success", "Ping: Pong\r\n").await;
    });
    assert_eq!(response.await.unwrap().header("ping"), Some("Pong"));
}

#[tokio::test]
async fn secret_is_not_sent_in_clear_if_the_server_offers_no_challenge() {
    let refusals = [
        (
            "Error",
            "Message: Permission denied\r\n",
            "Permission denied",
        ),
        ("Error", "Challenge: 1\r\n", "no reason given"),
        ("Success", "", "no reason given"),
        ("Success", "Challenge: \r\n", "no reason given"),
    ];
    for (response, headers, message) in refusals {
        let asterisk = FakeAsterisk::new().await;
        let client = asterisk.client();
        let mut session = asterisk.accept().await;
        session.send("Asterisk Call Manager/1.0\r\n").await;
        session.respond("Challenge", response, headers).await;
        let mut rest = session.buffer.to_vec();
        let read = session.stream.read_to_end(&mut rest);
        timeout(TEST_TIMEOUT, read).await.unwrap().unwrap();
        assert!(rest.is_empty(), "{}", rest.escape_ascii());
        let state = wait_for(&client, |state| matches!(state, State::Refused { .. })).await;
        let State::Refused { reason, .. } = state else {
            unreachable!()
        };
        let expected = format!(
            "the server offers no MD5 challenge ({message}); login = \"plain\" sends the secret \
             unencrypted, tls encrypts the connection"
        );
        assert_eq!(&*reason, expected);
        // Nor is there another attempt soon.
        let again = timeout(Duration::from_millis(600), asterisk.listener.accept()).await;
        assert!(again.is_err(), "no retry");
    }
}

#[tokio::test]
async fn secret_is_sent_in_clear_if_the_configuration_says_so() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client_with(&Config {
        login: LoginMethod::Plain,
        ..asterisk.config()
    });
    let mut session = asterisk.accept().await;
    session.send("Asterisk Call Manager/1.0\r\n").await;
    let login = session.respond("Login", "Success", "").await;
    assert_eq!(login.header("Secret"), Some("hush"));
    session.send(BOOTED).await;
    connected(&client).await;
}

#[tokio::test]
async fn challenge_that_is_refused_for_now_is_retried() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let mut session = asterisk.accept().await;
    session.send("Asterisk Call Manager/11.0.0\r\n").await;
    let message = "Message: Asterisk is shutting down\r\n";
    session.respond("Challenge", "Error", message).await;
    drop(session);
    let _session = asterisk.accept_login().await;
    connected(&client).await;
}

#[tokio::test]
async fn refused_login_is_tried_again_after_a_long_delay() {
    let asterisk = FakeAsterisk::new().await;
    let limits = Limits {
        refused: Duration::from_millis(50),
        ..Limits::default()
    };
    let client = asterisk.client_with(&Config {
        limits,
        ..asterisk.config()
    });
    for _ in 0..2 {
        let mut session = asterisk.accept().await;
        let login = session.challenge().await;
        let id = login.header("ActionID").unwrap();
        session
            .send(&format!(
                "Response: Error\r\nActionID: {id}\r\nMessage: Authentication failed\r\n\r\n"
            ))
            .await;
        wait_for(&client, |state| matches!(state, State::Refused { .. })).await;
        let error = client.send(Action::ping()).await.unwrap_err();
        assert!(error.is_safe_to_retry(), "{error}");
    }
    // The account was corrected on the server.
    let _session = asterisk.accept_login().await;
    connected(&client).await;
}

#[tokio::test]
async fn renewed_client_logs_in_again_at_once() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let _old = asterisk.accept_login().await;
    connected(&client).await;
    client.renew();
    let _new = asterisk.accept_login().await;
    let state = wait_for(
        &client,
        |state| matches!(state, State::Connected(now) if now.gap.is_some()),
    );
    assert!(state.await.is_connected());
}

#[tokio::test]
async fn wrong_secret_is_not_tried_again_soon() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let mut session = asterisk.accept().await;
    let login = session.challenge().await;
    let id = login.header("ActionID").unwrap();
    session
        .send(&format!(
            "Response: Error\r\nActionID: {id}\r\nMessage: Authentication failed\r\n\r\n"
        ))
        .await;
    drop(session);
    let state = wait_for(&client, |state| matches!(state, State::Refused { .. })).await;
    let State::Refused { reason, .. } = state else {
        unreachable!()
    };
    assert_eq!(
        &*reason,
        "the server rejected the user name or secret: Authentication failed; compare username and \
         secret with the section [handsetd] of manager.conf, and its permit, deny and acl with the \
         address of handsetd"
    );
    let error = client.send(Action::ping()).await.unwrap_err();
    assert!(error.is_safe_to_retry() && error.to_string().contains("Authentication failed"));
    assert!(
        timeout(Duration::from_millis(600), asterisk.listener.accept())
            .await
            .is_err(),
        "no retry"
    );
}

#[tokio::test]
async fn login_already_in_use_is_retried() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let mut session = asterisk.accept().await;
    let login = session.challenge().await;
    let id = login.header("ActionID").unwrap();
    session
        .send(&format!(
            "Response: Error\r\nActionID: {id}\r\nMessage: Login Already In Use\r\n\r\n"
        ))
        .await;
    drop(session);
    let _session = asterisk.accept_login().await;
    connected(&client).await;
}

#[tokio::test]
async fn actions_wait_until_asterisk_has_booted() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let mut session = asterisk.accept().await;
    let login = session.challenge().await;
    let id = login.header("ActionID").unwrap();
    session
        .send(&format!("Response: Success\r\nActionID: {id}\r\n\r\n"))
        .await;
    let response = send_scripted(&client, Action::ping(), async {
        let early = timeout(Duration::from_millis(200), session.expect("Ping")).await;
        assert!(early.is_err(), "no action is sent before FullyBooted");
        session.send(BOOTED).await;
        session.respond("Ping", "Success", "").await;
    });
    response.await.unwrap();
}

#[tokio::test]
async fn missing_fully_booted_event_delays_actions_only_for_a_while() {
    let asterisk = FakeAsterisk::new().await;
    let limits = Limits {
        boot: Duration::from_millis(50),
        ..Limits::default()
    };
    let client = asterisk.client_with(&Config {
        limits,
        ..asterisk.config()
    });
    let mut session = asterisk.accept().await;
    let login = session.challenge().await;
    let id = login.header("ActionID").unwrap();
    session
        .send(&format!("Response: Success\r\nActionID: {id}\r\n\r\n"))
        .await;
    assert!(!connected(&client).await.booted);
    session.send(BOOTED).await;
    wait_for(
        &client,
        |state| matches!(state, State::Connected(now) if now.booted),
    )
    .await;
}

#[tokio::test]
async fn foreign_protocol_is_reported_with_its_first_bytes() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let mut session = asterisk.accept().await;
    session
        .send("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n")
        .await;
    let state = wait_for(&client, |state| matches!(state, State::Lost { .. })).await;
    let State::Lost { reason, .. } = state else {
        unreachable!()
    };
    assert!(
        reason.starts_with("the server does not speak AMI; its first bytes are "),
        "{reason}"
    );
}

#[tokio::test]
async fn silent_server_fails_the_login() {
    let asterisk = FakeAsterisk::new().await;
    let limits = Limits {
        connect: Duration::from_millis(50),
        ..Limits::default()
    };
    let client = asterisk.client_with(&Config {
        limits,
        ..asterisk.config()
    });
    let _silent = asterisk.accept().await;
    let state = wait_for(&client, |state| matches!(state, State::Lost { .. })).await;
    let State::Lost { reason, .. } = state else {
        unreachable!()
    };
    let address = asterisk.config().address;
    let expected = format!("{address} accepts the connection and does not talk as Asterisk does; ");
    assert!(reason.starts_with(&expected), "{reason}");
}
