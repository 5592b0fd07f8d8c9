use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use url::Url;

use super::*;
use crate::content_store::ContentPublisher;
use handset_net::tasks::Tasks;
use handset_phones::documents::StoredContent;
use handset_phones::phone::Credentials;

struct Door {
    address: std::net::SocketAddr,
    content_store: ContentStore,
    logins: PushCredentials,
    told: mpsc::Receiver<ActionUrlEvent>,
    tasks: Tasks,
}

impl Door {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            listen: "127.0.0.1:0".parse().unwrap(),
            ..Config::default()
        };
        change(&mut config);
        let server = Server::bind(config).unwrap();
        let address = server.local_addr();
        let content_store = ContentStore::default();
        let logins =
            PushCredentials::new(vec![(None, Credentials::new("push", "s3 cret&".into()))]);
        let tasks = Tasks::new();
        let (listener, told) = mpsc::channel(2);
        let (own, door) = (tasks.clone(), (content_store.clone(), logins.clone()));
        tasks.spawn("door", async move {
            server.run(door.0, door.1, listener, &own).await;
        });
        Self {
            address,
            content_store,
            logins,
            told,
            tasks,
        }
    }

    /// Sends `request` and returns everything that comes back until the connection closes.
    async fn say(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8(answer).unwrap()
    }

    async fn get(&self, path: &str) -> String {
        self.say(&format!(
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

/// Splits an answer into its head and its body.
fn parts(answer: &str) -> (&str, &str) {
    answer.split_once("\r\n\r\n").expect("the head ends")
}

#[tokio::test]
async fn a_good_login_is_answered_with_ten_bytes_and_not_one_more() {
    let door = Door::new(|_| {});
    let query = "UserID=push&Password=s3+cret%26&devicename=SEP00005E005301";
    let answer = door.get(&format!("/cisco/authenticate?{query}")).await;
    let (head, body) = parts(&answer);
    assert_eq!(body.as_bytes(), b"AUTHORIZED");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("\r\nContent-Type: text/plain\r\n"), "{head}");
    assert!(
        head.contains("\r\nContent-Length: 10\r\n") && !head.contains("chunked"),
        "{head}"
    );
}

#[tokio::test]
async fn the_form_of_old_phones_is_answered_as_well() {
    let door = Door::new(|_| {});
    let post = |form: &str| {
        format!(
            "POST /cisco/authenticate HTTP/1.0\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        )
    };
    let good = door
        .say(&post(
            "\r\nUserID=push&Password=s3%20cret%26&devicename=x&more=1",
        ))
        .await;
    assert_eq!(parts(&good).1, "AUTHORIZED");
    let bad = door.say(&post("UserID=push&Password=wrong")).await;
    assert_eq!(parts(&bad).1, "UN-AUTHORIZED");
    let long = door
        .say(&post(&format!("UserID=push&Password={}", "x".repeat(9000))))
        .await;
    assert_eq!(parts(&long).1, "ERROR");
}

#[tokio::test]
async fn a_bad_login_is_refused() {
    let door = Door::new(|_| {});
    for query in [
        "",
        "UserID=push",
        "UserID=push&Password=",
        "UserID=PUSH&Password=s3+cret%26",
    ] {
        let answer = door.get(&format!("/cisco/authenticate?{query}")).await;
        assert_eq!(parts(&answer).1, "UN-AUTHORIZED", "{query}");
    }
    let login = door.logins.open();
    let made_up = login.credentials().password().to_owned();
    let path = format!("/cisco/authenticate?UserID=handsetd&Password={made_up}");
    assert_eq!(parts(&door.get(&path).await).1, "AUTHORIZED");
    drop(login);
    assert_eq!(parts(&door.get(&path).await).1, "UN-AUTHORIZED");
}

#[tokio::test]
async fn what_was_pushed_is_fetched_with_its_type_and_length() {
    let door = Door::new(|_| {});
    let mut content = StoredContent::new("text/xml; charset=UTF-8", "<a>ä</a>");
    content.refresh = Some("3; url=http://192.0.2.1/".into());
    let url = door.publish_screen(content);
    let answer = door.get(url.path()).await;
    let (head, body) = parts(&answer);
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
    let url = door
        .publisher()
        .publish_media(StoredContent::new("image/png", "png"), "door.png");
    assert!(url.path().ends_with("/door.png"));
    let answer = door.get(url.path()).await;
    assert!(answer.contains("\r\nContent-Type: image/png\r\n") && answer.ends_with("\r\n\r\npng"));
}

#[tokio::test]
async fn head_tells_the_same_without_the_body() {
    let door = Door::new(|_| {});
    let url = door.publish_screen(StoredContent::new("text/xml", "<a/>"));
    let answer = door
        .say(&format!(
            "HEAD {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            url.path()
        ))
        .await;
    let (head, body) = parts(&answer);
    assert!(head.contains("\r\nContent-Length: 4\r\n"), "{head}");
    assert_eq!(body, "");
}

#[tokio::test]
async fn what_nobody_pushed_is_not_there() {
    let door = Door::new(|_| {});
    for path in [
        "/",
        "/screen/",
        "/screen/0123",
        "/media/0123/a.png",
        "/screen/..%2f..%2fetc",
    ] {
        assert!(door.get(path).await.starts_with("HTTP/1.1 404 "), "{path}");
    }
    let post =
        "POST /screen/0123 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    assert!(door.say(post).await.starts_with("HTTP/1.1 405 "));
}

#[tokio::test]
async fn a_stranger_gets_no_answer() {
    let door = Door::new(|config| config.allow = vec!["192.0.2.0/24".parse().unwrap()]);
    assert_eq!(door.get("/cisco/authenticate").await, "");
}

#[tokio::test]
async fn too_many_headers_cost_one_connection_and_disturb_no_other() {
    let door = Door::new(|config| config.max_connections = 2);
    let headers = "X-Header: y\r\n".repeat(10_000);
    let answer = door.say(&format!("GET / HTTP/1.1\r\n{headers}\r\n")).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer}"
    );
    // One that never goes on takes one place; the other place is free for everybody else.
    let mut slow = TcpStream::connect(door.address).await.unwrap();
    slow.write_all(b"GET /screen").await.unwrap();
    for _ in 0..5 {
        assert!(door.get("/screen/0").await.starts_with("HTTP/1.1 404 "));
    }
}

#[tokio::test]
async fn stopping_ends_idle_connections() {
    let door = Door::new(|_| {});
    let mut idle = TcpStream::connect(door.address).await.unwrap();
    idle.write_all(b"GET /screen/0 HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut byte = [0];
    idle.read_exact(&mut byte).await.unwrap();
    assert!(door.tasks.shut_down(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn what_a_phone_tells_is_passed_on_and_answered_with_nothing() {
    let mut door = Door::new(|_| {});
    let answer = door
        .get("/action/yealink/dnd_on?mac=00005e005303&remote=sip:ada@pbx&x")
        .await;
    let (head, body) = parts(&answer);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(body, "");
    let told = door.told.recv().await.unwrap();
    assert_eq!(
        (told.vendor, told.event.as_str()),
        (handset_phones::phone::Vendor::Yealink, "dnd_on")
    );
    let values = [
        ("mac", "00005e005303"),
        ("remote", "sip:ada@pbx"),
        ("x", ""),
        ("number", "ada"),
    ];
    assert_eq!(
        told.values,
        values.map(|(name, value)| (name.to_owned(), value.to_owned()))
    );
    assert!(told.peer.ip().is_loopback());
    for path in [
        "/action/polycom/x",
        "/action/snom/a.b",
        "/action/snom/",
        "/action/snom/%0a",
    ] {
        assert!(door.get(path).await.starts_with("HTTP/1.1 404 "), "{path}");
    }
    // A flood is answered all the same; what does not fit is lost.
    for _ in 0..5 {
        assert!(
            door.get("/action/snom/incoming")
                .await
                .starts_with("HTTP/1.1 200 ")
        );
    }
}
