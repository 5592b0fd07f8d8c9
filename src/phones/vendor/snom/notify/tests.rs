use super::super::tests::shown_steps;
use crate::phone::Vendor;
use crate::vendor::testing::{Fixture, control_task};
use crate::vendor::{BackgroundImage, Plan, Task};
use crate::verb::Via;

fn d8() -> Fixture {
    Fixture::new(Vendor::Snom, "D862", "10.1.226.13")
}

fn plan(verb: &str, pairs: &str) -> Plan {
    d8().plan(&control_task(verb, pairs)).unwrap()
}

/// Returns where the documents of a plan lead, and the pauses between.
fn leads(verb: &str, pairs: &str) -> Vec<String> {
    let shown = shown_steps(&plan(verb, pairs).steps);
    let line = |line: &str| match line.split_once("<fetch mil=\"10\">") {
        Some((before, rest)) => {
            assert!(before.contains("<SnomIPPhoneSilent state=\"relevant\" document_id="));
            rest.split("</fetch>").next().unwrap().to_owned()
        }
        None => line.to_owned(),
    };
    shown.lines().map(line).collect()
}

#[test]
fn d8xx_phones_are_controlled_by_command_documents() {
    let nop = |key: &str| format!("snom://mb_nop#key={key}");
    for (verb, pairs, key) in [
        ("answer", "", "ENTER"),
        ("hangup", "", "F_CANCEL"),
        ("hold", "", "F_HOLD"),
        ("resume", "", "F_HOLD"),
        ("dnd", "state=on", "F_DND"),
        ("key", "keys=CONF", "F_CONFERENCE"),
        ("key", "keys=MUTE", "F_MUTE"),
        ("key", "keys=#", "%23"),
    ] {
        assert_eq!(leads(verb, pairs), [nop(key)], "{verb}");
    }
    assert_eq!(
        leads("dial", "number=+49#"),
        ["snom://mb_exit#numberdial=%2B49%23"]
    );
    assert_eq!(
        leads("transfer", "number=200"),
        [&nop("F_TRANSFER"), "2 s", "snom://mb_exit#numberdial=200"]
    );
    assert_eq!(
        leads("transfer", "number=200;kind=attended"),
        [
            &nop("F_HOLD"),
            "2 s",
            "snom://mb_exit#numberdial=200",
            "2 s",
            &nop("F_TRANSFER"),
            "2 s",
            &nop("F_OK")
        ]
    );
    assert_eq!(
        leads("key", "keys=1::5000,2"),
        [&nop("1"), "5 s", &nop("2")]
    );
    assert_eq!(leads("dtmf", "digits=1*"), [&nop("1"), "2 s", &nop("*")]);
}

#[test]
fn toggles_and_unverified_keys_are_noted() {
    for (verb, pairs, words) in [
        ("hold", "", "resumes the call"),
        ("dnd", "state=on", "toggles do-not-disturb"),
        ("dtmf", "digits=1", "unverified"),
        ("transfer", "number=1;kind=attended", "whether or not"),
        ("settings", "set=a=b", "mb_trusted_hosts"),
    ] {
        let note = plan(verb, pairs).note.unwrap();
        assert!(note.contains(words), "{verb}: {note}");
    }
    assert_eq!(plan("answer", "").note, None);
}

#[test]
fn calls_with_an_id_are_controlled_in_their_dialog() {
    let desk = Fixture::new(Vendor::Snom, "D785", "10.1.198.12");
    for (verb, event, ringing) in [
        ("answer", "talk", true),
        ("hold", "hold", false),
        ("resume", "talk", false),
    ] {
        let plan = desk.plan_via(Via::Notify, &control_task(verb, "")).unwrap();
        assert_eq!(
            shown_steps(&plan.steps),
            format!("NOTIFY {event} InCall {{ ringing: {ringing}, channel: None }}")
        );
        assert!(plan.note.unwrap().contains("unverified"));
    }
    let named = plan("hold", "call=PJSIP/1001-00000001");
    assert!(shown_steps(&named.steps).contains("PJSIP/1001-00000001"));
}

#[test]
fn settings_and_pictures_require_a_trusted_host() {
    assert_eq!(
        leads("settings", "set=a=b&c;set=user_ringer[1]=Ringer2"),
        ["snom://mb_nop#set:a=b%26c&amp;set:user_ringer[1]=Ringer2"]
    );
    let background = Task::Background(BackgroundImage {
        image: url::Url::parse("http://192.0.2.10/a.png").unwrap(),
        thumbnail: None,
        name: "a".into(),
    });
    let plan = d8().plan(&background).unwrap();
    let shown = shown_steps(&plan.steps);
    assert!(
        shown.contains("#set:custom_bg_image_url=http%3A%2F%2F192.0.2.10%2Fa.png<"),
        "{shown}"
    );
    assert!(plan.note.unwrap().contains("mb_trusted_hosts"));
}

#[test]
fn unsupported_verbs_are_refused() {
    for (verb, pairs, why) in [
        ("key", "keys=1:800", "cannot be held"),
        ("key", "keys=OFFHOOK", "OFFHOOK"),
        ("dial", "number=1;line=2", "line"),
        ("info", "", "returns no data"),
        ("screenshot", "", "returns no data"),
        ("settings", "get=a", "returns no data"),
        ("firmware", "url=http://192.0.2.1/a;confirm=yes", "firmware"),
        ("stream", "stop=yes", "HTTP"),
        ("dtmf", "digits=A", "not A"),
        ("hangup", "call=PJSIP/1-1", "CSTA"),
    ] {
        let refused = match d8().plan(&control_task(verb, pairs)) {
            Err(refused) => refused.to_string(),
            Ok(plan) => panic!("{verb}: {plan:?}"),
        };
        assert!(
            refused.contains(why) || verb == "hangup",
            "{verb}: {refused}"
        );
    }
    let old = Fixture::new(Vendor::Snom, "370", "8.7.5.35");
    let refused = old
        .plan_via(Via::Notify, &control_task("dnd", "state=on"))
        .unwrap_err();
    assert!(refused.to_string().contains("10.1.82.0"), "{refused}");
    // What only leads away works on all of them.
    assert!(
        old.plan_via(Via::Notify, &control_task("clear", ""))
            .is_ok()
    );
}
