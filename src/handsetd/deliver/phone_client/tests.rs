mod commit;
mod reply;
mod tls;

use std::future::ready;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex as AsyncMutex;

use super::*;
use handset_net::tasks::Tasks;

/// A phone that says to each connection the next of its lines and remembers what it was sent.
struct Fake {
    phone: Phone,
    heard: Arc<AsyncMutex<Vec<String>>>,
    client: PhoneClient,
    patience: Duration,
    _tasks: Tasks,
}

impl Fake {
    async fn new(vendor: Vendor, answers: &[&'static str]) -> Self {
        Self::behind(|stream| ready(Some(stream)), vendor, answers).await
    }

    /// A phone that talks through what `open` makes of a connection, if that makes anything of it.
    async fn behind<S, F>(
        open: impl Fn(TcpStream) -> F + Send + 'static,
        vendor: Vendor,
        answers: &[&'static str],
    ) -> Self
    where
        S: AsyncRead + AsyncWrite + Send + Unpin,
        F: Future<Output = Option<S>> + Send,
    {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string().parse().unwrap();
        let heard = Arc::new(AsyncMutex::new(Vec::new()));
        let tasks = Tasks::new();
        let (answers, log) = (answers.to_vec(), Arc::clone(&heard));
        tasks.spawn("fake phone", async move {
            for answer in answers {
                let (stream, _) = listener.accept().await.unwrap();
                let Some(mut stream) = open(stream).await else {
                    continue;
                };
                let heard = request(&mut stream).await;
                log.lock().await.push(heard);
                // A client that has read enough closes before all is written.
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
            // The last connection is accepted by the system, and nobody answers.
            std::future::pending::<()>().await;
        });
        let phone = Phone {
            address,
            ..Phone::example(vendor, "")
        };
        Self {
            phone,
            heard,
            client: PhoneClient::default(),
            patience: Duration::from_secs(1),
            _tasks: tasks,
        }
    }

    async fn send(&self, auth: Auth, password: Option<&str>) -> Result<u16, Error> {
        let get = Request::get("/command.htm?key=F1;F2&number=%2310");
        let request = Request { auth, ..get };
        let pair = password.map(|password| Credentials::new("user", password.into()));
        let (pair, commit_point) = (pair.as_ref(), CommitPoint::default());
        let sent = self
            .client
            .send(&self.phone, &request, pair, self.patience, &commit_point);
        sent.await.map(|reply| reply.status)
    }

    /// Returns the `Authorization` headers of all requests, an empty text where there was none.
    async fn authorizations(&self) -> Vec<String> {
        let header = |request: &String| {
            let line = request
                .lines()
                .find_map(|line| line.strip_prefix("Authorization: "));
            line.unwrap_or_default().to_owned()
        };
        self.heard.lock().await.iter().map(header).collect()
    }
}

async fn request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(bytes).unwrap()
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const BASIC: &str = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
const DIGEST: &str = "HTTP/1.1 401 No\r\n\
    WWW-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\"\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";
const MOVED: &str = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn the_target_goes_on_the_wire_as_it_is() {
    let fake = Fake::new(Vendor::Snom, &[OK]).await;
    assert_eq!(fake.send(Auth::OnChallenge, None).await, Ok(200));
    let heard = fake.heard.lock().await;
    let start = "GET /command.htm?key=F1;F2&number=%2310 HTTP/1.1\r\n";
    assert!(heard[0].starts_with(start), "{heard:?}");
}

#[tokio::test]
async fn basic_is_told_when_asked_and_remembered() {
    let fake = Fake::new(Vendor::Snom, &[BASIC, OK, OK]).await;
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    let basic = "Basic dXNlcjpwYXNz".to_owned();
    assert_eq!(
        fake.authorizations().await,
        [String::new(), basic.clone(), basic]
    );
}

#[tokio::test]
async fn digest_is_answered_when_asked() {
    let fake = Fake::new(Vendor::Snom, &[DIGEST, OK]).await;
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    let [none, digest] = fake.authorizations().await.try_into().unwrap();
    assert!(none.is_empty());
    let uri = "uri=\"/command.htm?key=F1;F2&number=%2310\"";
    assert!(
        digest.starts_with("Digest username=\"user\"") && digest.contains(uri),
        "{digest}"
    );
}

#[tokio::test]
async fn cisco_is_told_at_once_and_not_twice() {
    let fake = Fake::new(Vendor::Cisco, &[BASIC, OK]).await;
    assert_eq!(
        fake.send(Auth::PreemptiveBasic, Some("pass")).await,
        Ok(401)
    );
    assert_eq!(fake.authorizations().await, ["Basic dXNlcjpwYXNz"]);
}

#[tokio::test]
async fn a_yealink_that_refused_is_left_alone() {
    let fake = Fake::new(Vendor::Yealink, &[DIGEST, DIGEST, OK]).await;
    assert_eq!(fake.send(Auth::OnChallenge, Some("wrong")).await, Ok(401));
    let again = fake.send(Auth::OnChallenge, Some("wrong")).await;
    assert!(matches!(again, Err(Error::LockedOut(_))), "{again:?}");
    assert_eq!(fake.authorizations().await.len(), 2);
}

#[tokio::test]
async fn nobody_is_told_a_password_without_having_asked() {
    let fake = Fake::new(Vendor::Snom, &[OK, BASIC]).await;
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    assert_eq!(fake.send(Auth::OnChallenge, None).await, Ok(401));
    assert_eq!(fake.authorizations().await, ["", ""]);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let fake = Fake::new(Vendor::Snom, &[MOVED]).await;
    assert_eq!(fake.send(Auth::OnChallenge, None).await, Ok(302));
}

#[tokio::test]
async fn sent_and_not_sent_are_told_apart() {
    let mut fake = Fake::new(Vendor::Snom, &[""]).await;
    let broken = fake.send(Auth::OnChallenge, None).await;
    assert!(matches!(broken, Err(Error::Interrupted(_))), "{broken:?}");
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    fake.phone.address = closed.local_addr().unwrap().to_string().parse().unwrap();
    drop(closed);
    let refused = fake.send(Auth::OnChallenge, None).await;
    let said = |why: &String| why.contains("refused");
    assert!(
        matches!(&refused, Err(Error::ConnectFailed(why)) if said(why)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_phone_that_never_answers_costs_its_time_and_no_more() {
    let fake = Fake::new(Vendor::Snom, &[]).await;
    let silent = fake.send(Auth::OnChallenge, None).await;
    let said = |why: &String| why.contains("in time");
    assert!(
        matches!(&silent, Err(Error::TimedOut(why)) if said(why)),
        "{silent:?}"
    );
}

#[tokio::test]
async fn an_answer_without_end_is_read_up_to_the_limit() {
    let body = "x".repeat(4 * exchange::MAX_BODY);
    let endless: &'static str =
        Box::leak(format!("HTTP/1.1 200 OK\r\n\r\n{body}").into_boxed_str());
    let fake = Fake::new(Vendor::Snom, &[endless]).await;
    assert_eq!(fake.send(Auth::OnChallenge, None).await, Ok(200));
}
