//! A phone in sessions that a scripted server opens.

mod client;
mod requests;

use std::time::Duration;

use self::client::{Client, csta, with_credentials};
use super::{Answers, Quirks};
use crate::harness::WAIT_TIMEOUT;
use crate::options::Options;
use crate::vendor::Vendor;

fn snom(settings: &[(&str, &str)]) -> Options {
    let settings = settings.iter();
    Options {
        settings: settings
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..Options::new(Vendor::Snom)
    }
}

fn with(quirk: impl FnOnce(&mut Quirks)) -> Quirks {
    let mut quirks = Quirks::default();
    quirk(&mut quirks);
    quirks
}

#[tokio::test]
async fn sessions_are_set_up_monitored_and_ended() {
    let mut client = Client::new(snom(&[]), Quirks::default()).await;
    let opening = client.opening();
    let response = client.invite(&opening).await;
    assert_eq!(response.status(), Some(200));
    assert!(response.body.contains("csta/ed5") && response.body.contains(">normal<"));
    assert_eq!(
        response.header("Session-Expires"),
        Some("1800;refresher=uac")
    );
    assert!(
        response
            .header("Via")
            .unwrap()
            .contains(";received=127.0.0.1;")
    );
    let object = "<monitorObject><deviceObject>sip:1001@pbx.example</deviceObject></monitorObject>";
    let started = client.csta("MonitorStart", 5, object).await;
    assert!(started.contains("<monitorExistingCalls>true<"), "{started}");
    let again = client.csta("MonitorStart", 5, object).await;
    assert!(again.contains("overallMonitorLimitExceeded"), "{again}");
    client.phone.receive_call("201 & Co");
    let event = client.event().await;
    assert!(
        event.contains("<DeliveredEvent ") && event.contains("<callID>-1<"),
        "{event}"
    );
    assert!(event.contains("sip:201 &amp; Co@pbx.example"), "{event}");
    let foreign = client
        .csta("MonitorStop", 5, "<monitorCrossRefID>8</monitorCrossRefID>")
        .await;
    assert!(foreign.contains("invalidCrossRefID"), "{foreign}");
    let stopped = client
        .csta("MonitorStop", 5, "<monitorCrossRefID>7</monitorCrossRefID>")
        .await;
    assert!(stopped.contains("<MonitorStopResponse "), "{stopped}");
    client.phone.receive_call("202");
    let bye = client.request("BYE", "");
    assert_eq!(client.ask(&bye).await.status(), Some(200));
    assert_eq!(client.phone.state().csta.sessions, 0);
    let late = client.request("INFO", &csta("RequestSystemStatus", 5, ""));
    assert_eq!(client.ask(&late).await.status(), Some(481));
}

#[tokio::test]
async fn requests_that_break_the_rules_are_refused() {
    let mut client = Client::new(snom(&[]), Quirks::default()).await;
    client.monitor(5, "1").await;
    let status = csta("RequestSystemStatus", 5, "");
    for (from, to, expected) in [
        ("CSeq: {n} INFO", "CSeq: 1 INFO", 500),
        ("CSeq: {n} INFO", "CSeq: {n} BYE", 400),
        ("CSeq: {n} INFO", "CSeq: x INFO", 400),
        (";tag=hd", ";tag=other", 481),
        (";tag=hd", "", 400),
        ("z9hG4bK", "", 400),
        ("Max-Forwards: 70\r\n", "", 400),
        ("Call-ID: ", "Call-ID: x", 481),
        ("Contact: ", "Require: 100rel\r\nContact: ", 420),
        ("application/csta+xml", "text/plain", 415),
        ("signal;handling=required", "signal", 400),
        ("csta/ed5", "csta/ed6", 400),
        ("</RequestSystemStatus>", "</requestSystemStatus>", 400),
        ("INFO", "MESSAGE", 405),
    ] {
        let request = client.request("INFO", &status).to_string();
        let fill = |text: &str| text.replace("{n}", &client.sequence.to_string());
        let changed = request.replace(&fill(from), &fill(to));
        assert_ne!(changed, request);
        client.send_text(&changed).await;
        let response = client.receive().await;
        assert_eq!(response.status(), Some(expected), "{changed}\n{response}");
    }
    let refusals = client.phone.state().refusals().count();
    assert_eq!(refusals, 14);
    // The session has survived all of this.
    client.csta("RequestSystemStatus", 5, "").await;
}

#[tokio::test]
async fn retransmissions_get_the_same_response_and_have_no_effect() {
    let mut client = Client::new(snom(&[]), Quirks::default()).await;
    client.monitor(5, "1").await;
    let inside = "<callingDevice>1</callingDevice>\
                  <calledDirectoryNumber>700</calledDirectoryNumber>\
                  <autoOriginate>doNotPrompt</autoOriginate>";
    let request = client.request("INFO", &csta("MakeCall", 5, inside));
    let first = client.ask(&request).await;
    let again = client.ask(&request).await;
    assert_eq!(first, again);
    assert_eq!(client.phone.state().dialed, ["700"]);
}

#[tokio::test]
async fn acceptance_is_repeated_until_it_is_acknowledged() {
    let mut client = Client::new(snom(&[]), Quirks::default()).await;
    let opening = client.opening();
    let first = client.ask(&opening).await;
    let again = client.receive().await;
    assert_eq!(first, again);
    client.acknowledge(&opening, &first).await;
    client.csta("RequestSystemStatus", 5, "").await;
}

#[tokio::test]
async fn settings_decide_who_may_open_a_session() {
    let foreign = |client: &mut Client| client.contact = "sip:127.0.0.1".to_owned();
    let own = |_: &mut Client| {};
    for (settings, change, status) in [
        (
            vec![("csta_control", "off")],
            &own as &dyn Fn(&mut Client),
            488,
        ),
        (vec![], &foreign, 415),
        (
            vec![(
                "sip_ip_dialin_content_types",
                "application/sdp application/csta+xml",
            )],
            &foreign,
            200,
        ),
    ] {
        let mut client = Client::new(snom(&settings), Quirks::default()).await;
        change(&mut client);
        let opening = client.opening();
        let response = client.invite(&opening).await;
        assert_eq!(response.status(), Some(status), "{settings:?}");
    }
    let mut yealink = Options::new(Vendor::Yealink);
    let setting = ("features.csta_control.enable".to_owned(), "0".to_owned());
    yealink.settings.extend([setting]);
    let mut client = Client::new(yealink, Quirks::default()).await;
    let opening = client.opening();
    assert_eq!(client.invite(&opening).await.status(), Some(488));
}

#[tokio::test]
async fn openings_must_be_right() {
    let mut client = Client::new(snom(&[]), Quirks::default()).await;
    for (from, to, expected) in [
        ("1800", "60", 422),
        ("RequestSystemStatus", "SnapshotDevice", 400),
        ("application/csta+xml", "application/sdp", 486),
        ("Contact: <sip:", "Contact: <tel:", 400),
    ] {
        let mut opening = client.opening().to_string().replace(from, to);
        // The length of the body may have changed.
        if let Some((head, body)) = opening.split_once("\r\n\r\n") {
            let (head, _) = head.split_once("\r\nContent-Length").unwrap();
            opening = format!("{head}\r\n\r\n{body}");
        }
        client.send_text(&opening).await;
        let response = client.receive().await;
        assert_eq!(response.status(), Some(expected), "{opening}");
        let opening = crate::sip::Message::parse(opening.as_bytes()).unwrap();
        client.acknowledge(&opening, &response).await;
    }
}

#[tokio::test]
async fn strangers_get_no_answer_while_the_registrar_is_filtered() {
    let mut client = Client::new(snom(&[]), Quirks::default()).await;
    let stranger = tokio::net::UdpSocket::bind("127.0.0.9:0").await.unwrap();
    let opening = client.opening().to_string();
    let phone = crate::sip::uri(&client.contact).rsplit_once('@').unwrap().1;
    let phone = phone.split(';').next().unwrap();
    stranger.send_to(opening.as_bytes(), phone).await.unwrap();
    let wanted = |state: &crate::State| state.refusals().count() == 1;
    let state = client.phone.wait_until(wanted, WAIT_TIMEOUT).await.unwrap();
    let (exchange, reason) = state.refusals().next().unwrap();
    assert_eq!(exchange.status, None);
    assert!(reason.contains("filter_registrar"), "{reason}");
}

#[tokio::test]
async fn challenges_ask_for_the_password_once_or_always() {
    for (challenge, of_info) in [("1", 200), ("2", 401)] {
        let settings = snom(&[("csta_challenge", challenge)]);
        let mut client = Client::new(settings, Quirks::default()).await;
        let opening = client.opening();
        let first = client.invite(&opening).await;
        assert_eq!(first.status(), Some(401));
        let wrong = with_credentials(client.opening(), &first, "wrong");
        let second = client.invite(&wrong).await;
        assert_eq!(second.status(), Some(401));
        let right = with_credentials(client.opening(), &second, "secret");
        assert_eq!(client.invite(&right).await.status(), Some(200));
        let info = client.request("INFO", &csta("RequestSystemStatus", 5, ""));
        let response = client.ask(&info).await;
        assert_eq!(response.status(), Some(of_info), "{challenge}");
        if of_info == 401 {
            let info = client.request("INFO", &csta("RequestSystemStatus", 5, ""));
            let info = with_credentials(info, &response, "secret");
            assert_eq!(client.ask(&info).await.status(), Some(200));
        }
    }
}

#[tokio::test]
async fn phones_that_take_a_session_for_a_call_ring_until_it_is_cancelled() {
    let mut client = Client::new(snom(&[]), with(|quirks| quirks.rings = true)).await;
    let opening = client.opening();
    assert_eq!(client.ask(&opening).await.status(), Some(180));
    let mut cancel = opening.clone();
    cancel.start = cancel.start.replace("INVITE", "CANCEL");
    cancel.body.clear();
    cancel
        .headers
        .retain(|(name, _)| !name.starts_with("Content"));
    for (_, value) in cancel.headers.iter_mut().filter(|(name, _)| name == "CSeq") {
        *value = value.replace("INVITE", "CANCEL");
    }
    client.send(&cancel).await;
    let mut statuses = [client.receive().await, client.receive().await].map(|one| one.status());
    statuses.sort_unstable();
    assert_eq!(statuses, [Some(200), Some(487)]);
    let csta = client.phone.state().csta;
    assert_eq!((csta.rung, csta.cancelled, csta.sessions), (1, 1, 0));
}

#[tokio::test]
async fn second_request_in_progress_is_refused() {
    let slow = with(|quirks| quirks.delay = Duration::from_millis(300));
    let mut client = Client::new(snom(&[]), slow).await;
    let opening = client.opening();
    client.invite(&opening).await;
    let first = client.request("INFO", &csta("RequestSystemStatus", 5, ""));
    let second = client.request("INFO", &csta("RequestSystemStatus", 5, ""));
    client.send(&first).await;
    let refused = client.ask(&second).await;
    assert_eq!(refused.status(), Some(500));
    assert_eq!(refused.header("Retry-After"), Some("1"));
    assert_eq!(client.receive().await.status(), Some(200));
}

#[tokio::test]
async fn quirks_change_how_a_phone_answers() {
    let quirks = with(|quirks| {
        quirks.answers = Answers::InInfo;
        quirks.lacks_session_timer = true;
        quirks.ignored = vec!["AnswerCall".to_owned()];
    });
    let mut client = Client::new(snom(&[]), quirks).await;
    let opening = client.opening();
    let response = client.invite(&opening).await;
    assert_eq!(response.header("Session-Expires"), None);
    let info = client.request("INFO", &csta("RequestSystemStatus", 5, ""));
    client.send(&info).await;
    let confirmed = client.receive().await;
    assert_eq!(
        (confirmed.status(), confirmed.body.as_str()),
        (Some(200), "")
    );
    let answer = client.event().await;
    assert!(answer.contains("<RequestSystemStatusResponse "), "{answer}");
    let ignored = client.request("INFO", &csta("AnswerCall", 5, ""));
    client.send(&ignored).await;
    let wanted = |state: &crate::State| state.refusals().count() == 1;
    client.phone.wait_until(wanted, WAIT_TIMEOUT).await.unwrap();
}

#[tokio::test]
async fn errors_may_come_with_a_status() {
    let quirks = with(|quirks| quirks.answers = Answers::ErrorsByStatus);
    let mut client = Client::new(snom(&[]), quirks).await;
    let opening = client.opening();
    client.invite(&opening).await;
    let info = client.request("INFO", &csta("MakeCoffee", 5, ""));
    let rejected = client.ask(&info).await;
    assert_eq!(rejected.status(), Some(400));
    assert!(rejected.body.contains("<operation>serviceNotSupported<"));
}

#[tokio::test]
async fn sessions_that_are_not_known_any_more_end() {
    let mut client = Client::new(snom(&[]), Quirks::default()).await;
    client.monitor(5, "1").await;
    client.phone.receive_call("201");
    let info = client.expect("INFO").await;
    client
        .send(&info.response("481 Call/Transaction Does Not Exist", ""))
        .await;
    let wanted = |state: &crate::State| state.csta.sessions == 0;
    client.phone.wait_until(wanted, WAIT_TIMEOUT).await.unwrap();
}

#[tokio::test]
async fn refreshes_keep_a_session_and_move_its_target() {
    let mut client = Client::new(snom(&[]), Quirks::default()).await;
    client.monitor(5, "1").await;
    let update = client
        .request("UPDATE", "")
        .with("Session-Expires", "90;refresher=uac");
    let response = client.ask(&update).await;
    assert_eq!(response.header("Session-Expires"), Some("90;refresher=uac"));
    let opening = client.opening();
    let response = client.invite(&opening).await;
    assert!(response.body.contains(">normal<"), "{response}");
    let options = client.request("OPTIONS", "");
    assert_eq!(client.ask(&options).await.status(), Some(200));
    assert_eq!(client.phone.state().csta.established, 1);
}
