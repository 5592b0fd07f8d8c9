mod answers;
mod events;
mod login;
mod reconnect;
mod tls;

use std::net::SocketAddr;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::*;
use crate::config::{Limits, Login};
use crate::wire::{Frame, Framer, Packet};

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

async fn connected(client: &Client) -> crate::Connected {
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

const BOOTED: &str = "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n";

/// The MD5 of `145769581hush`.
const KEY: &str = "22f7f5f525053679e99d12c06f2c4188";

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);
