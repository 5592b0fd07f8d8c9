//! Requests on the wire, byte for byte, and malformed replies.

use bytes::Bytes;

use super::*;

impl FakePhone {
    async fn exchange(&self, request: &Request) -> Result<Reply, Error> {
        let commit_point = CommitPoint::default();
        let Self { phone, client, .. } = self;
        client
            .send(
                &Contactable::example(phone),
                request,
                Accounts::default(),
                self.timeout,
                &commit_point,
            )
            .await
    }
}

#[tokio::test]
async fn requests_are_sent_byte_for_byte() {
    let fake = FakePhone::new(Vendor::Yealink, &[OK]).await;
    let post = Request::post("/servlet?push=xml", "text/xml", Bytes::new());
    assert_eq!(fake.exchange(&post).await.unwrap().status, 200);
    let expected = format!(
        "POST /servlet?push=xml HTTP/1.1\r\nHost: {}\r\nUser-Agent: handsetd/{}\r\n\
         Accept: */*\r\nContent-Type: text/xml\r\n\r\n",
        fake.phone.address,
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(fake.requests.lock().await[0], expected);
}

#[test]
fn targets_are_sent_as_the_backends_write_them() {
    let phone = Phone::example(Vendor::Snom, "");
    for target in [
        "/",
        "/command.htm?key=F1;F2&number=%2310",
        "/CGI/Java/Serviceability?adapter=device.statistics.port.network",
        "/minibrowser.htm?url=http%3A%2F%2F192.0.2.1%3A8080%2Fcontent%2Fab",
        "/minibrowser.htm?url=192.0.2.1:8080/content/ab?x=[1]|{2}^`\\~!$()*,;:@",
        "/servlet?key=number=*72%23&outgoing_uri=1001@192.0.2.1",
        "/servlet?key=ATrans=1001=5&x=%252e%252E/../%2e%2e/./",
        "/screen.bmp",
        "/settings.htm?settings=save&a%5B1%5D=%C3%BC&store_settings=save",
    ] {
        let request = Request::get(target);
        let message = Message::new(&phone, &phone.address, &request).unwrap();
        assert_eq!(message.target(), target);
    }
    // The only difference, and an equivalent one.
    let apostrophe = Request::get("/minibrowser.htm?url=host/it's");
    let message = Message::new(&phone, &phone.address, &apostrophe).unwrap();
    assert_eq!(message.target(), "/minibrowser.htm?url=host/it%27s");
}

#[test]
fn targets_that_would_change_are_refused() {
    let phone = Phone::example(Vendor::Snom, "");
    for target in [
        "",
        "screen.bmp",
        "@192.0.2.9/",
        "/a/../b",
        "/a b",
        "/a?b c",
        "/a?b#c",
        "/a\\b",
        "/a\r\nB: c",
        "/ü",
    ] {
        let request = Request::get(target);
        let message = Message::new(&phone, &phone.address, &request);
        assert!(matches!(message, Err(Error::NotSent(_))), "{target:?}");
    }
}

#[tokio::test]
async fn truncated_body_is_kept() {
    let short = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
    let fake = FakePhone::new(Vendor::Snom, &[short]).await;
    let reply = fake.exchange(&Request::get("/")).await.unwrap();
    assert_eq!((reply.status, reply.body.as_ref()), (200, &b"abc"[..]));
}

#[tokio::test]
async fn replies_of_old_phones_are_read() {
    let odd = "HTTP/1.1 200 OK\r\nContent-Type : text/xml\r\nX: a\r\n b\r\nno header\r\n\
               Content-Length: 2\r\nConnection: close\r\n\r\nok";
    let fake = FakePhone::new(Vendor::Cisco, &[odd]).await;
    let reply = fake.exchange(&Request::get("/")).await.unwrap();
    assert_eq!(reply.content_type, "text/xml");
    assert_eq!(reply.body.as_ref(), b"ok");
}

#[tokio::test]
async fn head_of_a_reply_is_limited() {
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(1 << 20));
    let endless: &'static str = Box::leak(endless.into_boxed_str());
    let fake = FakePhone::new(Vendor::Snom, &[endless]).await;
    let reply = fake.exchange(&Request::get("/")).await;
    assert!(matches!(reply, Err(Error::Interrupted(_))), "{reply:?}");
}

#[tokio::test]
async fn reply_that_claims_to_be_compressed_is_read_as_it_is() {
    let plain = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\
                 Connection: close\r\n\r\nok";
    let fake = FakePhone::new(Vendor::Snom, &[plain]).await;
    let reply = fake.exchange(&Request::get("/")).await.unwrap();
    assert_eq!(reply.body.as_ref(), b"ok");
}
