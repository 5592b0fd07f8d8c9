//! Every other verb, by each way: what is sent, or why nothing is.

mod reading;

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::phone::Vendor;
use crate::vendor::testing::{Fixture, control_task, exchange, format_notify};
use crate::vendor::{
    AudioFile, Plan, PlanError, PreparedTone, Purpose, Reply, ReplyData, ReplyOutcome, Step, Task,
};
use crate::verb::{Control, Via};

fn desk() -> Fixture {
    Fixture::new(Vendor::Yealink, "T46G", "28.83.0.50")
}

fn known() -> Fixture {
    knowing(desk())
}

/// Lets Asterisk know the phone.
fn knowing(mut fixture: Fixture) -> Fixture {
    fixture.asterisk = true;
    fixture
}

fn model(model: &str, firmware: &str) -> Fixture {
    Fixture::new(Vendor::Yealink, model, firmware)
}

/// Shows what is sent, a line for each step.
fn sent(plan: &Plan) -> String {
    let lines = plan.steps.iter().map(|step| match step {
        Step::Http(exchange) => match exchange.request.body.as_ref() {
            [] => format!("GET {}", exchange.request.target),
            body => format!(
                "POST {} {}",
                exchange.request.target,
                String::from_utf8_lossy(body)
            ),
        },
        Step::Notify(notify) => {
            let body = notify
                .body
                .as_ref()
                .map(|(kind, text)| format!(" {kind} {text}"));
            format!("NOTIFY {}{}", notify.event, body.unwrap_or_default())
        }
        Step::Pause(pause) => format!("pause {}", pause.as_millis()),
        Step::Channel(action) => format!("{action:?}"),
        Step::Csta(exchange) => format!("INFO {}", exchange.message.document()),
        Step::HangUp => "hang up".to_owned(),
        Step::Call(call) => format!("call {:?} {:?}", call.headers, call.purpose),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Plans a verb of `key=value` pairs with `;` between them.
fn plan(fixture: &Fixture, verb: &str, pairs: &str) -> String {
    sent(&fixture.plan(&control_task(verb, pairs)).unwrap())
}

fn refused(fixture: &Fixture, verb: &str, pairs: &str) -> String {
    fixture
        .plan(&control_task(verb, pairs))
        .unwrap_err()
        .to_string()
}

fn note(fixture: &Fixture, verb: &str, pairs: &str) -> String {
    let plan = fixture.plan(&control_task(verb, pairs)).unwrap();
    plan.note.unwrap_or_default()
}

fn reply(status: u16, body: impl Into<Vec<u8>>) -> Reply {
    Reply {
        status,
        body: body.into().into(),
        ..Reply::default()
    }
}

/// What the phone reports about itself.
const REPLY: &str = "[Status]\nFirmwareVersion=28.83.0.50\n[Accounts]\n\
    Account1=Enabled|Sales|x|y|Off|1002@192.0.2.14|\nAccount2=Enabled|Odd|x|y|Off|a&b@c|\n\
    Account0=Disabled|||Disable|Off|\n[DND]\nState=Off\n";

#[test]
fn keys_are_sent_by_notify_if_asterisk_can_reach_the_phone() {
    let keys = "keys=OFFHOOK,1,#,OK";
    assert_eq!(
        plan(&known(), "key", keys),
        "NOTIFY ACTION-URI message/sipfrag key=OFFHOOK;1;POUND;OK"
    );
    assert_eq!(
        plan(&desk(), "key", keys),
        "GET /servlet?key=OFFHOOK;1;POUND;OK"
    );
    let by =
        |fixture: &Fixture, via| sent(&fixture.plan_via(via, &control_task("key", keys)).unwrap());
    assert!(by(&desk(), Via::Notify).starts_with("NOTIFY"));
    assert!(by(&known(), Via::Http).starts_with("GET"));
    let old = knowing(model("T38G", "38.70.0.185"));
    assert_eq!(
        plan(&old, "key", "keys=OK"),
        "GET /cgi-bin/cgiServer.exx?key=OK"
    );
    let refused = old.plan_via(Via::Notify, &control_task("key", "keys=OK"));
    assert!(refused.unwrap_err().to_string().contains("V71"));
    let mut far = desk();
    far.phone.behind_nat = Some("10.0.0.2".parse().unwrap());
    assert!(plan(&far, "key", "keys=OK").starts_with("NOTIFY"));
}

#[test]
fn models_without_chains_get_one_key_per_request() {
    let touch = model("T48S", "66.86.0.15");
    assert_eq!(
        plan(&touch, "key", "keys=1,2,F1"),
        "GET /servlet?key=1\nGET /servlet?key=2\nGET /servlet?key=F1"
    );
    let touch = knowing(touch);
    // Two NOTIFYs at once could overtake each other.
    assert_eq!(
        plan(&touch, "dtmf", "digits=1#"),
        "NOTIFY ACTION-URI message/sipfrag key=1\npause 150\n\
         NOTIFY ACTION-URI message/sipfrag key=POUND"
    );
}

#[test]
fn pauses_split_chains_and_holding_is_refused() {
    assert_eq!(
        plan(&desk(), "key", "keys=1,2::300,3::200"),
        "GET /servlet?key=1;2\npause 300\nGET /servlet?key=3\npause 200"
    );
    let why = refused(&desk(), "key", "keys=1,2:800");
    assert!(why.starts_with("keys: 2 cannot be held"), "{why}");
    assert!(refused(&desk(), "key", "keys=OK,Reset").contains("Reset would reset"));
    assert!(refused(&desk(), "dtmf", "digits=12A").contains("keys: a Yealink T46G has no key A"));
    assert_eq!(
        plan(&desk(), "dtmf", "digits=1*#"),
        "GET /servlet?key=1;*;POUND"
    );
}

#[test]
fn calls_are_placed_from_any_line() {
    assert_eq!(
        plan(&known(), "dial", "number=+49 30#"),
        "NOTIFY ACTION-URI message/sipfrag number=+4930#"
    );
    assert_eq!(
        plan(&desk(), "dial", "number=callto:+4930#"),
        "GET /servlet?key=number=%2B4930%23"
    );
    // Only the phone knows which account a line is, and reports it only over HTTP.
    let plan = known()
        .plan(&control_task("dial", "number=201;line=2"))
        .unwrap();
    let step = exchange(&plan);
    assert_eq!(
        step.request.target,
        "/servlet?phonecfg=get&accounts=1&dnd=1&fw=1"
    );
    let ReplyOutcome::Then(steps) = step.parser.parse(&reply(200, REPLY)) else {
        panic!("no further step")
    };
    assert_eq!(
        sent(&Plan::new(steps)),
        "GET /servlet?key=number=201&outgoing_uri=1002@192.0.2.14"
    );
    for (line, why) in [
        ("1", "no account for line 1"),
        ("3", "address of the account"),
        ("9", "line 9"),
    ] {
        let task = control_task("dial", &format!("number=201;line={line}"));
        let plan = desk().plan(&task).unwrap();
        let verdict = exchange(&plan).parser.parse(&reply(200, REPLY));
        assert!(
            matches!(&verdict, ReplyOutcome::Rejected(words) if words.contains(why)),
            "{verdict:?}"
        );
    }
    let refused = desk().plan_via(Via::Notify, &control_task("dial", "number=201;line=2"));
    assert!(refused.unwrap_err().to_string().contains("cannot look up"));
}

#[test]
fn calls_are_answered_with_the_key_of_the_model() {
    for (name, firmware, key) in [
        ("T46G", "28.83.0.50", "ANSWER"),
        ("T53W", "96.86.0.70", "OK"),
        ("T57W", "96.86.0.70", "ASW"),
        ("T57W", "", "ANSWER"),
        ("T28P", "2.71.14.4", "OK"),
        ("T46G", "", "OK"),
        ("CP935W", "149.86.0.5", "ANSWER"),
    ] {
        let request = plan(&model(name, firmware), "answer", "");
        assert_eq!(request, format!("GET /servlet?key={key}"), "{name}");
    }
}

#[test]
fn calls_are_controlled_with_and_without_an_id() {
    let desk = desk();
    for (verb, pairs, uri) in [
        ("hangup", "", "CALLEND"),
        ("hold", "", "F_HOLD"),
        ("resume", "", "F_HOLD"),
        ("answer", "call=33093", "ASW:33093"),
        ("hangup", "call=33093", "CANCEL:33093"),
        ("hold", "call=33093", "HOLD:33093"),
        ("resume", "call=33093", "UNHOLD:33093"),
        ("transfer", "number=201", "BTrans=201"),
        ("transfer", "number=+49;kind=attended", "ATrans=%2B49"),
        ("dnd", "state=on", "DNDOn"),
        ("dnd", "state=off", "DNDOff"),
        ("forward", "number=201", "AlwaysFwdOn=201"),
        ("forward", "number=201;kind=busy", "BusyFwdOn=201"),
        (
            "forward",
            "number=201;kind=noanswer;after=12",
            "NoAnswFwdOn=201=12",
        ),
        ("forward", "number=201;kind=noanswer", "NoAnswFwdOn=201=24"),
        ("forward", "state=off", "AlwaysFwdOff"),
        ("forward", "state=off;kind=busy", "BusyFwdOff"),
        ("forward", "state=off;kind=noanswer", "NoAnswFwdOff"),
    ] {
        assert_eq!(plan(&desk, verb, pairs), format!("GET /servlet?key={uri}"));
    }
    assert!(note(&desk, "hold", "").contains("toggles"));
    assert!(note(&desk, "transfer", "number=201").contains("answered call"));
    assert!(note(&desk, "forward", "number=201").contains("forward mode to be Phone"));
    assert!(note(&desk, "forward", "number=201;kind=noanswer").contains("24 seconds"));
    // HOLD of a call is not heeded by NOTIFY on a T53W, so it goes the other way.
    assert!(plan(&known(), "hold", "call=1").starts_with("GET"));
    assert!(plan(&known(), "hangup", "call=1").starts_with("NOTIFY"));
    let notified = known()
        .plan_via(Via::Notify, &control_task("hold", "call=1"))
        .unwrap();
    assert!(notified.note.unwrap().contains("T53W"));
}

#[test]
fn unsupported_call_keys_are_refused_by_name() {
    let desk = desk();
    for call in [
        "-18",
        "PJSIP/1001-0000002a",
        "1:2",
        "99999999999999999999999",
    ] {
        let why = refused(&desk, "answer", &format!("call={call}"));
        assert!(why.starts_with("call: "), "{why}");
        assert!(why.contains("$call_id"), "{why}");
    }
    assert!(refused(&desk, "transfer", "number=1;call=2").starts_with("call: "));
    for after in ["0", "13", "5"] {
        let pairs = format!("number=1;kind=noanswer;after={after}");
        let refused = desk.plan(&control_task("forward", &pairs)).unwrap_err();
        assert!(matches!(refused, PlanError::Invalid(why) if why.starts_with("after: ")));
    }
    let old = model("T46G", "28.73.0.50");
    assert!(refused(&old, "forward", "number=1").contains("V80"));
    assert!(refused(&old, "answer", "call=1").contains("V80"));
}

#[test]
fn uris_are_validated_and_run_in_order() {
    let desk = desk();
    insta::assert_snapshot!(plan(&desk, "execute", "uri=Led:LINE3_RED=slowflash;uri=Wav.Stop;uri=Dial:*10"), @r#"POST /servlet?push=xml xml=<?xml version="1.0" encoding="UTF-8"?><YealinkIPPhoneExecute Beep="no"><ExecuteItem URI="Led:LINE3_RED=slowflash"/><ExecuteItem URI="Wav.Stop"/><ExecuteItem URI="Dial:*10"/></YealinkIPPhoneExecute>"#);
    for good in [
        "http://192.0.2.1/x",
        "Wav.Play:http://192.0.2.1/x.wav",
        "Key:LINE1",
        "Command:Reset",
        "Led:POWER=on",
    ] {
        assert!(
            desk.plan(&control_task("execute", &format!("uri={good}")))
                .is_ok(),
            "{good}"
        );
    }
    for bad in [
        "Dial:1&2",
        "Led:LINE1=on",
        "Led:LINE28_RED=on",
        "Led:POWER=bright",
        "Wav.Play:file:///etc/passwd",
        "Command:factroy",
        "Key:",
        "RTPRx:192.0.2.1",
        "SoftKey:Exit",
        "http:",
    ] {
        let why = refused(&desk, "execute", &format!("uri={bad}"));
        assert!(why.contains(bad), "{why}");
    }
    assert!(note(&desk, "execute", "uri=Dial:1@2").contains("at once"));
    assert!(note(&desk, "execute", "uri=Key:OK").contains("except LINE1"));
}

#[test]
fn lamps_are_switched_by_uris() {
    let uris = |pairs: &str| {
        let document = plan(&desk(), "led", pairs);
        let uris = document.split("URI=\"").skip(1);
        let uris: Vec<_> = uris
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect();
        uris.join(" ")
    };
    assert_eq!(uris("state=on"), "Led:POWER=on");
    assert_eq!(uris("state=slow;led=3"), "Led:LINE3_GREEN=slowflash");
    assert_eq!(
        uris("state=fast;led=L3;color=red"),
        "Led:LINE3_RED=fastflash"
    );
    assert_eq!(uris("state=on;led=line3_orange"), "Led:LINE3_ORANGE=on");
    assert_eq!(
        uris("state=off;led=LINE3"),
        "Led:LINE3_GREEN=off Led:LINE3_RED=off Led:LINE3_ORANGE=off"
    );
    for (pairs, why) in [
        ("state=on;led=28", "use 1 to 27"),
        ("state=on;led=MUTE", "MUTE is not a lamp"),
        ("state=on;led=POWER;color=red", "only one colour"),
        (
            "state=on;led=1;color=redgreen",
            "without alternating colours",
        ),
    ] {
        let message = refused(&desk(), "led", pairs);
        assert!(message.contains(why), "{message}");
    }
    let notified = desk().plan_via(Via::Notify, &control_task("led", "state=on;led=1"));
    assert!(sent(&notified.unwrap()).starts_with("NOTIFY Yealink-xml application/xml <?xml"));
}

#[test]
fn restarts_use_check_sync_or_a_key() {
    for name in ["T46G", "W60B", "T58V"] {
        let fixture = knowing(model(name, ""));
        let shown = |task: Control| format_notify(&fixture.plan(&task.into()).unwrap());
        assert_eq!(shown(Control::Reboot), "Event: check-sync;reboot=true");
        assert_eq!(shown(Control::Resync), "Event: check-sync;reboot=false");
    }
    assert_eq!(plan(&desk(), "reboot", ""), "GET /servlet?key=Reboot");
    assert_eq!(plan(&desk(), "resync", ""), "GET /servlet?key=AutoP");
    assert!(note(&known(), "resync", "").contains("sip.notify_reboot_enable"));
    let by = |fixture: Fixture, via| fixture.plan_via(via, &Control::Reboot.into());
    assert!(sent(&by(known(), Via::Http).unwrap()).starts_with("GET"));
    assert!(sent(&by(desk(), Via::Notify).unwrap()).starts_with("NOTIFY check-sync"));
    assert!(by(model("W60B", ""), Via::Http).is_err());
}

#[test]
fn built_in_tones_are_played_by_a_short_call() {
    let tone = Task::Ring(PreparedTone::BuiltIn("3".into()));
    let plan = known().plan(&tone).unwrap();
    let [Step::Call(call)] = plan.steps.as_slice() else {
        panic!("{:?}", plan.steps)
    };
    assert_eq!(call.headers, [("Alert-Info", "ringtone-3".to_owned())]);
    assert_eq!(call.purpose, Purpose::Ring(Duration::from_secs(5)));
    for refused in [desk().plan(&tone), known().plan_via(Via::Http, &tone)] {
        assert!(refused.unwrap_err().to_string().contains("only WAV files"));
    }
    let stop = known().plan(&Control::RingStop.into()).unwrap();
    assert!(sent(&stop).starts_with("hang up\nPOST /servlet?push=xml"));
    assert!(sent(&stop).contains("Wav.Stop"));
    let android = knowing(model("T58V", ""));
    let stop = android.plan(&Control::RingStop.into()).unwrap();
    assert_eq!(sent(&stop), "hang up");
    let recording = Task::Ring(PreparedTone::AudioFile(AudioFile {
        url: "http://192.0.2.10:8090/media/1/a.wav".parse().unwrap(),
        name: "a.wav".into(),
    }));
    let plan = android.plan(&recording).unwrap();
    assert!(sent(&plan).contains("<http://192.0.2.10:8090/media/1/a.wav>"));
    assert!(plan.note.unwrap().contains("alert_info_url_enable"));
}

#[test]
fn unsupported_verbs_are_refused_in_one_sentence() {
    for (verb, pairs, part) in [
        (
            "csta",
            "request=MakeCall",
            "only Snom phones speak CSTA over HTTP",
        ),
        ("display", "state=on", "backlight"),
        (
            "stream",
            "address=192.0.2.1:5004",
            "no remote command for RTP",
        ),
        ("stream", "stop=yes", "no remote command for RTP"),
        (
            "firmware",
            "url=http://h/f;confirm=yes",
            "by provisioning only",
        ),
    ] {
        for fixture in [desk(), known()] {
            let why = refused(&fixture, verb, pairs);
            assert!(why.contains(part) && why.len() < 120, "{why}");
        }
    }
}

#[test]
fn dect_bases_do_what_asterisk_can_do() {
    let base = model("W60B", "77.85.0.20");
    let why = refused(&base, "dial", "number=201");
    assert!(why.contains("via=pbx"), "{why}");
    let base = knowing(base);
    let calls = |task: &Task| {
        let plan = base.plan(task).unwrap();
        assert!(matches!(plan.steps.as_slice(), [Step::Call(_)]));
        assert!(plan.note.unwrap().contains("unverified"));
    };
    calls(&control_task("dial", "number=201"));
    calls(&Task::Ring(PreparedTone::BuiltIn("3".into())));
    for (verb, pairs) in [
        ("key", "keys=OK"),
        ("answer", ""),
        ("dnd", "state=on"),
        ("info", ""),
        ("screenshot", ""),
        ("clear", ""),
        ("led", "state=on"),
        ("settings", "set=a.b=1"),
    ] {
        let why = refused(&base, verb, pairs);
        assert!(
            why.starts_with("Yealink DECT bases do not support"),
            "{verb}: {why}"
        );
    }
}

proptest! {
    #[test]
    fn replies_lead_to_requests_to_the_same_phone_only(body in any::<Vec<u8>>(), status in 100_u16..600) {
        for task in [
            control_task("dial", "number=201;line=1"),
            Control::Info.into(),
            Control::Screenshot.into(),
            control_task("settings", "get=Accounts"),
        ] {
            let plan = desk().plan(&task).unwrap();
            let verdict = exchange(&plan).parser.parse(&reply(status, body.clone()));
            if let ReplyOutcome::Then(steps) = verdict {
                prop_assert!(sent(&Plan::new(steps)).starts_with("GET /servlet?"));
            }
        }
    }

    #[test]
    fn account_names_cannot_inject_commands(account in "[ -~]{0,60}") {
        let body = format!("[Status]\nFirmwareVersion=1\n[Accounts]\nAccount0=Enabled|a|b|c|Off|{account}|\n");
        let plan = desk().plan(&control_task("dial", "number=201;line=1")).unwrap();
        if let ReplyOutcome::Then(steps) = exchange(&plan).parser.parse(&reply(200, body.clone())) {
            let sent = sent(&Plan::new(steps));
            prop_assert_eq!(sent.matches('&').count(), 1);
            prop_assert!(!sent.contains([';', '#']));
        }
        let info = desk().plan(&Control::Info.into()).unwrap();
        let verdict = exchange(&info).parser.parse(&reply(200, body));
        prop_assert!(matches!(verdict, ReplyOutcome::Data(ReplyData::Value(Value::Object(_)))), "no data");
    }
}
