mod control;
mod schema;

use std::collections::HashMap;

use super::*;
use crate::phone::Vendor;
use crate::vendor::testing::{
    Fixture, control_task, element_texts, exchange, format_notify, push_task,
};
use crate::vendor::{AudioFile, Auth, Method, Step};

fn fixture() -> Fixture {
    Fixture::new(Vendor::Cisco, "7970G", "8.5.4")
}

/// Returns the XML that a plan posts.
fn posted(plan: &Plan) -> String {
    let step = exchange(plan);
    assert_eq!(
        (step.request.method, step.request.target.as_str()),
        (Method::Post, "/CGI/Execute")
    );
    let form: HashMap<_, _> = form_urlencoded::parse(&step.request.body)
        .into_owned()
        .collect();
    assert_eq!(form.len(), 1);
    form["XML"].clone()
}

/// Returns the document that a push refers to.
fn document(fixture: &Fixture, pairs: &str) -> StoredContent {
    let xml = posted(&fixture.push(pairs).unwrap());
    let url = xml
        .split("URL=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    fixture.fetch(url)
}

/// Formats each step: a key or URI, or a pause.
fn steps(plan: &Plan) -> Vec<String> {
    let step = |step: &Step| match step {
        Step::Http(exchange) => {
            let xml = posted(&Plan::single(exchange.clone()));
            let urls = xml.split("URL=\"").skip(1);
            let urls: Vec<_> = urls.map(|rest| rest.split('"').next().unwrap()).collect();
            urls.join(" ")
        }
        Step::Pause(pause) => format!("{} ms", pause.as_millis()),
        other => panic!("{other:?}"),
    };
    plan.steps.iter().map(step).collect()
}

fn outcome(model: &str, verb: &str, pairs: &str) -> String {
    let fixture = Fixture::new(Vendor::Cisco, model, "");
    match fixture.plan(&control_task(verb, pairs)) {
        Err(refused) => format!("refused: {refused}"),
        Ok(plan) => {
            let note = plan.note.as_ref().map(|note| format!(" ({note})"));
            format!("{}{}", steps(&plan).join(", "), note.unwrap_or_default())
        }
    }
}

#[test]
fn push_is_one_item_that_the_phone_fetches() {
    let fixture = fixture();
    let plan = fixture
        .push("title=Parking;text=You are number 3;priority=idle")
        .unwrap();
    let step = exchange(&plan);
    assert_eq!(step.request.auth, Auth::PreemptiveBasic);
    assert_eq!(
        step.request.headers,
        [("Content-Type", "application/x-www-form-urlencoded".into())]
    );
    let xml = posted(&plan);
    assert!(
        xml.contains("<CiscoIPPhoneExecute><ExecuteItem URL=\"http://192.0.2.10:8090/screen/"),
        "{xml}"
    );
    assert!(
        xml.contains(" Priority=\"1\"/></CiscoIPPhoneExecute>"),
        "{xml}"
    );
    let content = document(&fixture, "title=Parking;text=You are number 3 & <4>");
    assert_eq!(content.media_type, "text/xml; charset=UTF-8");
    insta::assert_snapshot!(String::from_utf8_lossy(&content.body), @r#"<?xml version="1.0" encoding="UTF-8"?><CiscoIPPhoneText><Title>Parking</Title><Text>You are number 3 &amp; &lt;4&gt;</Text></CiscoIPPhoneText>"#);
}

#[test]
fn texts_are_truncated_to_the_schema() {
    let long = "word ".repeat(2000);
    let content = document(
        &fixture(),
        &format!("title={long};prompt={long};text={long}"),
    );
    let body = String::from_utf8_lossy(&content.body);
    for (name, limit) in [("Title", 32), ("Prompt", 32), ("Text", 4000)] {
        let value = &element_texts(&body, name)[0];
        assert!(
            value.chars().count() <= limit && value.ends_with("word…"),
            "{name}: {value}"
        );
    }
}

#[test]
fn menu_follows_the_schema_and_writes_targets_as_uris() {
    let content = document(
        &fixture(),
        "title=T;text=P;item=Call|dial:200;item=Down|key:NavDown;item=Web|http://192.0.2.1/?a=1&b=2;\
         item=Leave|exit;softkey=Night|key:Line2",
    );
    insta::assert_snapshot!(String::from_utf8_lossy(&content.body), @r#"<?xml version="1.0" encoding="UTF-8"?><CiscoIPPhoneMenu><Title>T</Title><Prompt>P</Prompt><SoftKeyItem><Name>Night</Name><Position>1</Position><URL>Key:Line2</URL></SoftKeyItem><SoftKeyItem><Name>Select</Name><Position>2</Position><URL>SoftKey:Select</URL></SoftKeyItem><SoftKeyItem><Name>Exit</Name><Position>3</Position><URL>SoftKey:Exit</URL></SoftKeyItem><MenuItem><Name>Call</Name><URL>Dial:200</URL></MenuItem><MenuItem><Name>Down</Name><URL>Key:NavDwn</URL></MenuItem><MenuItem><Name>Web</Name><URL>http://192.0.2.1/?a=1&amp;b=2</URL></MenuItem><MenuItem><Name>Leave</Name><URL>Init:Services</URL></MenuItem></CiscoIPPhoneMenu>"#);
}

#[test]
fn long_menu_is_split_into_linked_pages() {
    let fixture = fixture();
    let items: Vec<String> = (1..=250)
        .map(|n| format!("item=Item {n}|dial:{n}"))
        .collect();
    let (mut labels, mut pages) = (Vec::new(), 0);
    let mut content = document(&fixture, &items.join(";"));
    loop {
        pages += 1;
        let body = String::from_utf8_lossy(&content.body).into_owned();
        let names = element_texts(&body, "Name");
        assert!(names.len() <= 100);
        let leads_on = names.last().is_some_and(|name| name == "More…");
        labels.extend(names.into_iter().filter(|name| name != "More…"));
        if !leads_on {
            break;
        }
        content = fixture.fetch(element_texts(&body, "URL").last().unwrap());
    }
    assert_eq!(pages, 3);
    assert_eq!(
        labels,
        (1..=250).map(|n| format!("Item {n}")).collect::<Vec<_>>()
    );
}

#[test]
fn long_directory_continues_by_a_soft_key() {
    let fixture = fixture();
    let entries: Vec<String> = (1..=40).map(|n| format!("entry=Ada {n}|{n}")).collect();
    let content = document(&fixture, &entries.join(";"));
    let body = String::from_utf8_lossy(&content.body).into_owned();
    assert_eq!(element_texts(&body, "Telephone").len(), 32);
    let keys: Vec<_> = element_texts(&body, "URL");
    assert_eq!(
        (keys[0].as_str(), keys[2].as_str()),
        ("SoftKey:Dial", "SoftKey:Exit")
    );
    let next = fixture.fetch(&keys[1]);
    assert_eq!(
        element_texts(&String::from_utf8_lossy(&next.body), "Telephone").len(),
        8
    );
}

#[test]
fn form_and_image_are_written() {
    let fixture = fixture();
    let content = document(
        &fixture,
        "title=PIN;input=User|u;input=PIN|p|password;submit=http://192.0.2.1/x?y=1&z=2",
    );
    insta::assert_snapshot!(String::from_utf8_lossy(&content.body), @r#"<?xml version="1.0" encoding="UTF-8"?><CiscoIPPhoneInput><Title>PIN</Title><URL>http://192.0.2.1/x?y=1&amp;z=2</URL><InputItem><DisplayName>User</DisplayName><QueryStringParam>u</QueryStringParam><InputFlags>A</InputFlags></InputItem><InputItem><DisplayName>PIN</DisplayName><QueryStringParam>p</QueryStringParam><InputFlags>AP</InputFlags></InputItem></CiscoIPPhoneInput>"#);
    let content = document(&fixture, "title=Door;image=door.png");
    insta::assert_snapshot!(String::from_utf8_lossy(&content.body), @r#"<?xml version="1.0" encoding="UTF-8"?><CiscoIPPhoneImageFile><Title>Door</Title><LocationX>-1</LocationX><LocationY>-1</LocationY><URL>http://192.0.2.10:8090/media/0123/picture.png</URL></CiscoIPPhoneImageFile>"#);
}

#[test]
fn screen_with_a_timeout_refreshes_to_its_close() {
    let fixture = fixture();
    let content = document(&fixture, "text=a;timeout=30");
    let refresh = content.refresh.unwrap();
    let (seconds, url) = refresh.split_once("; url=").unwrap();
    assert_eq!(seconds, "30");
    let close = fixture.fetch(url);
    assert!(String::from_utf8_lossy(&close.body).contains("URL=\"Init:Services\""));
}

#[test]
fn tones_and_backgrounds_are_written() {
    let fixture = fixture();
    let xml = |task: Task| posted(&fixture.plan(&task).unwrap());
    let url =
        |path: &str| url::Url::parse(&format!("http://192.0.2.10:8090/media/{path}")).unwrap();
    let file = || AudioFile {
        url: url("1/bell.raw"),
        name: "bell.raw".into(),
    };
    let item = |url: &str| {
        let start = r#"<?xml version="1.0" encoding="UTF-8"?><CiscoIPPhoneExecute>"#;
        format!(r#"{start}<ExecuteItem URL="{url}" Priority="0"/></CiscoIPPhoneExecute>"#)
    };
    assert_eq!(
        xml(Task::Ring(PreparedTone::BuiltIn("Analog1".into()))),
        item("Play:Analog1.raw")
    );
    assert_eq!(
        xml(Task::Ring(PreparedTone::AudioFile(file()))),
        item("http://192.0.2.10:8090/media/1/bell.raw")
    );
    assert_eq!(xml(Task::Control(Control::RingStop)), item("Play:Stop"));
    assert_eq!(xml(Task::Control(Control::Clear)), item("Init:Services"));
    insta::assert_snapshot!(xml(Task::Ringtone(PreparedTone::AudioFile(file()), None)), @r#"<?xml version="1.0" encoding="UTF-8"?><setRingTone><ringTone>http://192.0.2.10:8090/media/1/bell.raw</ringTone></setRingTone>"#);
    let picture = BackgroundImage {
        image: url("2/a.png"),
        thumbnail: Some(url("3/b.png")),
        name: "a".into(),
    };
    insta::assert_snapshot!(xml(Task::Background(picture)), @r#"<?xml version="1.0" encoding="UTF-8"?><setBackground><background><image>http://192.0.2.10:8090/media/2/a.png</image><icon>http://192.0.2.10:8090/media/3/b.png</icon></background></setBackground>"#);
    let plan = fixture
        .plan(&Task::Ring(PreparedTone::BuiltIn("Analog1".into())))
        .unwrap();
    assert_eq!(
        exchange(&plan).timeout,
        Some(timing::PLAY_TIMEOUT),
        "the phone replies when the tone has ended"
    );
}

#[test]
fn unproven_personalization_is_noted() {
    let note = |model: &str, endpoint: Option<&str>, task: &Task| {
        let mut fixture = Fixture::new(Vendor::Cisco, model, "");
        fixture.phone.endpoint = endpoint.map(|endpoint| endpoint.parse().unwrap());
        fixture.plan(task).unwrap().note.unwrap_or_default()
    };
    let ringtone = |scheme: &str| {
        let url = format!("{scheme}://192.0.2.10:8090/media/1/bell.raw");
        let (url, name) = (url.parse().unwrap(), "bell.raw".into());
        Task::Ringtone(PreparedTone::AudioFile(AudioFile { url, name }), None)
    };
    assert_eq!(note("7970", Some("PJSIP/1001"), &ringtone("http")), "");
    assert_eq!(
        note("7970", None, &ringtone("https")),
        "unverified on real phones: setRingTone with an https URL"
    );
    assert_eq!(
        note("8841-3PCC", None, &ringtone("http")),
        "unverified on real phones: setRingTone on a multiplatform phone"
    );
    let old = "unverified on real phones: setRingTone on the 7940 or 7960";
    assert_eq!(note("7960G", Some("SCCP/1001"), &ringtone("http")), old);
    let sip = "unverified on real phones: pushes to a 7940 or 7960 with SIP firmware";
    let both = note("7960G", Some("PJSIP/1001"), &ringtone("http"));
    assert_eq!(both, format!("{sip}; {old}"));
    let image: url::Url = "https://192.0.2.10:8090/media/2/a.png".parse().unwrap();
    let background = Task::Background(BackgroundImage {
        image,
        thumbnail: None,
        name: "a.png".into(),
    });
    assert!(note("8841", None, &background).ends_with("setBackground with an https URL"));
    let clear = Task::Control(Control::Clear);
    assert_eq!(note("7940", Some("SIP/1001"), &clear), sip);
    assert_eq!(note("7940", Some("SCCP/1001"), &clear), "");
}

#[test]
fn unsupported_tasks_are_refused_with_a_reason() {
    let fixture = fixture();
    let error = |task: Task| fixture.plan(&task).unwrap_err().to_string();
    assert!(error(Task::Ring(PreparedTone::BuiltIn("Bell 1".into()))).contains("TFTP"));
    assert!(error(Task::Ringtone(PreparedTone::BuiltIn("3".into()), None)).contains("file or URL"));
    let long = format!("url=http://192.0.2.1/{}", "x".repeat(260));
    assert!(
        fixture
            .push(&long)
            .unwrap_err()
            .to_string()
            .contains("256 characters")
    );
    let keys = "softkey=A|exit;".repeat(9);
    assert!(
        fixture
            .push(&format!("text=a;{keys}"))
            .unwrap_err()
            .to_string()
            .contains("8 soft keys")
    );
    let inputs: Vec<String> = (0..6).map(|n| format!("input=A|p{n}")).collect();
    let form = format!("submit=http://192.0.2.1/;{}", inputs.join(";"));
    assert!(
        fixture
            .push(&form)
            .unwrap_err()
            .to_string()
            .contains("5 fields")
    );
}

#[test]
fn missing_beep_is_noted() {
    let plan = fixture().push("text=a;beep=yes").unwrap();
    assert_eq!(plan.note.as_deref(), Some("Cisco screens do not beep"));
}

#[test]
fn tasks_of_call_manager_or_configuration_file_are_refused() {
    for (verb, pairs, words) in [
        ("dnd", "state=on", "call manager"),
        ("forward", "number=1", "forward in Asterisk"),
        ("led", "state=on", "lamps"),
        ("settings", "get=x", "configuration file"),
        (
            "firmware",
            "url=http://192.0.2.1/x;confirm=yes",
            "configuration file",
        ),
        (
            "csta",
            "request=MakeCall",
            "only Snom phones speak CSTA over HTTP",
        ),
    ] {
        let refused = outcome("8851", verb, pairs);
        assert!(
            refused.starts_with("refused: ") && refused.contains(words),
            "{refused}"
        );
    }
    assert!(outcome("8841-3PCC", "clear", "").contains("close a screen"));
    assert_eq!(outcome("8851", "clear", ""), "Init:Services");
}

#[test]
fn screen_that_cannot_be_closed_is_noted() {
    let plan = Fixture::new(Vendor::Cisco, "8841-3PCC", "").push("text=a;timeout=30");
    let note = plan.unwrap().note.unwrap();
    assert!(note.contains("the screen stays"), "{note}");
}

#[test]
fn multiplatform_phones_get_credentials_only_on_challenge() {
    for model in ["8841-3PCC", "SPA508G"] {
        let plan = Fixture::new(Vendor::Cisco, model, "")
            .push("text=a")
            .unwrap();
        assert_eq!(exchange(&plan).request.auth, Auth::OnChallenge, "{model}");
    }
}

#[test]
fn resync_is_a_notify_for_the_firmware() {
    let shown = |model: &str, task| {
        let plan = Fixture::new(Vendor::Cisco, model, "").plan(&task);
        plan.map(|plan| format_notify(&plan))
            .map_err(|refused| refused.to_string())
    };
    assert_eq!(
        shown("8841", Task::Control(Control::Resync)),
        Ok("Event: check-sync".to_owned())
    );
    assert_eq!(
        shown("8841-3PCC", Task::Control(Control::Resync)),
        Ok("Event: resync".to_owned())
    );
    assert_eq!(
        shown("SPA508G", Task::Control(Control::Reboot)),
        Ok("Event: reboot_now".to_owned())
    );
    let refused = shown("8841", Task::Control(Control::Reboot)).unwrap_err();
    assert!(refused.contains("Call-ID"), "{refused}");
}

#[test]
fn known_call_id_allows_a_restart() {
    let shown = |model: &str, id: &str, control| {
        let mut fixture = Fixture::new(Vendor::Cisco, model, "");
        fixture.phone.call_id = Some(id.to_owned());
        let plan = fixture.plan(&Task::Control(control));
        plan.map(|plan| format_notify(&plan).replace('\r', ""))
    };
    insta::assert_snapshot!(shown("8851", "00005e005301-1@192.0.2.21", Control::Reboot).unwrap(), @r"
    Event: service-control
    Content-Type: text/plain

    action=reset
    RegisterCallId={00005e005301-1@192.0.2.21}
    ConfigVersionStamp={00000000-0000-0000-0000-000000000000}
    DialplanVersionStamp={00000000-0000-0000-0000-000000000000}
    SoftkeyVersionStamp={00000000-0000-0000-0000-000000000000}
    ");
    let resync = |model: &str| shown(model, "1@192.0.2.21", Control::Resync).unwrap();
    assert!(resync("8851").contains("action=restart"));
    assert_eq!(resync("7970"), "Event: check-sync");
    assert!(shown("8851", "a}\naction=reset", Control::Reboot).is_err());
}

#[test]
fn screens_are_refused_by_notify_and_raw_notifies_are_sent() {
    let refused = fixture()
        .notify(&push_task("text=a"))
        .unwrap_err()
        .to_string();
    assert!(refused.contains("omit via"), "{refused}");
    let task = control_task("notify", "event=talk");
    assert_eq!(fixture().notify(&task).unwrap(), "Event: talk");
    let refused = fixture()
        .plan_via(Via::Http, &task)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("not via=http"), "{refused}");
}
