//! Remote control: access, pages, keys and their effect.

use super::{ask, object, options, push};
use crate::CallState::{Connected, Held, Ringing};
use crate::State;
use crate::harness::Harness;
use crate::options::{Options, RemoteControl, Scheme};

fn phone(model: &str, firmware: &str) -> Options {
    Options {
        model: model.to_owned(),
        firmware: firmware.to_owned(),
        ..options()
    }
}

async fn harness(model: &str, firmware: &str) -> Harness {
    Harness::new(phone(model, firmware), Vec::new()).await
}

/// Sends a GET; returns the status and the body.
async fn asks(harness: &Harness, target: &str) -> (String, String) {
    let response = ask(harness, target).await;
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head[9..12].to_owned(), body.to_owned())
}

/// Returns the reason of the last refusal.
fn refused(state: &State) -> String {
    let last = state.refusals().last();
    last.map(|(_, reason)| reason.to_owned())
        .unwrap_or_default()
}

#[tokio::test]
async fn addresses_outside_the_list_are_refused() {
    for (enabled, limit_ip, status, reason) in [
        (true, "any", "200", ""),
        (true, "127.0.*.*", "200", ""),
        (true, "", "403", "features.action_uri_limit_ip"),
        (true, "192.0.2.1", "403", "features.action_uri_limit_ip"),
        (false, "any", "403", "features.action_uri.enable"),
    ] {
        let remote_control = RemoteControl {
            enabled,
            limit_ip: limit_ip.to_owned(),
            asks: false,
        };
        let options = Options {
            remote_control,
            ..options()
        };
        let harness = Harness::new(options, Vec::new()).await;
        for target in ["/servlet?key=OK", "/screencapture", "/servlet?phonecfg=get"] {
            assert_eq!(asks(&harness, target).await.0, status, "{limit_ip}");
        }
        assert!(refused(&harness.phone.state()).contains(reason));
        // Pushes have a separate list, and NOTIFYs have none.
        let text = object("TextScreen", "<Text>a</Text>");
        assert!(push(&harness, &text).await.contains("200"));
        let response = harness
            .phone
            .receive_notify("ACTION-URI", "message/sipfrag", "key=OK");
        assert_eq!(response.is_ok(), enabled);
        let pressed = harness.phone.state().keys.len();
        assert_eq!(pressed, usize::from(enabled) + usize::from(status == "200"));
    }
}

#[tokio::test]
async fn first_request_raises_a_question_and_is_lost() {
    let remote_control = RemoteControl {
        asks: true,
        ..RemoteControl::default()
    };
    let options = Options {
        remote_control,
        ..options()
    };
    let harness = Harness::new(options, Vec::new()).await;
    let forbidden = ("403".to_owned(), "Remote control forbidden".to_owned());
    assert_eq!(asks(&harness, "/servlet?key=OK").await, forbidden);
    harness.phone.press("Cancel").await.unwrap();
    assert_eq!(asks(&harness, "/servlet?key=OK").await, forbidden);
    let screen = harness.phone.state().screen.unwrap();
    assert_eq!(screen.content.text(), Some("Allow remote control?"));
    harness.phone.press("OK").await.unwrap();
    assert!(harness.phone.state().keys.is_empty());
    assert_eq!(asks(&harness, "/servlet?key=OK").await.0, "200");
    // NOTIFY is a separate source.
    let notify = || {
        harness
            .phone
            .receive_notify("ACTION-URI", "message/sipfrag", "key=1")
    };
    assert!(notify().unwrap_err().contains("the user has not allowed"));
    assert_eq!(harness.phone.state().keys, ["OK"]);
    harness.phone.press("OK").await.unwrap();
    notify().unwrap();
    assert_eq!(harness.phone.state().keys, ["OK", "1"]);
}

#[tokio::test]
async fn pages_depend_on_the_firmware() {
    let [new, old, com] = [
        "/servlet?key=OK",
        "/cgi-bin/cgiServer.exx?key=OK",
        "/cgi-bin/ConfigManApp.com?key=OK",
    ];
    for (model, firmware, known, unknown) in [
        ("T46G", "28.83.0.130", vec![new, old, com], vec![]),
        ("T38G", "38.70.0.185", vec![old], vec![new, com]),
        ("T28P", "2.70.0.140", vec![com], vec![new, old]),
    ] {
        let harness = harness(model, firmware).await;
        for (targets, status) in [(known, "200"), (unknown, "404")] {
            for target in targets {
                assert_eq!(asks(&harness, target).await.0, status, "{model} {target}");
            }
        }
    }
    let harness = harness("T28P", "2.70.0.140").await;
    let text = object("TextScreen", "<Text>a</Text>");
    assert!(push(&harness, &text).await.starts_with("HTTP/1.1 404"));
    let length = text.len() + 4;
    let old = format!(
        "POST / HTTP/1.1\r\nHost: phone\r\nConnection: close\r\nContent-Type: text/xml\r\n\
         Content-Length: {length}\r\n\r\nxml={text}"
    );
    assert!(harness.send(old).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn missing_keys_have_no_effect() {
    for (model, firmware, key) in [
        ("T57W", "96.86.0.5", "OK"),
        ("T48S", "66.86.0.15", "ENTER"),
        ("T48S", "66.86.0.15", "1;2"),
        ("T58V", "58.86.0.5", "1;2"),
        ("T21P", "34.72.0.1", "L3"),
        ("T46G", "28.83.0.1", "D1"),
        ("T46G", "28.72.0.1", "OFFHOOK"),
        ("T46G", "28.73.0.1", "CANCEL"),
        ("T46G", "28.73.0.1", "AlwaysFwdOn=1"),
        ("T46G", "28.83.0.1", "NoAnswFwdOn=1=13"),
        ("T46G", "28.83.0.1", "NoAnswFwdOn=1"),
        ("T46G", "28.83.0.1", "HOLD"),
        ("T46G", "28.83.0.1", "ASW:a"),
        ("T46G", "28.83.0.1", "BTrans="),
        ("T46G", "28.83.0.1", "number=+49"),
    ] {
        let harness = harness(model, firmware).await;
        // Real phones respond with 200 to this as well.
        let target = format!("/servlet?key={key}");
        assert_eq!(asks(&harness, &target).await.0, "200", "{model} {key}");
        let state = harness.phone.state();
        assert_ne!(refused(&state), "", "{model} {key}");
        assert!(state.keys.is_empty() && state.dialed.is_empty());
    }
}

#[tokio::test]
async fn keys_answer_hold_transfer_and_end_calls() {
    let harness = harness("T46G", "28.84.0.1").await;
    let key = async |key: &str| {
        asks(&harness, &format!("/servlet?key={key}")).await;
        harness.phone.state()
    };
    let states = |state: &State| {
        let states: Vec<_> = state.calls.all().iter().map(|call| call.state).collect();
        states
    };
    let id = harness.phone.receive_call("201");
    assert_eq!(id, 33_093);
    // A call that was not answered cannot be transferred.
    assert_eq!(states(&key("BTrans=300").await), [Ringing]);
    assert_eq!(states(&key("ANSWER").await), [Connected]);
    assert_eq!(key("1;POUND").await.calls.digits(), "1#");
    assert!(key("MUTE").await.is_muted);
    assert_eq!(states(&key("F_HOLD").await), [Held]);
    assert_eq!(states(&key("F_HOLD").await), [Connected]);
    assert_eq!(states(&key("HOLD:33093").await), [Held]);
    assert_eq!(states(&key("HOLD:33093").await), [Held]);
    assert_eq!(states(&key("UNHOLD:33093").await), [Connected]);
    assert_eq!(states(&key("ATrans=300").await), [Held, Connected]);
    assert_eq!(states(&key("CANCEL:33094").await), [Held]);
    assert_eq!(states(&key("UNHOLD:33093").await), [Connected]);
    let state = key("BTrans=301").await;
    assert!(state.calls.all().is_empty());
    let transfers = state.calls.transfers().iter();
    let transfers: Vec<_> = transfers.map(|one| (&*one.to, one.is_blind)).collect();
    assert_eq!(transfers, [("300", false), ("301", true)]);
    harness.phone.receive_call("202");
    assert!(key("CANCEL").await.calls.all().is_empty());
    let remarks = harness.phone.state().remarks;
    key("CALLEND").await;
    assert!(harness.phone.state().remarks.len() > remarks.len());
    assert!(key("DNDOn").await.dnd);
    assert!(!key("DNDOff").await.dnd);
    let forwards = key("NoAnswFwdOn=201=12").await.forwards;
    assert_eq!(forwards["NoAnsw"], "201=12");
    assert!(key("NoAnswFwdOff").await.forwards.is_empty());
}

#[tokio::test]
async fn status_contains_the_requested_sections() {
    let harness = harness("T46G", "28.83.0.130").await;
    asks(&harness, "/servlet?key=AlwaysFwdOn=201").await;
    asks(&harness, "/servlet?key=DNDOn").await;
    let (_, all) = asks(&harness, "/servlet?phonecfg=get&accounts=1&dnd=1&fw=1").await;
    insta::assert_snapshot!(all, @r"
    [Status]
    FirmwareVersion=28.83.0.130
    [Accounts]
    Account1=Disabled|||Disable|Off|
    Account2=Enabled||1002|1002|Off|1002@192.0.2.14|
    Account0=Enabled|Desk|1001|1001|Off|1001@pbx.example.org|
    [DND]
    State=On
    [Forward_always]
    State=On
    Target=201
    [Forward_busy]
    State=Off
    Target=
    [Forward_noanswer]
    State=Off
    Target=
    ");
    let (_, bare) = asks(&harness, "/servlet?phonecfg=get&dnd=0").await;
    assert_eq!(bare, "[Status]\nFirmwareVersion=28.83.0.130\n");
    assert_eq!(asks(&harness, "/servlet?phonecfg=get&a=1").await.0, "400");
    // Unknown accounts are ignored.
    for from in ["1002@192.0.2.14", "nobody@pbx"] {
        asks(
            &harness,
            &format!("/servlet?key=number=9&outgoing_uri={from}"),
        )
        .await;
    }
    let state = harness.phone.state();
    let accounts: Vec<_> = state.calls.all().iter().map(|call| &call.account).collect();
    assert_eq!(accounts, [&Some("1002@192.0.2.14".to_owned()), &None]);
    assert!(
        state
            .remarks
            .last()
            .unwrap()
            .contains("There is no account nobody@pbx")
    );
}

#[tokio::test]
async fn screenshots_are_bmp_or_jpeg_by_firmware() {
    for (firmware, target, start) in [
        ("28.83.0.130", "/screencapture", "\u{fffd}\u{fffd}"),
        ("28.83.0.130", "/screencapture/download", "\u{fffd}\u{fffd}"),
        ("28.73.0.48", "/servlet?command=screenshot", "BM"),
        ("28.73.0.48", "/screencapture", ""),
        ("28.72.0.1", "/servlet?command=screenshot", ""),
    ] {
        let harness = harness("T46G", firmware).await;
        let (status, body) = asks(&harness, target).await;
        assert_eq!(status == "200", !start.is_empty(), "{firmware} {target}");
        assert!(body.starts_with(start), "{firmware} {target}");
    }
}

#[tokio::test]
async fn notify_controls_the_phone_like_a_request() {
    let harness = harness("T53W", "96.86.0.70").await;
    let notify = |event: &str, content_type: &str, body: &str| {
        let response = harness.phone.receive_notify(event, content_type, body);
        response.map(|()| harness.phone.state())
    };
    let frag = "message/sipfrag";
    let state = notify("ACTION-URI", frag, "key=1;F_HOLD").unwrap();
    assert_eq!(state.keys, ["1", "F_HOLD"]);
    let state = notify(
        "ACTION-URI",
        frag,
        "number=+49#&outgoing_uri=sip:1002@192.0.2.14",
    )
    .unwrap();
    assert_eq!(state.dialed, ["+49#"]);
    let id = state.calls.all()[0].id;
    let state = notify("ACTION-URI", frag, &format!("key=HOLD:{id}")).unwrap();
    assert_eq!(state.calls.all()[0].state, Connected);
    assert!(state.remarks.last().unwrap().contains("has no effect"));
    let state = notify("check-sync;reboot=true", "", "").unwrap();
    assert_eq!(state.keys.last().unwrap(), "Reboot");
    let text = object("TextScreen", "<Text>a</Text>");
    notify("Yealink-xml", "application/xml", &text).unwrap();
    harness.wait_until(|state| state.screen.is_some()).await;
    assert_eq!(harness.phone.state().refusals().count(), 0);
    for (event, content_type, body) in [
        ("ACTION-URI", frag, "key=OK\r\n"),
        ("ACTION-URI", frag, "key=number=%2B49"),
        ("ACTION-URI", frag, "OK"),
        ("ACTION-URI", frag, "number=1&x=2"),
        ("ACTION-URI", "text/plain", "key=OK"),
        ("Yealink-xml", "text/xml", &text),
        ("Yealink-xml", "application/xml", "<a/>"),
        ("talk", "", ""),
    ] {
        let before = harness.phone.state().refusals().count();
        let response = notify(event, content_type, body);
        assert!(response.is_err(), "{event} {body}");
        assert_eq!(harness.phone.state().refusals().count(), before + 1);
    }
}

#[tokio::test]
async fn remote_control_requires_basic() {
    let harness = Harness::new(
        Options {
            scheme: Scheme::Digest,
            credentials: Some(("admin".to_owned(), "secret".to_owned())),
            ..options()
        },
        Vec::new(),
    )
    .await;
    assert!(
        ask(&harness, "/servlet?key=OK")
            .await
            .contains("Basic realm=")
    );
    let text = object("TextScreen", "<Text>a</Text>");
    assert!(push(&harness, &text).await.contains("Digest realm="));
}

#[tokio::test]
async fn lamps_and_pushes_depend_on_the_model() {
    let tablet = harness("T58V", "58.86.0.5").await;
    let text = object("TextScreen", "<Text>a</Text>");
    assert!(push(&tablet, &text).await.starts_with("HTTP/1.1 404"));
    let harness = harness("T46G", "28.83.0.130").await;
    let lamp = |uri: &str| object("Execute", &format!("<ExecuteItem URI=\"{uri}\"/>"));
    for bad in [
        "Led:LINE28_RED=on",
        "Led:LINE1=on",
        "Led:POWER=bright",
        "Led:X",
    ] {
        let before = harness.phone.state().remarks.len();
        push(&harness, &lamp(bad)).await;
        harness
            .wait_until(|state| state.remarks.len() > before)
            .await;
    }
    push(&harness, &lamp("Led:POWER=fastflash")).await;
    let state = harness.wait_until(|state| !state.lamps.is_empty()).await;
    assert_eq!(state.lamps["POWER"], "fastflash");
}
