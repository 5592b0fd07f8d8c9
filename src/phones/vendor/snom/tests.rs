use super::*;
use crate::phone::Vendor;
use crate::vendor::testing::{
    Fixture, control_task, element_texts, exchange, format_notify, push_task,
};
use crate::vendor::{
    AudioFile, Auth, BackgroundImage, Exchange, Method, Reply, ReplyOutcome, Step,
};

pub(super) fn fixture() -> Fixture {
    Fixture::new(Vendor::Snom, "D785", "10.1.198.12")
}

/// Reads an answer to a request.
pub(super) fn answered(exchange: &Exchange, status: u16, body: &str) -> ReplyOutcome {
    exchange.parser.parse(&Reply {
        status,
        body: body.to_owned().into(),
        ..Reply::default()
    })
}

/// Shows steps, one a line: method, path and body, or how long nothing is done.
pub(super) fn shown_steps(steps: &[Step]) -> String {
    let shown = |step: &Step| match step {
        Step::Http(Exchange { request, .. }) => {
            let method = match request.method {
                Method::Get => "GET",
                Method::Post => "POST",
            };
            let body = String::from_utf8_lossy(&request.body);
            format!("{method} {} {body}", request.target)
        }
        Step::Notify(notify) => {
            let body = notify.body.as_ref().map_or("", |(_, text)| text);
            let call = notify
                .call
                .as_ref()
                .map_or(String::new(), |call| format!("{call:?}"));
            format!("NOTIFY {} {body}{call}", notify.event)
        }
        Step::Csta(exchange) => format!("INFO {}", exchange.message.document()),
        Step::Pause(pause) => format!("{} s", pause.as_secs()),
        Step::Call(_) | Step::Channel(_) | Step::HangUp => "a call".to_owned(),
    };
    let lines: Vec<_> = steps
        .iter()
        .map(|step| shown(step).trim_end().to_owned())
        .collect();
    lines.join("\n")
}

/// Returns the steps that an answer asks for.
pub(super) fn more(verdict: ReplyOutcome) -> Vec<Step> {
    match verdict {
        ReplyOutcome::Then(steps) => steps,
        other => panic!("{other:?}"),
    }
}

/// Returns the exchange of the only step.
pub(super) fn only(steps: &[Step]) -> &Exchange {
    match steps {
        [Step::Http(exchange)] => exchange,
        steps => panic!("{steps:?}"),
    }
}

fn target(plan: &Plan) -> String {
    let step = exchange(plan);
    assert_eq!(
        (step.request.method, step.request.auth),
        (Method::Get, Auth::OnChallenge)
    );
    step.request.target.clone()
}

fn document(fixture: &Fixture, pairs: &str) -> String {
    let target = target(&fixture.push(pairs).unwrap());
    let url = target.strip_prefix("/minibrowser.htm?url=").unwrap();
    let url = percent_encoding::percent_decode_str(url)
        .decode_utf8()
        .unwrap();
    let content = fixture.fetch(&url);
    assert_eq!(content.media_type, "text/xml; charset=utf-8");
    String::from_utf8_lossy(&content.body).into_owned()
}

#[test]
fn push_urls_contain_the_encoded_document_url() {
    let target = target(&fixture().push("url=http://192.0.2.1/a?b=c&d=e#f").unwrap());
    assert_eq!(
        target,
        "/minibrowser.htm?url=http%3A%2F%2F192.0.2.1%2Fa%3Fb%3Dc%26d%3De%23f"
    );
}

#[test]
fn old_firmware_gets_the_plain_url_and_older_firmware_is_refused() {
    let old = Fixture::new(Vendor::Snom, "320", "8.4.18");
    assert_eq!(
        target(&old.push("url=http://192.0.2.1/a").unwrap()),
        "/minibrowser.htm?url=192.0.2.1/a"
    );
    let older = Fixture::new(Vendor::Snom, "320", "7.3.30")
        .push("text=a")
        .unwrap_err();
    assert!(older.to_string().contains("8.2.7"), "{older}");
}

#[test]
fn text_cannot_make_the_phone_call_itself() {
    let document = document(
        &fixture(),
        "title=Door;text=See $(set:mac) & $[lang:x]\nnow;prompt=OK?;timeout=30",
    );
    insta::assert_snapshot!(document, @r#"<?xml version="1.0" encoding="UTF-8"?><SnomIPPhoneText><Title>Door</Title><Text>See $ (set:mac) &amp; $ [lang:x]<br/>now<br/><br/>OK?</Text><fetch mil="30000">snom://mb_exit</fetch></SnomIPPhoneText>"#);
}

#[test]
fn menus_directories_forms_and_pictures_are_written() {
    let fixture = fixture();
    let menu = document(
        &fixture,
        "title=T;item=Call|dial:*20#;item=Hold|key:F_HOLD;item=Leave|exit;item=W|http://192.0.2.1/?a=1&b=2;softkey=Call|dial:200",
    );
    insta::assert_snapshot!(menu, @r#"<?xml version="1.0" encoding="UTF-8"?><SnomIPPhoneMenu><Title>T</Title><MenuItem><Name>Call</Name><URL>snom://mb_exit#numberdial=*20%23</URL></MenuItem><MenuItem><Name>Hold</Name><URL>snom://mb_nop#key=F_HOLD</URL></MenuItem><MenuItem><Name>Leave</Name><URL>snom://mb_exit</URL></MenuItem><MenuItem><Name>W</Name><URL>http://192.0.2.1/?a=1&amp;b=2</URL></MenuItem><SoftKeyItem><Name>F1</Name><Label>Call</Label><URL>snom://mb_exit#numberdial=200</URL></SoftKeyItem></SnomIPPhoneMenu>"#);
    let directory = document(&fixture, "entry=Ada|201;entry=Bob|202");
    insta::assert_snapshot!(directory, @r#"<?xml version="1.0" encoding="UTF-8"?><SnomIPPhoneDirectory><DirectoryEntry><Name>Ada</Name><Telephone>201</Telephone></DirectoryEntry><DirectoryEntry><Name>Bob</Name><Telephone>202</Telephone></DirectoryEntry></SnomIPPhoneDirectory>"#);
    let form = document(&fixture, "input=PIN|pin|password;submit=http://192.0.2.1/x");
    insta::assert_snapshot!(form, @r#"<?xml version="1.0" encoding="UTF-8"?><SnomIPPhoneInput><URL>http://192.0.2.1/x</URL><InputItem><DisplayName>PIN</DisplayName><QueryStringParam>pin</QueryStringParam><DefaultValue/><InputFlags>p</InputFlags></InputItem></SnomIPPhoneInput>"#);
    let picture = document(&fixture, "image=a.png;text=The door");
    insta::assert_snapshot!(picture, @r#"<?xml version="1.0" encoding="UTF-8"?><SnomIPPhoneImageFile><Title>The door</Title><URL>http://192.0.2.10:8090/media/0123/picture.png</URL></SnomIPPhoneImageFile>"#);
}

#[test]
fn long_menus_are_split_into_linked_pages() {
    let fixture = fixture();
    let items: Vec<String> = (1..=150)
        .map(|n| format!("item=Item {n}|dial:{n}"))
        .collect();
    let first = document(&fixture, &items.join(";"));
    let next = fixture.fetch(element_texts(&first, "URL").last().unwrap());
    let second = String::from_utf8_lossy(&next.body).into_owned();
    assert_eq!(
        (
            element_texts(&first, "Name").len(),
            element_texts(&second, "Name").len()
        ),
        (100, 51)
    );
}

#[test]
fn tones_and_backgrounds_use_pages_of_the_phone() {
    let fixture = fixture();
    let target = |task: Task| target(&fixture.plan(&task).unwrap());
    let url = url::Url::parse("http://192.0.2.10:8090/media/1/bell.wav").unwrap();
    let built_in = |name: &str| PreparedTone::BuiltIn(name.into());
    assert_eq!(
        target(Task::Ring(built_in("Ringer3"))),
        "/line_login.htm?PLAY_RINGER:3=Play+Ringer"
    );
    assert_eq!(
        target(Task::Control(Control::RingStop)),
        "/command.htm?key=CANCEL"
    );
    assert_eq!(
        target(Task::Ringtone(built_in("10"), Some(2))),
        "/settings.htm?settings=save&user_ringer2=Ringer10&store_settings=save"
    );
    assert_eq!(
        target(Task::Ringtone(
            PreparedTone::AudioFile(AudioFile {
                url: url.clone(),
                name: "x".into()
            }),
            None
        )),
        "/settings.htm?settings=save&user_custom1=http%3A%2F%2F192.0.2.10%3A8090%2Fmedia%2F1%2Fbell.wav\
         &user_ringer1=custom&store_settings=save"
    );
    assert_eq!(
        target(Task::Background(BackgroundImage {
            image: url,
            thumbnail: None,
            name: "x".into()
        })),
        "/settings.htm?settings=save&custom_bg_image_url=http%3A%2F%2F192.0.2.10%3A8090%2Fmedia%2F1%2Fbell.wav\
         &store_settings=save"
    );
}

#[test]
fn unsupported_tasks_are_refused_with_a_reason() {
    let fixture = fixture();
    let refused = |task: Task| fixture.plan(&task).unwrap_err().to_string();
    assert!(refused(Task::Ring(PreparedTone::BuiltIn("10".into()))).contains("1 to 9"));
    assert!(
        refused(Task::Ringtone(
            PreparedTone::BuiltIn("Analog1".into()),
            None
        ))
        .contains("1 to 10")
    );
    assert!(
        refused(Task::Ringtone(PreparedTone::BuiltIn("1".into()), Some(13))).contains("1 to 12")
    );
    let two = fixture
        .push("input=A|a;input=B|b;submit=http://192.0.2.1/")
        .unwrap_err();
    assert!(two.to_string().contains("one field"), "{two}");
    let keys = "softkey=A|exit;".repeat(5);
    assert!(
        fixture
            .push(&format!("text=a;{keys}"))
            .unwrap_err()
            .to_string()
            .contains("4 soft keys")
    );
    let dect = Fixture::new(Vendor::Snom, "M700", "");
    let error = dect.push("text=a").unwrap_err();
    assert!(error.to_string().contains("DECT"), "{error}");
}

#[test]
fn redirects_are_success_and_rejections_name_the_setting() {
    let plan = fixture().plan(&Task::Control(Control::RingStop)).unwrap();
    let exchange = exchange(&plan);
    let verdict = |status| {
        exchange.parser.parse(&Reply {
            status,
            ..Reply::default()
        })
    };
    for status in [200, 204, 302] {
        assert!(matches!(verdict(status), ReplyOutcome::Done), "{status}");
    }
    assert!(matches!(verdict(401), ReplyOutcome::Denied(words) if words.contains("http_user")));
    assert!(
        matches!(verdict(403), ReplyOutcome::Denied(words) if words.contains("use_hidden_tags"))
    );
    assert!(matches!(verdict(404), ReplyOutcome::Rejected(_)));
}

#[test]
fn phones_without_remote_control_by_http_get_notifies() {
    let d8 = Fixture::new(Vendor::Snom, "D862", "10.1.198.12");
    let plan = d8.push("title=Door;text=Hello, you;timeout=5s").unwrap();
    insta::assert_snapshot!(format_notify(&plan), @r#"
    Event: xml
    Content-Type: application/snomxml

    <?xml version="1.0" encoding="UTF-8"?><SnomIPPhoneText><Title>Door</Title><Text>Hello, you</Text><fetch mil="5000">snom://mb_exit</fetch></SnomIPPhoneText>
    "#);
    let plan = d8.plan(&Task::Control(Control::Clear)).unwrap();
    insta::assert_snapshot!(format_notify(&plan), @r#"
    Event: xml
    Content-Type: application/snomxml

    <?xml version="1.0" encoding="UTF-8"?><SnomIPPhoneSilent state="relevant" document_id="handsetd"><fetch mil="10">snom://mb_exit</fetch></SnomIPPhoneSilent>
    "#);
    let stop = d8.plan(&Task::Control(Control::RingStop)).unwrap();
    assert!(matches!(stop.steps[..], [Step::HangUp]), "{stop:?}");
    let http = d8.plan_via(Via::Http, &push_task("text=a")).unwrap_err();
    let http = http.to_string();
    assert!(http.contains("no HTTP remote control"), "{http}");
}

#[test]
fn phones_behind_nat_get_notifies_and_others_on_request() {
    let mut phone = fixture();
    assert!(matches!(
        phone.push("text=a").unwrap().steps[..],
        [Step::Http(_)]
    ));
    assert!(phone.notify(&push_task("text=a")).is_ok());
    phone.phone.behind_nat = "192.168.1.7".parse().ok();
    assert!(matches!(
        phone.push("text=a").unwrap().steps[..],
        [Step::Notify(_)]
    ));
}

#[test]
fn documents_too_long_for_a_notify_are_fetched() {
    let fixture = fixture();
    let text = "a, b ".repeat(200);
    let shown = fixture.notify(&push_task(&format!("text={text}"))).unwrap();
    let [url] = &fetches(&shown)[..] else {
        panic!("{shown}")
    };
    let fetched = fixture.fetch(url);
    assert_eq!(
        element_texts(&String::from_utf8_lossy(&fetched.body), "Text"),
        [text.as_str()]
    );
    let far = fixture
        .notify(&push_task("url=http://192.0.2.1/a?b&c"))
        .unwrap();
    assert_eq!(fetches(&far), ["http://192.0.2.1/a?b&amp;c"]);
}

#[test]
fn check_sync_restarts_the_phone_only_for_reboot() {
    for model in ["300", "D785", "D862", "M700"] {
        let mut fixture = Fixture::new(Vendor::Snom, model, "");
        fixture.asterisk = true;
        let shown = |task| format_notify(&fixture.plan(&task).unwrap());
        assert_eq!(
            shown(Task::Control(Control::Reboot)),
            "Event: check-sync;reboot=true"
        );
        assert_eq!(
            shown(Task::Control(Control::Resync)),
            "Event: check-sync;reboot=false"
        );
    }
}

#[test]
fn transport_most_likely_to_work_is_selected() {
    let known = |model: &str| {
        let mut fixture = Fixture::new(Vendor::Snom, model, "10.1.198.12");
        fixture.asterisk = true;
        fixture
    };
    let (desk, d8, lone) = (known("D785"), known("D862"), fixture());
    let way = |fixture: &Fixture, verb: &str, pairs: &str| {
        let plan = fixture.plan(&control_task(verb, pairs)).unwrap();
        match &plan.steps[0] {
            Step::Http(exchange) => exchange.request.transport,
            Step::Notify(_) => "notify",
            Step::Csta(_) => "session",
            Step::Call(_) | Step::Channel(_) | Step::HangUp => "pbx",
            Step::Pause(_) => "pause",
        }
    };
    for (verb, pairs, ways) in [
        ("answer", "", ["http", "notify", "http"]),
        ("answer", "call=-18", ["csta", "", "csta"]),
        (
            "answer",
            "call=PJSIP/1001-00000001",
            ["notify", "notify", "notify"],
        ),
        ("hangup", "call=7", ["csta", "", "csta"]),
        ("dial", "number=1", ["http", "notify", "http"]),
        ("reboot", "", ["notify", "notify", "http"]),
        ("resync", "", ["notify", "notify", "notify"]),
        ("ring", "stop=yes", ["http", "pbx", "http"]),
        ("csta", "request=FireTest", ["csta", "", "csta"]),
    ] {
        for (fixture, expected) in [&desk, &d8, &lone].into_iter().zip(ways) {
            if !expected.is_empty() {
                assert_eq!(way(fixture, verb, pairs), expected, "{verb} {pairs}");
            }
        }
    }
    let recording = Task::Ring(PreparedTone::AudioFile(AudioFile {
        url: url::Url::parse("http://192.0.2.10/bell.wav").unwrap(),
        name: "bell".into(),
    }));
    assert!(matches!(
        desk.plan(&recording).unwrap().steps[..],
        [Step::Call(_)]
    ));
    assert!(lone.plan(&recording).is_err());
}

#[test]
fn every_verb_is_planned_or_refused_on_every_transport() {
    let verbs = [
        ("answer", ""),
        ("answer", "call=7"),
        ("clear", ""),
        ("csta", "request=FireTest"),
        ("dial", "number=100"),
        ("dial", "number=100;line=2"),
        ("display", "state=on"),
        ("dnd", "state=on"),
        ("dtmf", "digits=12#"),
        ("execute", "uri=snom://mb_exit"),
        ("firmware", "url=http://192.0.2.1/a.bin;confirm=yes"),
        ("forward", "number=200"),
        ("hangup", ""),
        ("hold", ""),
        ("info", ""),
        ("key", "keys=1,2"),
        ("led", "state=on"),
        ("reboot", ""),
        ("resume", ""),
        ("resync", ""),
        ("ring", "stop=yes"),
        ("screenshot", ""),
        ("settings", "set=a=b;get=a"),
        ("stream", "address=239.1.1.1:5000"),
        ("stream", "stop=yes"),
        ("transfer", "number=200"),
        ("transfer", "number=200;kind=attended"),
    ];
    let mut table = Vec::new();
    for (model, firmware) in [
        ("D785", "10.1.198.12"),
        ("320", "8.4.18"),
        ("D862", "10.1.226.13"),
        ("M700", ""),
    ] {
        let fixture = Fixture::new(Vendor::Snom, model, firmware);
        for (verb, pairs) in verbs {
            let task = control_task(verb, pairs);
            for via in [Via::Http, Via::Csta, Via::Notify] {
                let why = match fixture.plan_via(via, &task) {
                    Ok(plan) => {
                        assert!(!plan.steps.is_empty(), "{verb} {pairs} by {via:?}");
                        continue;
                    }
                    Err(refused) => refused.to_string(),
                };
                let is_one_sentence = why.len() < 160 && !why.ends_with('.');
                assert!(is_one_sentence && !why.contains("yet"), "{why}");
                if model == "D785" {
                    table.push(format!("{verb} {pairs} by {}: {why}", via.name()));
                }
            }
        }
    }
    insta::assert_snapshot!(table.join("\n"), @"
    answer call=7 by http: over HTTP keys act on the call on the screen; call=7 requires via=csta
    csta request=FireTest by http: CSTA requests require via=csta
    csta request=FireTest by notify: CSTA requests require via=csta
    dial number=100;line=2 by notify: line: by NOTIFY Snom phones dial from their selected identity; omit line or via
    display state=on by http: Snom phones have no command for the backlight; change it with the verb settings
    display state=on by csta: Snom phones have no command for the backlight; change it with the verb settings
    display state=on by notify: Snom phones have no command for the backlight; change it with the verb settings
    firmware url=http://192.0.2.1/a.bin;confirm=yes by csta: CSTA has no request for this; omit via
    firmware url=http://192.0.2.1/a.bin;confirm=yes by notify: a NOTIFY cannot load firmware; use provisioning and resync
    forward number=200 by notify: forwarding depends on settings that can be read over HTTP only
    info  by csta: CSTA has no request for this; omit via
    info  by notify: a NOTIFY returns no data
    key keys=1,2 by csta: CSTA has no request for this; omit via
    reboot  by csta: CSTA has no request for this; omit via
    resync  by http: Snom phones have no page that reloads the configuration; omit via
    resync  by csta: CSTA has no request for this; omit via
    ring stop=yes by csta: CSTA has no request for this; omit via
    screenshot  by csta: CSTA has no request for this; omit via
    screenshot  by notify: a NOTIFY returns no data
    settings set=a=b;get=a by notify: get: a NOTIFY returns no data
    stream address=239.1.1.1:5000 by csta: CSTA has no request for this; omit via
    stream address=239.1.1.1:5000 by notify: streams depend on a setting that can be written over HTTP only
    stream stop=yes by csta: CSTA has no request for this; omit via
    stream stop=yes by notify: streams depend on a setting that can be written over HTTP only
    ");
}

fn fetches(document: &str) -> Vec<String> {
    let rest = document.split("<fetch mil=\"10\">").skip(1);
    rest.map(|rest| rest.split("</fetch>").next().unwrap().to_owned())
        .collect()
}
