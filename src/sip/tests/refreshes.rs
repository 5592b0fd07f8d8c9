//! The session timer (RFC 4028).

use std::time::Duration;

use handset_net::tasks::Tasks;
use tokio::time::Instant;

use super::support::{Peer, body, fixture, seconds};
use crate::End;
use crate::wire::{Method, Name, Response, Status};

fn after(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn session_is_refreshed_by_a_reinvite() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let granted = [(Name::SESSION_EXPIRES, "600;refresher=uac")];
    let (established, invite) = peer.establish(&fixture.agent, &granted).await;
    let dialog = &established.dialog;
    assert_eq!(
        (dialog.refresh_at(), dialog.expires_at()),
        (Some(after(300)), Some(after(600)))
    );
    tokio::time::advance(Duration::from_mins(5)).await;
    let phone = async {
        let again = peer.request(&Method::Invite).await;
        assert_eq!(again.body, "<RequestSystemStatus/>");
        assert_eq!(
            again.headers.get(&Name::CALL_ID),
            invite.headers.get(&Name::CALL_ID)
        );
        assert_eq!(
            again.headers.get(&Name::TO),
            Some("<sip:1001@pbx.example>;tag=phone")
        );
        peer.answer_with(
            &again,
            Status::OK,
            &granted,
            "<RequestSystemStatusResponse/>",
        )
        .await;
        peer.request(&Method::Ack).await;
    };
    let (response, ()) = tokio::join!(
        dialog.refresh(body("<RequestSystemStatus/>"), seconds(5)),
        phone
    );
    assert_eq!(response.unwrap().body, "<RequestSystemStatusResponse/>");
    assert_eq!(
        (dialog.refresh_at(), dialog.expires_at()),
        (Some(after(300)), Some(after(600)))
    );
}

#[tokio::test(start_paused = true)]
async fn update_is_used_where_it_is_allowed() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let granted = [
        (Name::SESSION_EXPIRES, "90;refresher=uac"),
        (Name::ALLOW, "INVITE, UPDATE"),
    ];
    let (established, _) = peer.establish(&fixture.agent, &granted).await;
    let dialog = &established.dialog;
    let phone = async {
        let update = peer.request(&Method::Update).await;
        assert!(update.body.is_empty());
        peer.answer(&update, Status::OK, &granted).await;
        // What it allows it does not know, after all.
        let update = peer.request(&Method::Update).await;
        peer.answer(&update, Status::NOT_IMPLEMENTED, &[]).await;
        for _ in 0..2 {
            let invite = peer.request(&Method::Invite).await;
            peer.answer(&invite, Status::OK, &granted).await;
            peer.request(&Method::Ack).await;
        }
    };
    let refreshes = async {
        for _ in 0..3 {
            let response = dialog
                .refresh(body("<RequestSystemStatus/>"), seconds(5))
                .await;
            assert_eq!(response.unwrap().status, Status::OK);
        }
    };
    tokio::join!(refreshes, phone);
}

#[tokio::test(start_paused = true)]
async fn refresh_of_the_peer_is_answered() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let (mut established, invite) = peer.establish(&fixture.agent, &[]).await;
    let dialog = established.dialog.clone();
    assert_eq!(dialog.expires_at(), None);
    let waiting = Tasks::new().spawn("test", async move {
        let request = established.requests.next().await.unwrap();
        assert_eq!(request.request().body, "<RequestSystemStatus/>");
        request.respond(Response::new(Status::OK));
        established
    });
    peer.send(&peer.in_dialog(&invite, 1, "UPDATE", "Session-Expires: 900\r\n", ""))
        .await;
    let response = peer.response(Status::OK).await;
    assert_eq!(
        response.headers.get(&Name::SESSION_EXPIRES),
        Some("900;refresher=uac")
    );
    assert_eq!(response.headers.get(&Name::REQUIRE), Some("timer"));
    assert!(response.headers.get(&Name::CONTACT).is_some());
    assert_eq!(
        (dialog.refresh_at(), dialog.expires_at()),
        (None, Some(after(900 - 32)))
    );
    let ours = "Session-Expires: 900;refresher=uas\r\n";
    peer.send(&peer.in_dialog(&invite, 2, "INVITE", ours, "<RequestSystemStatus/>"))
        .await;
    let response = peer.response(Status::OK).await;
    assert_eq!(
        response.headers.get(&Name::SESSION_EXPIRES),
        Some("900;refresher=uas")
    );
    assert_eq!(dialog.refresh_at(), Some(after(450)));
    peer.send(&peer.in_dialog(&invite, 2, "ACK", "", "")).await;
    peer.send(&peer.in_dialog(&invite, 3, "UPDATE", "Session-Expires: 30\r\n", ""))
        .await;
    let response = peer.response(Status::SESSION_INTERVAL_TOO_SMALL).await;
    assert_eq!(response.headers.get(&Name::MIN_SE), Some("90"));
    waiting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn session_without_refreshes_ends() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let granted = [(Name::SESSION_EXPIRES, "90;refresher=uas")];
    let (mut established, _) = peer.establish(&fixture.agent, &granted).await;
    let start = Instant::now();
    assert!(established.requests.next().await.is_none());
    assert_eq!(established.dialog.ended(), Some(End::Expired));
    assert_eq!(start.elapsed(), Duration::from_mins(1));
    peer.request(&Method::Bye).await;
}

#[tokio::test(start_paused = true)]
async fn refreshes_of_both_sides_at_once_are_settled() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let granted = [(Name::SESSION_EXPIRES, "600;refresher=uac")];
    let (established, invite) = peer.establish(&fixture.agent, &granted).await;
    let start = Instant::now();
    let phone = async {
        let ours = peer.request(&Method::Invite).await;
        peer.send(&peer.in_dialog(&invite, 1, "INVITE", "", ""))
            .await;
        peer.response(Status::REQUEST_PENDING).await;
        peer.answer(&ours, Status::REQUEST_PENDING, &[]).await;
        peer.request(&Method::Ack).await;
        let again = peer.request(&Method::Invite).await;
        assert!(start.elapsed() >= Duration::from_millis(2100));
        peer.answer(&again, Status::OK, &granted).await;
        peer.request(&Method::Ack).await;
    };
    let refresh = established
        .dialog
        .refresh(body("<RequestSystemStatus/>"), seconds(9));
    let (response, ()) = tokio::join!(refresh, phone);
    assert_eq!(response.unwrap().status, Status::OK);
}

#[tokio::test(start_paused = true)]
async fn refresh_that_is_answered_too_late_is_acknowledged_all_the_same() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let (established, _) = peer.establish(&fixture.agent, &[]).await;
    let refresh = established
        .dialog
        .refresh(body("<RequestSystemStatus/>"), seconds(1));
    assert!(refresh.await.is_err());
    let invite = peer.request(&Method::Invite).await;
    peer.answer(&invite, Status::OK, &[]).await;
    loop {
        match peer.receive().await {
            crate::wire::Message::Request(request) if request.method == Method::Ack => break,
            _ => {}
        }
    }
}
