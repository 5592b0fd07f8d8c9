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
async fn server_without_challenge_receives_the_plain_secret_unless_md5_is_required() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let mut session = asterisk.accept().await;
    session.send("Asterisk Call Manager/1.0\r\n").await;
    session
        .respond("Challenge", "Error", "Message: Permission denied\r\n")
        .await;
    let login = session.respond("Login", "Success", "").await;
    assert_eq!(login.header("Secret"), Some("hush"));
    session.send(BOOTED).await;
    connected(&client).await;

    let client = asterisk.client_with(&Config {
        login: LoginMethod::Md5,
        ..asterisk.config()
    });
    let mut session = asterisk.accept().await;
    session.send("Asterisk Call Manager/1.0\r\n").await;
    session
        .respond("Challenge", "Error", "Message: Permission denied\r\n")
        .await;
    wait_for(&client, |state| matches!(state, State::Refused { .. })).await;
}

#[tokio::test]
async fn wrong_secret_ends_all_attempts() {
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
    let State::Refused { reason } = state else {
        unreachable!()
    };
    assert_eq!(
        &*reason,
        "the server rejected the user name or secret: Authentication failed"
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
    assert_eq!(&*reason, "the login timed out");
}
