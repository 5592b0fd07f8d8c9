//! Logging in: the ways, and what there is instead of a welcome.

use super::*;

#[tokio::test]
async fn client_logs_in_by_md5_and_gets_answers() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let mut session = pbx.let_in().await;
    let connected = connected(&client).await;
    assert_eq!(&*connected.banner, "Asterisk Call Manager/11.0.0");
    assert_eq!((connected.gap, connected.booted), (None, true));
    let answer = ask(&client, Action::ping(), async {
        session.answer("Ping", "Success", "Ping: Pong\r\n").await;
    });
    assert_eq!(answer.await.unwrap().header("ping"), Some("Pong"));
}

#[tokio::test]
async fn server_without_challenge_gets_the_secret_unless_that_is_forbidden() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let mut session = pbx.accept().await;
    session.say("Asterisk Call Manager/1.0\r\n").await;
    session
        .answer("Challenge", "Error", "Message: Permission denied\r\n")
        .await;
    let login = session.answer("Login", "Success", "").await;
    assert_eq!(login.header("Secret"), Some("hush"));
    session.say(BOOTED).await;
    connected(&client).await;

    let client = pbx.client_with(&Config {
        login: Login::Md5,
        ..pbx.config()
    });
    let mut session = pbx.accept().await;
    session.say("Asterisk Call Manager/1.0\r\n").await;
    session
        .answer("Challenge", "Error", "Message: Permission denied\r\n")
        .await;
    until(&client, |state| matches!(state, State::Refused { .. })).await;
}

#[tokio::test]
async fn wrong_password_is_final_and_says_so() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let mut session = pbx.accept().await;
    let login = session.challenge().await;
    let id = login.header("ActionID").unwrap();
    session
        .say(&format!(
            "Response: Error\r\nActionID: {id}\r\nMessage: Authentication failed\r\n\r\n"
        ))
        .await;
    drop(session);
    let state = until(&client, |state| matches!(state, State::Refused { .. })).await;
    let State::Refused { reason } = state else {
        unreachable!()
    };
    assert_eq!(
        &*reason,
        "the server refuses user or secret: Authentication failed"
    );
    let error = client.send(Action::ping()).await.unwrap_err();
    assert!(error.is_safe_to_retry() && error.to_string().contains("Authentication failed"));
    assert!(
        timeout(Duration::from_millis(600), pbx.listener.accept())
            .await
            .is_err(),
        "no retry"
    );
}

#[tokio::test]
async fn login_already_in_use_is_tried_again() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let mut session = pbx.accept().await;
    let login = session.challenge().await;
    let id = login.header("ActionID").unwrap();
    session
        .say(&format!(
            "Response: Error\r\nActionID: {id}\r\nMessage: Login Already In Use\r\n\r\n"
        ))
        .await;
    drop(session);
    let _session = pbx.let_in().await;
    connected(&client).await;
}

#[tokio::test]
async fn actions_wait_for_the_boot() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let mut session = pbx.accept().await;
    let login = session.challenge().await;
    let id = login.header("ActionID").unwrap();
    session
        .say(&format!("Response: Success\r\nActionID: {id}\r\n\r\n"))
        .await;
    let answer = ask(&client, Action::ping(), async {
        let early = timeout(Duration::from_millis(200), session.hear("Ping")).await;
        assert!(early.is_err(), "nothing is asked before FullyBooted");
        session.say(BOOTED).await;
        session.answer("Ping", "Success", "").await;
    });
    answer.await.unwrap();
}

#[tokio::test]
async fn user_without_the_class_system_is_not_kept_for_ever() {
    let pbx = Pbx::new().await;
    let limits = Limits {
        boot: Duration::from_millis(50),
        ..Limits::default()
    };
    let client = pbx.client_with(&Config {
        limits,
        ..pbx.config()
    });
    let mut session = pbx.accept().await;
    let login = session.challenge().await;
    let id = login.header("ActionID").unwrap();
    session
        .say(&format!("Response: Success\r\nActionID: {id}\r\n\r\n"))
        .await;
    assert!(!connected(&client).await.booted);
    session.say(BOOTED).await;
    until(
        &client,
        |state| matches!(state, State::Connected(now) if now.booted),
    )
    .await;
}

#[tokio::test]
async fn server_that_is_no_asterisk_is_told_by_its_first_words() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let mut session = pbx.accept().await;
    session
        .say("HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n")
        .await;
    let state = until(&client, |state| matches!(state, State::Lost { .. })).await;
    let State::Lost { reason, .. } = state else {
        unreachable!()
    };
    assert!(
        reason.starts_with("the server does not speak AMI; it starts with"),
        "{reason}"
    );
}

#[tokio::test]
async fn server_that_says_nothing_is_not_waited_for_for_ever() {
    let pbx = Pbx::new().await;
    let limits = Limits {
        connect: Duration::from_millis(50),
        ..Limits::default()
    };
    let client = pbx.client_with(&Config {
        limits,
        ..pbx.config()
    });
    let _mute = pbx.accept().await;
    let state = until(&client, |state| matches!(state, State::Lost { .. })).await;
    let State::Lost { reason, .. } = state else {
        unreachable!()
    };
    assert_eq!(&*reason, "the server does not answer the login");
}
