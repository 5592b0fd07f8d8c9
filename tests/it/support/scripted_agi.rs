//! An AGI server that a test scripts line by line.
//!
//! It replaces handsetd in tests about Asterisk, the dialplan and the connection between them.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::soon;

/// The listening server.
#[derive(Debug)]
pub(crate) struct ScriptedAgi {
    listener: TcpListener,
}

impl ScriptedAgi {
    /// Listens on a free port.
    pub(crate) async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self { listener }
    }

    /// Returns its address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// Waits for a call and reads its environment.
    pub(crate) async fn accept(&self) -> Session {
        let (stream, _) = soon("a connection from AGI()", self.listener.accept())
            .await
            .unwrap();
        let mut session = Session {
            stream: BufReader::new(stream),
            environment: Vec::new(),
        };
        loop {
            let line = session.line().await;
            match line.split_once(": ") {
                Some((name, value)) => {
                    session
                        .environment
                        .push((name.to_owned(), value.to_owned()));
                }
                None => return session,
            }
        }
    }
}

/// One call. Dropping it ends `AGI()`, and the dialplan continues.
#[derive(Debug)]
pub(crate) struct Session {
    stream: BufReader<TcpStream>,
    environment: Vec<(String, String)>,
}

impl Session {
    /// Returns a value of the environment, such as `agi_channel`.
    pub(crate) fn environment(&self, name: &str) -> &str {
        let found = self.environment.iter().find(|(key, _)| key == name);
        match found {
            Some((_, value)) => value,
            None => panic!("no {name} in {:#?}", self.environment),
        }
    }

    /// Returns verb and keys of the request, decoded: `/push?text=a` gives `push` and `text`, `a`.
    pub(crate) fn request(&self) -> (String, Vec<(String, String)>) {
        let script = self.environment("agi_network_script");
        let (verb, query) = script.split_once('?').unwrap_or((script, ""));
        let keys = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        (verb.to_owned(), keys)
    }

    /// Sends a command and returns the reply.
    pub(crate) async fn command(&mut self, command: &str) -> String {
        let line = format!("{command}\n");
        self.stream
            .get_mut()
            .write_all(line.as_bytes())
            .await
            .unwrap();
        self.line().await
    }

    /// Reads a line: a reply, or the notice that the caller hung up.
    pub(crate) async fn line(&mut self) -> String {
        let mut line = String::new();
        soon("a line from AGI()", self.stream.read_line(&mut line))
            .await
            .unwrap();
        line.trim_end_matches('\n').to_owned()
    }

    /// Sets the outcome on the channel, as handsetd does at the end.
    pub(crate) async fn finish(mut self, status: &str, reason: &str) {
        for (name, value) in [
            ("HANDSET_STATUS", status),
            ("HANDSET_REASON", reason),
            ("HANDSET_PHONE", "1001"),
            ("HANDSET_VENDOR", "cisco"),
            ("HANDSET_ID", "id-1"),
        ] {
            let answer = self
                .command(&format!("SET VARIABLE {name} \"{value}\""))
                .await;
            assert_eq!(answer, "200 result=1");
        }
    }
}
