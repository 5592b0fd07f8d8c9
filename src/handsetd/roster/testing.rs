//! A scripted Asterisk, for tests that need a roster.

use std::time::Duration;

use handset_ami::{self as ami, Client};
use handset_net::tasks::Tasks;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::Instant;

use super::Roster;

/// An AMI session of a scripted Asterisk.
pub(crate) struct Session {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Session {
    pub(crate) async fn accept(listener: &TcpListener) -> Self {
        let (reader, writer) = listener.accept().await.unwrap().0.into_split();
        let mut session = Self {
            reader: BufReader::new(reader),
            writer,
        };
        session.say("Asterisk Call Manager/11.0.0\r\n").await;
        session.answer("Challenge", "Challenge: 1\n", "").await;
        session
            .answer("Login", "", "Event: FullyBooted\nStatus: Fully Booted\n\n")
            .await;
        session
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).await.unwrap();
    }

    /// Waits for an action of this name, and returns its `ActionID`.
    pub(crate) async fn hear(&mut self, name: &str) -> String {
        let headers = self.hear_all(name).await;
        let id = headers.into_iter().find(|(name, _)| name == "ActionID");
        id.map(|(_, id)| id).unwrap_or_default()
    }

    /// Waits for an action of this name, and returns its headers.
    pub(crate) async fn hear_all(&mut self, name: &str) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            let read = self.reader.read_line(&mut line);
            let read = tokio::time::timeout(Duration::from_secs(20), read).await;
            assert_ne!(read.expect(name).unwrap(), 0, "the connection ended");
            match line.trim_end().split_once(": ") {
                Some((name, value)) => headers.push((name.to_owned(), value.to_owned())),
                None => break,
            }
        }
        let action = headers.iter().find(|(name, _)| name == "Action");
        assert_eq!(action.map(|(_, value)| value.as_str()), Some(name));
        headers
    }

    /// Waits for an action, and answers it with these headers.
    pub(crate) async fn respond(&mut self, name: &str, headers: &str) {
        let id = self.hear(name).await;
        let text = format!("{headers}ActionID: {id}\n\n");
        self.say(&text.replace('\n', "\r\n")).await;
    }

    /// Waits for an action, and answers it with success, `headers`, and the messages `more`.
    pub(crate) async fn answer(&mut self, name: &str, headers: &str, more: &str) {
        let id = self.hear(name).await;
        let text = format!("Response: Success\nActionID: {id}\n{headers}\n");
        let more = more.replace("@ID@", &id);
        self.say(&(text + &more).replace('\n', "\r\n")).await;
    }

    /// Answers the queries of a new connection, with one phone at `ip`.
    pub(crate) async fn answer_with_phone(&mut self, ip: &str) {
        self.answer_with_phones(&[("1001", ip, "snomD785/10.1.1.1")])
            .await;
    }

    /// Answers them with phones: name, address and User-Agent of each.
    pub(crate) async fn answer_with_phones(&mut self, phones: &[(&str, &str, &str)]) {
        self.answer("ListCommands", "PJSIPShowContacts: Lists.\n", "")
            .await;
        let item = |(name, ip, user_agent): &(&str, &str, &str)| {
            format!(
                "Event: ContactList\nActionID: @ID@\nObjectName: {name};@1\n\
                 Uri: sip:{name}@{ip}:5060\nViaAddr: {ip}\nUserAgent: {user_agent}\n\
                 Endpoint: {name}\n\n"
            )
        };
        let list = format!(
            "{}Event: ContactListComplete\nActionID: @ID@\nEventList: Complete\nListItems: {}\n\n",
            phones.iter().map(item).collect::<String>(),
            phones.len()
        );
        self.answer("PJSIPShowContacts", "EventList: start\n", &list)
            .await;
    }
}

/// Returns a deadline that local operations never reach.
pub(crate) fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

/// Binds a port, and starts a client of it and a roster that follows the client.
pub(crate) async fn listen(tasks: &Tasks) -> (TcpListener, Roster) {
    listen_with(tasks, ami::Limits::default()).await
}

/// The same with limits of the client.
pub(crate) async fn listen_with(tasks: &Tasks, limits: ami::Limits) -> (TcpListener, Roster) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let config = ami::Config {
        limits,
        ..ami::Config::new("pbx", address.parse().unwrap(), "u", "s".into())
    };
    let (client, driver) = Client::new(&config).unwrap();
    tasks.spawn("ami", driver.run_until(tasks.stop()));
    let roster = Roster::default();
    roster.follow(client, tasks);
    (listener, roster)
}
