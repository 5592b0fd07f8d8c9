use std::collections::HashMap;

use super::*;
use crate::phone::Vendor;
use crate::vendor::testing::{Bench, control, exchange, pushed, shown_notify, values};
use crate::vendor::{Auth, Method};

fn bench() -> Bench {
    Bench::new(Vendor::Cisco, "7970G", "8.5.4")
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

/// Returns the document that a push leads to.
fn document(bench: &Bench, pairs: &str) -> Content {
    let xml = posted(&bench.push(pairs).unwrap());
    let url = xml
        .split("URL=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    bench.fetch(url)
}

#[test]
fn a_push_is_one_item_that_the_phone_fetches() {
    let bench = bench();
    let plan = bench
        .push("title=Parking;text=You are number 3;priority=idle")
        .unwrap();
    let step = exchange(&plan);
    assert_eq!(step.request.auth, Auth::Basic);
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
    let content = document(&bench, "title=Parking;text=You are number 3 & <4>");
    assert_eq!(content.media_type, "text/xml; charset=UTF-8");
    insta::assert_snapshot!(String::from_utf8_lossy(&content.body), @r#"<?xml version="1.0" encoding="UTF-8"?><CiscoIPPhoneText><Title>Parking</Title><Text>You are number 3 &amp; &lt;4&gt;</Text></CiscoIPPhoneText>"#);
}

#[test]
fn texts_are_cut_to_the_schema() {
    let long = "word ".repeat(2000);
    let content = document(&bench(), &format!("title={long};prompt={long};text={long}"));
    let body = String::from_utf8_lossy(&content.body);
    for (name, limit) in [("Title", 32), ("Prompt", 32), ("Text", 4000)] {
        let value = &values(&body, name)[0];
        assert!(
            value.chars().count() <= limit && value.ends_with("word…"),
            "{name}: {value}"
        );
    }
}

#[test]
fn a_menu_keeps_the_schemas_order_and_writes_targets_ciscos_way() {
    let content = document(
        &bench(),
        "title=T;text=P;item=Call|dial:200;item=Down|key:NavDown;item=Web|http://192.0.2.1/?a=1&b=2;\
         item=Leave|exit;softkey=Night|key:Line2",
    );
    insta::assert_snapshot!(String::from_utf8_lossy(&content.body), @r#"<?xml version="1.0" encoding="UTF-8"?><CiscoIPPhoneMenu><Title>T</Title><Prompt>P</Prompt><SoftKeyItem><Name>Night</Name><Position>1</Position><URL>Key:Line2</URL></SoftKeyItem><SoftKeyItem><Name>Select</Name><Position>2</Position><URL>SoftKey:Select</URL></SoftKeyItem><SoftKeyItem><Name>Exit</Name><Position>3</Position><URL>SoftKey:Exit</URL></SoftKeyItem><MenuItem><Name>Call</Name><URL>Dial:200</URL></MenuItem><MenuItem><Name>Down</Name><URL>Key:NavDwn</URL></MenuItem><MenuItem><Name>Web</Name><URL>http://192.0.2.1/?a=1&amp;b=2</URL></MenuItem><MenuItem><Name>Leave</Name><URL>Init:Services</URL></MenuItem></CiscoIPPhoneMenu>"#);
}

#[test]
fn a_long_menu_becomes_pages_that_lead_on() {
    let bench = bench();
    let items: Vec<String> = (1..=250)
        .map(|n| format!("item=Item {n}|dial:{n}"))
        .collect();
    let (mut labels, mut pages) = (Vec::new(), 0);
    let mut content = document(&bench, &items.join(";"));
    loop {
        pages += 1;
        let body = String::from_utf8_lossy(&content.body).into_owned();
        let names = values(&body, "Name");
        assert!(names.len() <= 100);
        let leads_on = names.last().is_some_and(|name| name == "More…");
        labels.extend(names.into_iter().filter(|name| name != "More…"));
        if !leads_on {
            break;
        }
        content = bench.fetch(values(&body, "URL").last().unwrap());
    }
    assert_eq!(pages, 3);
    assert_eq!(
        labels,
        (1..=250).map(|n| format!("Item {n}")).collect::<Vec<_>>()
    );
}

#[test]
fn a_long_directory_leads_on_by_a_soft_key() {
    let bench = bench();
    let entries: Vec<String> = (1..=40).map(|n| format!("entry=Ada {n}|{n}")).collect();
    let content = document(&bench, &entries.join(";"));
    let body = String::from_utf8_lossy(&content.body).into_owned();
    assert_eq!(values(&body, "Telephone").len(), 32);
    let keys: Vec<_> = values(&body, "URL");
    assert_eq!(
        (keys[0].as_str(), keys[2].as_str()),
        ("SoftKey:Dial", "SoftKey:Exit")
    );
    let next = bench.fetch(&keys[1]);
    assert_eq!(
        values(&String::from_utf8_lossy(&next.body), "Telephone").len(),
        8
    );
}

#[test]
fn a_form_and_a_picture_are_written() {
    let bench = bench();
    let content = document(
        &bench,
        "title=PIN;input=User|u;input=PIN|p|password;submit=http://192.0.2.1/x?y=1&z=2",
    );
    insta::assert_snapshot!(String::from_utf8_lossy(&content.body), @r#"<?xml version="1.0" encoding="UTF-8"?><CiscoIPPhoneInput><Title>PIN</Title><URL>http://192.0.2.1/x?y=1&amp;z=2</URL><InputItem><DisplayName>User</DisplayName><QueryStringParam>u</QueryStringParam><InputFlags>A</InputFlags></InputItem><InputItem><DisplayName>PIN</DisplayName><QueryStringParam>p</QueryStringParam><InputFlags>AP</InputFlags></InputItem></CiscoIPPhoneInput>"#);
    let content = document(&bench, "title=Door;image=door.png");
    insta::assert_snapshot!(String::from_utf8_lossy(&content.body), @r#"<?xml version="1.0" encoding="UTF-8"?><CiscoIPPhoneImageFile><Title>Door</Title><LocationX>-1</LocationX><LocationY>-1</LocationY><URL>http://192.0.2.10:8090/media/0123/picture.png</URL></CiscoIPPhoneImageFile>"#);
}

#[test]
fn a_screen_that_ends_by_itself_leads_to_its_end() {
    let bench = bench();
    let content = document(&bench, "text=a;timeout=30");
    let refresh = content.refresh.unwrap();
    let (seconds, url) = refresh.split_once("; url=").unwrap();
    assert_eq!(seconds, "30");
    let close = bench.fetch(url);
    assert!(String::from_utf8_lossy(&close.body).contains("URL=\"Init:Services\""));
}

#[test]
fn tones_and_backgrounds_are_written() {
    let bench = bench();
    let xml = |task: Task| posted(&bench.plan(&task).unwrap());
    let url =
        |path: &str| url::Url::parse(&format!("http://192.0.2.10:8090/media/{path}")).unwrap();
    let recording = || Recording {
        url: url("1/bell.raw"),
        name: "bell.raw".into(),
    };
    let item = |url: &str| {
        let start = r#"<?xml version="1.0" encoding="UTF-8"?><CiscoIPPhoneExecute>"#;
        format!(r#"{start}<ExecuteItem URL="{url}" Priority="0"/></CiscoIPPhoneExecute>"#)
    };
    assert_eq!(
        xml(Task::Ring(Sound::BuiltIn("Analog1".into()))),
        item("Play:Analog1.raw")
    );
    assert_eq!(
        xml(Task::Ring(Sound::Recording(recording()))),
        item("http://192.0.2.10:8090/media/1/bell.raw")
    );
    assert_eq!(xml(Task::Control(Control::RingStop)), item("Play:Stop"));
    assert_eq!(xml(Task::Control(Control::Clear)), item("Init:Services"));
    insta::assert_snapshot!(xml(Task::Ringtone(Sound::Recording(recording()), None)), @r#"<?xml version="1.0" encoding="UTF-8"?><setRingTone><ringTone>http://192.0.2.10:8090/media/1/bell.raw</ringTone></setRingTone>"#);
    let picture = Picture {
        image: url("2/a.png"),
        thumbnail: Some(url("3/b.png")),
        name: "a".into(),
    };
    insta::assert_snapshot!(xml(Task::Background(picture)), @r#"<?xml version="1.0" encoding="UTF-8"?><setBackground><background><image>http://192.0.2.10:8090/media/2/a.png</image><icon>http://192.0.2.10:8090/media/3/b.png</icon></background></setBackground>"#);
    let plan = bench
        .plan(&Task::Ring(Sound::BuiltIn("Analog1".into())))
        .unwrap();
    assert_eq!(
        exchange(&plan).patience,
        Some(execute::PLAY),
        "the answer comes when the tone has ended"
    );
}

#[test]
fn what_no_cisco_phone_does_is_refused_with_a_reason() {
    let bench = bench();
    let refused = |task: Task| bench.plan(&task).unwrap_err().to_string();
    assert!(refused(Task::Ring(Sound::BuiltIn("Bell 1".into()))).contains("TFTP"));
    assert!(refused(Task::Ringtone(Sound::BuiltIn("3".into()), None)).contains("file or URL"));
    let long = format!("url=http://192.0.2.1/{}", "x".repeat(260));
    assert!(
        bench
            .push(&long)
            .unwrap_err()
            .to_string()
            .contains("256 characters")
    );
    let keys = "softkey=A|exit;".repeat(9);
    assert!(
        bench
            .push(&format!("text=a;{keys}"))
            .unwrap_err()
            .to_string()
            .contains("8 soft keys")
    );
    let inputs: Vec<String> = (0..6).map(|n| format!("input=A|p{n}")).collect();
    let form = format!("submit=http://192.0.2.1/;{}", inputs.join(";"));
    assert!(
        bench
            .push(&form)
            .unwrap_err()
            .to_string()
            .contains("5 fields")
    );
}

#[test]
fn a_beep_that_cisco_screens_lack_is_told() {
    let plan = bench().push("text=a;beep=yes").unwrap();
    assert_eq!(plan.note.as_deref(), Some("Cisco screens do not beep"));
}

#[test]
fn multiplatform_phones_are_asked_before_they_are_told_a_password() {
    for model in ["8841-3PCC", "SPA508G"] {
        let plan = Bench::new(Vendor::Cisco, model, "").push("text=a").unwrap();
        assert_eq!(exchange(&plan).request.auth, Auth::Challenge, "{model}");
    }
}

#[test]
fn a_resync_is_a_notify_in_the_words_of_the_firmware() {
    let shown = |model: &str, task| {
        let plan = Bench::new(Vendor::Cisco, model, "").plan(&task);
        plan.map(|plan| shown_notify(&plan))
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
    assert!(refused.contains("call manager"), "{refused}");
}

#[test]
fn screens_do_not_go_by_notify_and_any_notify_does() {
    let refused = bench().notify(&pushed("text=a")).unwrap_err().to_string();
    assert!(refused.contains("no screens"), "{refused}");
    let task = control("notify", "event=talk");
    assert_eq!(bench().notify(&task).unwrap(), "Event: talk");
    let refused = bench().plan_by(Via::Http, &task).unwrap_err().to_string();
    assert!(refused.contains("not by http"), "{refused}");
}
