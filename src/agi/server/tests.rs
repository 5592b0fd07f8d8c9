//! The server over loopback, with well-behaved and hostile peers.
//!
//! The clock is not paused, because it would advance before the sockets do. So time limits are short,
//! and assertions about them are generous.

mod hangup;
mod hostile;

use std::io::ErrorKind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use handset_net::allow_list::AllowList;
use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::*;

/// Requests `NAME` and sets `RESULT` to the script and the name.
#[derive(Default)]
struct Greet {
    served: Arc<AtomicUsize>,
    outcomes: Arc<Mutex<Vec<String>>>,
}

impl Script for Greet {
    async fn run(&self, request: &Request, channel: &mut Channel) -> Result<(), Error> {
        let outcome = greet(request, channel).await;
        self.served.fetch_add(1, Ordering::SeqCst);
        let text = outcome
            .as_ref()
            .map_or_else(ToString::to_string, |()| "fine".to_owned());
        self.outcomes.lock().push(text);
        outcome
    }
}

async fn greet(request: &Request, channel: &mut Channel) -> Result<(), Error> {
    assert_ne!(request.script(), "panic", "panic requested by the test");
    if request.script() == "hangup" {
        channel.wait_for_hangup().await;
    }
    let name = channel.full_variable("${NAME}").await?.unwrap_or_default();
    channel
        .set_variable("RESULT", &format!("{} {name}", request.script()))
        .await
}

fn allow(network: &str) -> AllowList {
    [network.parse().unwrap()].into_iter().collect()
}

struct Running {
    address: SocketAddr,
    tasks: Tasks,
    served: Arc<AtomicUsize>,
    outcomes: Arc<Mutex<Vec<String>>>,
}

impl Running {
    fn start(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            environment_timeout: Duration::from_secs(20),
            reply_timeout: Duration::from_secs(20),
            ..Config::default()
        };
        change(&mut config);
        let server = Server::bind(config).unwrap();
        let (address, tasks, script) = (server.local_addr(), Tasks::new(), Greet::default());
        let (served, outcomes) = (Arc::clone(&script.served), Arc::clone(&script.outcomes));
        tasks.spawn("server", server.run(script, tasks.stop()));
        Self {
            address,
            tasks,
            served,
            outcomes,
        }
    }

    async fn connect(&self) -> Peer {
        Peer {
            stream: BufReader::new(TcpStream::connect(self.address).await.unwrap()),
        }
    }

    /// Makes a complete call, which must succeed.
    async fn call(&self) {
        let mut peer = self.connect().await;
        peer.send_environment("push").await;
        peer.respond("GET FULL VARIABLE \"${NAME}\"", "200 result=1 (Bob)\n")
            .await;
        peer.respond("SET VARIABLE \"RESULT\" \"push Bob\"", "200 result=1\n")
            .await;
        peer.expect_close().await;
    }

    /// Stops the server and returns how each script ended, sorted.
    async fn stop(self) -> Vec<String> {
        assert!(self.tasks.shut_down(Duration::from_secs(20)).await);
        let mut outcomes = std::mem::take(&mut *self.outcomes.lock());
        outcomes.sort_unstable();
        outcomes
    }
}

/// Asterisk, or a peer that pretends to be.
struct Peer {
    stream: BufReader<TcpStream>,
}

impl Peer {
    async fn send(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).await.unwrap();
    }

    async fn send_environment(&mut self, script: &str) {
        let block = format!(
            "agi_network: yes\nagi_network_script: {script}\nagi_channel: PJSIP/1001-00000001\n\
             agi_uniqueid: 1.0\nagi_callerid: 1001\nagi_threadid: 1\n\n"
        );
        self.send(block.as_bytes()).await;
    }

    async fn expect(&mut self, command: &str) {
        let mut line = String::new();
        self.stream.read_line(&mut line).await.unwrap();
        assert_eq!(line, format!("{command}\n"));
    }

    async fn respond(&mut self, command: &str, reply: &str) {
        self.expect(command).await;
        self.send(reply.as_bytes()).await;
    }

    /// Waits until the server closes or resets the connection; returns the data received before.
    async fn read_until_closed(&mut self) -> String {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest).await {
            Ok(_) => (),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
        String::from_utf8(rest).unwrap()
    }

    /// Waits until the server closes the connection.
    async fn expect_close(&mut self) {
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty());
    }
}

#[tokio::test]
async fn call_is_served_and_continues() {
    let server = Running::start(|_| ());
    server.call().await;
    assert_eq!(server.stop().await, ["fine"]);
}

#[tokio::test]
async fn thousand_calls_are_served_concurrently() {
    const CALLS: usize = 1000;
    let server = Running::start(|_| ());
    let open = async || {
        let mut peer = server.connect().await;
        peer.send_environment("push").await;
        peer.expect("GET FULL VARIABLE \"${NAME}\"").await;
        peer
    };
    // All sessions have with_session before the first one continues.
    let mut peers = join_all((0..CALLS).map(|_| open())).await;
    assert_eq!(server.served.load(Ordering::SeqCst), 0);
    join_all(peers.iter_mut().map(async |peer| {
        peer.send(b"200 result=1 (Bob)\n").await;
        peer.respond("SET VARIABLE \"RESULT\" \"push Bob\"", "200 result=1\n")
            .await;
        peer.expect_close().await;
    }))
    .await;
    assert_eq!(server.stop().await, vec!["fine"; CALLS]);
}

#[tokio::test]
async fn calls_over_the_session_limit_wait() {
    let server = Running::start(|config| config.max_sessions = 1);
    let mut first = server.connect().await;
    first.send_environment("push").await;
    first.expect("GET FULL VARIABLE \"${NAME}\"").await;
    let mut second = server.connect().await;
    second.send_environment("push").await;
    let early = timeout(Duration::from_millis(100), second.expect("")).await;
    assert!(early.is_err());
    drop(first);
    second
        .respond("GET FULL VARIABLE \"${NAME}\"", "200 result=0\n")
        .await;
    second
        .respond("SET VARIABLE \"RESULT\" \"push \"", "200 result=1\n")
        .await;
    second.expect_close().await;
}

#[tokio::test]
async fn endless_script_is_ended() {
    let server = Running::start(|config| config.session_timeout = Duration::from_millis(100));
    let mut peer = server.connect().await;
    peer.send_environment("hangup").await;
    assert_eq!(peer.read_until_closed().await, "");
    assert_eq!(server.stop().await, [""; 0]);
}

#[tokio::test]
async fn panic_ends_only_its_own_session() {
    let server = Running::start(|_| ());
    let mut waiting = server.connect().await;
    waiting.send_environment("hangup").await;
    let mut peer = server.connect().await;
    peer.send_environment("panic").await;
    peer.expect_close().await;
    server.call().await;
    waiting.send(b"HANGUP\n").await;
    waiting
        .respond("GET FULL VARIABLE \"${NAME}\"", "200 result=1 (Bob)\n")
        .await;
    waiting
        .respond("SET VARIABLE \"RESULT\" \"hangup Bob\"", "200 result=1\n")
        .await;
    waiting.expect_close().await;
    assert_eq!(server.stop().await, ["fine", "fine"]);
}

#[tokio::test]
async fn stopping_closes_the_socket_and_completes_sessions() {
    let server = Running::start(|_| ());
    let mut peer = server.connect().await;
    peer.send_environment("push").await;
    peer.expect("GET FULL VARIABLE \"${NAME}\"").await;
    let (address, finish) = (server.address, Notify::new());
    let continues = async {
        finish.notified().await;
        peer.send(b"200 result=1 (Bob)\n").await;
        peer.respond("SET VARIABLE \"RESULT\" \"push Bob\"", "200 result=1\n")
            .await;
        peer.expect_close().await;
    };
    let no_more = async {
        server.tasks.stop().cancelled().await;
        while TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        finish.notify_one();
    };
    let (stopped, (), ()) = tokio::join!(
        server.tasks.shut_down(Duration::from_secs(20)),
        continues,
        no_more
    );
    assert!(stopped);
    assert_eq!(*server.outcomes.lock(), ["fine"]);
}

#[tokio::test]
async fn occupied_port_is_an_error_with_its_address() {
    let server = Running::start(|_| ());
    let error = Server::bind(Config {
        listen: server.address,
        ..Config::default()
    });
    let message = error.unwrap_err().to_string();
    assert_eq!(message, format!("cannot listen on {}", server.address));
}
