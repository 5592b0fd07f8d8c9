//! Requests within a dialog, in both directions.

use super::support::{Peer, body, fixture, number, seconds};
use crate::wire::{Method, Name, Response, Status};
use crate::{End, NotSent, RequestError, Unanswered};

const CHALLENGE: &str = "Digest realm=\"phone\", nonce=\"n1\", qop=\"auth\"";

#[tokio::test(start_paused = true)]
async fn requests_are_answered() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let (established, invite) = peer.establish(&fixture.agent, &[]).await;
    let phone = async {
        let info = peer.request(&Method::Info).await;
        assert_eq!(number(&info), number(&invite) + 1);
        assert_eq!(
            info.headers.get(&Name::TO),
            Some("<sip:1001@pbx.example>;tag=phone")
        );
        assert_eq!(info.body, "<MonitorStart/>");
        peer.answer_with(&info, Status::OK, &[], "<MonitorStartResponse/>")
            .await;
    };
    let request =
        established
            .dialog
            .request(Method::Info, Some(body("<MonitorStart/>")), seconds(5));
    let (response, ()) = tokio::join!(request, phone);
    assert_eq!(response.unwrap().body, "<MonitorStartResponse/>");
}

#[tokio::test(start_paused = true)]
async fn requests_wait_for_each_other() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let (established, _) = peer.establish(&fixture.agent, &[]).await;
    let dialog = &established.dialog;
    let phone = async {
        let first = peer.request(&Method::Info).await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        peer.answer(&first, Status::OK, &[]).await;
        let second = peer.request(&Method::Info).await;
        assert_eq!(
            (number(&second), &second.body[..]),
            (number(&first) + 1, &b"2"[..])
        );
        peer.answer(&second, Status::OK, &[]).await;
    };
    let (first, second, ()) = tokio::join!(
        dialog.request(Method::Info, Some(body("1")), seconds(5)),
        dialog.request(Method::Info, Some(body("2")), seconds(5)),
        phone,
    );
    assert!(first.is_ok() && second.is_ok());
    // The one that is unanswered takes the time of the next.
    let (first, second) = tokio::join!(
        dialog.request(Method::Info, None, seconds(5)),
        dialog.request(Method::Info, None, seconds(4)),
    );
    assert_eq!(first, Err(RequestError::Unanswered(Unanswered::TimedOut)));
    assert_eq!(second, Err(RequestError::NotSent(NotSent::Busy)));
}

#[tokio::test(start_paused = true)]
async fn later_requests_carry_the_answer_to_the_challenge() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let (established, _) = peer.establish(&fixture.agent, &[]).await;
    let counts = async {
        let plain = peer.request(&Method::Info).await;
        peer.answer(
            &plain,
            Status::UNAUTHORIZED,
            &[(Name::WWW_AUTHENTICATE, CHALLENGE)],
        )
        .await;
        let mut counts = Vec::new();
        for _ in 0..2 {
            let info = peer.request(&Method::Info).await;
            let field = info.headers.get(&Name::AUTHORIZATION).unwrap();
            let answer = handset_net::digest::Answer::parse(field).unwrap();
            assert!(answer.proves("s3cret", "INFO"));
            counts.push(answer.count);
            peer.answer(&info, Status::OK, &[]).await;
        }
        // The nonce has expired: it is answered, although the phone does not call it stale.
        let info = peer.request(&Method::Info).await;
        let fresh = CHALLENGE.replace("n1", "n2");
        peer.answer(
            &info,
            Status::UNAUTHORIZED,
            &[(Name::WWW_AUTHENTICATE, &fresh)],
        )
        .await;
        let info = peer.request(&Method::Info).await;
        assert!(
            info.headers
                .get(&Name::AUTHORIZATION)
                .unwrap()
                .contains("nonce=\"n2\"")
        );
        peer.answer(&info, Status::OK, &[]).await;
        counts
    };
    let requests = async {
        for _ in 0..3 {
            let response = established
                .dialog
                .request(Method::Info, None, seconds(5))
                .await;
            assert_eq!(response.unwrap().status, Status::OK);
        }
    };
    let (counts, ()) = tokio::join!(counts, requests);
    assert_eq!(counts, [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn requests_of_the_peer_are_returned_in_order() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let (mut established, invite) = peer.establish(&fixture.agent, &[]).await;
    for number in [7, 8] {
        let info = peer.in_dialog(
            &invite,
            number,
            "INFO",
            "Content-Type: application/csta+xml\r\n",
            "<Event/>",
        );
        peer.send(&info).await;
        peer.send(&info).await;
        let request = established.requests.next().await.unwrap();
        assert!(request.request().has_type("application/CSTA+xml"));
        assert_eq!(request.request().body, "<Event/>");
        request.respond(Response::new(Status::OK));
        peer.response(Status::OK).await;
        // The copy, if it was not read before the answer, gets it again.
        peer.receive_bytes(0).await;
    }
    for number in [8, 3] {
        peer.send(&peer.in_dialog(&invite, number, "INFO", "", ""))
            .await;
        peer.response(Status::SERVER_INTERNAL_ERROR).await;
    }
    peer.send(&peer.in_dialog(&invite, 9, "OPTIONS", "", ""))
        .await;
    assert!(
        peer.response(Status::OK)
            .await
            .headers
            .get(&Name::ALLOW)
            .unwrap()
            .contains("INFO")
    );
    peer.send(&peer.in_dialog(&invite, 10, "REFER", "", ""))
        .await;
    peer.response(Status::METHOD_NOT_ALLOWED).await;
    peer.send(&peer.in_dialog(&invite, 11, "INFO", "", ""))
        .await;
    drop(established.requests.next().await.unwrap());
    peer.response(Status::SERVER_INTERNAL_ERROR).await;
}

#[tokio::test(start_paused = true)]
async fn bye_of_the_peer_ends_the_dialog() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let (mut established, invite) = peer.establish(&fixture.agent, &[]).await;
    peer.send(&peer.in_dialog(&invite, 1, "BYE", "", "")).await;
    peer.response(Status::OK).await;
    assert!(established.requests.next().await.is_none());
    assert_eq!(established.dialog.ended(), Some(End::Bye));
    peer.send(&peer.in_dialog(&invite, 2, "INFO", "", "")).await;
    peer.response(Status::DIALOG_DOES_NOT_EXIST).await;
    let late = established
        .dialog
        .request(Method::Info, None, seconds(5))
        .await;
    assert_eq!(late, Err(RequestError::NotSent(NotSent::DialogEnded)));
    assert!(established.dialog.bye(seconds(5)).await.is_err());
    drop(established);
    assert_eq!(
        peer.receive_bytes(40).await,
        None,
        "there is nothing left to end"
    );
}

#[tokio::test(start_paused = true)]
async fn our_bye_ends_the_dialog() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let (mut established, _) = peer.establish(&fixture.agent, &[]).await;
    let phone = async {
        let bye = peer.request(&Method::Bye).await;
        peer.answer(&bye, Status::OK, &[]).await;
    };
    let (response, ()) = tokio::join!(established.dialog.bye(seconds(5)), phone);
    assert_eq!(response.unwrap().status, Status::OK);
    assert!(established.requests.next().await.is_none());
    assert_eq!(established.dialog.ended(), Some(End::Local));
}

#[tokio::test(start_paused = true)]
async fn unknown_dialog_is_over() {
    for status in [Status::DIALOG_DOES_NOT_EXIST, Status::REQUEST_TIMEOUT] {
        let fixture = fixture();
        let peer = Peer::new(fixture.udp).await;
        let (mut established, _) = peer.establish(&fixture.agent, &[]).await;
        let phone = async {
            let info = peer.request(&Method::Info).await;
            peer.answer(&info, status, &[]).await;
        };
        let request = established.dialog.request(Method::Info, None, seconds(5));
        let (response, ()) = tokio::join!(request, phone);
        assert_eq!(response.unwrap().status, status);
        assert!(established.requests.next().await.is_none());
        assert_eq!(established.dialog.ended(), Some(End::Unknown));
    }
}

#[tokio::test(start_paused = true)]
async fn dialog_follows_the_peer_to_another_port_of_its_address() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let (mut established, invite) = peer.establish(&fixture.agent, &[]).await;
    let moved = Peer::new(fixture.udp).await;
    moved
        .send(&moved.in_dialog(&invite, 1, "INFO", "", ""))
        .await;
    let request = established.requests.next().await.unwrap();
    request.respond(Response::new(Status::OK));
    moved.response(Status::OK).await;
    let phone = async {
        let info = moved.request(&Method::Info).await;
        moved.answer(&info, Status::OK, &[]).await;
    };
    let request = established.dialog.request(Method::Info, None, seconds(5));
    let (response, ()) = tokio::join!(request, phone);
    assert!(response.is_ok());
    assert_eq!(established.dialog.flow().target().address, moved.address());
}

#[tokio::test(start_paused = true)]
async fn shutdown_ends_dialogs() {
    let mut fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let (mut established, _) = peer.establish(&fixture.agent, &[]).await;
    let tasks = fixture.tasks.clone();
    let (is_clean, next, incoming) = tokio::join!(
        tasks.shut_down(std::time::Duration::from_secs(5)),
        established.requests.next(),
        fixture.incoming.recv(),
    );
    assert!(is_clean && next.is_none() && incoming.is_none());
    assert_eq!(established.dialog.ended(), Some(End::ShutDown));
}
