use std::time::Duration;

use handset_net::allow_list::AllowList;
use handset_net::tasks::Tasks;
use handset_phones::documents::StoredContent;
use handset_phones::phone::{Credentials, Phone, Vendor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use super::*;
use crate::content_store::{ContentPublisher, ContentStore};
use crate::deliver::{ConfiguredCredentials, Password, PushCredentials};

struct TestServer {
    address: std::net::SocketAddr,
    content_store: ContentStore,
    credentials: PushCredentials,
    events: EventReceiver,
    tasks: Tasks,
}

impl TestServer {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            allow: AllowList::loopback(),
            ..Config::default()
        };
        change(&mut config);
        let server = Server::bind(config).unwrap();
        let address = server.local_addr();
        let content_store = ContentStore::default();
        let credentials = PushCredentials::new(vec![ConfiguredCredentials {
            owner: None,
            credentials: Credentials::new("push", "s3 cret&".into()),
        }]);
        let tasks = Tasks::new();
        let (sender, events) = event_queue();
        let running = {
            let (tasks, store) = (tasks.clone(), content_store.clone());
            let credentials = credentials.clone();
            async move { server.run(store, credentials, sender, None, &tasks).await }
        };
        tasks.spawn("server", running);
        Self {
            address,
            content_store,
            credentials,
            events,
            tasks,
        }
    }

    /// Sends `request` and returns the reply up to the end of the connection.
    async fn send(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply).await;
        String::from_utf8(reply).unwrap()
    }

    async fn get(&self, path: &str) -> String {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        ))
        .await
    }

    fn publisher(&self) -> ContentPublisher {
        let base = Url::parse(&format!("http://{}", self.address)).unwrap();
        ContentPublisher::new(self.content_store.clone(), base, Duration::from_mins(1))
    }

    fn publish_screen(&self, content: StoredContent) -> Url {
        let publisher = self.publisher();
        let documents = publisher.documents();
        let url = documents.publish_screen(content);
        publisher.publish(documents.into_items());
        url
    }
}

/// Splits a reply into head and body.
fn parts(reply: &str) -> (&str, &str) {
    reply.split_once("\r\n\r\n").expect("the head ends")
}

#[tokio::test]
async fn valid_credentials_are_answered_with_exactly_ten_bytes() {
    let server = TestServer::new(|_| {});
    let query = "UserID=push&Password=s3+cret%26&devicename=SEP00005E005301";
    let reply = server.get(&format!("/cisco/authenticate?{query}")).await;
    let (head, body) = parts(&reply);
    assert_eq!(body.as_bytes(), b"AUTHORIZED");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("\r\nContent-Type: text/plain\r\n"), "{head}");
    assert!(
        head.contains("\r\nContent-Length: 10\r\n") && !head.contains("chunked"),
        "{head}"
    );
}

#[tokio::test]
async fn forms_of_old_phones_are_accepted() {
    let server = TestServer::new(|_| {});
    let post = |form: &str| {
        format!(
            "POST /cisco/authenticate HTTP/1.0\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        )
    };
    let good = server
        .send(&post(
            "\r\nUserID=push&Password=s3%20cret%26&devicename=x&more=1",
        ))
        .await;
    assert_eq!(parts(&good).1, "AUTHORIZED");
    let bad = server.send(&post("UserID=push&Password=wrong")).await;
    assert_eq!(parts(&bad).1, "UN-AUTHORIZED");
    let long = server
        .send(&post(&format!("UserID=push&Password={}", "x".repeat(9000))))
        .await;
    assert_eq!(parts(&long).1, "ERROR");
}

#[tokio::test]
async fn invalid_credentials_are_rejected() {
    let server = TestServer::new(|_| {});
    for query in [
        "",
        "UserID=push",
        "UserID=push&Password=",
        "UserID=PUSH&Password=s3+cret%26",
    ] {
        let reply = server.get(&format!("/cisco/authenticate?{query}")).await;
        assert_eq!(parts(&reply).1, "UN-AUTHORIZED", "{query}");
    }
}

#[tokio::test]
async fn one_time_passwords_are_accepted_once_and_from_their_phone() {
    let server = TestServer::new(|_| {});
    let phone = Phone {
        mac: "00005E005301".parse().ok(),
        ..Phone::example(Vendor::Cisco, "7970")
    };
    let push = |address: [u8; 4]| server.credentials.open(&phone, &[address.into()]);
    let ask = async |password: &str, device: &str| {
        let query = format!("UserID=handsetd&Password={password}&devicename={device}");
        let reply = server.get(&format!("/cisco/authenticate?{query}")).await;
        parts(&reply).1.to_owned()
    };
    let (local, remote) = (push([127, 0, 0, 1]), push([192, 0, 2, 21]));
    let _steps = [&local, &remote].map(|push| push.begin_step(Password::OneTime));
    let (own, other) = ("SEP00005E005301", "SEP00005E005302");
    let password = local.one_time().password();
    assert_eq!(ask(password, other).await, "UN-AUTHORIZED");
    assert_eq!(ask(password, own).await, "AUTHORIZED");
    assert_eq!(ask(password, own).await, "UN-AUTHORIZED");
    let password = remote.one_time().password();
    assert_eq!(ask(password, own).await, "UN-AUTHORIZED");
}

#[tokio::test]
async fn pushed_content_has_its_type_and_length() {
    let server = TestServer::new(|_| {});
    let mut content = StoredContent::new("text/xml; charset=UTF-8", "<a>ä</a>");
    content.refresh = Some("3; url=http://192.0.2.1/".into());
    let url = server.publish_screen(content);
    let reply = server.get(url.path()).await;
    let (head, body) = parts(&reply);
    assert_eq!(body, "<a>ä</a>");
    assert!(
        head.contains("\r\nContent-Type: text/xml; charset=UTF-8\r\n"),
        "{head}"
    );
    assert!(head.contains("\r\nContent-Length: 9\r\n"), "{head}");
    assert!(
        head.contains("\r\nRefresh: 3; url=http://192.0.2.1/\r\n"),
        "{head}"
    );
    let url = server
        .publisher()
        .publish_media(StoredContent::new("image/png", "png"), "bell.png");
    assert!(url.path().ends_with("/bell.png"));
    let reply = server.get(url.path()).await;
    assert!(reply.contains("\r\nContent-Type: image/png\r\n") && reply.ends_with("\r\n\r\npng"));
}

#[tokio::test]
async fn head_requests_return_the_length_without_the_body() {
    let server = TestServer::new(|_| {});
    let url = server.publish_screen(StoredContent::new("text/xml", "<a/>"));
    let reply = server
        .send(&format!(
            "HEAD {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            url.path()
        ))
        .await;
    let (head, body) = parts(&reply);
    assert!(head.contains("\r\nContent-Length: 4\r\n"), "{head}");
    assert_eq!(body, "");
}

#[tokio::test]
async fn unknown_paths_and_tokens_are_not_found() {
    let server = TestServer::new(|_| {});
    for path in [
        "/",
        "/screen/",
        "/screen/0123",
        "/media/0123/a.png",
        "/screen/..%2f..%2fetc",
    ] {
        assert!(
            server.get(path).await.starts_with("HTTP/1.1 404 "),
            "{path}"
        );
    }
    let post =
        "POST /screen/0123 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    assert!(server.send(post).await.starts_with("HTTP/1.1 405 "));
}

#[tokio::test]
async fn disallowed_addresses_get_no_reply() {
    let server = TestServer::new(|config| {
        config.allow = ["192.0.2.0/24".parse().unwrap()].into_iter().collect();
    });
    assert_eq!(server.get("/cisco/authenticate").await, "");
}

#[tokio::test]
async fn oversized_heads_and_slow_clients_affect_only_their_connection() {
    let server = TestServer::new(|config| config.max_connections = 2);
    let headers = "X-Header: y\r\n".repeat(10_000);
    let reply = server
        .send(&format!("GET / HTTP/1.1\r\n{headers}\r\n"))
        .await;
    assert!(
        reply.is_empty() || reply.starts_with("HTTP/1.1 4"),
        "{reply}"
    );
    // A client that stops halfway occupies one of the two slots; the other one is free.
    let mut slow = TcpStream::connect(server.address).await.unwrap();
    slow.write_all(b"GET /screen").await.unwrap();
    for _ in 0..5 {
        assert!(server.get("/screen/0").await.starts_with("HTTP/1.1 404 "));
    }
}

#[tokio::test]
async fn stopping_ends_idle_connections() {
    let server = TestServer::new(|_| {});
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    idle.write_all(b"GET /screen/0 HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut byte = [0];
    idle.read_exact(&mut byte).await.unwrap();
    assert!(server.tasks.shut_down(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn action_urls_become_events_and_get_an_empty_reply() {
    let mut server = TestServer::new(|_| {});
    let reply = server
        .get("/action/yealink/dnd_on?mac=00005e005303&remote=sip:ada@pbx&x")
        .await;
    let (head, body) = parts(&reply);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(body, "");
    let event = server.events.recv().await;
    assert_eq!(
        (event.vendor, event.event.as_str()),
        (Vendor::Yealink, "dnd_on")
    );
    let values = [
        ("mac", "00005e005303"),
        ("remote", "sip:ada@pbx"),
        ("x", ""),
        ("number", "ada"),
    ];
    assert_eq!(
        event.values,
        values.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert!(event.peer.ip().is_loopback());
    for path in [
        "/action/polycom/x",
        "/action/snom/a.b",
        "/action/snom/calm",
        "/action/cisco/whatever",
        "/action/snom/",
        "/action/snom/%0a",
        // The event of what no known phone reports.
        "/action/snom/unknown",
        "/action/yealink/UNKNOWN",
        // That of a form, which has values of its own.
        "/action/yealink/form?Form=login&pin=1",
        "/action/key/polycom/x",
        "/action/a/b/snom/x",
    ] {
        assert!(
            server.get(path).await.starts_with("HTTP/1.1 404 "),
            "{path}"
        );
    }
    let long = format!("/action/snom/hold?a={}", "b".repeat(9000));
    assert!(server.get(&long).await.starts_with("HTTP/1.1 414 "));
    assert_eq!(server.events.try_recv(), None);
    // A flood is still answered; events that exceed the queue are dropped.
    for _ in 0..300 {
        assert!(
            server
                .get("/action/snom/incoming")
                .await
                .starts_with("HTTP/1.1 200 ")
        );
    }
}
