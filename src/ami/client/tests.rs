mod events;
mod login;
mod reconnect;
mod responses;
mod tls;

use std::net::SocketAddr;

use bytes::BytesMut;
use handset_net::tasks::Tasks;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::*;
use crate::config::{Limits, LoginMethod};
use crate::event::Event;
use crate::wire::{Frame, Framer, Packet};

/// A scripted Asterisk that listens on a loopback port.
struct FakeAsterisk {
    listener: TcpListener,
    tasks: Tasks,
}

impl FakeAsterisk {
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
        let (client, driver) = Client::new(config).unwrap();
        self.tasks.spawn("ami", driver.run_until(self.tasks.stop()));
        client
    }

    async fn accept(&self) -> FakeSession<tokio::net::TcpStream> {
        let accepted = timeout(TEST_TIMEOUT, self.listener.accept()).await.unwrap();
        FakeSession::new(accepted.unwrap().0)
    }

    /// Accepts a connection, its login included, and reports the boot.
    async fn accept_login(&self) -> FakeSession<tokio::net::TcpStream> {
        let mut session = self.accept().await;
        session.accept_login().await;
        session
    }
}

/// The server side of one connection.
struct FakeSession<S> {
    stream: S,
    framer: Framer,
    buffer: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> FakeSession<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            framer: Framer::new(1 << 20),
            buffer: BytesMut::new(),
        }
    }

    async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Receives the next action, which must have this name.
    async fn expect(&mut self, name: &str) -> Packet {
        loop {
            if let Some(frame) = self.framer.next(&mut self.buffer) {
                let Frame::Packet { block, .. } = frame else {
                    panic!("{frame:?}")
                };
                let packet = Packet::parse(&block);
                assert_eq!(packet.header("Action"), Some(name), "{packet:?}");
                return packet;
            }
            let read = timeout(TEST_TIMEOUT, self.stream.read_buf(&mut self.buffer))
                .await
                .unwrap();
            assert_ne!(read.unwrap(), 0, "the client closed the connection");
        }
    }

    /// Receives an action and responds with the `headers` after the `ActionID`.
    async fn respond(&mut self, name: &str, response: &str, headers: &str) -> Packet {
        let action = self.expect(name).await;
        let id = action.header("ActionID").unwrap();
        self.send(&format!(
            "Response: {response}\r\nActionID: {id}\r\n{headers}\r\n"
        ))
        .await;
        action
    }

    async fn challenge(&mut self) -> Packet {
        self.send("Asterisk Call Manager/11.0.0\r\n").await;
        self.respond("Challenge", "Success", "Challenge: 145769581\r\n")
            .await;
        self.expect("Login").await
    }

    async fn accept_login(&mut self) {
        let login = self.challenge().await;
        assert_eq!(login.header("Key"), Some(KEY));
        assert_eq!(login.header("Secret"), None);
        let id = login.header("ActionID").unwrap();
        self.send(&format!(
            "Response: Success\r\nActionID: {id}\r\n\r\n{BOOTED}"
        ))
        .await;
    }
}

async fn wait_for(client: &Client, condition: impl FnMut(&State) -> bool) -> State {
    let mut state = client.state();
    let state = timeout(TEST_TIMEOUT, state.wait_for(condition))
        .await
        .unwrap();
    state.unwrap().clone()
}

async fn connected(client: &Client) -> crate::Connected {
    match wait_for(client, State::is_connected).await {
        State::Connected(connected) => connected,
        state => panic!("{state:?}"),
    }
}

async fn next(events: &mut Events) -> Event {
    loop {
        let event = timeout(TEST_TIMEOUT, events.next()).await.unwrap().unwrap();
        if !event.is("FullyBooted") {
            return event;
        }
    }
}

/// Sends `action` while the server runs `script`.
async fn send_scripted(
    client: &Client,
    action: Action,
    script: impl Future<Output = ()>,
) -> Result<Response, Error> {
    tokio::join!(client.send(action), script).0
}

const BOOTED: &str = "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n";

/// The MD5 of `145769581hush`.
const KEY: &str = "22f7f5f525053679e99d12c06f2c4188";

/// Limit for everything that a test waits for.
const TEST_TIMEOUT: Duration = Duration::from_mins(1);
