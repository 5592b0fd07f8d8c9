use std::fmt::Write as _;
use std::net::SocketAddr;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::*;
use crate::ami::action::ListQuery;
use crate::ami::config::{Limits, Login, TlsConfig};
use crate::ami::wire::{Frame, Framer, Packet};
use crate::pin::Pin;
use crate::pin::testing::{acceptor, certificate, fixture};

/// A scripted Asterisk on a port of its own.
struct Pbx {
    listener: TcpListener,
    tasks: Tasks,
}

impl Pbx {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            listener,
            tasks: Tasks::new(),
        }
    }

    fn config(&self) -> Config {
        let address: SocketAddr = self.listener.local_addr().unwrap();
        let address = address.to_string().parse().unwrap();
        Config::new("pbx", address, "handsetd", "hush".into())
    }

    fn client(&self) -> Client {
        self.client_with(&self.config())
    }

    fn client_with(&self, config: &Config) -> Client {
        Client::start(config, None, &self.tasks).unwrap()
    }

    async fn accept(&self) -> Session<tokio::net::TcpStream> {
        let accepted = timeout(PATIENCE, self.listener.accept()).await.unwrap();
        Session::new(accepted.unwrap().0)
    }

    /// Accepts and lets the client in, as far as to the boot.
    async fn let_in(&self) -> Session<tokio::net::TcpStream> {
        let mut session = self.accept().await;
        session.let_in().await;
        session
    }
}

/// Asterisk's end of one connection.
struct Session<S> {
    stream: S,
    framer: Framer,
    buffer: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            framer: Framer::new(1 << 20),
            buffer: BytesMut::new(),
        }
    }

    async fn say(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Returns the next action, which has to have this name.
    async fn hear(&mut self, name: &str) -> Packet {
        loop {
            if let Some(frame) = self.framer.next(&mut self.buffer) {
                let Frame::Packet { block, .. } = frame else {
                    panic!("{frame:?}")
                };
                let packet = Packet::parse(&block);
                assert_eq!(packet.header("Action"), Some(name), "{packet:?}");
                return packet;
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.buffer))
                .await
                .unwrap();
            assert_ne!(read.unwrap(), 0, "the client closed the connection");
        }
    }

    /// Hears an action and answers it; `answer` stands between the `ActionID` and the blank line.
    async fn answer(&mut self, name: &str, response: &str, answer: &str) -> Packet {
        let action = self.hear(name).await;
        let id = action.header("ActionID").unwrap();
        self.say(&format!(
            "Response: {response}\r\nActionID: {id}\r\n{answer}\r\n"
        ))
        .await;
        action
    }

    async fn challenge(&mut self) -> Packet {
        self.say("Asterisk Call Manager/11.0.0\r\n").await;
        self.answer("Challenge", "Success", "Challenge: 145769581\r\n")
            .await;
        self.hear("Login").await
    }

    async fn let_in(&mut self) {
        let login = self.challenge().await;
        assert_eq!(login.header("Key"), Some(KEY));
        assert_eq!(login.header("Secret"), None);
        let id = login.header("ActionID").unwrap();
        self.say(&format!(
            "Response: Success\r\nActionID: {id}\r\n\r\n{BOOTED}"
        ))
        .await;
    }
}

async fn until(client: &Client, wanted: impl FnMut(&State) -> bool) -> State {
    let mut state = client.state();
    let state = timeout(PATIENCE, state.wait_for(wanted)).await.unwrap();
    state.unwrap().clone()
}

async fn connected(client: &Client) -> crate::ami::Connected {
    match until(client, State::is_connected).await {
        State::Connected(connected) => connected,
        state => panic!("{state:?}"),
    }
}

async fn next(events: &mut Events) -> Event {
    loop {
        let event = timeout(PATIENCE, events.next()).await.unwrap().unwrap();
        if !event.is("FullyBooted") {
            return event;
        }
    }
}

/// Lets a client send `action` while the other side does as `script` says.
async fn ask(
    client: &Client,
    action: Action,
    script: impl Future<Output = ()>,
) -> Result<Response, Error> {
    tokio::join!(client.send(action), script).0
}

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
async fn answers_find_their_actions_in_any_order() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let mut session = pbx.let_in().await;
    let getvar = |name| client.send(Action::getvar(None, name).unwrap());
    let script = async {
        let first = session.hear("Getvar").await;
        let second = session.hear("Getvar").await;
        for action in [&second, &first] {
            let id = action.header("ActionID").unwrap();
            assert!(id.len() <= 32, "{id}");
            let value = action.header("Variable").unwrap();
            session
                .say(&format!(
                    "Response: Success\r\nActionID: {id}\r\nValue: {value}\r\n\r\n"
                ))
                .await;
        }
    };
    let (a, b, ()) = tokio::join!(getvar("A"), getvar("B"), script);
    assert_eq!(a.unwrap().header("Value"), Some("A"));
    assert_eq!(b.unwrap().header("Value"), Some("B"));
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
async fn what_others_lose_arrives() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let mut events = client.events();
    let mut session = pbx.let_in().await;

    session
        .say("Event: Newstate\r\nChanVariable: A=1\r\nChanVariable: B=2\r\n\r\n")
        .await;
    let event = next(&mut events).await;
    assert_eq!(
        event.values("chanvariable").collect::<Vec<_>>(),
        ["A=1", "B=2"]
    );

    let value = "x".repeat(70_000);
    session
        .say(&format!("Event: VarSet\r\nValue: {value}\r\n\r\n"))
        .await;
    assert_eq!(next(&mut events).await.header("Value"), Some(&*value));

    session
        .say("Event: Peer\r\nNamed Callgroup: 1\r\nX_Y: 2\r\n\r\n")
        .await;
    let event = next(&mut events).await;
    assert_eq!(
        (event.header("named callgroup"), event.header("x_y")),
        (Some("1"), Some("2"))
    );

    session
        .say("Event: UserEvent\r\nUserEvent: NeverDeclared\r\nBurger: yes\r\n\r\n")
        .await;
    let event = next(&mut events).await;
    assert_eq!(
        (event.name(), event.header("Burger")),
        ("UserEvent", Some("yes"))
    );

    let text = "Event: Caller\r\nName: Gr\u{fc}\u{df}e \u{1f4de}\r\n\r\n";
    for byte in text.as_bytes() {
        session.stream.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(
        next(&mut events).await.header("Name"),
        Some("Gr\u{fc}\u{df}e \u{1f4de}")
    );
}

#[tokio::test]
async fn command_output_of_a_megabyte_arrives_in_both_forms() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let mut session = pbx.let_in().await;
    for old in [false, true] {
        let answer = ask(&client, Action::command("core show help").unwrap(), async {
            let action = session.hear("Command").await;
            let id = action.header("ActionID").unwrap();
            let mut text = String::new();
            let head = if old {
                format!("Response: Follows\r\nPrivilege: Command\r\nActionID: {id}\r\n")
            } else {
                format!(
                    "Response: Success\r\nActionID: {id}\r\nMessage: Command output follows\r\n"
                )
            };
            for line in 0..20_000 {
                let (name, end) = if old {
                    ("", "\n")
                } else {
                    ("Output: ", "\r\n")
                };
                write!(text, "{name}{line:050}{end}").unwrap();
            }
            let end = if old {
                "--END COMMAND--\r\n\r\n"
            } else {
                "\r\n"
            };
            session.say(&format!("{head}{text}{end}")).await;
        });
        let answer = answer.await.unwrap();
        assert_eq!(answer.output().count(), 20_000);
        assert!(answer.output().last().unwrap().ends_with("19999"));
    }
}

#[tokio::test]
async fn list_is_collected_and_strangers_are_kept_out() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let mut events = client.events();
    let mut session = pbx.let_in().await;
    let answer = ask(&client, Action::list(ListQuery::PjsipContacts), async {
        let action = session
            .answer("PJSIPShowContacts", "Success", "EventList: start\r\n")
            .await;
        let id = action.header("ActionID").unwrap();
        session
            .say(&format!(
                "Event: ContactList\r\nActionID: {id}\r\nUri: sip:1001@192.0.2.1\r\n\r\n\
                 Event: UserEvent\r\nUserEvent: Forged\r\nEventList: Complete\r\nActionID: {id}\r\n\r\n\
                 Event: ContactStatus\r\nURI: sip:x\r\n\r\n\
                 Event: ContactList\r\nUri: sip:1002@192.0.2.2\r\nActionID: {id}\r\n\r\n\
                 Event: ContactListComplete\r\nActionID: {id}\r\neventlist: complete\r\nListItems: 7\r\n\r\n"
            ))
            .await;
    });
    let answer = answer.await.unwrap();
    let uris: Vec<_> = answer
        .items()
        .iter()
        .filter_map(|item| item.header("Uri"))
        .collect();
    assert_eq!(uris, ["sip:1001@192.0.2.1", "sip:1002@192.0.2.2"]);
    assert_eq!(answer.items().len(), 3);
    assert_eq!(next(&mut events).await.header("UserEvent"), Some("Forged"));
    assert!(next(&mut events).await.is("ContactStatus"));
}

#[tokio::test]
async fn list_without_end_is_given_up_and_the_connection_lives_on() {
    let pbx = Pbx::new().await;
    let limits = Limits {
        list_items: 100,
        ..Limits::default()
    };
    let client = pbx.client_with(&Config {
        limits,
        ..pbx.config()
    });
    let mut events = client.events();
    let mut session = pbx.let_in().await;
    let answer = ask(&client, Action::list(ListQuery::SipPeers), async {
        let action = session
            .answer("SIPpeers", "Success", "EventList: start\r\n")
            .await;
        let id = action.header("ActionID").unwrap();
        let item = format!("Event: PeerEntry\r\nActionID: {id}\r\nObjectName: 2001\r\n\r\n");
        session.say(&item.repeat(5000)).await;
    });
    let error = answer.await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the list that answers SIPpeers is longer than 100 items"
    );
    session.say("Event: News\r\n\r\n").await;
    assert!(
        next(&mut events).await.is("News"),
        "items of a list are no news"
    );
    let answer = ask(&client, Action::ping(), async {
        session.answer("Ping", "Success", "").await;
    });
    answer.await.unwrap();
}

#[tokio::test]
async fn packet_over_the_limit_is_skipped_and_the_connection_lives_on() {
    let pbx = Pbx::new().await;
    let limits = Limits {
        packet: 1000,
        ..Limits::default()
    };
    let client = pbx.client_with(&Config {
        limits,
        ..pbx.config()
    });
    let mut events = client.events();
    let mut session = pbx.let_in().await;
    session
        .say(&format!(
            "Event: Long\r\nA: {}\r\n\r\n",
            "x".repeat(100_000)
        ))
        .await;
    session.say("no message\r\n\r\nEvent: Next\r\n\r\n").await;
    assert!(next(&mut events).await.is("Next"));
    assert_eq!(client.totals().skipped, 2);
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
async fn slow_listener_loses_events_and_slows_nobody() {
    let pbx = Pbx::new().await;
    let limits = Limits {
        events: 16,
        ..Limits::default()
    };
    let client = pbx.client_with(&Config {
        limits,
        ..pbx.config()
    });
    let mut slow = client.events();
    let mut session = pbx.let_in().await;
    connected(&client).await;
    let burst: String = (0..50_000).fold(String::new(), |mut text, number| {
        write!(
            text,
            "Event: Burst\r\nNumber: {number}\r\nFill: {:0900}\r\n\r\n",
            0
        )
        .unwrap();
        text
    });
    // Nobody listens, and all of it is taken, which no socket buffer could.
    timeout(PATIENCE, session.say(&burst)).await.unwrap();
    let answer = ask(&client, Action::ping(), async {
        session.answer("Ping", "Success", "").await;
    });
    answer.await.unwrap();
    let number: u64 = next(&mut slow)
        .await
        .header("Number")
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(number, 50_000 - 16);
    assert_eq!(slow.lost(), client.totals().lost);
    assert!(slow.lost() >= 50_000 - 16, "{}", slow.lost());
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

#[tokio::test]
async fn tls_is_known_by_its_authority_or_its_pin() {
    let by_authority = TlsConfig {
        ca_file: Some(fixture("ca.pem")),
        ..TlsConfig::default()
    };
    let by_pin = TlsConfig {
        pin: Some(Pin::of(&certificate())),
        ..TlsConfig::default()
    };
    let named = TlsConfig {
        server_name: Some("pbx.example.com".into()),
        ..by_authority.clone()
    };
    for tls in [by_authority, by_pin, named] {
        let pbx = Pbx::new().await;
        let client = pbx.client_with(&Config {
            tls: Some(tls),
            ..pbx.config()
        });
        let stream = pbx.accept().await.stream;
        let mut session = Session::new(acceptor().accept(stream).await.unwrap());
        session.say("Asterisk Call Manager/11.0.0\r\n").await;
        let login = session.answer("Login", "Success", "").await;
        assert_eq!(login.header("Secret"), Some("hush"));
        session.say(BOOTED).await;
        connected(&client).await;
        let answer = ask(&client, Action::ping(), async {
            session.answer("Ping", "Success", "").await;
        });
        answer.await.unwrap();
    }
}

#[tokio::test]
async fn tls_of_somebody_else_gets_no_secret() {
    let wrong_pin = TlsConfig {
        pin: Some(format!("sha256:{}", "00".repeat(32)).try_into().unwrap()),
        ..TlsConfig::default()
    };
    let wrong_name = TlsConfig {
        ca_file: Some(fixture("ca.pem")),
        server_name: Some("other.example.com".into()),
        pin: None,
    };
    for tls in [wrong_pin, wrong_name] {
        let pbx = Pbx::new().await;
        let client = pbx.client_with(&Config {
            tls: Some(tls),
            ..pbx.config()
        });
        let stream = pbx.accept().await.stream;
        assert!(acceptor().accept(stream).await.is_err());
        let state = until(&client, |state| matches!(state, State::Lost { .. })).await;
        let State::Lost { reason, .. } = state else {
            unreachable!()
        };
        assert!(reason.starts_with("the TLS handshake failed: "), "{reason}");
    }
}

const BOOTED: &str = "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n";

/// The MD5 of `145769581hush`.
const KEY: &str = "22f7f5f525053679e99d12c06f2c4188";

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);
