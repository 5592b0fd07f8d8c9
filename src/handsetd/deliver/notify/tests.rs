use std::time::Duration;

use handset_ami::Event;
use handset_net::tasks::Tasks;
use handset_phones::phone::Vendor;

use super::super::registration::choose;
use super::*;
use crate::roster::testing::{Session, listen, soon};

fn phone(address: &str, contact: Option<&str>) -> Phone {
    Phone {
        address: address.parse().unwrap(),
        endpoint: Some(endpoint()),
        contact: contact.map(ToOwned::to_owned),
        ..Phone::example(Vendor::Snom, "D862")
    }
}

fn endpoint() -> Endpoint {
    "PJSIP/1001".parse().unwrap()
}

fn contact(uri: &str) -> Contact {
    let item = format!("Event: ContactList\r\nEndpoint: 1001\r\nUri: {uri}\r\n");
    Contact::of_pjsip(&Event::parse(item.as_bytes()).unwrap()).unwrap()
}

fn headers(action: &Action) -> Vec<(&str, &str)> {
    action.headers().collect()
}

#[test]
fn contact_is_chosen_by_its_uri_or_address() {
    let contacts = [
        contact("sip:1001@192.0.2.21"),
        contact("sip:1001@192.0.2.22:5062"),
    ];
    let chosen = |phone: &Phone| {
        let chosen = choose(phone, &endpoint(), &contacts);
        chosen
            .map(|contact| contact.uri.clone())
            .map_err(|failure| failure.reason)
    };
    let second = Ok("sip:1001@192.0.2.22:5062".to_owned());
    assert_eq!(chosen(&phone("192.0.2.22:8080", None)), second);
    let by_uri = phone("192.0.2.21", Some("sip:1001@192.0.2.22:5062"));
    assert_eq!(chosen(&by_uri), second);
    let why = "PJSIP/1001 has 2 contacts, none of them at 192.0.2.99";
    assert_eq!(chosen(&phone("192.0.2.99", None)), Err(why.to_owned()));
    // A single contact is chosen even if the web server has another address.
    let only = choose(&phone("192.0.2.99", None), &endpoint(), &contacts[..1]);
    assert!(only.is_ok());
}

#[test]
fn action_depends_on_the_technology() {
    let notify = vendor::Notify {
        call: None,
        event: "check-sync;reboot=true".into(),
        body: None,
    };
    let all = action(&endpoint(), None, &notify).unwrap();
    assert_eq!(all.name(), "PJSIPNotify");
    let event = ("Variable", "Event=check-sync;reboot=true");
    assert_eq!(headers(&all), [("Endpoint", "1001"), event]);
    let one = action(&endpoint(), Some(&contact("sip:1001@192.0.2.21")), &notify).unwrap();
    assert_eq!(headers(&one), [("URI", "sip:1001@192.0.2.21"), event]);
    let peer = action(&"SIP/2001".parse().unwrap(), None, &notify).unwrap();
    assert_eq!(peer.name(), "SIPnotify");
    assert_eq!(headers(&peer), [("Channel", "2001"), event]);
}

#[test]
fn oversized_body_is_refused_with_its_size() {
    let notify = vendor::Notify {
        call: None,
        event: "xml".into(),
        body: Some(("text/plain".into(), "x".repeat(5000))),
    };
    let invalid = action(&endpoint(), None, &notify).unwrap_err();
    assert!(with_source(&invalid).contains("5000 bytes"), "{invalid}");
}

#[tokio::test]
async fn notify_needs_a_server_and_an_endpoint() {
    let notify = vendor::Notify {
        call: None,
        event: "talk".into(),
        body: None,
    };
    let send = async |phone: &Phone| {
        let sent = send(
            &Roster::default(),
            phone,
            &notify,
            Instant::now(),
            &CommitPoint::default(),
        )
        .await;
        sent.unwrap_err().status
    };
    let mut phone = phone("192.0.2.21", None);
    assert_eq!(send(&phone).await, Status::Unsupported);
    phone.endpoint = "SCCP/1001".parse().ok();
    assert_eq!(send(&phone).await, Status::Unsupported);
    phone.endpoint = None;
    assert_eq!(send(&phone).await, Status::Unreachable);
}

#[tokio::test]
async fn response_of_asterisk_becomes_a_status() {
    let tasks = Tasks::new();
    let (listener, roster) = listen(&tasks).await;
    let mut session = Session::accept(&listener).await;
    session.answer_with_phone("192.0.2.21").await;
    let (phone, notify) = (
        phone("192.0.2.21", None),
        vendor::Notify {
            call: None,
            event: "talk".into(),
            body: None,
        },
    );
    let answered = async |session: &mut Session, response: &str| {
        let commit_point = CommitPoint::default();
        let sending = send(&roster, &phone, &notify, soon(), &commit_point);
        tokio::join!(sending, session.respond("PJSIPNotify", response)).0
    };
    let sent = answered(&mut session, "Response: Success\nMessage: NOTIFY sent\n").await;
    assert_eq!(sent, Ok(Some(QUEUED)));
    let unknown = "Response: Error\nMessage: Invalid/unknown command: PJSIPNotify.\n";
    let Failure { status, reason } = answered(&mut session, unknown).await.unwrap_err();
    assert_eq!(status, Status::Unreachable);
    assert!(reason.contains("pjsip_notify.conf"), "{reason}");
    let denied = "Response: Error\nMessage: Permission denied\n";
    let Failure { reason, .. } = answered(&mut session, denied).await.unwrap_err();
    assert!(reason.contains("write = system"), "{reason}");
    // The connection ends between request and response, so the NOTIFY may have been sent.
    let commit_point = CommitPoint::default();
    let sending = send(&roster, &phone, &notify, soon(), &commit_point);
    let breaking = async move { session.hear("PJSIPNotify").await };
    let (sent, _) = tokio::join!(sending, breaking);
    assert_eq!(sent.unwrap_err().status, Status::Unknown);
    let Failure { status, reason } = send(
        &roster,
        &phone,
        &notify,
        Instant::now(),
        &CommitPoint::default(),
    )
    .await
    .unwrap_err();
    assert_eq!(status, Status::Unreachable);
    assert!(
        reason.starts_with("Asterisk pbx is not connected: "),
        "{reason}"
    );
    tasks.shut_down(Duration::from_secs(5)).await;
}
