use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::Duration;

use super::*;

/// A scripted Asterisk: each action is answered as the test says.
struct Session {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Session {
    async fn accept(listener: &TcpListener) -> Self {
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

    async fn say(&mut self, text: &str) {
        self.writer.write_all(text.as_bytes()).await.unwrap();
    }

    /// Waits for an action, and answers it with headers and what follows the answer.
    async fn answer(&mut self, name: &str, headers: &str, more: &str) {
        let (mut action, mut id) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            let read = self.reader.read_line(&mut line);
            let read = tokio::time::timeout(Duration::from_secs(20), read).await;
            assert_ne!(read.expect(name).unwrap(), 0, "the connection ended");
            match line.trim_end().split_once(": ") {
                Some(("Action", value)) => value.clone_into(&mut action),
                Some(("ActionID", value)) => value.clone_into(&mut id),
                Some(_) => {}
                None => break,
            }
        }
        assert_eq!(action, name);
        let text = format!("Response: Success\nActionID: {id}\n{headers}\n");
        let more = more.replace("@ID@", &id);
        self.say(&(text + &more).replace('\n', "\r\n")).await;
    }

    /// Answers what a new connection asks, with one phone at `ip`.
    async fn tell_one(&mut self, ip: &str) {
        self.answer("ListCommands", "PJSIPShowContacts: Lists.\n", "")
            .await;
        let list = format!(
            "Event: ContactList\nActionID: @ID@\nObjectName: 1001;@1\nUri: sip:1001@{ip}:5060\n\
             ViaAddr: {ip}\nUserAgent: snomD785/10.1.1.1\nEndpoint: 1001\n\n\
             Event: ContactListComplete\nActionID: @ID@\nEventList: Complete\nListItems: 1\n\n"
        );
        self.answer("PJSIPShowContacts", "EventList: start\n", &list)
            .await;
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

async fn listen(tasks: &Tasks) -> (TcpListener, Roster) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let config = ami::Config::new("pbx", address.parse().unwrap(), "u", "s".into());
    let client = Client::start(&config, None, tasks).unwrap();
    let roster = Roster::default();
    roster.follow(client, tasks);
    (listener, roster)
}

#[tokio::test]
async fn every_connection_is_read_anew_and_nothing_stale_is_told() {
    let tasks = Tasks::new();
    let (listener, roster) = listen(&tasks).await;
    let phone: Endpoint = "1001".parse().unwrap();
    assert_eq!(roster.facts(&phone), []);
    let mut session = Session::accept(&listener).await;
    session.tell_one("192.0.2.21").await;
    let registration = roster.registration(&phone, soon()).await.unwrap();
    assert_eq!(registration.contacts[0].uri, "sip:1001@192.0.2.21:5060");
    let [facts] = &roster.facts(&phone)[..] else {
        panic!()
    };
    assert_eq!(
        facts.tried.join(", "),
        "contact sip:1001@192.0.2.21:5060 of PJSIP/1001 on pbx, \
         its User-Agent \"snomD785/10.1.1.1\""
    );
    assert_eq!(roster.find("192.0.2.21").len(), 1);
    assert_eq!(roster.find("192.0.2.22").len(), 0);
    drop(session);
    // The phone has moved while nobody listened.
    let mut session = Session::accept(&listener).await;
    assert_eq!(roster.facts(&phone), [], "what may be stale is not told");
    session.tell_one("192.0.2.99").await;
    let registration = roster.registration(&phone, soon()).await.unwrap();
    assert_eq!(registration.contacts[0].uri, "sip:1001@192.0.2.99:5060");
    tasks.shut_down(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn an_event_is_followed_by_a_question() {
    let tasks = Tasks::new();
    let (listener, roster) = listen(&tasks).await;
    let mut session = Session::accept(&listener).await;
    session.tell_one("192.0.2.21").await;
    let other: Endpoint = "1002".parse().unwrap();
    let absent = roster.registration(&other, soon()).await.unwrap_err();
    assert_eq!(absent.to_string(), "PJSIP/1002 is not registered");
    session
        .say(
            "Event: ContactStatus\r\nURI: sip:1002@192.0.2.22\r\nContactStatus: NonQualified\r\n\
             AOR: 1002\r\nEndpointName: 1002\r\n\r\n",
        )
        .await;
    let details = "Event: ContactStatusDetail\nActionID: @ID@\nURI: sip:1002@192.0.2.22\n\
                   UserAgent: Yealink SIP-T46G\nEndpointName: 1002\nID: 1002;@2\n\n\
                   Event: EndpointDetailComplete\nActionID: @ID@\nEventList: Complete\n\n";
    session
        .answer("PJSIPShowEndpoint", "EventList: start\n", details)
        .await;
    let mut table = roster.servers()[0].table.clone();
    let known = table.wait_for(|table| !table.contacts(&other).is_empty());
    assert!(timeout_at(soon(), known).await.is_ok());
    tasks.shut_down(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn without_a_connection_the_server_is_away_and_without_a_server_nobody_is() {
    let phone: Endpoint = "1001".parse().unwrap();
    let none = Roster::default().registration(&phone, Instant::now()).await;
    assert_eq!(none.unwrap_err(), Absent::NoServer);
    let tasks = Tasks::new();
    let (listener, roster) = listen(&tasks).await;
    let away = roster
        .registration(&phone, Instant::now())
        .await
        .unwrap_err();
    assert!(
        away.to_string().starts_with("Asterisk pbx is away: "),
        "{away}"
    );
    drop(listener);
    tasks.shut_down(Duration::from_secs(5)).await;
}
