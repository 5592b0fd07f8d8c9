//! Documents: screens, tones and backgrounds, and how they are pushed.

mod verbs;

use url::Url;

use super::tone::UNVERIFIED;
use super::*;
use crate::phone::Vendor;
use crate::vendor::testing::{Fixture, element_texts, exchange, push_task as asked};
use crate::vendor::{
    AudioFile, Auth, BackgroundImage, Method, PreparedContent, PreparedTone, Reply, ReplyOutcome,
};
use crate::verb::Priority;

fn fixture() -> Fixture {
    Fixture::new(Vendor::Yealink, "T46G", "28.83.0.50")
}

fn document(plan: &Plan) -> String {
    let step = exchange(plan);
    let request = &step.request;
    assert_eq!(
        (request.method, request.auth),
        (Method::Post, Auth::OnChallenge)
    );
    let referer = ("Referer", "http://192.0.2.10:8090/".to_owned());
    assert_eq!(
        request.headers,
        [("Content-Type", "text/xml".to_owned()), referer]
    );
    let body = String::from_utf8(request.body.to_vec()).unwrap();
    body.strip_prefix("xml=")
        .expect("the body starts with xml=")
        .to_owned()
}

fn push_task(pairs: &str) -> String {
    settled(&document(&fixture().push(pairs).unwrap()))
}

/// Puts the same in the place of every address that was made up.
fn settled(document: &str) -> String {
    let mut parts = document.split("/screen/");
    let first = parts.next().unwrap().to_owned();
    let rest = parts.map(|part| {
        format!(
            "/screen/TOKEN{}",
            part.trim_start_matches(|c: char| c.is_ascii_alphanumeric())
        )
    });
    first + &rest.collect::<String>()
}

#[test]
fn ok_closes_a_text_on_models_with_that_key() {
    let fixture = fixture();
    let shown = document(&fixture.push("text=a").unwrap());
    let (_, url) = shown.split_once("doneAction=\"").unwrap();
    let body = fixture.fetch(url.split('"').next().unwrap()).body;
    assert!(String::from_utf8_lossy(&body).contains("Timeout=\"1\""));
    for (model, pairs) in [("T48S", "text=a"), ("", "text=a"), ("T46G", "item=a|exit")] {
        let plan = Fixture::new(Vendor::Yealink, model, "")
            .push(pairs)
            .unwrap();
        assert!(!document(&plan).contains("doneAction"), "{model}");
    }
}

#[test]
fn text_is_pushed_unchanged() {
    let plan = fixture()
        .push("title=Door;text=Ring & wait;timeout=30;beep=yes")
        .unwrap();
    assert_eq!(exchange(&plan).request.target, "/servlet?push=xml");
    insta::assert_snapshot!(settled(&document(&plan)), @r#"<?xml version="1.0" encoding="UTF-8"?><YealinkIPPhoneTextScreen Beep="yes" Timeout="30" doneAction="http://192.0.2.10:8090/screen/TOKEN"><Title wrap="yes">Door</Title><Text>Ring &amp; wait</Text></YealinkIPPhoneTextScreen>"#);
}

#[test]
fn old_firmware_gets_documents_at_the_root() {
    let old = Fixture::new(Vendor::Yealink, "T28P", "2.70.0.140");
    assert_eq!(exchange(&old.push("text=a").unwrap()).request.target, "/");
}

#[test]
fn menus_directories_forms_and_pictures_are_written() {
    insta::assert_snapshot!(push_task("title=T;text=P;item=Call|dial:200;softkey=Web|http://192.0.2.1/?a=1&b=2"), @r#"<?xml version="1.0" encoding="UTF-8"?><YealinkIPPhoneTextMenu Beep="no" Timeout="0"><Title wrap="yes">T: P</Title><MenuItem><Prompt>Call</Prompt><URI>Dial:200</URI></MenuItem><SoftKey index="1"><Label>Web</Label><URI>http://192.0.2.1/?a=1&amp;b=2</URI></SoftKey><SoftKey index="2"><Label>Select</Label><URI>SoftKey:Select</URI></SoftKey><SoftKey index="3"><Label>Exit</Label><URI>SoftKey:Exit</URI></SoftKey></YealinkIPPhoneTextMenu>"#);
    insta::assert_snapshot!(push_task("entry=Ada|201"), @r#"<?xml version="1.0" encoding="UTF-8"?><YealinkIPPhoneDirectory Beep="no" Timeout="0"><Title wrap="yes"> </Title><MenuItem><Prompt>Ada</Prompt><URI>201</URI></MenuItem></YealinkIPPhoneDirectory>"#);
    insta::assert_snapshot!(push_task("title=PIN;input=PIN|pin|password;input=No|n|number;submit=http://192.0.2.1/x"), @r#"<?xml version="1.0" encoding="UTF-8"?><YealinkIPPhoneInputScreen Beep="no" Timeout="0"><Title wrap="yes">PIN</Title><URL>http://192.0.2.1/x</URL><InputField type="string" password="yes"><Prompt>PIN</Prompt><Parameter>pin</Parameter><Default/></InputField><InputField type="number" password="no"><Prompt>No</Prompt><Parameter>n</Parameter><Default/></InputField></YealinkIPPhoneInputScreen>"#);
    insta::assert_snapshot!(push_task("title=Door;image=door.png"), @r#"<?xml version="1.0" encoding="UTF-8"?><YealinkIPPhoneImageScreen Beep="no" Timeout="0" doneAction="http://192.0.2.10:8090/screen/TOKEN"><Image>http://192.0.2.10:8090/media/0123/picture.png</Image></YealinkIPPhoneImageScreen>"#);
    insta::assert_snapshot!(push_task("url=http://192.0.2.1/a?b=1&c=2"), @r#"<?xml version="1.0" encoding="UTF-8"?><YealinkIPPhoneExecute Beep="no"><ExecuteItem URI="http://192.0.2.1/a?b=1&amp;c=2"/></YealinkIPPhoneExecute>"#);
}

#[test]
fn properties_that_pictures_lack_are_noted() {
    let plan = fixture().push("title=Door;image=door.png").unwrap();
    assert_eq!(
        plan.note.as_deref(),
        Some("Yealink phones show images without a title")
    );
}

#[test]
fn exit_items_open_a_screen_that_closes_itself() {
    let fixture = fixture();
    let document = document(&fixture.push("item=Leave|exit").unwrap());
    let (_, rest) = document.split_once("<Prompt>Leave</Prompt><URI>").unwrap();
    let (url, _) = rest.split_once("</URI>").unwrap();
    let body = fixture.fetch(url).body;
    let screen = String::from_utf8_lossy(&body);
    assert!(screen.contains("Timeout=\"1\""), "{screen}");
}

#[test]
fn timeouts_below_a_second_are_rounded_up() {
    assert!(push_task("text=a;timeout=500ms").contains("Timeout=\"1\""));
    assert!(push_task("text=a;timeout=0").contains("Timeout=\"0\""));
}

#[test]
fn long_text_is_truncated_to_fit_the_document() {
    for letter in ["a", "ä", "&", "a "] {
        let document = push_task(&format!("text={}", letter.repeat(20_000)));
        assert!(
            (9_900..=10_000).contains(&document.len()),
            "{letter}: {}",
            document.len()
        );
        assert!(document.contains('…'));
    }
}

#[test]
fn long_menus_are_split_by_count_and_size() {
    let fixture = fixture();
    let check = |items: Vec<String>, most: usize| {
        let mut page = document(&fixture.push(&items.join(";")).unwrap());
        let mut labels = 0;
        loop {
            assert!(page.len() <= 10_000);
            let names = element_texts(&page, "Prompt");
            assert!(names.len() <= most);
            let leads_on = names.last().is_some_and(|name| name == "More…");
            labels += names.len() - usize::from(leads_on);
            if !leads_on {
                break labels;
            }
            let next = element_texts(&page, "URI").last().unwrap().clone();
            page = String::from_utf8_lossy(&fixture.fetch(&next).body).into_owned();
        }
    };
    let short = (0..100)
        .map(|n| format!("item=Item {n}|dial:{n}"))
        .collect();
    assert_eq!(check(short, 30), 100);
    let long = (0..60)
        .map(|n| format!("item=Item {n}|http://192.0.2.1/{}", "x".repeat(900)))
        .collect();
    assert_eq!(check(long, 11), 60);
}

#[test]
fn tones_and_backgrounds_are_documents_too() {
    let fixture = fixture();
    let url = |path: &str| Url::parse(&format!("http://192.0.2.10:8090/media/{path}")).unwrap();
    let recording = || {
        PreparedTone::AudioFile(AudioFile {
            url: url("1/a.wav"),
            name: "a.wav".into(),
        })
    };
    let plan = fixture.plan(&Task::Ring(recording())).unwrap();
    insta::assert_snapshot!(document(&plan), @r#"<?xml version="1.0" encoding="UTF-8"?><YealinkIPPhoneExecute Beep="no"><ExecuteItem URI="Wav.Play:http://192.0.2.10:8090/media/1/a.wav"/></YealinkIPPhoneExecute>"#);
    let plan = fixture.plan(&Task::Control(Control::RingStop)).unwrap();
    assert!(document(&plan).contains("URI=\"Wav.Stop\""));
    let plan = fixture.plan(&Task::Ringtone(recording(), Some(2))).unwrap();
    assert_eq!(plan.note.as_deref(), Some(UNVERIFIED));
    insta::assert_snapshot!(document(&plan), @r#"<?xml version="1.0" encoding="UTF-8"?><YealinkIPPhoneConfiguration Beep="no"><Item>ringtone.url = http://192.0.2.10:8090/media/1/a.wav</Item><Item>account.2.ringtone.ring_type = Config:a.wav</Item></YealinkIPPhoneConfiguration>"#);
    let plan = fixture
        .plan(&Task::Ringtone(PreparedTone::BuiltIn("3".into()), None))
        .unwrap();
    assert!(document(&plan).contains("<Item>phone_setting.ring_type = Resource:Ring3.wav</Item>"));
    let picture = BackgroundImage {
        image: url("2/b.jpg"),
        thumbnail: None,
        name: "b.jpg".into(),
    };
    let plan = fixture.plan(&Task::Background(picture)).unwrap();
    insta::assert_snapshot!(document(&plan), @r#"<?xml version="1.0" encoding="UTF-8"?><YealinkIPPhoneConfiguration Beep="no"><Item>wallpaper_upload.url = http://192.0.2.10:8090/media/2/b.jpg</Item><Item>phone_setting.backgrounds = Config:b.jpg</Item></YealinkIPPhoneConfiguration>"#);
}

#[test]
fn unsupported_tasks_are_refused_with_a_reason() {
    let fixture = fixture();
    let refused = |task: Task| fixture.plan(&task).unwrap_err().to_string();
    assert!(refused(Task::Ring(PreparedTone::BuiltIn("1".into()))).contains("only WAV files"));
    assert!(
        refused(Task::Ringtone(PreparedTone::BuiltIn("Ring9".into()), None)).contains("1 to 8")
    );
    let keys = "softkey=A|exit;".repeat(5);
    assert!(
        fixture
            .push(&format!("text=a;{keys}"))
            .unwrap_err()
            .to_string()
            .contains("4 soft keys")
    );
    let dect = Fixture::new(Vendor::Yealink, "W52P", "25.80.0.15")
        .push("text=a")
        .unwrap_err();
    assert!(dect.to_string().contains("DECT"), "{dect}");
    let android = Fixture::new(Vendor::Yealink, "T58V", "58.86.0.5").push("text=a");
    assert!(android.unwrap_err().to_string().contains("Android"));
    let foreign = Task::Push(
        PreparedContent::Document("<?xml version='1.0'?><SnomIPPhoneText/>".into()),
        Priority::Now,
    );
    assert!(refused(foreign).contains("not \"SnomIPPhoneText\""));
    let big = Task::Push(PreparedContent::Document("x".repeat(10_001)), Priority::Now);
    assert!(refused(big).contains("10000 bytes"));
}

#[test]
fn uncertain_effects_are_noted() {
    let note = |model: &str, task: &Task| {
        let fixture = Fixture::new(Vendor::Yealink, model, "");
        fixture.plan(task).unwrap().note
    };
    let document = "<YealinkIPPhoneTextScreen doneAction=\"http://192.0.2.1/\"/>";
    let own = Task::Push(PreparedContent::Document(document.into()), Priority::Now);
    assert_eq!(note("T46G", &own), None);
    assert!(note("T48S", &own).unwrap().contains("doneAction"));
    let keys = |name: &str| asked(&format!("text=a;softkey=Go|key:{name}"));
    assert_eq!(note("T46G", &keys("LINE1")), None);
    assert!(note("T46G", &keys("F1")).unwrap().contains("except LINE1"));
}

#[test]
fn rejections_name_the_setting_to_change() {
    let plan = fixture().plan(&Task::Control(Control::RingStop)).unwrap();
    let exchange = exchange(&plan);
    let verdict = |status| {
        exchange.parser.parse(&Reply {
            status,
            ..Reply::default()
        })
    };
    assert!(matches!(verdict(200), ReplyOutcome::Done));
    assert!(
        matches!(verdict(401), ReplyOutcome::Denied(words) if words.contains("push_xml.username"))
    );
    assert!(
        matches!(verdict(403), ReplyOutcome::Denied(words) if words.contains("push_xml.server"))
    );
}

#[test]
fn documents_are_sent_by_notify_and_long_ones_fetched() {
    let fixture = fixture();
    let shown = fixture
        .notify(&asked("title=Door;text=Hello, you"))
        .unwrap();
    insta::assert_snapshot!(settled(&shown), @r#"
    Event: Yealink-xml
    Content-Type: application/xml

    <?xml version="1.0" encoding="UTF-8"?><YealinkIPPhoneTextScreen Beep="no" Timeout="0" doneAction="http://192.0.2.10:8090/screen/TOKEN"><Title wrap="yes">Door</Title><Text>Hello, you</Text></YealinkIPPhoneTextScreen>
    "#);
    insta::assert_snapshot!(fixture.notify(&Task::Control(Control::RingStop)).unwrap(), @r#"
    Event: Yealink-xml
    Content-Type: application/xml

    <?xml version="1.0" encoding="UTF-8"?><YealinkIPPhoneExecute Beep="no"><ExecuteItem URI="Wav.Stop"/></YealinkIPPhoneExecute>
    "#);
    let text = "a, b ".repeat(200);
    let shown = fixture.notify(&asked(&format!("text={text}"))).unwrap();
    let (_, url) = shown.split_once("ExecuteItem URI=\"").unwrap();
    let fetched = fixture.fetch(url.split('"').next().unwrap());
    assert_eq!(
        element_texts(&String::from_utf8_lossy(&fetched.body), "Text"),
        [text.as_str()]
    );
}
