//! Guarantees of the AMI client, checked against real Asterisk servers.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use handset_ami::{Action, Client, Config, Error, Event, Events, LoginMethod, State, TlsConfig};
use handset_net::pin::Pin;
use handset_net::tasks::Tasks;
use sha2::{Digest, Sha256};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::support::asterisk::{Asterisk, Options, Version};
use super::support::{on_both_versions, soon};

on_both_versions! {
    a_dropped_connection_is_restored_within_a_second_with_one_login
    a_frozen_server_is_detected_within_two_pings
    the_client_survives_a_restart_during_an_event_flood
    a_shutdown_event_ends_the_connection
    every_login_method_works
    values_that_naive_clients_lose_arrive_intact
}

async fn every_login_method_works(version: Version) {
    let Some(asterisk) = start(version, "").await else {
        return;
    };
    for login in [LoginMethod::Md5, LoginMethod::Plain] {
        let mut config = config(&asterisk);
        config.login = login;
        assert!(connected(&Manager::start(&config)).await, "{login:?}");
    }
    let certificate = include_str!("../fixtures/ami/tls/server.pem");
    let pin = hex::encode(Sha256::digest(der(certificate)));
    for (pin, is_right) in [(pin, true), ("00".repeat(32), false)] {
        let mut config = config(&asterisk);
        config.address = asterisk.manager_tls().to_string().parse().unwrap();
        config.tls = Some(TlsConfig {
            pin: Some(Pin::try_from(format!("sha256:{pin}")).unwrap()),
            ..TlsConfig::default()
        });
        let manager = Manager::start(&config);
        if is_right {
            assert!(connected(&manager).await);
        } else {
            let state = until(&manager.client, |state| matches!(state, State::Lost { .. })).await;
            assert!(format!("{state:?}").contains("TLS"), "{state:?}");
        }
    }
}

async fn values_that_naive_clients_lose_arrive_intact(version: Version) {
    // A command whose output has more than a megabyte.
    let mut dialplan = String::from("[big]\n");
    for number in 0..9000 {
        let text = "x".repeat(80);
        writeln!(dialplan, "exten => {number},1,NoOp({text})").unwrap();
    }
    let Some(asterisk) = start(version, &dialplan).await else {
        return;
    };
    let manager = Manager::start(&config(&asterisk));
    let operator = Manager::start(&as_user(&asterisk, "operator"));
    assert!(connected(&manager).await && connected(&operator).await);
    let mut events = manager.client.events();

    // Unusual names, repeated names, values with spaces, colons and non-ASCII letters, and 70 kB of
    // them.
    let mut action = Action::builder("UserEvent")
        .with("UserEvent", "Odd")
        .with("Under_score", "a: b::c")
        .with("Named Callgroup", "  two spaces before, one after ")
        .with("Twice", "one")
        .with("Twice", "two")
        .with("Empty", "")
        .with("Größe", "Zürich 東京 😀");
    let long = "é".repeat(450);
    for number in 0..80 {
        action = action.with(&format!("Long{number}"), &long);
    }
    let answer = operator.client.send(action.build().unwrap()).await.unwrap();
    assert!(answer.is_success(), "{answer:?}");
    let event = next(&mut events, "UserEvent").await;
    assert_eq!(event.header("under_score"), Some("a: b::c"));
    assert_eq!(
        event.header("Named Callgroup"),
        Some("  two spaces before, one after ")
    );
    assert_eq!(event.values("Twice").collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(event.header("Größe"), Some("Zürich 東京 😀"));
    for number in 0..80 {
        assert_eq!(event.header(&format!("Long{number}")), Some(long.as_str()));
    }

    // Two headers with the same name in an event of a channel.
    let call = Action::builder("Originate")
        .with("Channel", "Local/1@big")
        .with("Application", "NoOp")
        .with("Async", "true")
        .with("Variable", "TONE=3")
        .with("Variable", "NOTE=a=b");
    operator.client.send(call.build().unwrap()).await.unwrap();
    let variables = soon("a channel with its variables", async {
        loop {
            let event = events.next().await.unwrap();
            let all: Vec<_> = event
                .values("ChanVariable")
                .map(ToOwned::to_owned)
                .collect();
            if all.contains(&"TONE=3".to_owned()) {
                return all;
            }
        }
    })
    .await;
    assert_eq!(variables, ["TONE=3", "NOTE=a=b"]);

    let command = Action::command("dialplan show big").unwrap();
    let refused = manager.client.send(command.clone()).await.unwrap();
    assert!(!refused.is_success(), "the account may not run commands");
    let answer = operator.client.send(command).await.unwrap();
    let bytes: usize = answer.output().map(str::len).sum();
    assert!(bytes > 1_000_000, "{bytes}");
    assert!(answer.output().any(|line| line.contains("'8999' =>")));
}

async fn a_frozen_server_is_detected_within_two_pings(version: Version) {
    let Some(asterisk) = start(version, "").await else {
        return;
    };
    let mut config = config(&asterisk);
    config.limits.ping = Duration::from_secs(3);
    config.limits.pong = Duration::from_secs(3);
    let manager = Manager::start(&config);
    assert!(connected(&manager).await);
    asterisk.freeze().await;
    let frozen = Instant::now();
    until(&manager.client, |state| !state.is_connected()).await;
    let detected = frozen.elapsed();
    asterisk.thaw();
    assert!(detected < 3 * config.limits.ping, "{detected:?}");
    let state = until(&manager.client, State::is_connected).await;
    let State::Connected(again) = state else {
        unreachable!()
    };
    // The gap starts at the last byte received before the freeze.
    assert!(again.gap.unwrap() >= config.limits.ping, "{again:?}");
}

async fn a_dropped_connection_is_restored_within_a_second_with_one_login(version: Version) {
    let Some(asterisk) = start(version, "").await else {
        return;
    };
    let relay = Relay::to(asterisk.manager()).await;
    let mut config = config(&asterisk);
    config.address = relay.address.to_string().parse().unwrap();
    let manager = Manager::start(&config);
    assert!(connected(&manager).await);
    let dropped = Instant::now();
    relay.cut.notify_one();
    until(&manager.client, is_reconnected).await;
    assert!(dropped.elapsed() < Duration::from_secs(1));
    let sessions = asterisk.cli("manager show connected");
    assert!(sessions.contains("1 users connected."), "{sessions}");
}

async fn a_shutdown_event_ends_the_connection(version: Version) {
    let Some(asterisk) = start(version, "").await else {
        return;
    };
    let manager = Manager::start(&config(&asterisk));
    assert!(connected(&manager).await);
    let mut events = manager.client.events();
    // The console command gets no response.
    asterisk.cli("core restart now");
    let notice = next(&mut events, "Shutdown").await;
    assert_eq!(notice.header("Shutdown"), Some("Cleanly"));
    let restarted = Instant::now();
    until(&manager.client, is_reconnected).await;
    // The client reconnects once Asterisk is back, which takes a second or two.
    assert!(restarted.elapsed() < Duration::from_secs(10));
}

async fn the_client_survives_a_restart_during_an_event_flood(version: Version) {
    let Some(mut asterisk) = start(version, "").await else {
        return;
    };
    let manager = Manager::start(&config(&asterisk));
    let flooder = Manager::start(&as_user(&asterisk, "operator"));
    assert!(connected(&manager).await && connected(&flooder).await);
    let mut events = manager.client.events();
    let client = flooder.client.clone();
    let tasks = Tasks::new();
    let flood = tasks.spawn("flood", async move {
        let mut answers = (0_u32, 0_u32);
        loop {
            let action = Action::builder("UserEvent").with("UserEvent", "Flood");
            match client.send(action.build().unwrap()).await {
                Ok(_) => answers.0 += 1,
                // Actions in flight when the server died may have been executed.
                Err(Error::OutcomeUnknown { .. }) => answers.1 += 1,
                Err(Error::NotSent { .. }) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
            if answers.0 > 2_000_000 {
                return answers;
            }
        }
    });
    next(&mut events, "UserEvent").await;
    asterisk.restart().await;
    until(
        &manager.client,
        |state| matches!(state, State::Connected(again) if again.gap.is_some()),
    )
    .await;
    // The flood continues, and its events arrive.
    let after = next(&mut events, "UserEvent").await;
    assert_eq!(after.header("UserEvent"), Some("Flood"));
    assert!(!flood.is_finished());
    flood.abort();
}

/// A TCP relay whose connection can be cut any number of times.
struct Relay {
    address: SocketAddr,
    cut: Arc<Notify>,
    _tasks: Tasks,
}

impl Relay {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (cut, tasks) = (Arc::new(Notify::new()), Tasks::new());
        let is_cut = Arc::clone(&cut);
        tasks.spawn("relay", async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut far = TcpStream::connect(server).await.unwrap();
                tokio::select! {
                    () = is_cut.notified() => {}
                    _ = copy_bidirectional(&mut near, &mut far) => {}
                }
            }
        });
        Self {
            address,
            cut,
            _tasks: tasks,
        }
    }
}

/// A client and its tasks.
struct Manager {
    client: Client,
    _tasks: Tasks,
}

impl Manager {
    fn start(config: &Config) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tasks = Tasks::new();
        let (client, driver) = Client::new(config).unwrap();
        tasks.spawn("ami", driver.run_until(tasks.stop()));
        Self {
            client,
            _tasks: tasks,
        }
    }
}

async fn connected(manager: &Manager) -> bool {
    let state = until(&manager.client, |state| *state != State::Connecting).await;
    state.is_connected()
}

async fn until(client: &Client, wanted: impl FnMut(&State) -> bool) -> State {
    let mut state = client.state();
    let found = soon("the state", state.wait_for(wanted)).await;
    found.unwrap().clone()
}

/// Whether the client has reconnected.
fn is_reconnected(state: &State) -> bool {
    matches!(state, State::Connected(again) if again.gap.is_some())
}

async fn next(events: &mut Events, name: &str) -> Event {
    soon(name, async {
        loop {
            let event = events.next().await.unwrap();
            if event.is(name) {
                return event;
            }
        }
    })
    .await
}

fn config(asterisk: &Asterisk) -> Config {
    as_user(asterisk, "handsetd")
}

fn as_user(asterisk: &Asterisk, user: &str) -> Config {
    let address = asterisk.manager().to_string().parse().unwrap();
    Config::new("pbx", address, user, "hush".into())
}

/// Reads the first certificate of a PEM file.
fn der(pem: &str) -> Vec<u8> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(pem.as_bytes())
        .unwrap()
        .to_vec()
}

async fn start(version: Version, dialplan: &str) -> Option<Asterisk> {
    let options = Options {
        dialplan,
        ..Options::registrar(&[])
    };
    Asterisk::start(version, &options).await
}
