//! TCP and TLS.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

use super::support::{body, config, fixture, seconds, start, value};
use crate::wire::{Message, Method, Name, Request, Response, Status};
use crate::{Dialog, End, Invite, Target, Transport, UserAgent};

/// Reads until a complete message was received.
async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> Message {
    let mut bytes = Vec::new();
    loop {
        let byte = stream.read_u8().await.unwrap();
        bytes.push(byte);
        let is_complete = bytes.windows(4).any(|window| window == b"\r\n\r\n");
        if is_complete && let Ok(message) = Message::read_datagram(&bytes) {
            return message;
        }
    }
}

fn register(transport: &str) -> String {
    format!(
        "REGISTER sip:192.0.2.10 SIP/2.0\r\nVia: SIP/2.0/{transport} 192.0.2.21:5060;branch=z9hG4bK1\r\n\
         From: <sip:1001@a>;tag=1\r\nTo: <sip:1001@a>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n"
    )
}

fn answer(request: &Request, status: Status) -> Vec<u8> {
    let mut response = Response::new(status);
    for name in [Name::VIA, Name::FROM, Name::CALL_ID, Name::CSEQ] {
        let field = request.headers.get(&name).unwrap();
        response.headers.push(name, value(field));
    }
    let to = request.headers.get(&Name::TO).unwrap();
    let to = if to.contains("tag=") {
        to.to_owned()
    } else {
        format!("{to};tag=phone")
    };
    response.with(Name::TO, value(&to)).to_bytes().to_vec()
}

/// Lets a phone register over `stream`, and calls it back over the same connection.
async fn register_and_be_called(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    agent: &UserAgent,
    incoming: &mut crate::Incoming,
    transport: &str,
) -> crate::Established {
    // In pieces, after a keep-alive.
    let text = format!("\r\n\r\n{}", register(transport));
    for piece in text.as_bytes().chunks(7) {
        stream.write_all(piece).await.unwrap();
        stream.flush().await.unwrap();
    }
    assert_eq!(
        stream.read_u16().await.unwrap(),
        u16::from_be_bytes(*b"\r\n")
    );
    let request = incoming.recv().await.unwrap();
    let flow = request.flow().clone();
    request.respond(Response::new(Status::OK));
    assert!(
        matches!(receive(stream).await, Message::Response(response) if response.status == Status::OK)
    );
    flow.set_trusted(true);
    let invite = Invite {
        flow,
        request_uri: "sip:1001@192.0.2.21".parse().unwrap(),
        to: "sip:1001@a".parse().unwrap(),
        from: None,
        body: body("<RequestSystemStatus/>"),
        credentials: None,
    };
    let phone = async {
        let Message::Request(invite) = receive(stream).await else {
            panic!()
        };
        assert!(
            invite
                .headers
                .get(&Name::VIA)
                .unwrap()
                .starts_with(&format!("SIP/2.0/{transport} 127.0.0.1:"))
        );
        let contact = invite.headers.get(&Name::CONTACT).unwrap();
        assert!(
            contact.ends_with(&format!(";transport={}>", transport.to_ascii_lowercase())),
            "{contact}"
        );
        stream
            .write_all(&answer(&invite, Status::OK))
            .await
            .unwrap();
        assert!(
            matches!(receive(stream).await, Message::Request(ack) if ack.method == Method::Ack)
        );
    };
    let (established, ()) = tokio::join!(Dialog::invite(agent, invite, seconds(5)), phone);
    established.unwrap()
}

#[tokio::test(start_paused = true)]
async fn phone_is_called_over_its_connection() {
    let mut fixture = fixture();
    let mut stream = TcpStream::connect(fixture.tcp).await.unwrap();
    let (agent, incoming) = (&fixture.agent, &mut fixture.incoming);
    let mut established = register_and_be_called(&mut stream, agent, incoming, "TCP").await;
    let target = established.dialog.flow().target();
    assert_eq!(
        fixture.agent.connect(target, seconds(1)).await,
        Ok(established.dialog.flow())
    );
    // A connection of a registered phone may be silent.
    sleep(Duration::from_mins(10)).await;
    assert!(established.dialog.flow().is_open());
    drop(stream);
    assert!(established.requests.next().await.is_none());
    assert_eq!(established.dialog.ended(), Some(End::Closed));
    assert!(!established.dialog.flow().is_open());
}

#[tokio::test(start_paused = true)]
async fn tls_is_served_with_the_certificate() {
    let tls = handset_net::pin::testing::acceptor();
    let mut config = config();
    config.listen[1] = "tls:127.0.0.1:0".parse().unwrap();
    assert!(
        UserAgent::bind(config.clone()).is_err(),
        "without a certificate"
    );
    config.tls = Some(Arc::clone(tls.config()));
    let mut fixture = start(config);
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(handset_net::pin::testing::certificate_in("ca.pem"))
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(fixture.tcp).await.unwrap();
    let name = "127.0.0.1".try_into().unwrap();
    let mut stream = TlsConnector::from(Arc::new(client))
        .connect(name, stream)
        .await
        .unwrap();
    let (agent, incoming) = (&fixture.agent, &mut fixture.incoming);
    register_and_be_called(&mut stream, agent, incoming, "TLS").await;

    let mut plain = TcpStream::connect(fixture.tcp).await.unwrap();
    plain.write_all(register("TCP").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // An alert, or nothing: the connection is closed.
    let _ = timeout(Duration::from_secs(5), plain.read_to_end(&mut answer))
        .await
        .expect("closed");
    assert!(answer.len() < 16);
}

#[tokio::test(start_paused = true)]
async fn connection_is_established_where_there_is_none() {
    let fixture = fixture();
    let phone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = Target {
        transport: Transport::Tcp,
        address: phone.local_addr().unwrap(),
    };
    let flow = fixture.agent.connect(target, seconds(1)).await.unwrap();
    let (mut stream, _) = phone.accept().await.unwrap();
    let options = Request::new(Method::Options, "sip:1001@a".parse().unwrap());
    let answering = async {
        let Message::Request(request) = receive(&mut stream).await else {
            panic!()
        };
        let via = request.headers.get(&Name::VIA).unwrap();
        assert!(
            via.starts_with(&format!("SIP/2.0/TCP {};", fixture.tcp)),
            "{via}"
        );
        stream
            .write_all(&answer(&request, Status::OK))
            .await
            .unwrap();
    };
    let (response, ()) = tokio::join!(fixture.agent.request(&flow, options, seconds(5)), answering);
    assert_eq!(response.unwrap().status, Status::OK);
}

#[tokio::test(start_paused = true)]
async fn broken_and_silent_connections_are_closed() {
    let fixture = fixture();
    let no_length = register("TCP").replace("Content-Length: 0\r\n", "");
    let endless = format!("REGISTER sip:a SIP/2.0\r\nX: {}", "a".repeat(20_000));
    for text in [
        "GET / HTTP/1.1\r\n\r\n",
        &no_length,
        &endless,
        "",
        "REGISTER sip:a SIP/2.0\r\n",
    ] {
        let mut stream = TcpStream::connect(fixture.tcp).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = timeout(Duration::from_secs(70), stream.read_to_end(&mut answer)).await;
        // Closed by us, perhaps by a reset, since not everything was read.
        assert!(read.is_ok(), "{text:.40}");
        assert!(answer.is_empty(), "{text:.40}");
    }
}

#[tokio::test(start_paused = true)]
async fn message_in_drops_does_not_keep_a_connection() {
    let fixture = fixture();
    let mut stream = TcpStream::connect(fixture.tcp).await.unwrap();
    let closed = async {
        for byte in register("TCP").bytes() {
            sleep(Duration::from_secs(10)).await;
            if stream.write_all(&[byte]).await.is_err()
                || stream.try_read(&mut [0]).is_ok_and(|read| read == 0)
            {
                return true;
            }
        }
        false
    };
    assert!(closed.await);
}

#[tokio::test(start_paused = true)]
async fn throttled_connection_is_closed_at_shutdown() {
    let mut config = config();
    config.limits.messages_per_second = 1;
    let mut fixture = start(config);
    let mut stream = TcpStream::connect(fixture.tcp).await.unwrap();
    let flood = register("TCP").repeat(100);
    stream.write_all(flood.as_bytes()).await.unwrap();
    fixture.incoming.recv().await.unwrap();
    sleep(Duration::from_millis(100)).await;
    assert!(fixture.agent.totals().limited > 0);
    // Sooner than the limit allows the next message.
    assert!(fixture.tasks.shut_down(Duration::from_millis(500)).await);
}
