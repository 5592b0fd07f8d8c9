//! Phones that speak TLS: known by their certificate, and by nothing else.

use super::*;
use crate::pin::Pin;
use crate::pin::testing::{acceptor, certificate};

/// A phone that answers all that comes by TLS, and what it was sent.
struct Secure {
    phone: Phone,
    heard: Arc<AsyncMutex<Vec<String>>>,
    _tasks: Tasks,
}

impl Secure {
    async fn new(pin: Pin, answers: &[&'static str]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string().parse().unwrap();
        let heard = Arc::new(AsyncMutex::new(Vec::new()));
        let tasks = Tasks::new();
        let (answers, log) = (answers.to_vec(), Arc::clone(&heard));
        tasks.spawn("secure phone", async move {
            for answer in answers {
                let (stream, _) = listener.accept().await.unwrap();
                // Who does not like the certificate goes away here.
                let Ok(mut stream) = acceptor().accept(stream).await else {
                    continue;
                };
                let mut bytes = Vec::new();
                while !bytes.ends_with(b"\r\n\r\n") {
                    bytes.push(stream.read_u8().await.unwrap());
                }
                log.lock().await.push(String::from_utf8(bytes).unwrap());
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
            std::future::pending::<()>().await;
        });
        let phone = Phone {
            pin: Some(pin),
            address,
            ..Fake::new(Vendor::Cisco, &[]).await.phone
        };
        Self {
            phone,
            heard,
            _tasks: tasks,
        }
    }

    async fn get(&self, auth: Auth) -> Result<u16, Failure> {
        let request = Request {
            auth,
            ..Request::get("/DeviceInformationX")
        };
        let pair = Credentials::new("user", "pass".into());
        let patience = Duration::from_secs(5);
        let client = Client::default();
        let sendoff = Sendoff::default();
        let sent = client.send(&self.phone, &request, Some(&pair), patience, &sendoff);
        sent.await.map(|reply| reply.status)
    }
}

#[tokio::test]
async fn the_certificate_of_the_pin_is_enough_whatever_its_name() {
    let mut phone = Secure::new(Pin::of(&certificate()), &[OK, DIGEST, OK]).await;
    // The certificate names 127.0.0.1 and pbx.example.com, and not this.
    phone.phone.address.host = "localhost".to_owned();
    assert_eq!(phone.get(Auth::Basic).await, Ok(200));
    assert_eq!(phone.get(Auth::Challenge).await, Ok(200));
    let heard = phone.heard.lock().await;
    let said = |at: usize, words: &str| heard[at].contains(words);
    assert!(said(0, "Authorization: Basic dXNlcjpwYXNz"), "{heard:?}");
    assert!(!said(1, "Authorization"), "{heard:?}");
    assert!(said(2, "Authorization: Digest "), "{heard:?}");
}

#[tokio::test]
async fn another_certificate_is_told_nothing_and_its_pin_is_named() {
    let phone = Secure::new(Pin::of(b"another"), &[OK]).await;
    let refused = phone.get(Auth::Basic).await;
    let Err(Failure::NotSent(why)) = refused else {
        panic!("{refused:?}")
    };
    let found = Pin::of(&certificate()).to_string();
    assert!(why.contains(&found) && why.contains("tls.pin"), "{why}");
    assert!(phone.heard.lock().await.is_empty());
}

#[tokio::test]
async fn a_phone_without_tls_is_not_told_a_password_where_tls_is_wanted() {
    let fake = Fake::new(Vendor::Cisco, &[]).await;
    let phone = Phone {
        pin: Some(Pin::of(&certificate())),
        ..fake.phone.clone()
    };
    let pair = Credentials::new("user", "pass".into());
    let request = Request {
        auth: Auth::Basic,
        ..Request::get("/")
    };
    let patience = Duration::from_secs(1);
    let sendoff = Sendoff::default();
    let sent = fake
        .client
        .send(&phone, &request, Some(&pair), patience, &sendoff);
    assert!(sent.await.is_err());
    assert!(fake.heard.lock().await.is_empty());
}
