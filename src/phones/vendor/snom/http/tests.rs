use serde_json::json;

use super::super::tests::{answered, fixture, more, only, shown_steps};
use crate::phone::Vendor;
use crate::vendor::testing::{Fixture, control_task};
use crate::vendor::{Plan, ReplyData, ReplyOutcome};

fn plan(fixture: &Fixture, verb: &str, pairs: &str) -> Plan {
    fixture.plan(&control_task(verb, pairs)).unwrap()
}

fn steps(verb: &str, pairs: &str) -> String {
    shown_steps(&plan(&fixture(), verb, pairs).steps)
}

fn data(verdict: ReplyOutcome) -> serde_json::Value {
    match verdict {
        ReplyOutcome::Data(ReplyData::Value(value)) => value,
        other => panic!("{other:?}"),
    }
}

const SETTINGS: &str = "phone_type!: snomD785-SIP\nmac!: 00005E005302\nuser_name1!: 1001\n\
                        user_host1!: pbx.example\nuser_realname1!: Ada\nuser_name2!: 1002\n\
                        ip_adr!: 192.0.2.21\nlanguage!: English\nuser_host2!: \n";

#[test]
fn calls_are_controlled_by_keys_and_numbers() {
    for (verb, pairs, page) in [
        ("answer", "", "GET /command.htm?key=ENTER"),
        ("hangup", "", "GET /command.htm?RELEASE_ALL_CALLS"),
        ("hold", "", "GET /command.htm?key=F_HOLD"),
        ("resume", "", "GET /command.htm?key=F_HOLD"),
        (
            "dial",
            "number=+49 30*1#",
            "GET /command.htm?number=%2B4930%2A1%23",
        ),
        ("dtmf", "digits=1*#", "GET /command.htm?key_dtmf=1%2A%23"),
        (
            "firmware",
            "url=http://192.0.2.1/a.bin?b=c&d;confirm=yes",
            "GET /dummy.htm?swload=load&firmware=http%3A%2F%2F192.0.2.1%2Fa.bin%3Fb%3Dc%26d",
        ),
        ("reboot", "", "GET /advanced_update.htm?reboot=Reboot"),
        (
            "dnd",
            "state=on",
            "GET /settings.htm?settings=save&dnd_mode=on&store_settings=save",
        ),
    ] {
        assert_eq!(steps(verb, pairs), page);
    }
    let hold = plan(&fixture(), "hold", "").note.unwrap();
    assert!(hold.contains("resumes the call"), "{hold}");
    let letters = fixture()
        .plan(&control_task("dtmf", "digits=1A"))
        .unwrap_err();
    assert!(letters.to_string().contains("not A"));
}

#[test]
fn lines_are_found_in_the_settings() {
    let plan = plan(&fixture(), "dial", "number=100;line=1");
    assert_eq!(shown_steps(&plan.steps), "GET /settings.htm");
    let asked = only(&plan.steps);
    assert_eq!(
        shown_steps(&more(answered(asked, 200, SETTINGS))),
        "GET /command.htm?number=100&outgoing_uri=1001@pbx.example"
    );
    assert!(
        matches!(answered(asked, 200, "language!: x"), ReplyOutcome::Rejected(why) if why.contains("user_name1"))
    );
    assert!(
        matches!(answered(asked, 200, "<html>"), ReplyOutcome::Rejected(why) if why.contains("is a Snom phone"))
    );
    assert!(matches!(
        answered(asked, 302, ""),
        ReplyOutcome::Rejected(_)
    ));
    assert!(matches!(answered(asked, 403, ""), ReplyOutcome::Denied(_)));
}

#[test]
fn transfers_press_keys_with_pauses() {
    insta::assert_snapshot!(steps("transfer", "number=20#"), @"
    GET /command.htm?key=TRANSFER
    2 s
    GET /command.htm?key=2
    GET /command.htm?key=0
    GET /command.htm?key=%23
    2 s
    GET /command.htm?key=ENTER
    ");
    let plan = plan(&fixture(), "transfer", "number=20;kind=attended");
    insta::assert_snapshot!(shown_steps(&plan.steps), @"
    GET /command.htm?key=F_HOLD
    2 s
    GET /command.htm?key=2
    GET /command.htm?key=0
    2 s
    GET /command.htm?key=ENTER
    2 s
    GET /settings.htm
    ");
    let Some(crate::vendor::Step::Http(end)) = plan.steps.last() else {
        panic!("{plan:?}")
    };
    let end = |status, body: &str| shown_steps(&more(answered(end, status, body)));
    assert_eq!(
        end(200, "call_join_xfer!: off"),
        "GET /command.htm?key=TRANSFER"
    );
    assert_eq!(end(403, ""), "GET /command.htm?key=TRANSFER");
    assert_eq!(
        end(200, "call_join_xfer!: on"),
        "GET /command.htm?key=TRANSFER\n2 s\nGET /command.htm?key=ENTER"
    );
    assert!(plan.note.unwrap().contains("via=csta"));
    let name = fixture()
        .plan(&control_task("transfer", "number=ada"))
        .unwrap_err();
    assert!(name.to_string().contains("via=csta"), "{name}");
}

#[test]
fn settings_are_written_and_read() {
    let plan = plan(
        &fixture(),
        "settings",
        "set=fkey[1]=url http://192.0.2.1/?a&b;set=user_idle_text1=Ä;get=user_name[1];get=unknown",
    );
    insta::assert_snapshot!(shown_steps(&plan.steps), @"
    GET /settings.htm?settings=save&fkey1=url%20http%3A%2F%2F192.0.2.1%2F%3Fa%26b&user_idle_text1=%C3%84&store_settings=save
    GET /settings.htm
    ");
    let Some(crate::vendor::Step::Http(get)) = plan.steps.last() else {
        panic!("{plan:?}")
    };
    let value = data(answered(get, 200, SETTINGS));
    assert_eq!(value, json!({ "user_name[1]": "1001", "unknown": null }));
}

#[test]
fn many_settings_take_several_requests() {
    let set = format!("set=a={}", "x".repeat(1000));
    let plan = plan(&fixture(), "settings", &format!("{set};{set};{set}"));
    assert_eq!(plan.steps.len(), 3);
}

#[test]
fn forwarding_is_written_to_the_settings_that_the_phone_has() {
    let after = |pairs: &str, page: &str| {
        let plan = plan(&fixture(), "forward", pairs);
        let steps = more(answered(only(&plan.steps), 200, page));
        let shown = shown_steps(&steps);
        let (_, query) = shown.split_once("settings=save&").unwrap();
        query.trim_end_matches("&store_settings=save").to_owned()
    };
    let new = "fwd_all_enabled1!: off\nuser_name2!: 2\nuser_host2!: pbx\n";
    assert_eq!(
        after("number=*20", new),
        "fwd_all_target1=%2A20&fwd_all_enabled1=on&fwd_all_target2=%2A20&fwd_all_enabled2=on"
    );
    let new = "fwd_all_enabled1!: off\n";
    assert_eq!(
        after("number=2;kind=noanswer;after=15", new),
        "fwd_time_target1=2&fwd_time_secs1=15&fwd_time_enabled1=on"
    );
    assert_eq!(after("state=off;kind=busy", new), "fwd_busy_enabled1=off");
    let old = "redirect_event!: busy\n";
    assert_eq!(
        after("number=2;kind=noanswer;after=15", old),
        "redirect_number=2&redirect_time=15&redirect_event=time"
    );
    assert_eq!(after("state=off;kind=busy", old), "redirect_event=none");
    assert_eq!(after("state=off", old), "redirect_event=busy");
    let plan = plan(&fixture(), "forward", "number=2");
    assert!(matches!(
        answered(only(&plan.steps), 200, ""),
        ReplyOutcome::Rejected(_)
    ));
}

#[test]
fn info_is_read_from_the_settings() {
    let plan = plan(&fixture(), "info", "");
    let info = data(answered(only(&plan.steps), 200, SETTINGS));
    assert_eq!(
        info,
        json!({
            "model": "D785", "firmware": "10.1.198.12", "mac": "00:00:5E:00:53:02",
            "address": "192.0.2.21", "language": "English",
            "lines": [
                { "number": 1, "user": "1001", "name": "Ada", "server": "pbx.example" },
                { "number": 2, "user": "1002" },
            ],
        })
    );
}

#[test]
fn screenshots_are_images_of_the_display() {
    let plan = plan(&fixture(), "screenshot", "");
    assert_eq!(shown_steps(&plan.steps), "GET /screen.bmp");
    let shot = only(&plan.steps);
    assert!(matches!(
        answered(shot, 200, "BM…"),
        ReplyOutcome::Data(ReplyData::ImageFile(_))
    ));
    assert!(matches!(
        answered(shot, 200, "<html>"),
        ReplyOutcome::Rejected(_)
    ));
    assert!(matches!(answered(shot, 302, ""), ReplyOutcome::Rejected(_)));
    assert!(matches!(answered(shot, 401, ""), ReplyOutcome::Denied(_)));
    let old = Fixture::new(Vendor::Snom, "820", "8.4.35");
    assert_eq!(
        shown_steps(&old.plan(&control_task("screenshot", "")).unwrap().steps),
        "GET /command.htm?FIX_LIL=true\nGET /screen.bmp"
    );
}

#[test]
fn multicast_is_a_setting() {
    let plan = plan(&fixture(), "stream", "address=239.1.2.3:5000;volume=100");
    let asked = only(&plan.steps);
    assert_eq!(
        shown_steps(&more(answered(asked, 200, "mc_address10!: \n"))),
        "GET /settings.htm?settings=save&mc_address10=239.1.2.3%3A5000%2Cvolmax%3D1&store_settings=save"
    );
    assert!(matches!(
        answered(asked, 200, ""),
        ReplyOutcome::Rejected(_)
    ));
    for (pairs, why) in [
        ("address=192.0.2.1:5000", "multicast"),
        ("address=239.1.2.3:5000;mode=send", "only receive RTP"),
        ("address=239.1.2.3:5000;volume=50", "volume"),
    ] {
        let refused = fixture().plan(&control_task("stream", pairs)).unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
    }
}
