//! Remote control: keys, queries and their effect.

use super::*;
use crate::calls::CallState;

#[tokio::test]
async fn keys_numbers_and_ringers_are_checked() {
    let harness = Harness::new(options(), Vec::new()).await;
    for target in [
        "/command.htm?key=OFFHOOK;1,800;%23,100,200",
        "/command.htm?number=100",
        "/command.htm?RELEASE_ALL_CALLS",
    ] {
        assert!(
            ask(&harness, target, "").await.starts_with("HTTP/1.1 200"),
            "{target}"
        );
    }
    let response = ask(&harness, "/line_login.htm?PLAY_RINGER:3=Play+Ringer", "").await;
    assert!(response.starts_with("HTTP/1.1 302"), "{response}");
    let state = harness.phone.state();
    assert_eq!(state.refusals().count(), 0);
    assert_eq!(state.keys, ["OFFHOOK", "1", "#", "RELEASE_ALL_CALLS"]);
    assert_eq!(state.dialed, ["100"]);
    assert_eq!(
        (state.played[0].name.as_str(), state.ringing),
        ("Ringer3", true)
    );
    ask(&harness, "/command.htm?key=CANCEL", "").await;
    assert!(!harness.phone.state().ringing);
    for target in [
        "/command.htm?key=NOTHING",
        "/command.htm?key=cancel",
        "/command.htm?key=1,x",
        "/command.htm?key=1,1,1,1",
        "/command.htm?KEY=1",
        "/command.htm?number=1%002",
        "/command.htm",
        "/line_login.htm?PLAY_RINGER:0=Play+Ringer",
        "/line_login.htm?PLAY_RINGER:10=Play+Ringer",
        "/line_login.htm?PLAY_RINGER:1=x",
        "/settings.htm?user_ringer1=Ringer1",
        "/settings.htm?settings=save&user_ringer1=Loud",
        "/settings.htm?settings=save&bad-name=1",
        "/nothing.htm",
    ] {
        let before = harness.phone.state().refusals().count();
        ask(&harness, target, "").await;
        assert_eq!(
            harness.phone.state().refusals().count(),
            before + 1,
            "{target}"
        );
    }
}

#[tokio::test]
async fn keys_place_hold_and_transfer_calls() {
    let harness = Harness::new(options(), Vec::new()).await;
    let press = async |keys: &str| {
        ask(&harness, &format!("/command.htm?key={keys}"), "").await;
    };
    harness.phone.receive_call("201");
    press("ENTER").await;
    press("F_HOLD;2;0;0;ENTER").await;
    harness
        .wait_until(|state| {
            state.calls.all().len() == 2 && state.calls.all()[1].state == CallState::Connected
        })
        .await;
    press("TRANSFER").await;
    let state = harness.phone.state();
    let [transfer] = state.calls.transfers() else {
        panic!("{:?}", state.calls.transfers())
    };
    assert_eq!((&*transfer.from, &*transfer.to), ("201", "200"));
    assert_eq!(state.calls.all(), []);
    harness.phone.receive_call("202");
    press("ENTER;TRANSFER;3;0;0;ENTER").await;
    assert_eq!(harness.phone.state().calls.transfers()[1].to, "300");
    // With this setting the phone asks first.
    ask(
        &harness,
        "/settings.htm?settings=save&call_join_xfer=on",
        "",
    )
    .await;
    harness.phone.receive_call("203");
    press("ENTER;F_HOLD;4;ENTER").await;
    harness
        .wait_until(|state| state.calls.oldest(CallState::Connected).is_some())
        .await;
    press("TRANSFER").await;
    assert_eq!(harness.phone.state().calls.all().len(), 2);
    press("ENTER").await;
    assert_eq!(harness.phone.state().calls.all(), []);
}

#[tokio::test]
async fn models_and_firmware_have_their_own_keys_and_pages() {
    for (model, firmware, target, good) in [
        ("320", "8.4.18", "/command.htm?key=F_R", true),
        ("320", "8.4.18", "/command.htm?key=F_HOLD", false),
        ("D785", "10.1.198.12", "/command.htm?key=F_R", false),
        ("D713", "8.9.3", "/command.htm?key=P5", false),
        ("870", "8.7.5.35", "/command.htm?key=F1", false),
        ("870", "8.7.5.35", "/command.htm?touch=479%20271%20p", true),
        ("870", "8.7.5.35", "/command.htm?touch=480%200", false),
        ("D785", "10.1.198.12", "/command.htm?touch=1%201", false),
        (
            "D785",
            "10.1.198.12",
            "/advanced_update.htm?reboot=Reboot",
            true,
        ),
        (
            "D785",
            "10.1.198.12",
            "/advanced_update.htm?reset=Reset",
            false,
        ),
        ("320", "7.3.30", "/minibrowser.htm?url=192.0.2.1/a", false),
        (
            "D785",
            "10.1.198.12",
            "/dummy.htm?swload=load&firmware=http%3A%2F%2Fa%2Fb",
            true,
        ),
        (
            "D785",
            "10.1.198.12",
            "/command.htm?number=1&outgoing_uri=1001@pbx.example",
            true,
        ),
        (
            "D785",
            "10.1.198.12",
            "/command.htm?number=1&outgoing_uri=123@domain1",
            true,
        ),
        (
            "D785",
            "10.1.198.12",
            "/command.htm?number=1&outgoing_uri=123",
            false,
        ),
        ("D785", "10.1.198.12", "/command.htm?key_dtmf=1", false),
    ] {
        let harness = Harness::new(of_firmware(model, firmware), Vec::new()).await;
        ask(&harness, target, "").await;
        let refusals = harness.phone.state().refusals().count();
        assert_eq!(refusals == 0, good, "{model} {firmware} {target}");
    }
}

#[tokio::test]
async fn notify_shows_presses_and_sets_only_what_is_allowed() {
    let harness = Harness::new(of_firmware("D862", "10.1.226.13"), Vec::new()).await;
    let silent = |url: &str| {
        format!("<SnomIPPhoneSilent><fetch mil=\"1\">{url}</fetch></SnomIPPhoneSilent>")
    };
    let notify = |body: &str| {
        harness
            .phone
            .receive_notify("xml", "application/snomxml", body)
    };
    notify(&silent("snom://mb_nop#key=F_DND")).unwrap();
    harness
        .wait_until(|state| state.settings.contains_key("dnd_mode"))
        .await;
    notify(&silent("snom://mb_nop#set:language=Deutsch")).unwrap();
    let state = harness.wait_until(|state| !state.remarks.is_empty()).await;
    assert!(!state.settings.contains_key("language"));
    assert!(notify("<Nothing/>").is_err());
    assert!(
        harness
            .phone
            .receive_notify("xml", "text/xml", &silent(""))
            .is_err()
    );
    assert!(harness.phone.receive_notify("talk", "", "").is_err());
    let old = Harness::new(of_firmware("320", "8.4.35"), Vec::new()).await;
    assert!(
        old.phone
            .receive_notify("xml", "application/snomxml", &silent("snom://mb_exit"))
            .is_err()
    );
}
