//! Datagrams that are lost, duplicated and reordered.

use std::collections::HashSet;
use std::time::Duration;

use handset_net::tasks::Tasks;
use tokio::net::UdpSocket;
use tokio::time::sleep;

use super::support::{Peer, body, fixture, number, seconds};
use crate::wire::{Message, Method, Response, Status};

/// Forwards datagrams between `agent` and `phone`, and loses, duplicates and delays some of them, in the same
/// way each time. Returns the address that stands for the phone.
async fn relay(agent: std::net::SocketAddr, phone: std::net::SocketAddr) -> std::net::SocketAddr {
    let socket = std::sync::Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let address = socket.local_addr().unwrap();
    Tasks::new().spawn("test", async move {
        let mut state = 7_u32;
        let mut buffer = vec![0; 65_536];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            let to = if from == agent { phone } else { agent };
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let datagram = buffer[..length].to_vec();
            let copies = match (state >> 24) % 10 {
                0..=2 => 0,
                3..=4 => 2,
                _ => 1,
            };
            let delay = Duration::from_millis(u64::from(state >> 20) % 40);
            for copy in 0..copies {
                let (socket, datagram) = (socket.clone(), datagram.clone());
                Tasks::new().spawn("test", async move {
                    sleep(delay * (copy + 1)).await;
                    socket.send_to(&datagram, to).await.unwrap();
                });
            }
        }
    });
    address
}

/// A phone that repeats nothing but its 200 to INVITE when the INVITE is repeated, remembers what it has answered,
/// and sends an event after each INFO, until it is acknowledged.
async fn phone(peer: &Peer, ended: &tokio::sync::Notify) -> Vec<String> {
    let (mut executed, mut seen, mut invite) = (Vec::new(), HashSet::new(), None);
    let (mut event, mut events): (Option<String>, u32) = (None, 0);
    loop {
        let received = tokio::select! {
            received = peer.receive_bytes(1) => received,
            () = ended.notified() => return executed,
        };
        let Some(bytes) = received else {
            if let Some(text) = &event {
                peer.send(text).await;
            }
            continue;
        };
        match Message::read_datagram(&bytes).unwrap() {
            Message::Request(request) if request.method == Method::Ack => {}
            Message::Request(request) => {
                if request.method == Method::Invite {
                    invite = Some(request.clone());
                }
                if seen.insert(number(&request)) && request.method == Method::Info {
                    executed.push(String::from_utf8(request.body.to_vec()).unwrap());
                    if event.is_none() {
                        events += 1;
                        let invite = invite.as_ref().unwrap();
                        let text = format!("event {events}");
                        let info = peer.in_dialog(invite, events, "INFO", "", &text);
                        // The response comes back through the relay.
                        event = Some(info.replace(";branch=", ";rport;branch="));
                    }
                }
                peer.answer(&request, Status::OK, &[]).await;
            }
            Message::Response(response) => {
                assert_eq!(response.status, Status::OK);
                let number = response.headers.get(&crate::wire::Name::CSEQ).unwrap();
                if number == format!("{events} INFO") {
                    event = None;
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn everything_happens_once_and_in_order() {
    let fixture = fixture();
    let mut peer = Peer::new(fixture.udp).await;
    let relay = relay(fixture.udp, peer.address()).await;
    // The phone sends through the relay, too.
    let mut invite = peer.invite(&fixture.agent, None);
    invite.flow = fixture.agent.udp_flow(relay).unwrap();
    peer.send_through(relay);
    let ended = tokio::sync::Notify::new();
    let agent = fixture.agent.clone();
    let ours = async {
        let mut established = crate::Dialog::invite(&agent, invite, seconds(30))
            .await
            .unwrap();
        let dialog = established.dialog.clone();
        let events = Tasks::new().spawn("test", async move {
            let mut events = Vec::new();
            while let Some(request) = established.requests.next().await {
                events.push(String::from_utf8(request.request().body.to_vec()).unwrap());
                request.respond(Response::new(Status::OK));
            }
            events
        });
        for count in 0..50 {
            let response = dialog
                .request(Method::Info, Some(body(&count.to_string())), seconds(30))
                .await;
            assert_eq!(response.unwrap().status, Status::OK);
        }
        dialog.bye(seconds(30)).await.unwrap();
        ended.notify_one();
        events.await.unwrap()
    };
    let (events, executed) = tokio::join!(ours, phone(&peer, &ended));
    let expected: Vec<_> = (0..50).map(|count| count.to_string()).collect();
    assert_eq!(executed, expected);
    assert!(events.len() > 5, "{events:?}");
    let expected: Vec<_> = (1..=events.len())
        .map(|count| format!("event {count}"))
        .collect();
    assert_eq!(events, expected);
}
