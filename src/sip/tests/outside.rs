//! Requests outside a dialog.

use super::support::{Peer, fixture, seconds, value};
use crate::wire::{Message, Method, Name, Request, Response, Status};
use crate::{Listen, NotSent, RequestError, Target, Transport, Unanswered};

#[tokio::test(start_paused = true)]
async fn register_is_handed_on_once_and_answered_to_its_source() {
    let mut fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let register = peer.outside("REGISTER", "Contact: <sip:1001@192.0.2.7>\r\n");
    // The address in `Via` is not the one that it comes from.
    let register = register.replace(&peer.address().to_string(), "192.0.2.7:5060");
    peer.send(&register).await;
    peer.send(&register).await;
    let incoming = fixture.incoming.recv().await.unwrap();
    assert_eq!(incoming.request().method, Method::Register);
    let target = Target {
        transport: Transport::Udp,
        address: peer.address(),
    };
    assert_eq!(incoming.flow().target(), target);
    incoming.respond(Response::new(Status::OK).with(Name::EXPIRES, value("60")));
    let first = peer.receive_bytes(1).await.unwrap();
    let Ok(Message::Response(response)) = Message::read_datagram(&first) else {
        panic!()
    };
    let via = response.headers.get(&Name::VIA).unwrap();
    let source = format!(";received=127.0.0.1;rport={}", peer.address().port());
    assert!(via.ends_with(&source), "{via}");
    assert!(response.headers.get(&Name::TO).unwrap().contains(";tag="));
    peer.send(&register).await;
    assert_eq!(
        peer.receive_bytes(1).await,
        Some(first),
        "a copy gets the same answer"
    );
    let again = tokio::time::timeout_at(seconds(1), fixture.incoming.recv()).await;
    assert!(again.is_err(), "it was handed on twice");
}

#[tokio::test(start_paused = true)]
async fn forgotten_register_is_answered_500() {
    let mut fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    peer.send(&peer.outside(
        "REGISTER",
        "Contact: <sip:1001@192.0.2.7>\r\nExpires: 60\r\nUser-Agent: phone\r\n",
    ))
    .await;
    drop(fixture.incoming.recv().await.unwrap());
    peer.response(Status::SERVER_INTERNAL_ERROR).await;
}

#[tokio::test(start_paused = true)]
async fn foreign_methods_are_refused() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let contact = "Contact: <sip:1001@192.0.2.7:5060>\r\nUser-Agent: a phone with a longer name, for room\r\n";
    for (method, status) in [
        ("INVITE", Status::FORBIDDEN),
        ("OPTIONS", Status::OK),
        ("INFO", Status::DIALOG_DOES_NOT_EXIST),
        ("BYE", Status::DIALOG_DOES_NOT_EXIST),
        ("CANCEL", Status::DIALOG_DOES_NOT_EXIST),
        ("SUBSCRIBE", Status::METHOD_NOT_ALLOWED),
        ("NOTIFY", Status::METHOD_NOT_ALLOWED),
        ("REFER", Status::METHOD_NOT_ALLOWED),
        ("NONSENSE", Status::METHOD_NOT_ALLOWED),
    ] {
        let request = peer.outside(method, contact);
        peer.send(&request).await;
        let response = peer.response(status).await;
        assert!(response.to_bytes().len() <= request.len(), "{method}");
    }
    peer.send(&peer.outside("ACK", "")).await;
    assert_eq!(peer.receive_bytes(1).await, None);
    peer.send(&peer.outside(
        "REGISTER",
        "Require: path\r\nContact: <sip:1001@192.0.2.7>\r\n",
    ))
    .await;
    peer.response(Status::BAD_EXTENSION).await;
}

/// A 405 is sent with `Allow`, which becomes shorter where the request is short, or not at all.
#[tokio::test(start_paused = true)]
async fn methods_are_never_refused_without_those_that_are_allowed() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    for (room, expected) in [
        (
            200,
            Some("INVITE, ACK, CANCEL, BYE, INFO, UPDATE, OPTIONS, REGISTER"),
        ),
        (30, Some("OPTIONS, REGISTER")),
        (0, None),
    ] {
        let field = format!("X: {}\r\n", "x".repeat(room));
        let request = peer.outside("NOTIFY", &field);
        peer.send(&request).await;
        let response = peer.receive_bytes(1).await;
        let Some(expected) = expected else {
            assert_eq!(response, None);
            continue;
        };
        let response = response.unwrap();
        assert!(response.len() <= request.len());
        let Ok(Message::Response(response)) = Message::read_datagram(&response) else {
            panic!()
        };
        assert_eq!(response.status, Status::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers.get(&Name::ALLOW), Some(expected));
    }
    assert_eq!(fixture.agent.totals().withheld, 1);
}

#[tokio::test(start_paused = true)]
async fn request_is_repeated_until_it_is_answered() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let flow = fixture.agent.udp_flow(peer.address()).unwrap();
    let start = tokio::time::Instant::now();
    let options = || Request::new(Method::Options, "sip:1001@pbx.example".parse().unwrap());
    let requesting = fixture.agent.request(&flow, options(), seconds(60));
    let phone = async {
        let mut times = Vec::new();
        let mut copies = std::collections::HashSet::new();
        for _ in 0..6 {
            copies.insert(peer.receive_bytes(60).await.unwrap());
            times.push(start.elapsed().as_millis());
        }
        // Timer E.
        assert_eq!(times, [0, 500, 1500, 3500, 7500, 11_500]);
        assert_eq!(copies.len(), 1);
        let bytes = copies.into_iter().next().unwrap();
        let Ok(Message::Request(request)) = Message::read_datagram(&bytes) else {
            panic!()
        };
        peer.answer(&request, Status::TRYING, &[]).await;
        peer.answer(&request, Status::OK, &[]).await;
    };
    let (response, ()) = tokio::join!(requesting, phone);
    assert_eq!(response.unwrap().status, Status::OK);

    let start = tokio::time::Instant::now();
    let silent = fixture.agent.request(&flow, options(), seconds(600)).await;
    assert_eq!(silent, Err(RequestError::Unanswered(Unanswered::TimedOut)));
    assert_eq!(start.elapsed().as_secs(), 32, "timer F");
}

#[tokio::test(start_paused = true)]
async fn response_of_another_host_is_ignored() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let stranger = Peer::at("127.0.0.2:0", fixture.udp).await;
    let flow = fixture.agent.udp_flow(peer.address()).unwrap();
    let options = Request::new(Method::Options, "sip:1001@pbx.example".parse().unwrap());
    let phone = async {
        let request = peer.request(&Method::Options).await;
        stranger.answer(&request, Status::OK, &[]).await;
    };
    let (response, ()) = tokio::join!(fixture.agent.request(&flow, options, seconds(5)), phone);
    assert_eq!(
        response,
        Err(RequestError::Unanswered(Unanswered::TimedOut))
    );
    assert_eq!(fixture.agent.totals().unmatched, 1);
}

#[tokio::test(start_paused = true)]
async fn flows_need_a_listener() {
    let fixture = fixture();
    let ipv6 = "[2001:db8::1]:5060".parse().unwrap();
    assert_eq!(fixture.agent.udp_flow(ipv6), Err(NotSent::NoListener));
    let absent = Target {
        transport: Transport::Tcp,
        address: "127.0.0.1:1".parse().unwrap(),
    };
    assert_eq!(
        fixture.agent.connect(absent, seconds(1)).await,
        Err(NotSent::NotConnected)
    );
}

#[test]
fn addresses_to_listen_on_are_read_back() {
    for text in ["udp:0.0.0.0:6060", "tcp:[::]:6060", "tls:127.0.0.1:0"] {
        assert_eq!(text.parse::<Listen>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "udp",
        "udp:",
        "0.0.0.0:6060",
        "sctp:0.0.0.0:1",
        "udp:6060",
        "UDP:0.0.0.0:1",
        "udp:localhost:1",
    ] {
        let error = text.parse::<Listen>().unwrap_err().to_string();
        assert!(error.contains("\"udp:0.0.0.0:6060\""), "{error}");
    }
}
