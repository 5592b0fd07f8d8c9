mod schema;

use std::collections::HashMap;

use super::*;
use crate::phone::Vendor;
use crate::vendor::testing::{Bench, control, exchange, pushed, shown_notify, values};
use crate::vendor::{Auth, Method, Step};

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
fn document(bench: &Bench, pairs: &str) -> StoredContent {
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
    let recording = || AudioFile {
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
        xml(Task::Ring(PreparedTone::AudioFile(recording()))),
        item("http://192.0.2.10:8090/media/1/bell.raw")
    );
    assert_eq!(xml(Task::Control(Control::RingStop)), item("Play:Stop"));
    assert_eq!(xml(Task::Control(Control::Clear)), item("Init:Services"));
    insta::assert_snapshot!(xml(Task::Ringtone(PreparedTone::AudioFile(recording()), None)), @r#"<?xml version="1.0" encoding="UTF-8"?><setRingTone><ringTone>http://192.0.2.10:8090/media/1/bell.raw</ringTone></setRingTone>"#);
    let picture = Picture {
        image: url("2/a.png"),
        thumbnail: Some(url("3/b.png")),
        name: "a".into(),
    };
    insta::assert_snapshot!(xml(Task::Background(picture)), @r#"<?xml version="1.0" encoding="UTF-8"?><setBackground><background><image>http://192.0.2.10:8090/media/2/a.png</image><icon>http://192.0.2.10:8090/media/3/b.png</icon></background></setBackground>"#);
    let plan = bench
        .plan(&Task::Ring(PreparedTone::BuiltIn("Analog1".into())))
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
    assert!(refused(Task::Ring(PreparedTone::BuiltIn("Bell 1".into()))).contains("TFTP"));
    assert!(
        refused(Task::Ringtone(PreparedTone::BuiltIn("3".into()), None)).contains("file or URL")
    );
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

/// Shows each step: a key or URI, or a pause.
fn steps(plan: &Plan) -> Vec<String> {
    let step = |step: &Step| match step {
        Step::Http(exchange) => {
            let xml = posted(&Plan::of(exchange.clone()));
            let urls = xml.split("URL=\"").skip(1);
            let urls: Vec<_> = urls.map(|rest| rest.split('"').next().unwrap()).collect();
            urls.join(" ")
        }
        Step::Pause(pause) => format!("{} ms", pause.as_millis()),
        other => panic!("{other:?}"),
    };
    plan.steps.iter().map(step).collect()
}

fn told(model: &str, verb: &str, pairs: &str) -> String {
    let bench = Bench::new(Vendor::Cisco, model, "");
    match bench.plan(&control(verb, pairs)) {
        Err(refused) => format!("refused: {refused}"),
        Ok(plan) => {
            let note = plan.note.as_ref().map(|note| format!(" ({note})"));
            format!("{}{}", steps(&plan).join(", "), note.unwrap_or_default())
        }
    }
}

#[test]
fn keys_are_pressed_one_at_a_time_with_their_pauses() {
    assert_eq!(
        told("8851", "key", "keys=SPEAKER,1,0::200,#,OK"),
        "Key:Speaker, 500 ms, Key:KeyPad1, Key:KeyPad0, 200 ms, Key:KeyPadPound, Key:NavSelect"
    );
    let held = told("8851", "key", "keys=1:800");
    assert!(held.contains("1 can't be held"), "{held}");
    let missing = told("8851", "key", "keys=1,CANCEL");
    assert!(
        missing.starts_with("refused: ") && missing.contains("CANCEL"),
        "{missing}"
    );
    let vague = told("7970", "key", "keys=HOLD");
    assert!(
        vague.starts_with("Key:Hold (") && vague.contains("unproven"),
        "{vague}"
    );
}

#[test]
fn calls_are_controlled_as_far_as_hard_keys_go() {
    assert_eq!(told("8851", "dial", "number=+49 30 1"), "Dial:+49301");
    assert!(told("8851", "dial", "number=1;line=2").contains("line's key"));
    assert!(told("8851", "dial", "number=a_b").contains("dials digits"));
    assert!(told("840", "dial", "number=1").contains("takes no Dial"));
    assert!(told("8851", "answer", "").starts_with("Key:Speaker ("));
    assert!(told("8851", "hangup", "").starts_with("Key:Release ("));
    assert!(told("7841", "hangup", "").starts_with("Key:OnHook ("));
    assert!(told("7970", "hangup", "").contains("soft key that says so"));
    assert!(told("8851", "hold", "").starts_with("Key:FixedFeature3 ("));
    assert!(told("7841", "resume", "").starts_with("Key:Hold ("));
    assert!(told("8851", "hold", "call=1").contains("leave call out"));
    assert_eq!(
        told("8851", "dtmf", "digits=12*"),
        "SendDigits:12*:1:Cisco/Dialer"
    );
    assert!(told("7841", "dtmf", "digits=1#").starts_with("Key:KeyPad1, Key:KeyPadPound ("));
    assert!(told("7841", "dtmf", "digits=A").contains("no key for 'A'"));
    let transfer = told("7841", "transfer", "number=20");
    let keys = "Key:Transfer, 500 ms, Key:KeyPad2, Key:KeyPad0, 3000 ms, Key:Transfer (unproven";
    assert!(transfer.starts_with(keys), "{transfer}");
    assert!(told("7841", "transfer", "number=20;kind=attended").contains("has answered"));
    assert!(told("8841-3PCC", "transfer", "number=20").contains("no hard key"));
}

#[test]
fn uris_are_run_at_once_and_checked_before() {
    assert_eq!(
        told(
            "8851",
            "execute",
            "uri=Key:Soft1;uri=http://192.0.2.1/a@1;uri=Play:x.raw"
        ),
        "Key:Soft1 http://192.0.2.1/a Play:x.raw"
    );
    let bench = Bench::new(Vendor::Cisco, "8851", "");
    let plan = bench
        .plan(&control(
            "execute",
            "uri=http://192.0.2.1/a@2;uri=Play:x.raw",
        ))
        .unwrap();
    assert!(posted(&plan).contains("URL=\"http://192.0.2.1/a\" Priority=\"2\""));
    assert_eq!(exchange(&plan).patience, Some(execute::PLAY));
    for (uris, words) in [
        ("uri=http://a/;uri=http://b/", "one http URL at a time"),
        ("uri=Notify:http:192.0.2.1:80:x", "on request"),
        ("uri=Key:Nothing", "Nothing is no key"),
        ("uri=Key:Soft1;uri=Dial:;uri=Dial:1", "not of the form"),
    ] {
        let refused = told("8851", "execute", uris);
        assert!(refused.contains(words), "{uris}: {refused}");
    }
    let waiting = told("8851", "execute", "uri=Key:Soft1@1");
    assert!(waiting.contains("does its own URIs at once"), "{waiting}");
    let told = told("8851", "execute", "uri=Key:NavDown");
    assert_eq!(told, "Key:NavDwn (Key:NavDown is written Key:NavDwn)");
}

#[test]
fn backlights_are_switched_where_there_are_some() {
    assert_eq!(
        told("8851", "display", "state=off;minutes=5"),
        "Display:Off:5"
    );
    assert_eq!(told("7970", "display", "state=default"), "Display:Default");
    assert!(told("7841", "display", "state=on").contains("takes no Display"));
}

#[test]
fn streams_go_by_uris_or_by_the_interface_of_the_model() {
    let rtp = |pairs| told("7970", "stream", pairs);
    assert_eq!(
        rtp("address=192.0.2.9:20480;volume=40"),
        "RTPRx:192.0.2.9:20480:40"
    );
    assert_eq!(rtp("address=239.0.0.1:20480"), "RTPMRx:239.0.0.1:20480");
    assert_eq!(
        rtp("address=192.0.2.9:20480;mode=both"),
        "RTPRx:192.0.2.9:20480 RTPTx:192.0.2.9:20480"
    );
    assert_eq!(
        rtp("address=239.0.0.1:20480;mode=send"),
        "RTPMTx:239.0.0.1:20480"
    );
    assert_eq!(rtp("stop=yes"), "RTPRx:Stop RTPTx:Stop");
    assert!(rtp("address=192.0.2.9:20480;codec=g722").contains("G.711 only"));
    assert!(rtp("address=192.0.2.9:20481").contains("even ones"));
    assert!(rtp("address=192.0.2.9:5004").contains("even ones"));
    assert!(rtp("address=[2001:db8::1]:20480").contains("IPv4"));
    assert!(rtp("address=192.0.2.9:20480;mode=send;volume=1").contains("only sends"));
    assert!(told("8841-3PCC", "stream", "address=192.0.2.9:20480").contains("takes no RTP"));
    let xml = |pairs| {
        let plan = Bench::new(Vendor::Cisco, "8851", "").plan(&control("stream", pairs));
        posted(&plan.unwrap())
    };
    insta::assert_snapshot!(xml("address=239.1.2.3:20480;mode=both;codec=g729;volume=50"), @r#"<?xml version="1.0" encoding="UTF-8"?><startMedia><mediaStream receiveVolume="50"><type>audio</type><codec>G.729</codec><mode>sendReceive</mode><address>239.1.2.3</address><port>20480</port></mediaStream></startMedia>"#);
    insta::assert_snapshot!(xml("stop=yes"), @r#"<?xml version="1.0" encoding="UTF-8"?><stopMedia><mediaStream/></stopMedia>"#);
}

#[test]
fn what_only_a_call_manager_or_a_configuration_file_does_is_refused_in_words() {
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
        ("csta", "request=MakeCall", "only Snom"),
    ] {
        let refused = told("8851", verb, pairs);
        assert!(
            refused.starts_with("refused: ") && refused.contains(words),
            "{refused}"
        );
    }
    assert!(told("8841-3PCC", "clear", "").contains("takes a screen away"));
    assert_eq!(told("8851", "clear", ""), "Init:Services");
}

#[test]
fn a_screen_that_nothing_takes_away_is_told() {
    let plan = Bench::new(Vendor::Cisco, "8841-3PCC", "").push("text=a;timeout=30");
    let note = plan.unwrap().note.unwrap();
    assert!(note.contains("the screen stays"), "{note}");
}

#[test]
fn multiplatform_phones_are_asked_before_they_are_told_a_password() {
    for model in ["8841-3PCC", "SPA508G"] {
        let plan = Bench::new(Vendor::Cisco, model, "").push("text=a").unwrap();
        assert_eq!(exchange(&plan).request.auth, Auth::OnChallenge, "{model}");
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
    assert!(refused.contains("Call-ID"), "{refused}");
}

#[test]
fn who_knows_the_registration_may_restart_the_phone() {
    let shown = |model: &str, id: &str, control| {
        let mut bench = Bench::new(Vendor::Cisco, model, "");
        bench.phone.call_id = Some(id.to_owned());
        let plan = bench.plan(&Task::Control(control));
        plan.map(|plan| shown_notify(&plan).replace('\r', ""))
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
fn screens_do_not_go_by_notify_and_any_notify_does() {
    let refused = bench().notify(&pushed("text=a")).unwrap_err().to_string();
    assert!(refused.contains("leave via out"), "{refused}");
    let task = control("notify", "event=talk");
    assert_eq!(bench().notify(&task).unwrap(), "Event: talk");
    let refused = bench().plan_by(Via::Http, &task).unwrap_err().to_string();
    assert!(refused.contains("not by http"), "{refused}");
}
