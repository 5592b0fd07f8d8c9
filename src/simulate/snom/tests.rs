use url::form_urlencoded;

use super::super::calls::Standing;
use super::super::digest::{Secret, response};
use super::super::lab::{Lab, Page, png};
use super::super::options::{Options, Scheme};
use super::super::state::{Content, Direction};
use super::super::wave::silence;
use crate::phone::Vendor;

fn options() -> Options {
    Options::new(Vendor::Snom)
}

fn guarded(scheme: Scheme) -> Options {
    Options {
        scheme,
        credentials: Some(("admin".to_owned(), "secret".to_owned())),
        ..options()
    }
}

async fn ask(lab: &Lab, target: &str, headers: &str) -> String {
    lab.send(format!(
        "GET {target} HTTP/1.1\r\nHost: phone\r\nConnection: close\r\n{headers}\r\n"
    ))
    .await
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn browse(lab: &Lab, path: &str) -> String {
    ask(
        lab,
        &format!("/minibrowser.htm?url={}", encoded(&lab.url(path))),
        "",
    )
    .await
}

#[tokio::test]
async fn a_page_is_fetched_shown_and_left() {
    let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><SnomIPPhoneText><Title>Parking</Title>\
                <Text>Row 3<br/>left &amp; right</Text><SoftKeyItem><Name>F1</Name>\
                <Label>Next</Label><URL>/next</URL></SoftKeyItem><Led number=\"1\" color=\"red\">\
                on</Led><fetch mil=\"50\">snom://mb_exit#numberdial=100</fetch></SnomIPPhoneText>";
    let lab = Lab::new(options(), vec![Page::xml("/screen", text)]).await;
    let answer = browse(&lab, "/screen").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let state = lab.until(|state| state.shown.is_some()).await;
    let shown = state.shown.unwrap();
    assert_eq!(shown.title, "Parking");
    assert_eq!(shown.content.text(), Some("Row 3\nleft & right"));
    assert_eq!(
        (
            shown.soft_keys[0].position,
            shown.soft_keys[0].label.as_str()
        ),
        (1, "Next")
    );
    assert_eq!(state.lamps["1"], "red on");
    let fetched = state
        .exchanges
        .iter()
        .find(|e| e.direction == Direction::Fetched)
        .unwrap();
    let agent = fetched.header("user-agent").unwrap();
    assert!(
        agent.starts_with("Mozilla/4.0 (compatible; snomD785-SIP 10.1.198.12 "),
        "{agent}"
    );
    let state = lab.until(|state| state.shown.is_none()).await;
    assert_eq!(state.dialed, ["100"]);
}

#[tokio::test]
async fn a_url_must_be_absolute_and_encoded() {
    let lab = Lab::new(options(), vec![Page::xml("/", "<SnomIPPhoneText/>")]).await;
    let plain = lab.url("/");
    for query in [
        format!("url={plain}"),
        format!("url={}", encoded(plain.trim_start_matches("http://"))),
        format!("URL={}", encoded(&plain)),
        format!("url={}&more=1", encoded(&plain)),
        "url=%zz".to_owned(),
        String::new(),
    ] {
        ask(&lab, &format!("/minibrowser.htm?{query}"), "").await;
    }
    let state = lab.phone.state();
    assert_eq!(state.refusals().count(), 6);
    assert!(state.shown.is_none());
    assert_eq!(state.exchanges.len(), 6, "nothing was fetched");
}

#[tokio::test]
async fn pages_that_the_minibrowser_cannot_read_show_an_error() {
    let text = |inner: &str| format!("<SnomIPPhoneText>{inner}</SnomIPPhoneText>");
    let xml = "text/xml; charset=utf-8";
    let image = "<SnomIPPhoneImage><Data encoding=\"base64\">AAAA</Data></SnomIPPhoneImage>";
    for (content_type, page, reason) in [
        ("text/html", text(""), "Content-Type"),
        (xml, text("<Text>a & b</Text>"), "no well-formed XML"),
        (xml, text("<Text>\u{2}</Text>"), "no well-formed XML"),
        (xml, text("<Picture/>"), "the unknown element Picture"),
        (
            xml,
            text("<fetch>snom://mb_exit</fetch>"),
            "fetch without mil",
        ),
        (
            xml,
            text("<SoftKeyItem><Name>F9</Name></SoftKeyItem>"),
            "Name `F9`",
        ),
        (xml, text("") + &text(""), "no well-formed XML"),
        (xml, "<CiscoIPPhoneText/>".to_owned(), "the unknown object"),
        (xml, "<SnomIPPhoneBatch/>".to_owned(), "an empty batch"),
        (
            xml,
            "<SnomIPPhoneInput><URL>x</URL></SnomIPPhoneInput>".to_owned(),
            "InputItem",
        ),
        (xml, image.to_owned(), "no picture at all"),
    ] {
        let lab = Lab::new(options(), vec![Page::new("/", content_type, page)]).await;
        browse(&lab, "/").await;
        let state = lab.until(|state| state.shown.is_some()).await;
        let Content::Error(words) = state.shown.unwrap().content else {
            panic!("no error shown")
        };
        assert!(words.contains(reason), "{reason}: {words}");
    }
}

#[tokio::test]
async fn menus_forms_and_directories_lead_on() {
    let menu = "<SnomIPPhoneMenu><Title>Menu</Title><MenuItem><Name>Form</Name><URL>SITE/form\
                </URL></MenuItem><MenuItem name=\"Leave\"><URL>snom://mb_exit</URL></MenuItem>\
                </SnomIPPhoneMenu>";
    let form = "<SnomIPPhoneInput><Title>Who</Title><URL>SITE/book</URL><InputItem><DisplayName>\
                Name</DisplayName><QueryStringParam>n</QueryStringParam><InputFlags>a</InputFlags>\
                </InputItem></SnomIPPhoneInput>";
    let book = "<SnomIPPhoneDirectory><DirectoryEntry><Name>Ann</Name><Telephone>201</Telephone>\
                </DirectoryEntry></SnomIPPhoneDirectory>";
    let last = Lab::new(options(), vec![Page::xml("/book?n=A+n", book)]).await;
    let form = form.replace("SITE", &last.url(""));
    let middle = Lab::new(options(), vec![Page::xml("/form", form)]).await;
    let menu = menu.replace("SITE", &middle.url(""));
    let lab = Lab::new(options(), vec![Page::xml("/", menu)]).await;
    browse(&lab, "/").await;
    lab.until(|state| state.shown.is_some()).await;
    lab.phone.press("Select").await.unwrap();
    lab.phone.submit(&[("n", "A n")]).await.unwrap();
    lab.phone.pick(0).await.unwrap();
    assert_eq!(lab.phone.state().dialed, ["201"]);
    lab.phone.press("Exit").await.unwrap();
    assert!(lab.phone.state().shown.is_none());
}

#[tokio::test]
async fn a_silent_document_draws_nothing_and_a_batch_shows_its_first() {
    let silent = "<SnomIPPhoneSilent state=\"relevant\"><fetch mil=\"1\">\
                  snom://mb_nop#key=F_HOLD</fetch></SnomIPPhoneSilent>";
    let batch = "<SnomIPPhoneBatch><SnomIPPhoneText id=\"1\"><Text>one</Text></SnomIPPhoneText>\
                 <SnomIPPhoneText id=\"2\"/></SnomIPPhoneBatch>";
    let pages = vec![Page::xml("/silent", silent), Page::xml("/batch", batch)];
    let lab = Lab::new(options(), pages).await;
    browse(&lab, "/silent").await;
    let state = lab.until(|state| !state.keys.is_empty()).await;
    assert_eq!(state.keys, ["F_HOLD"]);
    assert!(state.shown.is_none());
    browse(&lab, "/batch").await;
    let state = lab.until(|state| state.shown.is_some()).await;
    assert_eq!(state.shown.unwrap().content.text(), Some("one"));
}

#[tokio::test]
async fn a_callback_in_a_text_is_evaluated_for_everyone_to_see() {
    let text = "<SnomIPPhoneText><Text>$(set:mac) $[phone_state] $5 $(x</Text></SnomIPPhoneText>";
    let lab = Lab::new(options(), vec![Page::xml("/", text)]).await;
    browse(&lab, "/").await;
    let state = lab.until(|state| state.shown.is_some()).await;
    assert_eq!(
        state.shown.unwrap().content.text(),
        Some("00005E005302 Idle $5 $(x")
    );
    assert_eq!(state.remarks.len(), 2);
}

#[tokio::test]
async fn images_of_twice_the_display_are_scaled_and_larger_ones_refused() {
    for (width, height, shown) in [
        (100, 50, Some((100, 50))),
        (960, 544, Some((480, 272))),
        (961, 544, None),
    ] {
        let object = "<SnomIPPhoneImageFile><URL>/i</URL></SnomIPPhoneImageFile>";
        let pages = vec![Page::xml("/", object), Page::png("/i", width, height)];
        let lab = Lab::new(options(), pages).await;
        browse(&lab, "/").await;
        let content = lab
            .until(|state| state.shown.is_some())
            .await
            .shown
            .unwrap()
            .content;
        let size = content
            .picture()
            .map(|picture| (picture.width(), picture.height()));
        assert_eq!(size, shown);
    }
}

#[tokio::test]
async fn keys_numbers_and_ringers_are_checked() {
    let lab = Lab::new(options(), Vec::new()).await;
    for target in [
        "/command.htm?key=OFFHOOK;1,800;%23,100,200",
        "/command.htm?number=100",
        "/command.htm?RELEASE_ALL_CALLS",
    ] {
        assert!(
            ask(&lab, target, "").await.starts_with("HTTP/1.1 200"),
            "{target}"
        );
    }
    let answer = ask(&lab, "/line_login.htm?PLAY_RINGER:3=Play+Ringer", "").await;
    assert!(answer.starts_with("HTTP/1.1 302"), "{answer}");
    let state = lab.phone.state();
    assert_eq!(state.refusals().count(), 0);
    assert_eq!(state.keys, ["OFFHOOK", "1", "#", "RELEASE_ALL_CALLS"]);
    assert_eq!(state.dialed, ["100"]);
    assert_eq!(
        (state.played[0].name.as_str(), state.ringing),
        ("Ringer3", true)
    );
    ask(&lab, "/command.htm?key=CANCEL", "").await;
    assert!(!lab.phone.state().ringing);
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
        let before = lab.phone.state().refusals().count();
        ask(&lab, target, "").await;
        assert_eq!(lab.phone.state().refusals().count(), before + 1, "{target}");
    }
}

#[tokio::test]
async fn a_custom_ringer_is_fetched_and_judged() {
    for (file, works) in [
        (silence(1, 1, 8000, 16, 16_000), true),
        (silence(7, 1, 8000, 8, 8000), false),
        (silence(1, 2, 8000, 16, 16_000), false),
        (silence(1, 1, 16_000, 16, 16_000), false),
        (vec![0xff; 240], false),
    ] {
        let lab = Lab::new(options(), vec![Page::new("/tone.wav", "audio/wav", file)]).await;
        let url = encoded(&lab.url("/tone.wav"));
        let query = format!("settings=save&user_ringer1=custom&user_custom1={url}");
        let answer = ask(
            &lab,
            &format!("/settings.htm?{query}&store_settings=save"),
            "",
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 302"), "{answer}");
        let fetched = |state: &super::super::State| state.exchanges.len() == 2;
        let state = lab
            .until(|state| fetched(state) && works == state.ringtone.is_some())
            .await;
        assert_eq!(state.refusals().count(), usize::from(!works));
        assert_eq!(state.settings["user_ringer1"], "custom");
    }
}

#[tokio::test]
async fn a_background_must_be_a_png_of_the_displays_size() {
    for (page, works) in [
        (Page::png("/bg", 480, 272), true),
        (Page::png("/bg", 480, 271), false),
        (Page::new("/bg", "image/png", "x"), false),
    ] {
        let lab = Lab::new(options(), vec![page, Page::png("/before", 480, 272)]).await;
        let set = async |path: &str| {
            let url = encoded(&lab.url(path));
            ask(
                &lab,
                &format!("/settings.htm?settings=save&custom_bg_image_url={url}"),
                "",
            )
            .await;
        };
        set("/before").await;
        lab.until(|state| state.background.is_some()).await;
        set("/bg").await;
        let source = lab.url("/bg");
        lab.until(|state| match &state.background {
            Some(picture) => works && picture.source == source,
            None => !works,
        })
        .await;
    }
    assert!(!png(1, 1).is_empty());
}

#[tokio::test]
async fn a_d8_has_no_remote_control() {
    let options = Options {
        model: "D865".to_owned(),
        ..options()
    };
    let lab = Lab::new(options, Vec::new()).await;
    assert!(
        ask(&lab, "/command.htm?key=1", "")
            .await
            .starts_with("HTTP/1.1 404")
    );
}

#[tokio::test]
async fn basic_credentials_are_asked_for_and_judged() {
    let lab = Lab::new(guarded(Scheme::Basic), Vec::new()).await;
    let target = "/command.htm?key=1";
    for (headers, status) in [
        ("", "401"),
        ("Authorization: Basic YWRtaW46d3Jvbmc=\r\n", "401"),
        ("Authorization: Digest username=\"admin\"\r\n", "401"),
        ("Authorization: Basic YWRtaW46c2VjcmV0\r\n", "200"),
    ] {
        let answer = ask(&lab, target, headers).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{headers}: {answer}"
        );
        let asks = answer.contains("Www-Authenticate: Basic realm=\"snom\"");
        assert_eq!(asks, status == "401", "{answer}");
    }
    let state = lab.phone.state();
    assert_eq!((state.keys.len(), state.bad_credentials), (1, 2));
}

fn digest(nonce: &str, target: &str, uri: &str) -> String {
    let response = response(&Secret {
        user: "admin",
        password: "secret",
        realm: "snom",
        method: "GET",
        uri: target,
        nonce,
        with: Some(("00000001", "c")),
    });
    format!(
        "Authorization: Digest username=\"admin\", realm=\"snom\", nonce=\"{nonce}\", \
         uri=\"{uri}\", qop=auth, nc=00000001, cnonce=\"c\", response=\"{response}\"\r\n"
    )
}

#[tokio::test]
async fn a_digest_is_challenged_and_judged() {
    let lab = Lab::new(guarded(Scheme::Digest), Vec::new()).await;
    let target = "/command.htm?key=1";
    let answer = ask(&lab, target, "Authorization: Basic YWRtaW46c2VjcmV0\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let (_, nonce) = answer.split_once("nonce=\"").unwrap();
    let (nonce, _) = nonce.split_once('"').unwrap();
    let answer = ask(&lab, target, &digest(nonce, target, "/command.htm")).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let right = digest(nonce, target, target);
    assert!(ask(&lab, target, &right).await.starts_with("HTTP/1.1 200"));
    let again = ask(&lab, target, &right).await;
    assert!(
        again.starts_with("HTTP/1.1 401") && again.contains("stale=true"),
        "{again}"
    );
}

async fn csta(lab: &Lab, body: &str) -> String {
    lab.send(format!(
        "POST /csta HTTP/1.1\r\nHost: phone\r\nConnection: close\r\nContent-Type: text/xml\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    ))
    .await
}

fn of_firmware(model: &str, firmware: &str) -> Options {
    Options {
        model: model.to_owned(),
        firmware: firmware.to_owned(),
        ..options()
    }
}

#[tokio::test]
async fn csta_is_spoken_in_the_dialect_of_the_firmware() {
    let flat = "<e:Envelope xmlns:e=\"e\" xmlns:c=\"c\"><e:Body><c:AnswerCall><c:callToBeAnswered>-1\
                </c:callToBeAnswered></c:AnswerCall></e:Body></e:Envelope>";
    let bare = "<AnswerCall><callToBeAnswered><callID>-1</callID></callToBeAnswered></AnswerCall>";
    let nested = flat.replace("-1", "<c:callID>-1</c:callID>");
    for (firmware, bodies) in [
        ("7.1.39", [(flat, "404"), (bare, "404"), (&nested, "404")]),
        ("8.4.18", [(flat, "200"), (bare, "500"), (&nested, "500")]),
        ("8.7.2", [(flat, "404"), (bare, "404"), (&nested, "404")]),
        ("8.7.3", [(flat, "500"), (bare, "200"), (&nested, "200")]),
    ] {
        for (body, status) in bodies {
            let lab = Lab::new(of_firmware("320", firmware), Vec::new()).await;
            lab.phone.is_called_by("201");
            let answer = csta(&lab, body).await;
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status}")),
                "{firmware}: {answer}"
            );
            assert_eq!(
                answer.contains("Envelope"),
                body.contains("Envelope") && status != "404"
            );
            let standing = lab.phone.state().calls.all()[0].standing;
            assert_eq!(standing == Standing::Connected, status == "200");
        }
    }
}

#[tokio::test]
async fn what_csta_does_not_know_is_a_fault() {
    let lab = Lab::new(options(), Vec::new()).await;
    for (body, error) in [
        (
            "<HoldCall><callToBeHeld><callID>9</callID></callToBeHeld></HoldCall>",
            "invalidCallID",
        ),
        (
            "<HoldCall><callToBeHeld><deviceID>1</deviceID></callToBeHeld></HoldCall>",
            "invalidConnectionIdentifier",
        ),
        (
            "<SnapshotDevice><snapshotObject>2</snapshotObject></SnapshotDevice>",
            "invalidDeviceID",
        ),
        ("<MakeCoffee/>", "serviceNotSupported"),
        ("<SetSettings/>", "invalidParameterValue"),
    ] {
        let answer = csta(&lab, body).await;
        assert!(
            answer.starts_with("HTTP/1.1 500") && answer.contains(error),
            "{answer}"
        );
    }
    assert!(csta(&lab, "<a").await.starts_with("HTTP/1.1 400"));
    assert_eq!(lab.phone.state().refusals().count(), 6);
}

#[tokio::test]
async fn keys_make_hold_and_transfer_calls() {
    let lab = Lab::new(options(), Vec::new()).await;
    let press = async |keys: &str| {
        ask(&lab, &format!("/command.htm?key={keys}"), "").await;
    };
    lab.phone.is_called_by("201");
    press("ENTER").await;
    press("F_HOLD;2;0;0;ENTER").await;
    lab.until(|state| {
        state.calls.all().len() == 2 && state.calls.all()[1].standing == Standing::Connected
    })
    .await;
    press("TRANSFER").await;
    let state = lab.phone.state();
    assert_eq!(
        state.calls.transferred(),
        [("201".to_owned(), "200".to_owned())]
    );
    assert_eq!(state.calls.all(), []);
    lab.phone.is_called_by("202");
    press("ENTER;TRANSFER;3;0;0;ENTER").await;
    assert_eq!(lab.phone.state().calls.transferred()[1].1, "300");
    // With that setting the phone asks first.
    ask(&lab, "/settings.htm?settings=save&call_join_xfer=on", "").await;
    lab.phone.is_called_by("203");
    press("ENTER;F_HOLD;4;ENTER").await;
    lab.until(|state| state.calls.standing(Standing::Connected).is_some())
        .await;
    press("TRANSFER").await;
    assert_eq!(lab.phone.state().calls.all().len(), 2);
    press("ENTER").await;
    assert_eq!(lab.phone.state().calls.all(), []);
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
            "/command.htm?number=1&outgoing_uri=x@y",
            false,
        ),
        ("D785", "10.1.198.12", "/command.htm?key_dtmf=1", false),
    ] {
        let lab = Lab::new(of_firmware(model, firmware), Vec::new()).await;
        ask(&lab, target, "").await;
        let refusals = lab.phone.state().refusals().count();
        assert_eq!(refusals == 0, good, "{model} {firmware} {target}");
    }
}

#[tokio::test]
async fn guarded_pages_take_no_queries() {
    let lab = Lab::new(options(), Vec::new()).await;
    ask(&lab, "/settings.htm?settings=save&use_hidden_tags=on", "").await;
    let answer = ask(&lab, "/command.htm?key=1", "").await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert!(
        ask(&lab, "/settings.htm", "")
            .await
            .contains("<use_hidden_tags perm=\"RW\">on<")
    );
}

#[tokio::test]
async fn a_notify_shows_presses_and_sets_only_what_it_may() {
    let lab = Lab::new(of_firmware("D862", "10.1.226.13"), Vec::new()).await;
    let silent = |url: &str| {
        format!("<SnomIPPhoneSilent><fetch mil=\"1\">{url}</fetch></SnomIPPhoneSilent>")
    };
    let notify = |body: &str| lab.phone.notified("xml", "application/snomxml", body);
    notify(&silent("snom://mb_nop#key=F_DND")).unwrap();
    lab.until(|state| state.settings.contains_key("dnd_mode"))
        .await;
    notify(&silent("snom://mb_nop#set:language=Deutsch")).unwrap();
    let state = lab.until(|state| !state.remarks.is_empty()).await;
    assert!(!state.settings.contains_key("language"));
    assert!(notify("<Nothing/>").is_err());
    assert!(lab.phone.notified("xml", "text/xml", &silent("")).is_err());
    assert!(lab.phone.notified("talk", "", "").is_err());
    let old = Lab::new(of_firmware("320", "8.4.35"), Vec::new()).await;
    assert!(
        old.phone
            .notified("xml", "application/snomxml", &silent("snom://mb_exit"))
            .is_err()
    );
}
