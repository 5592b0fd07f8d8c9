mod commit;
mod login;
mod nonces;
mod reply;
mod tls;

use std::future::ready;
use std::sync::Arc;

use handset_net::tasks::Tasks;
use handset_phones::phone::{Credentials, Vendor};
use handset_phones::vendor::Auth;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex as AsyncMutex;

use super::*;

/// A phone that sends the next of its replies to each connection, and records the requests.
struct FakePhone {
    phone: Phone,
    requests: Arc<AsyncMutex<Vec<String>>>,
    client: PhoneClient,
    timeout: Duration,
    _tasks: Tasks,
}

impl FakePhone {
    async fn new(vendor: Vendor, answers: &[&'static str]) -> Self {
        Self::behind(|stream| ready(Some(stream)), vendor, answers).await
    }

    /// Creates a phone that passes each connection through `open`; `None` closes it.
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
        let requests = Arc::new(AsyncMutex::new(Vec::new()));
        let tasks = Tasks::new();
        let (answers, log) = (answers.to_vec(), Arc::clone(&requests));
        tasks.spawn("fake phone", async move {
            for answer in answers {
                let (stream, _) = listener.accept().await.unwrap();
                let Some(mut stream) = open(stream).await else {
                    continue;
                };
                let request = read_request(&mut stream).await;
                log.lock().await.push(request);
                // A client that has read enough closes before all is written.
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
            // Further connections are accepted by the kernel, and get no reply.
            std::future::pending::<()>().await;
        });
        let phone = Phone {
            address,
            ..Phone::example(vendor, "")
        };
        Self {
            phone,
            requests,
            client: PhoneClient::default(),
            timeout: Duration::from_secs(1),
            _tasks: tasks,
        }
    }

    async fn send(&self, auth: Auth, password: Option<&str>) -> Result<u16, Error> {
        let get = Request::get("/command.htm?key=F1;F2&number=%2310");
        let request = Request { auth, ..get };
        let pair = password.map(|password| Credentials::new("user", password.into()));
        self.send_as(&request, pair.as_ref()).await
    }

    async fn send_as(
        &self,
        request: &Request,
        configured: Option<&Credentials>,
    ) -> Result<u16, Error> {
        let commit_point = CommitPoint::default();
        let accounts = Accounts {
            configured,
            push: None,
        };
        let phone = Contactable::example(&self.phone);
        let sent = self
            .client
            .send(&phone, request, accounts, self.timeout, &commit_point);
        sent.await.map(|reply| reply.status)
    }

    /// Returns the `Authorization` headers of all requests, empty where there was none.
    async fn authorizations(&self) -> Vec<String> {
        let header = |request: &String| {
            let line = request
                .lines()
                .find_map(|line| line.strip_prefix("Authorization: "));
            line.unwrap_or_default().to_owned()
        };
        self.requests.lock().await.iter().map(header).collect()
    }
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> String {
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
async fn target_is_sent_unchanged() {
    let fake = FakePhone::new(Vendor::Snom, &[OK]).await;
    assert_eq!(fake.send(Auth::OnChallenge, None).await, Ok(200));
    let requests = fake.requests.lock().await;
    let start = "GET /command.htm?key=F1;F2&number=%2310 HTTP/1.1\r\n";
    assert!(requests[0].starts_with(start), "{requests:?}");
}

#[tokio::test]
async fn basic_credentials_are_sent_on_challenge_and_with_later_requests() {
    let fake = FakePhone::new(Vendor::Snom, &[BASIC, OK, OK]).await;
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    let basic = "Basic dXNlcjpwYXNz".to_owned();
    assert_eq!(
        fake.authorizations().await,
        [String::new(), basic.clone(), basic]
    );
}

#[tokio::test]
async fn digest_challenge_is_answered() {
    let fake = FakePhone::new(Vendor::Snom, &[DIGEST, OK]).await;
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
async fn preemptive_credentials_are_sent_once() {
    let fake = FakePhone::new(Vendor::Cisco, &[BASIC, OK]).await;
    assert_eq!(
        fake.send(Auth::PreemptiveBasic, Some("pass")).await,
        Ok(401)
    );
    assert_eq!(fake.authorizations().await, ["Basic dXNlcjpwYXNz"]);
}

#[tokio::test]
async fn yealink_phone_that_refused_credentials_gets_no_request() {
    let fake = FakePhone::new(Vendor::Yealink, &[DIGEST, DIGEST, OK]).await;
    assert_eq!(fake.send(Auth::OnChallenge, Some("wrong")).await, Ok(401));
    let again = fake.send(Auth::OnChallenge, Some("wrong")).await;
    assert!(matches!(again, Err(Error::LockedOut(_))), "{again:?}");
    assert_eq!(fake.authorizations().await.len(), 2);
}

#[tokio::test]
async fn password_is_not_sent_without_a_challenge() {
    let fake = FakePhone::new(Vendor::Snom, &[OK, BASIC]).await;
    assert_eq!(fake.send(Auth::OnChallenge, Some("pass")).await, Ok(200));
    assert_eq!(fake.send(Auth::OnChallenge, None).await, Ok(401));
    assert_eq!(fake.authorizations().await, ["", ""]);
}

#[tokio::test]
async fn redirect_is_returned_and_not_followed() {
    let fake = FakePhone::new(Vendor::Snom, &[MOVED]).await;
    assert_eq!(fake.send(Auth::OnChallenge, None).await, Ok(302));
}

#[tokio::test]
async fn errors_say_whether_the_request_was_sent() {
    let mut fake = FakePhone::new(Vendor::Snom, &[""]).await;
    let broken = fake.send(Auth::OnChallenge, None).await;
    assert!(matches!(broken, Err(Error::Interrupted(_))), "{broken:?}");
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    fake.phone.address = closed.local_addr().unwrap().to_string().parse().unwrap();
    drop(closed);
    let refused = fake.send(Auth::OnChallenge, None).await;
    let is_refusal = |why: &String| why.contains("refused");
    assert!(
        matches!(&refused, Err(Error::ConnectFailed(why)) if is_refusal(why)),
        "{refused:?}"
    );
}

#[tokio::test]
async fn phone_that_never_replies_times_out() {
    let fake = FakePhone::new(Vendor::Snom, &[]).await;
    let silent = fake.send(Auth::OnChallenge, None).await;
    let is_timeout = |why: &String| why.contains("in time");
    assert!(
        matches!(&silent, Err(Error::TimedOut(why)) if is_timeout(why)),
        "{silent:?}"
    );
}

#[tokio::test]
async fn endless_reply_is_read_up_to_the_limit() {
    let body = "x".repeat(4 * exchange::MAX_BODY);
    let endless: &'static str =
        Box::leak(format!("HTTP/1.1 200 OK\r\n\r\n{body}").into_boxed_str());
    let fake = FakePhone::new(Vendor::Snom, &[endless]).await;
    assert_eq!(fake.send(Auth::OnChallenge, None).await, Ok(200));
}
