//! Peers that want something else.

use super::support::{Peer, config, fixture, seconds, start};
use crate::Limits;
use crate::wire::Status;

#[tokio::test(start_paused = true)]
async fn garbage_gets_no_answer() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let register = peer.outside("REGISTER", "");
    let mut garbage = vec![
        "\r\n\r\n".to_owned(),
        "\0".to_owned(),
        "x".to_owned(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "SIP/2.0 200 OK\r\n\r\n".to_owned(),
        register.replace("CSeq: 1 REGISTER", "CSeq: 1 INVITE"),
        register.replace("Content-Length: 0", "Content-Length: 9"),
        register.replace(";branch=", ";b="),
    ];
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        garbage.push(register.replace(&format!("\r\n{name}:"), "\r\nX:"));
    }
    for text in garbage {
        peer.send(&text).await;
        assert_eq!(peer.receive_bytes(1).await, None, "{text}");
    }
    assert_eq!(fixture.agent.totals().malformed, 11);
}

#[tokio::test(start_paused = true)]
async fn answers_are_not_larger_than_short_requests() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    for method in ["OPTIONS", "INVITE", "SUBSCRIBE", "BYE", "CANCEL", "X"] {
        peer.outside(method, "");
        let request = format!(
            "{method} sip:a SIP/2.0\r\nv:SIP/2.0/UDP a;branch=z9hG4bK{method};rport\r\nf:sip:a\r\nt:sip:a\r\ni:1\r\n\
             CSeq:1 {method}\r\n\r\n"
        );
        for _ in 0..3 {
            peer.send(&request).await;
            let answer = peer.receive_bytes(1).await;
            assert!(
                answer.is_none_or(|answer| answer.len() <= request.len()),
                "{method}"
            );
        }
    }
    assert!(fixture.agent.totals().withheld > 0);
}

#[tokio::test(start_paused = true)]
async fn short_request_of_a_lost_dialog_is_answered() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let request = format!(
        "INFO sip:h SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bK1\r\nFrom: <sip:1001@a>;tag=a\r\n\
         To: <sip:h@a>;tag=b\r\nCall-ID: c\r\nCSeq: 1 INFO\r\nContent-Length: 0\r\n\r\n",
        peer.address()
    );
    peer.send(&request).await;
    let response = peer.response(Status::DIALOG_DOES_NOT_EXIST).await;
    assert_eq!(&*response.reason, "", "there is no room for it");
    assert!(response.to_bytes().len() <= request.len());
}

#[tokio::test(start_paused = true)]
async fn strangers_cannot_interfere_with_a_dialog() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let (established, invite) = peer.establish(&fixture.agent, &[]).await;
    let bye = peer.in_dialog(&invite, 1, "BYE", "", "");
    let call_id = invite.headers.get(&crate::wire::Name::CALL_ID).unwrap();
    let stranger = Peer::at("127.0.0.2:0", fixture.udp).await;
    // Even with all identifiers, from another address.
    stranger
        .send(&stranger.in_dialog(&invite, 1, "BYE", "", ""))
        .await;
    stranger.response(Status::DIALOG_DOES_NOT_EXIST).await;
    for changed in [
        bye.replace(call_id, "other"),
        bye.replace("tag=phone", "tag=fax"),
        bye.replace(";tag=phone", ""),
    ] {
        let branch = format!("branch=z9hG4bK{}", changed.len());
        peer.send(&changed.replace("branch=", &branch)).await;
        peer.response(Status::DIALOG_DOES_NOT_EXIST).await;
    }
    assert_eq!(established.dialog.ended(), None);
}

#[tokio::test(start_paused = true)]
async fn other_networks_get_no_answer() {
    let mut config = config();
    config.allow = ["127.0.0.2/32"]
        .iter()
        .map(|net| net.parse().unwrap())
        .collect();
    let fixture = start(config);
    let stranger = Peer::new(fixture.udp).await;
    stranger.send(&stranger.outside("INVITE", "")).await;
    assert_eq!(stranger.receive_bytes(1).await, None);
    assert_eq!(fixture.agent.totals().forbidden, 1);
    let peer = Peer::at("127.0.0.2:0", fixture.udp).await;
    peer.send(&peer.outside("INVITE", "Contact: <sip:1001@192.0.2.1>\r\n"))
        .await;
    peer.response(Status::FORBIDDEN).await;
}

#[tokio::test(start_paused = true)]
async fn floods_of_an_address_are_cut_off() {
    let mut config = config();
    config.limits = Limits {
        requests_per_second: 3,
        messages_per_second: 10,
        ..Limits::default()
    };
    let mut fixture = start(config);
    let peer = Peer::new(fixture.udp).await;
    let other = Peer::at("127.0.0.2:0", fixture.udp).await;
    for _ in 0..20 {
        peer.send(&peer.outside("REGISTER", "")).await;
    }
    other.send(&other.outside("REGISTER", "")).await;
    let mut from = Vec::new();
    while let Ok(Some(request)) = tokio::time::timeout_at(seconds(1), fixture.incoming.recv()).await
    {
        from.push(request.flow().target().address);
    }
    assert_eq!(
        from,
        [
            peer.address(),
            peer.address(),
            peer.address(),
            other.address()
        ]
    );
    assert_eq!(fixture.agent.totals().limited, 17);
}

#[tokio::test(start_paused = true)]
async fn floods_of_events_are_refused() {
    let fixture = fixture();
    let peer = Peer::new(fixture.udp).await;
    let (mut established, invite) = peer.establish(&fixture.agent, &[]).await;
    for number in 1..=70 {
        peer.send(&peer.in_dialog(&invite, number, "INFO", "", ""))
            .await;
    }
    for _ in 65..=70 {
        peer.response(Status::SERVER_INTERNAL_ERROR).await;
    }
    for _ in 1..=64 {
        established
            .requests
            .next()
            .await
            .unwrap()
            .respond(crate::wire::Response::new(Status::OK));
    }
    assert_eq!(fixture.agent.totals().overflowed, 6);
}

#[tokio::test(start_paused = true)]
async fn dialogs_are_limited() {
    let mut config = config();
    config.limits.dialogs = 1;
    let fixture = start(config);
    let peer = Peer::new(fixture.udp).await;
    let (_first, _) = peer.establish(&fixture.agent, &[]).await;
    assert!(peer.call(&fixture.agent, None).await.is_err());
    assert_eq!(peer.receive_bytes(1).await, None, "nothing was sent");
}
