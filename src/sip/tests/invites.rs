//! Establishing dialogs, and failing to.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::support::{Peer, credentials, fixture, number};
use crate::wire::{Method, Name, Status};
use crate::{End, InviteError, Unanswered};

#[tokio::test(start_paused = true)]
async fn accepted_invite_is_a_dialog() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let phone = async {
        let invite = peer.request(&Method::Invite).await;
        assert_eq!(
            invite.uri.as_str(),
            format!("sip:1001@{};line=q7", peer.address())
        );
        assert!(invite.has_type("application/csta+xml"));
        assert_eq!(invite.body, "<RequestSystemStatus/>");
        let header = |name| invite.headers.get(&name).unwrap().to_owned();
        assert_eq!(
            header(Name::CONTACT),
            format!("<sip:handsetd@{}>", fixture.udp)
        );
        assert_eq!(header(Name::SESSION_EXPIRES), "1800;refresher=uac");
        assert_eq!(
            header(Name::CONTENT_DISPOSITION),
            "signal;handling=required"
        );
        assert_eq!(header(Name::TO), "<sip:1001@pbx.example>");
        let routes = [
            (
                Name::RECORD_ROUTE,
                "<sip:p2.example;lr>, <sip:p1.example;lr>",
            ),
            (Name::RECORD_ROUTE, "<sip:p0.example;lr>"),
        ];
        peer.answer_with(
            &invite,
            Status::OK,
            &routes,
            "<RequestSystemStatusResponse/>",
        )
        .await;
        let ack = peer.request(&Method::Ack).await;
        // The response is repeated, as if the ACK had been lost.
        peer.answer_with(
            &invite,
            Status::OK,
            &routes,
            "<RequestSystemStatusResponse/>",
        )
        .await;
        assert_eq!(peer.request(&Method::Ack).await, ack);
        ack
    };
    let (established, ack) = tokio::join!(peer.call(&fixture.agent, None), phone);
    let established = established.unwrap();
    assert_eq!(established.response.body, "<RequestSystemStatusResponse/>");
    assert_eq!(established.dialog.ended(), None);
    assert_eq!(
        ack.uri.as_str(),
        format!("sip:1001@{};line=q7", peer.address())
    );
    assert_eq!(
        ack.headers.get(&Name::TO),
        Some("<sip:1001@pbx.example>;tag=phone")
    );
    let routes: Vec<_> = ack.headers.all(Name::ROUTE).collect();
    assert_eq!(
        routes,
        [
            "<sip:p0.example;lr>",
            "<sip:p1.example;lr>",
            "<sip:p2.example;lr>"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn ringing_phone_is_cancelled() {
    for status in [Status::RINGING, Status::SESSION_PROGRESS] {
        let fixture = fixture();
        let peer = Peer::new(fixture.udp).await;
        let phone = async {
            let invite = peer.request(&Method::Invite).await;
            peer.answer(&invite, Status::TRYING, &[]).await;
            peer.answer(&invite, status, &[]).await;
            let cancel = peer.request(&Method::Cancel).await;
            assert_eq!(
                cancel.headers.get(&Name::VIA),
                invite.headers.get(&Name::VIA)
            );
            assert_eq!(
                (number(&cancel), &cancel.uri),
                (number(&invite), &invite.uri)
            );
            peer.answer(&cancel, Status::OK, &[]).await;
            peer.answer(&invite, Status::REQUEST_TERMINATED, &[]).await;
            let ack = peer.request(&Method::Ack).await;
            assert_eq!(ack.headers.get(&Name::VIA), invite.headers.get(&Name::VIA));
            // The refusal is repeated, and acknowledged again.
            peer.answer(&invite, Status::REQUEST_TERMINATED, &[]).await;
            assert_eq!(peer.request(&Method::Ack).await, ack);
            assert_eq!(peer.receive_bytes(40).await, None);
        };
        let (established, ()) = tokio::join!(peer.call(&fixture.agent, None), phone);
        assert!(
            matches!(established, Err(InviteError::Rings(response)) if response.status == status)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn acceptance_that_crosses_the_cancel_is_ended() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let phone = async {
        let invite = peer.request(&Method::Invite).await;
        peer.answer(&invite, Status::RINGING, &[]).await;
        let cancel = peer.request(&Method::Cancel).await;
        peer.answer(&invite, Status::OK, &[]).await;
        peer.answer(&cancel, Status::OK, &[]).await;
        peer.request(&Method::Ack).await;
        let bye = peer.request(&Method::Bye).await;
        assert_eq!(
            bye.headers.get(&Name::TO),
            Some("<sip:1001@pbx.example>;tag=phone")
        );
        peer.answer(&bye, Status::OK, &[]).await;
    };
    let (established, ()) = tokio::join!(peer.call(&fixture.agent, None), phone);
    assert!(matches!(established, Err(InviteError::Rings(_))));
}

#[tokio::test(start_paused = true)]
async fn invite_that_the_caller_gave_up_is_cancelled() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let call = tokio::time::timeout(Duration::from_secs(1), peer.call(&fixture.agent, None));
    assert!(call.await.is_err());
    let invite = peer.request(&Method::Invite).await;
    // Nothing may be cancelled before the peer has answered at all.
    assert_eq!(peer.request(&Method::Invite).await, invite);
    peer.answer(&invite, Status::TRYING, &[]).await;
    let cancel = loop {
        let request = peer.receive().await;
        match request {
            crate::wire::Message::Request(request) if request.method == Method::Cancel => {
                break request;
            }
            _ => {}
        }
    };
    peer.answer(&cancel, Status::OK, &[]).await;
    peer.answer(&invite, Status::OK, &[]).await;
    peer.request(&Method::Ack).await;
    peer.request(&Method::Bye).await;
}

#[tokio::test(start_paused = true)]
async fn silent_phone_gets_repetitions_until_the_deadline() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let start = Instant::now();
    let phone = async {
        let mut times = Vec::new();
        while peer.receive_bytes(60).await.is_some() {
            times.push(start.elapsed().as_millis());
        }
        times
    };
    let (established, times) = tokio::join!(peer.call(&fixture.agent, None), phone);
    assert!(matches!(
        established,
        Err(InviteError::Unanswered(Unanswered::TimedOut))
    ));
    // Timer A, until timer B: a phone that answers after our deadline must still be cancelled.
    assert_eq!(times, [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
}

#[tokio::test(start_paused = true)]
async fn refusal_is_reported_and_acknowledged() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let phone = async {
        let invite = peer.request(&Method::Invite).await;
        peer.answer(
            &invite,
            Status::NOT_ACCEPTABLE_HERE,
            &[(Name::WARNING, "399 phone \"no SDP\"")],
        )
        .await;
        peer.request(&Method::Ack).await;
    };
    let (established, ()) = tokio::join!(peer.call(&fixture.agent, None), phone);
    let Err(InviteError::Refused(response)) = established else {
        panic!()
    };
    assert_eq!(response.status, Status::NOT_ACCEPTABLE_HERE);
    assert_eq!(
        response.headers.get(&Name::WARNING),
        Some("399 phone \"no SDP\"")
    );
}

const CHALLENGE: &str = "Digest realm=\"phone\", nonce=\"n1\", qop=\"auth\"";

#[tokio::test(start_paused = true)]
async fn challenge_is_answered_once() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let phone = async {
        let first = peer.request(&Method::Invite).await;
        assert_eq!(first.headers.get(&Name::AUTHORIZATION), None);
        peer.answer(
            &first,
            Status::UNAUTHORIZED,
            &[(Name::WWW_AUTHENTICATE, CHALLENGE)],
        )
        .await;
        peer.request(&Method::Ack).await;
        let second = peer.request(&Method::Invite).await;
        assert_eq!(number(&second), number(&first) + 1);
        assert_eq!(
            second.headers.get(&Name::CALL_ID),
            first.headers.get(&Name::CALL_ID)
        );
        assert_eq!(
            second.headers.get(&Name::FROM),
            first.headers.get(&Name::FROM)
        );
        let answer = second.headers.get(&Name::AUTHORIZATION).unwrap();
        let answer = handset_net::digest::Answer::parse(answer).unwrap();
        assert!(answer.proves("s3cret", "INVITE") && answer.uri == second.uri.as_str());
        let again = "Digest realm=\"phone\", nonce=\"n2\", qop=\"auth\"";
        peer.answer(
            &second,
            Status::UNAUTHORIZED,
            &[(Name::WWW_AUTHENTICATE, again)],
        )
        .await;
        peer.request(&Method::Ack).await;
        assert_eq!(
            peer.receive_bytes(40).await,
            None,
            "a password is not guessed again"
        );
    };
    let (established, ()) = tokio::join!(
        peer.call(&fixture.agent, Some(credentials("s3cret"))),
        phone
    );
    let Err(InviteError::Refused(response)) = established else {
        panic!()
    };
    assert_eq!(response.status, Status::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn stale_nonce_is_answered_once_more() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let phone = async {
        for nonce in ["n1", "n2", "n3"] {
            let invite = peer.request(&Method::Invite).await;
            let challenge =
                format!("Digest realm=\"phone\", nonce=\"{nonce}\", qop=\"auth\", stale=true");
            let fields = [(Name::PROXY_AUTHENTICATE, challenge.as_str())];
            peer.answer(&invite, Status::PROXY_AUTHENTICATION_REQUIRED, &fields)
                .await;
            peer.request(&Method::Ack).await;
        }
        assert_eq!(peer.receive_bytes(40).await, None);
    };
    let (established, ()) = tokio::join!(
        peer.call(&fixture.agent, Some(credentials("s3cret"))),
        phone
    );
    assert!(matches!(established, Err(InviteError::Refused(_))));
}

#[tokio::test(start_paused = true)]
async fn without_credentials_a_challenge_is_a_refusal() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let phone = async {
        let invite = peer.request(&Method::Invite).await;
        peer.answer(
            &invite,
            Status::UNAUTHORIZED,
            &[(Name::WWW_AUTHENTICATE, CHALLENGE)],
        )
        .await;
        peer.request(&Method::Ack).await;
    };
    let (established, ()) = tokio::join!(peer.call(&fixture.agent, None), phone);
    assert!(matches!(established, Err(InviteError::Refused(_))));
}

#[tokio::test(start_paused = true)]
async fn demanded_interval_is_offered() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let phone = async {
        let first = peer.request(&Method::Invite).await;
        peer.answer(
            &first,
            Status::SESSION_INTERVAL_TOO_SMALL,
            &[(Name::MIN_SE, "3600")],
        )
        .await;
        peer.request(&Method::Ack).await;
        let second = peer.request(&Method::Invite).await;
        assert_eq!(
            second.headers.get(&Name::SESSION_EXPIRES),
            Some("3600;refresher=uac")
        );
        assert_eq!(second.headers.get(&Name::MIN_SE), Some("3600"));
        peer.answer(&second, Status::OK, &[]).await;
        peer.request(&Method::Ack).await;
    };
    let (established, ()) = tokio::join!(peer.call(&fixture.agent, None), phone);
    assert_eq!(
        established.unwrap().dialog.refresh_at(),
        None,
        "none was granted"
    );
}

#[tokio::test(start_paused = true)]
async fn dropped_dialog_is_ended() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let (established, _) = peer.establish(&fixture.agent, &[]).await;
    drop(established.requests);
    assert_eq!(established.dialog.ended(), Some(End::Local));
    let bye = peer.request(&Method::Bye).await;
    peer.answer(&bye, Status::OK, &[]).await;
    sleep(Duration::from_secs(40)).await;
    assert_eq!(peer.receive_bytes(1).await, None);
}
