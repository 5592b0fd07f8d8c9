mod control;

use std::net::{IpAddr, Ipv4Addr};

use crate::Vendor;
use crate::harness::{Harness, Page};
use crate::options::{Options, Scheme};
use crate::state::{Content, Direction};
use crate::wave::silence;

fn options() -> Options {
    Options::new(Vendor::Yealink)
}

async fn post(harness: &Harness, headers: &str, body: &str) -> String {
    let length = body.len();
    harness
        .send(format!(
            "POST /servlet?push=xml HTTP/1.1\r\nHost: phone\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{headers}\r\n{body}"
        ))
        .await
}

async fn push(harness: &Harness, xml: &str) -> String {
    post(harness, "Content-Type: text/xml\r\n", &format!("xml={xml}")).await
}

async fn ask(harness: &Harness, target: &str) -> String {
    harness
        .send(format!(
            "GET {target} HTTP/1.1\r\nHost: phone\r\nConnection: close\r\n\r\n"
        ))
        .await
}

fn object(name: &str, inner: &str) -> String {
    format!(
        "<YealinkIPPhone{name}>{inner}</YealinkIPPhone{}>",
        name.split(' ').next().unwrap()
    )
}

#[tokio::test]
async fn pushed_texts_are_shown_with_their_attributes_until_their_timeout() {
    let harness = Harness::new(options(), Vec::new()).await;
    let text = object(
        "TextScreen Beep=\"no\" Timeout=\"1\" LockIn=\"no\"",
        "<Title wrap=\"yes\">Parking</Title><Text>Row 3 &amp; 4</Text>\
         <SoftKey index=\"2\"><Label>Call</Label><URI>Dial:100</URI></SoftKey>\
         <SoftKey index=\"1\"><Label>Exit</Label><URI>SoftKey:Exit</URI></SoftKey>",
    );
    assert!(push(&harness, &text).await.starts_with("HTTP/1.1 200"));
    let screen = harness
        .wait_until(|state| state.screen.is_some())
        .await
        .screen
        .unwrap();
    assert_eq!(screen.title, "Parking");
    assert_eq!(screen.content.text(), Some("Row 3 & 4"));
    assert_eq!(screen.soft_keys[0].label, "Exit");
    assert!(!screen.beep);
    harness.phone.press("Call").await.unwrap();
    let state = harness.wait_until(|state| state.screen.is_none()).await;
    assert_eq!(state.dialed, ["100"]);
}

#[tokio::test]
async fn invalid_pushes_are_refused() {
    let harness = Harness::new(options(), Vec::new()).await;
    let text = object("TextScreen", "<Text>a</Text>");
    let xml = "Content-Type: text/xml\r\n";
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let encoded = "xml=%3CYealinkIPPhoneTextScreen%3E%3C%2FYealinkIPPhoneTextScreen%3E";
    let long = object("TextScreen", &format!("<Text>{}</Text>", "x".repeat(9990)));
    for (headers, body) in [
        (form, format!("xml={text}")),
        ("", format!("xml={text}")),
        (xml, text.clone()),
        (xml, encoded.to_owned()),
        (xml, format!("xml={long}")),
        (xml, format!("xml={text}{text}")),
        (xml, "xml=".to_owned()),
        (
            xml,
            format!("xml={}", object("TextScreen", "<Text>a & b</Text>")),
        ),
        (
            xml,
            format!("xml={}", object("TextScreen", "<Text>\u{3}</Text>")),
        ),
        (
            xml,
            format!("xml={}", object("TextScreen", "<text>a</text>")),
        ),
        (
            xml,
            format!(
                "xml={}",
                object("TextScreen beep=\"yes\"", "<Text>a</Text>")
            ),
        ),
        (
            xml,
            format!("xml={}", object("TextScreen Beep=\"1\"", "<Text>a</Text>")),
        ),
        (
            xml,
            format!(
                "xml={}",
                object("TextScreen Timeout=\"soon\"", "<Text>a</Text>")
            ),
        ),
        (xml, format!("xml={}", object("Nothing", ""))),
        (xml, format!("xml={}", object("TextMenu", ""))),
        (
            xml,
            format!(
                "xml={}",
                object(
                    "TextMenu",
                    &"<MenuItem><Prompt>a</Prompt></MenuItem>".repeat(31)
                )
            ),
        ),
        (
            xml,
            format!(
                "xml={}",
                object(
                    "TextScreen",
                    "<Text>a</Text><SoftKey index=\"7\"><Label>a\
                                      </Label><URI>a</URI></SoftKey>"
                )
            ),
        ),
    ] {
        let response = post(&harness, headers, &body).await;
        assert!(
            response.starts_with("HTTP/1.1 400"),
            "{headers}{body}: {response}"
        );
    }
    assert!(harness.phone.state().screen.is_none());
    for target in [
        "/",
        "/servlet",
        "/servlet?push=xml&",
        "/Servlet?key=OK",
        "/servlet?a=1&key=OK",
    ] {
        let response = ask(&harness, target).await;
        assert!(response.starts_with("HTTP/1.1 40"), "{target}: {response}");
    }
}

#[tokio::test]
async fn only_allowed_servers_may_push() {
    let other = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    for (allow, status) in [
        (vec![other], "403"),
        (vec![other, Ipv4Addr::LOCALHOST.into()], "200"),
    ] {
        let harness = Harness::new(
            Options {
                push_servers: Some(allow),
                ..options()
            },
            Vec::new(),
        )
        .await;
        let response = push(&harness, &object("Execute", "<ExecuteItem URI=\"\"/>")).await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status}")),
            "{response}"
        );
    }
}

#[tokio::test]
async fn three_wrong_passwords_lock_the_phone() {
    let credentials = Some(("admin".to_owned(), "secret".to_owned()));
    let harness = Harness::new(
        Options {
            scheme: Scheme::Basic,
            credentials,
            ..options()
        },
        Vec::new(),
    )
    .await;
    let body = format!("xml={}", object("TextScreen", "<Text>a</Text>"));
    let (right, wrong) = ("YWRtaW46c2VjcmV0", "YWRtaW46d3Jvbmc=");
    let send = async |credentials: &str| {
        let headers = format!("Content-Type: text/xml\r\nAuthorization: Basic {credentials}\r\n");
        post(&harness, &headers, &body).await[9..12].to_owned()
    };
    assert_eq!(send(right).await, "200");
    for _ in 0..2 {
        assert_eq!(send(wrong).await, "401");
    }
    assert_eq!(
        send(right).await,
        "200",
        "the right one makes the others forgotten"
    );
    for _ in 0..3 {
        assert_eq!(send(wrong).await, "401");
    }
    assert_eq!(send(right).await, "403");
    assert_eq!(harness.phone.state().bad_credentials, 5);
    let response = post(&harness, "Content-Type: text/xml\r\n", &body).await;
    assert!(response.starts_with("HTTP/1.1 403"), "{response}");
}

#[tokio::test]
async fn execute_items_run_in_order() {
    let text = object("TextScreen Timeout=\"0\"", "<Text>fetched</Text>");
    let pages = vec![
        Page::new("/text", "text/xml", text),
        Page::new("/tone.wav", "audio/wav", silence(1, 1, 8000, 16, 1600)),
        Page::new("/bad.wav", "audio/wav", silence(1, 2, 44_100, 16, 1600)),
        Page::new("/page", "text/html", "<html/>"),
    ];
    let harness = Harness::new(options(), pages).await;
    let site = harness.url("");
    let items = format!(
        "<ExecuteItem URI=\"{site}/text\"/><ExecuteItem URI=\"Wav.Play:{site}/bad.wav\"/>\
         <ExecuteItem URI=\"Wav.Play:{site}/tone.wav\"/><ExecuteItem URI=\"Led:LINE1_RED=on\"/>\
         <ExecuteItem URI=\"Nothing:1\"/><ExecuteItem URI=\"\"/><ExecuteItem URI=\"Dial:100\"/>"
    );
    push(&harness, &object("Execute Beep=\"no\"", &items)).await;
    let state = harness.wait_until(|state| !state.dialed.is_empty()).await;
    assert_eq!(state.screen.unwrap().content.text(), Some("fetched"));
    assert_eq!(state.played.len(), 1);
    assert_eq!(state.lamps["LINE1_RED"], "on");
    assert_eq!(state.remarks, ["`Nothing:1` leads nowhere."]);
    let resource = state
        .exchanges
        .iter()
        .find(|e| e.direction == Direction::Fetched)
        .unwrap();
    let agent = "Yealink SIP-T46G 28.83.0.130 00:00:5e:00:53:03";
    assert_eq!(resource.header("user-agent"), Some(agent));
    let item = format!("<ExecuteItem URI=\"{site}/page\"/>");
    push(&harness, &object("Execute", &item)).await;
    let error = |state: &crate::State| matches!(&state.screen, Some(screen) if matches!(screen.content, Content::Error(_)));
    harness.wait_until(error).await;
}

#[tokio::test]
async fn menus_forms_and_directories_are_followed() {
    let book = object(
        "Directory",
        "<Title>Book</Title><MenuItem><Prompt>Ann</Prompt><URI>201</URI></MenuItem>",
    );
    let last = Harness::new(options(), vec![Page::xml("/book?a=1&n=A+n", book)]).await;
    let form = format!(
        "<Title>Who</Title><URL>{}?a=1</URL><InputField type=\"string\"><Prompt>Name</Prompt>\
         <Parameter>n</Parameter><Default></Default></InputField>",
        last.url("/book")
    );
    let harness = Harness::new(
        options(),
        vec![Page::xml("/form", object("InputScreen", &form))],
    )
    .await;
    let menu = format!(
        "<Title>Menu</Title><MenuItem><Prompt>Form</Prompt><URI>{}</URI></MenuItem>",
        harness.url("/form")
    );
    push(&harness, &object("TextMenu style=\"numbered\"", &menu)).await;
    harness.wait_until(|state| state.screen.is_some()).await;
    harness.phone.press("Select").await.unwrap();
    harness.phone.submit(&[("n", "A n")]).await.unwrap();
    harness.phone.select(0).await.unwrap();
    assert_eq!(harness.phone.state().dialed, ["201"]);
}

#[tokio::test]
async fn status_messages_leave_the_screen_and_empty_ones_clear_them() {
    let harness = Harness::new(options(), Vec::new()).await;
    push(
        &harness,
        &object("Status Timeout=\"0\"", "<Message>Paused</Message>"),
    )
    .await;
    harness
        .wait_until(|state| state.status.as_deref() == Some("Paused"))
        .await;
    push(&harness, &object("Status", "<Message></Message>")).await;
    harness.wait_until(|state| state.status.is_none()).await;
    let lines = "<Line>a</Line><Scroll><Line Size=\"small\">b</Line></Scroll><Line>c</Line>";
    push(&harness, &object("FormattedTextScreen", lines)).await;
    let screen = harness
        .wait_until(|state| state.screen.is_some())
        .await
        .screen
        .unwrap();
    assert_eq!(screen.content.text(), Some("a\nb\nc"));
}

#[tokio::test]
async fn images_must_fit_the_display() {
    for (width, works) in [(480, true), (481, false)] {
        let harness = Harness::new(options(), vec![Page::png("/i.png", width, 272)]).await;
        let image = format!("<Image>{}</Image>", harness.url("/i.png"));
        let response = push(&harness, &object("ImageScreen Timeout=\"0\"", &image)).await;
        assert_eq!(response.starts_with("HTTP/1.1 200"), works, "{response}");
        assert_eq!(harness.phone.state().screen.is_some(), works);
    }
    let harness = Harness::new(options(), Vec::new()).await;
    push(
        &harness,
        &object("ImageScreen", "<Image width=\"2\" height=\"1\">0f</Image>"),
    )
    .await;
    let screen = harness.phone.state().screen.unwrap();
    let picture = screen.content.picture().unwrap();
    let shades: Vec<u8> = picture.pixels.pixels().map(|pixel| pixel.0[0]).collect();
    assert_eq!(
        shades,
        [0, 255],
        "the low half is the first point, and 15 is black"
    );
}

#[tokio::test]
async fn ring_tones_and_wallpapers_are_uploaded_before_they_are_used() {
    let pages = vec![
        Page::new("/r.wav", "audio/wav", silence(7, 1, 8000, 8, 8000)),
        Page::new("/pcm.wav", "audio/wav", silence(1, 1, 8000, 16, 8000)),
        Page::new("/long.wav", "audio/wav", silence(7, 1, 8000, 8, 110_000)),
        Page::png("/w.png", 480, 272),
        Page::png("/big.png", 480, 273),
    ];
    let harness = Harness::new(options(), pages).await;
    let site = harness.url("");
    let items = |items: &[String]| {
        let items: Vec<_> = items
            .iter()
            .map(|item| format!("<Item>{item}</Item>"))
            .collect();
        let items = items.concat();
        object("Configuration Beep=\"no\"", &items)
    };
    push(
        &harness,
        &items(&[
            "phone_setting.ring_type = Config:r.wav".to_owned(),
            "phone_setting.backgrounds = Config:w.png".to_owned(),
            "features.dnd.enable = 1".to_owned(),
        ]),
    )
    .await;
    let state = harness
        .wait_until(|state| state.settings.contains_key("features.dnd.enable"))
        .await;
    assert!(state.ringtone.is_none() && state.background.is_none());
    assert_eq!(state.remarks.len(), 2, "{:?}", state.remarks);
    push(
        &harness,
        &items(&[
            "phone_setting.ring_type = Config:r.wav".to_owned(),
            format!("ringtone.url = {site}/r.wav"),
            format!("wallpaper_upload.url = {site}/w.png"),
            "phone_setting.backgrounds = Config:w.png".to_owned(),
        ]),
    )
    .await;
    let state = harness.wait_until(|state| state.background.is_some()).await;
    assert_eq!(state.ringtone.unwrap().name, "Config:r.wav");
    assert!(
        state
            .remarks
            .iter()
            .any(|remark| remark.contains("unverified on real phones"))
    );
    for (parameter, file) in [
        ("ringtone.url", "pcm.wav"),
        ("ringtone.url", "long.wav"),
        ("wallpaper_upload.url", "big.png"),
    ] {
        let before = harness.phone.state().refusals().count();
        push(&harness, &items(&[format!("{parameter} = {site}/{file}")])).await;
        harness
            .wait_until(|state| state.refusals().count() > before)
            .await;
    }
}

#[tokio::test]
async fn action_uris_press_and_dial() {
    let harness = Harness::new(options(), Vec::new()).await;
    for target in [
        "/servlet?key=OK",
        "/servlet?key=1;POUND",
        "/servlet?phonecfg=get&fw=1",
    ] {
        assert!(
            ask(&harness, target).await.starts_with("HTTP/1.1 200"),
            "{target}"
        );
    }
    ask(&harness, "/servlet?key=number=100&outgoing_uri=a@b").await;
    let state = harness.phone.state();
    assert_eq!(state.keys, ["OK", "1", "POUND"]);
    assert_eq!(state.dialed, ["100"]);
    for target in [
        "/servlet?key=ok",
        "/servlet?key=OK&",
        "/servlet?key=OK&x=1",
        "/servlet?key=%zz",
    ] {
        let before = harness.phone.state().refusals().count();
        ask(&harness, target).await;
        assert_eq!(
            harness.phone.state().refusals().count(),
            before + 1,
            "{target}"
        );
    }
}

#[tokio::test]
async fn faults_behave_as_documented() {
    let xml = object("TextScreen", "<Text>a</Text>");
    let with = |change: fn(&mut Options)| {
        let mut options = options();
        change(&mut options);
        options
    };
    let harness = Harness::new(
        with(|options| options.faults.status = Some(503)),
        Vec::new(),
    )
    .await;
    assert!(push(&harness, &xml).await.starts_with("HTTP/1.1 503"));
    let harness = Harness::new(with(|options| options.faults.close = true), Vec::new()).await;
    assert_eq!(push(&harness, &xml).await, "");
    let harness = Harness::new(with(|options| options.faults.garbage = true), Vec::new()).await;
    assert!(push(&harness, &xml).await.contains("this is no HTTP"));
    let delay = std::time::Duration::from_millis(20);
    let mut slow = options();
    slow.faults.delay = delay;
    let harness = Harness::new(slow, Vec::new()).await;
    let asked = tokio::time::Instant::now();
    assert!(push(&harness, &xml).await.starts_with("HTTP/1.1 200"));
    assert!(asked.elapsed() >= delay);
    let harness = Harness::new(with(|options| options.faults.hang = true), Vec::new()).await;
    let response = tokio::time::timeout(delay, push(&harness, &xml)).await;
    assert!(response.is_err());
    assert!(
        harness.tasks.shut_down(crate::harness::WAIT_TIMEOUT).await,
        "a hanging phone stops too"
    );
}

#[tokio::test]
async fn held_phone_does_and_answers_nothing_until_its_release() {
    let harness = Harness::new(options(), Vec::new()).await;
    harness.phone.hold();
    let xml = object("TextScreen", "<Text>a</Text>");
    let released = async {
        let state = harness.wait_until(|state| state.waiting == 1).await;
        assert!(state.screen.is_none() && state.exchanges.is_empty());
        harness.phone.release();
    };
    let (response, ()) = tokio::join!(push(&harness, &xml), released);
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    let state = harness.phone.state();
    assert!(state.screen.is_some() && state.waiting == 0);
    assert!(push(&harness, &xml).await.starts_with("HTTP/1.1 200"));
}
