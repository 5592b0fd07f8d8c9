use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::{Url, form_urlencoded};

use super::super::lab::{Lab, Page};
use super::super::options::{AuthenticationMethod, Options};
use super::super::state::{Content, Direction};
use crate::phone::Vendor;

fn options() -> Options {
    Options::new(Vendor::Cisco)
}

fn encoded(xml: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("XML", xml)
        .finish()
}

fn post(headers: &str, body: &str) -> String {
    format!(
        "POST /CGI/Execute HTTP/1.1\r\nHost: phone\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

async fn push(lab: &Lab, xml: &str) -> String {
    lab.send(post("", &encoded(xml))).await
}

fn execute(urls: &[&str]) -> String {
    let items: Vec<_> = urls
        .iter()
        .map(|url| format!("<ExecuteItem URL=\"{url}\"/>"))
        .collect();
    let items = items.concat();
    format!("<CiscoIPPhoneExecute>{items}</CiscoIPPhoneExecute>")
}

const ERROR_1: &str = "<CiscoIPPhoneError Number=\"1\" />";
const ERROR_4: &str = "<CiscoIPPhoneError Number=\"4\" />";
const ERROR_6: &str = "<CiscoIPPhoneError Number=\"6\" />";

#[tokio::test]
async fn a_pushed_url_is_fetched_as_a_phone_fetches_and_shown() {
    let text = "<CiscoIPPhoneText><Title>Parking</Title><Prompt>For you</Prompt>\
                <SoftKeyItem><Name>Exit</Name><Position>3</Position><URL>SoftKey:Exit</URL>\
                </SoftKeyItem><Text>Row 3 &amp; 4</Text></CiscoIPPhoneText>";
    let lab = Lab::new(options(), vec![Page::xml("/screen/1", text)]).await;
    let answer = push(&lab, &execute(&[&lab.url("/screen/1")])).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("Status=\"0\"") && answer.contains("<CiscoIPPhoneResponse>"));
    let state = lab.until(|state| state.shown.is_some()).await;
    let shown = state.shown.unwrap();
    assert_eq!(
        (shown.title.as_str(), shown.prompt.as_str()),
        ("Parking", "For you")
    );
    assert_eq!(shown.content.text(), Some("Row 3 & 4"));
    assert_eq!(shown.soft_keys.len(), 1);
    let fetched = state
        .exchanges
        .iter()
        .find(|e| e.direction == Direction::Fetched)
        .unwrap();
    assert_eq!(
        fetched.header("User-Agent"),
        Some("Allegro-Software-WebClient/4.34")
    );
    assert_eq!(fetched.header("Accept-Charset"), Some("utf-8,;q=0.8"));
    assert_eq!(
        fetched.header("x-CiscoIPPhoneDisplay"),
        Some("298,168,12,C")
    );
    assert_eq!(fetched.refused, None);
    lab.phone.press("Exit").await.unwrap();
    assert!(lab.phone.state().shown.is_none());
    assert!(lab.phone.press("Exit").await.is_err());
}

#[tokio::test]
async fn requests_that_are_no_push_are_refused() {
    let lab = Lab::new(options(), Vec::new()).await;
    let good = encoded(&execute(&["Key:Soft1"]));
    let head = "HTTP/1.1\r\nHost: phone\r\nConnection: close\r\n";
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for (request, status) in [
        (
            post("", &good).replace("/CGI/Execute", "/cgi/execute"),
            "404",
        ),
        (
            post("", &good).replace("x-www-form-urlencoded", "json"),
            "415",
        ),
        (post("", &good).replace("POST", "PUT"), "405"),
        (format!("GET /CGI/Execute {head}\r\n"), "405"),
        (format!("GET / {head}\r\n"), "404"),
        (format!("POST /CGI/Execute {head}{form}\r\n"), "411"),
        (
            format!("POST /CGI/Execute {head}{form}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            "411",
        ),
        (post("", &"x".repeat(70_000)), "413"),
        ("nonsense\r\n\r\n".to_owned(), "400"),
    ] {
        let answer = lab.send(&request).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}: {answer}"
        );
    }
    assert_eq!(lab.phone.state().refusals().count(), 9);
    assert!(
        push(&lab, &execute(&["Key:Soft1"]))
            .await
            .contains("Status=\"0\"")
    );
    assert_eq!(lab.phone.state().keys, ["Soft1"]);
}

#[tokio::test]
async fn http_1_0_without_keep_alive_works() {
    let lab = Lab::new(options(), Vec::new()).await;
    let request = post("", &encoded(&execute(&["Key:Soft1"])));
    let request = request.replace("HTTP/1.1\r\nHost: phone\r\nConnection: close", "HTTP/1.0");
    let answer = lab.send(request).await;
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
}

#[tokio::test]
async fn pushed_documents_out_of_the_schema_are_error_1() {
    let lab = Lab::new(options(), Vec::new()).await;
    let long = format!("Key:{}", "x".repeat(253));
    let url = "http://192.0.2.1/";
    for xml in [
        execute(&["Key:Soft1", "Key:Soft2", "Key:Soft3", "Key:Soft4"]),
        execute(&[url, url]),
        execute(&[]),
        execute(&[""]),
        execute(&[&long]),
        execute(&["http://192.0.2.1/?a=1&b=2"]),
        "<CiscoIPPhoneExecute><ExecuteItem URL=\"Key:Soft1\" Priority=\"3\"/>\
         </CiscoIPPhoneExecute>"
            .to_owned(),
        "<CiscoIPPhoneExecute><ExecuteItem Priority=\"0\"URL=\"Key:Soft1\"/>\
         </CiscoIPPhoneExecute>"
            .to_owned(),
        "<CiscoIPPhoneExecute><ExecuteItem/></CiscoIPPhoneExecute>".to_owned(),
        "<CiscoIPPhoneNothing/>".to_owned(),
        "<CiscoIPPhoneError Number=\"1\"/>".to_owned(),
        format!("{}{}", execute(&["Key:Soft1"]), " ".repeat(512)),
        String::new(),
    ] {
        let answer = push(&lab, &xml).await;
        assert!(answer.contains(ERROR_1), "{xml}: {answer}");
    }
    for body in [
        "xml=%3CCiscoIPPhoneText%2F%3E".to_owned(),
        "XML=%3CCiscoIPPhoneText%2F%3".to_owned(),
        "XML=<CiscoIPPhoneText><Text>a&b</Text></CiscoIPPhoneText>".to_owned(),
        encoded(&format!(
            "<CiscoIPPhoneText>{}</CiscoIPPhoneText>",
            " ".repeat(41_000)
        )),
    ] {
        let answer = lab.send(post("", &body)).await;
        assert!(answer.contains(ERROR_1), "{body}: {answer}");
    }
    let state = lab.phone.state();
    assert!(state.shown.is_none() && state.keys.is_empty());
}

#[tokio::test]
async fn uris_that_may_not_be_executed_are_told_one_by_one() {
    let lab = Lab::new(options(), Vec::new()).await;
    let bad = [
        "SoftKey:Exit",
        "Notify:http:192.0.2.1:80:path",
        "QueryStringParam:a=b",
        "Play:../secret.raw",
        "Play:tone.wav",
        "Init:Nothing",
        "Display:Maybe",
        "RTPRx:192.0.2.1:20481",
        "ftp://192.0.2.1/",
        "nonsense",
    ];
    for url in bad {
        let answer = push(&lab, &execute(&["Key:Soft1", url])).await;
        assert!(answer.contains("Data=\"Invalid URI\""), "{url}: {answer}");
        assert_eq!(answer.matches("Status=\"1\"").count(), 1, "{url}: {answer}");
        assert_eq!(answer.matches("Status=\"0\"").count(), 1, "{url}: {answer}");
    }
    for url in [
        "Dial:100",
        "Display:Off:5",
        "RTPMRx:239.1.2.3:20480",
        "App:Close:0:60:a/b",
    ] {
        let answer = push(&lab, &execute(&[url])).await;
        assert!(answer.contains("Status=\"0\""), "{url}: {answer}");
    }
    assert_eq!(lab.phone.state().dialed, ["100"]);
}

#[tokio::test]
async fn a_tone_is_answered_when_it_has_ended_and_after_quicker_items() {
    let options = Options {
        playback: Duration::from_millis(50),
        ..options()
    };
    let lab = Lab::new(options, Vec::new()).await;
    let answer = push(&lab, &execute(&["Play:chime.raw", "Key:Soft1"])).await;
    let place = |what: &str| answer.find(what).unwrap();
    assert!(place("Key:Soft1") < place("Play:chime.raw"), "{answer}");
    assert_eq!(lab.phone.state().played[0].name, "chime.raw");
}

#[tokio::test]
async fn an_object_in_the_push_itself_is_shown_and_init_takes_it_away() {
    let lab = Lab::new(options(), Vec::new()).await;
    push(
        &lab,
        "<CiscoIPPhoneText><Text>Hello</Text></CiscoIPPhoneText>",
    )
    .await;
    let shown = lab.phone.state().shown.unwrap();
    assert_eq!(shown.content.text(), Some("Hello"));
    assert_eq!(shown.source, None);
    push(&lab, &execute(&["Init:Services"])).await;
    assert!(lab.phone.state().shown.is_none());
}

async fn authenticated(answer: Page, headers: &str, change: impl FnOnce(&mut Options)) -> String {
    // The site's address must be known before the phone starts.
    let site = Lab::new(options(), vec![answer]).await;
    let mut options = options();
    options.authentication_url = Some(Url::parse(&site.url("/auth")).unwrap());
    change(&mut options);
    let lab = Lab::new(options, Vec::new()).await;
    let answer = lab
        .send(post(headers, &encoded(&execute(&["Key:Soft1"]))))
        .await;
    assert_eq!(
        lab.phone.state().keys.is_empty(),
        !answer.contains("Status=\"0\"")
    );
    answer
}

fn basic(user: &str, password: &str) -> String {
    format!(
        "Authorization: Basic {}\r\n",
        STANDARD.encode(format!("{user}:{password}"))
    )
}

#[tokio::test]
async fn the_authentication_answer_counts_to_the_byte() {
    for body in [
        "AUTHORIZED\n",
        " AUTHORIZED",
        "authorized",
        "UN-AUTHORIZED",
        "",
        "\u{feff}AUTHORIZED",
    ] {
        let page = Page::new("/auth", "text/plain", body);
        let answer = authenticated(page, &basic("push", "secret"), |_| ()).await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains(ERROR_4),
            "{body:?}"
        );
    }
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nAUTHORIZED\r\n0\r\n\r\n";
    for page in [
        Page::raw("/auth", chunked),
        Page::raw(
            "/auth",
            "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n",
        ),
        Page::raw(
            "/auth",
            "HTTP/1.1 500 Oops\r\nContent-Length: 10\r\n\r\nAUTHORIZED",
        ),
    ] {
        let answer = authenticated(page, &basic("push", "secret"), |_| ()).await;
        assert!(answer.contains(ERROR_4), "{answer}");
    }
}

#[tokio::test]
async fn the_authentication_url_is_asked_with_the_pushers_words() {
    let right = "/auth?UserID=p%26sh&Password=s+%3A%C3%A9&devicename=SEP00005E005301";
    let page = Page::new(right, "text/plain", "AUTHORIZED");
    let answer = authenticated(page, &basic("p&sh", "s :é"), |_| ()).await;
    assert!(answer.contains("Status=\"0\""), "{answer}");
    let form = |options: &mut Options| options.authentication_method = AuthenticationMethod::Post;
    let page = Page::new("/auth", "text/plain", "AUTHORIZED");
    assert!(
        authenticated(page, &basic("a", "b"), form)
            .await
            .contains("Status=\"0\"")
    );
}

#[tokio::test]
async fn without_credentials_there_is_error_4_or_401_by_model() {
    let page = Page::new("/auth", "text/plain", "AUTHORIZED");
    for headers in [
        "",
        "Authorization: Digest x\r\n",
        "Authorization: Basic %%\r\n",
    ] {
        let answer = authenticated(page.clone(), headers, |_| ()).await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains(ERROR_4),
            "{answer}"
        );
    }
    let old = |options: &mut Options| options.model = "7940".to_owned();
    let answer = authenticated(page, "", old).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

#[tokio::test]
async fn pages_out_of_the_schema_show_an_error() {
    let text = |inner: &str| format!("<CiscoIPPhoneText>{inner}</CiscoIPPhoneText>");
    let menu = |count: usize| {
        let items = "<MenuItem><Name>a</Name><URL>Key:Soft1</URL></MenuItem>".repeat(count);
        format!("<CiscoIPPhoneMenu>{items}</CiscoIPPhoneMenu>")
    };
    let long = "x".repeat(33);
    for (page, reason) in [
        (
            text(&format!("<Title>{long}</Title>")),
            "Title of 33 characters",
        ),
        (
            text(&format!("<Text>{}</Text>", "x".repeat(4001))),
            "Text of 4001 characters",
        ),
        (
            text("<Text>a</Text><Title>b</Title>"),
            "Title in the wrong order",
        ),
        (
            text("<SoftKeyItem><Name>a</Name></SoftKeyItem>"),
            "SoftKeyItem without Position",
        ),
        (text("<Text>\u{7}</Text>"), "no well-formed XML"),
        (text("<Text>a & b</Text>"), "no well-formed XML"),
        (text("<text>a</text>"), "the unknown element text"),
        (menu(101), "101 MenuItem"),
        (
            "<CiscoIPPhoneInput><URL>http://192.0.2.1/</URL><InputItem><InputFlags>A</InputFlags>\
             </InputItem></CiscoIPPhoneInput>"
                .to_owned(),
            "InputItem without QueryStringParam",
        ),
        ("<CiscoIPPhoneResponse/>".to_owned(), "the unknown object"),
        (
            "<setRingTone><ringTone>a</ringTone></setRingTone>".to_owned(),
            "only a push may hold",
        ),
    ] {
        let lab = Lab::new(options(), vec![Page::xml("/", page)]).await;
        push(&lab, &execute(&[&lab.url("/")])).await;
        let refused = lab.refusal().await;
        assert!(refused.contains(reason), "{reason}: {refused}");
        let state = lab.until(|state| state.shown.is_some()).await;
        let Content::Error(words) = state.shown.unwrap().content else {
            panic!("no error shown")
        };
        assert!(words.starts_with("XML Error[4]"), "{words}");
    }
}

#[tokio::test]
async fn pages_of_another_type_or_status_show_an_error() {
    let text = "<CiscoIPPhoneText/>";
    for (page, words) in [
        (Page::new("/", "text/xml", text), "XML Error[4]"),
        (
            Page::new("/", "application/xml; charset=utf-8", text),
            "XML Error[4]",
        ),
        (Page::new("/", "text/html", text), "XML Error[4]"),
        (
            Page::new("/", "audio/basic", vec![0; 40_001]),
            "XML Error[4]",
        ),
        (Page::new("/", "audio/basic", "RIFF"), "XML Error[4]"),
        (Page::new("/elsewhere", "text/xml", text), "HTTP Error[8]"),
        (Page::raw("/", ""), "HTTP Error[10]"),
        (Page::xml("/", " ".repeat(200_000)), "Data too large!"),
    ] {
        let lab = Lab::new(options(), vec![page.clone()]).await;
        push(&lab, &execute(&[&lab.url("/")])).await;
        let state = lab.until(|state| state.shown.is_some()).await;
        let Content::Error(shown) = state.shown.unwrap().content else {
            panic!("no error shown")
        };
        assert!(shown.starts_with(words), "{page:?}: {shown}");
    }
}

#[tokio::test]
async fn a_fetched_tone_is_played_and_plain_words_are_shown() {
    let pages = vec![
        Page::new("/tone", "audio/basic", vec![0xff; 8000]),
        Page::new("/words", "text/plain", "Hello"),
    ];
    let lab = Lab::new(options(), pages).await;
    push(&lab, &execute(&[&lab.url("/tone")])).await;
    let state = lab.until(|state| !state.played.is_empty()).await;
    assert_eq!(state.played[0].sound.len(), 8000);
    push(&lab, &execute(&[&lab.url("/words")])).await;
    let state = lab.until(|state| state.shown.is_some()).await;
    assert_eq!(state.shown.unwrap().content.text(), Some("Hello"));
}

#[tokio::test]
async fn menus_forms_and_directories_lead_on() {
    let menu = "<CiscoIPPhoneMenu><MenuItem><Name>One</Name><URL>QueryStringParam:id=1</URL>\
                </MenuItem><MenuItem><Name>Two</Name><URL>Dial:200</URL></MenuItem>";
    let key = "<SoftKeyItem><Name>Read</Name><Position>1</Position><URL>SITE/form?x=y</URL>\
               </SoftKeyItem>";
    let form = "<CiscoIPPhoneInput><URL>SITE/book?d=#DEVICENAME#</URL><InputItem>\
                <DisplayName>Name</DisplayName><QueryStringParam>n</QueryStringParam>\
                <InputFlags>A</InputFlags></InputItem></CiscoIPPhoneInput>";
    let book = "<CiscoIPPhoneDirectory><DirectoryEntry><Name>Ann</Name><Telephone>201</Telephone>\
                </DirectoryEntry></CiscoIPPhoneDirectory>";
    let end = Lab::new(
        options(),
        vec![Page::xml("/book?d=SEP00005E005301&n=A+n", book)],
    )
    .await;
    let middle = Lab::new(
        options(),
        vec![Page::xml(
            "/form?x=y&id=1",
            form.replace("SITE", &end.url("")),
        )],
    )
    .await;
    let key = key.replace("SITE", &middle.url(""));
    let menu = menu.replace("<MenuItem><Name>One", &format!("{key}<MenuItem><Name>One"));
    let lab = Lab::new(
        options(),
        vec![Page::xml("/", menu + "</CiscoIPPhoneMenu>")],
    )
    .await;
    push(&lab, &execute(&[&lab.url("/")])).await;
    lab.until(|state| state.shown.is_some()).await;
    lab.phone.pick(1).await.unwrap();
    assert!(lab.phone.pick(2).await.is_err());
    lab.phone.press("Read").await.unwrap();
    assert!(lab.phone.submit(&[("unknown", "")]).await.is_err());
    lab.phone.submit(&[("n", "A n")]).await.unwrap();
    lab.phone.pick(0).await.unwrap();
    assert_eq!(lab.phone.state().dialed, ["200", "201"]);
}

#[tokio::test]
async fn an_image_must_be_a_png_that_fits_the_area() {
    for (page, works) in [
        (Page::png("/i", 298, 168), true),
        (Page::png("/i", 299, 168), false),
        (
            Page::new("/i", "image/jpeg", super::super::lab::png(10, 10)),
            false,
        ),
        (Page::new("/i", "image/png", "no picture"), false),
    ] {
        let lab = Lab::new(options(), vec![page.clone()]).await;
        let object = format!(
            "<CiscoIPPhoneImageFile><URL>{}</URL></CiscoIPPhoneImageFile>",
            lab.url("/i")
        );
        let answer = push(&lab, &object).await;
        assert_eq!(answer.contains("Status=\"0\""), works, "{page:?}: {answer}");
        let shown = lab.phone.state().shown;
        assert_eq!(
            shown.is_some_and(|shown| shown.content.picture().is_some()),
            works
        );
    }
}

#[tokio::test]
async fn a_bitmap_has_its_first_point_in_the_lowest_bits() {
    let lab = Lab::new(options(), Vec::new()).await;
    let object = "<CiscoIPPhoneImage><Width>4</Width><Height>1</Height><Depth>2</Depth>\
                  <Data>2D</Data></CiscoIPPhoneImage>";
    push(&lab, object).await;
    let shown = lab.phone.state().shown.unwrap();
    let picture = shown.content.picture().unwrap();
    let shades: Vec<u8> = picture.pixels.pixels().map(|pixel| pixel.0[0]).collect();
    assert_eq!(shades, [170, 0, 85, 255]);
}

fn background(lab: &Lab) -> String {
    let (image, icon) = (lab.url("/image"), lab.url("/icon"));
    format!(
        "<setBackground><background><icon>{icon}</icon><image>{image}</image></background>\
         </setBackground>"
    )
}

#[tokio::test]
async fn a_background_must_have_the_models_sizes() {
    for (image, icon, works) in [
        (
            Page::png("/image", 320, 212),
            Page::png("/icon", 80, 53),
            true,
        ),
        (
            Page::png("/image", 320, 213),
            Page::png("/icon", 80, 53),
            false,
        ),
        (
            Page::png("/image", 320, 212),
            Page::png("/icon", 80, 49),
            false,
        ),
        (
            Page::new("/image", "text/plain", "x"),
            Page::png("/icon", 80, 53),
            false,
        ),
        (
            Page::png("/image", 320, 212),
            Page::png("/other", 80, 53),
            false,
        ),
    ] {
        let lab = Lab::new(options(), vec![image, icon]).await;
        let answer = push(&lab, &background(&lab)).await;
        assert_eq!(answer.contains(ERROR_6), !works, "{answer}");
        let state = lab.phone.state();
        assert_eq!(
            state.background.is_some() && state.thumbnail.is_some(),
            works
        );
    }
}

#[tokio::test]
async fn a_ring_tone_must_be_raw_and_of_the_right_length() {
    for (sound, works) in [
        (vec![0xff; 240], true),
        (vec![0xff; 16_080], true),
        (vec![0xff; 239], false),
        (vec![0xff; 241], false),
        (vec![0xff; 16_320], false),
        ([b"RIFF".as_slice(), &[0; 236]].concat(), false),
    ] {
        let length = sound.len();
        let lab = Lab::new(options(), vec![Page::new("/tone", "audio/basic", sound)]).await;
        let xml = format!(
            "<setRingTone><ringTone>{}</ringTone></setRingTone>",
            lab.url("/tone")
        );
        let answer = push(&lab, &xml).await;
        assert_eq!(answer.contains("Status=\"0\""), works, "{length}: {answer}");
        assert_eq!(lab.phone.state().ringtone.is_some(), works, "{length}");
        let secure = xml.replace("http:", "https:");
        assert!(push(&lab, &secure).await.contains(ERROR_1));
    }
}

#[tokio::test]
async fn a_refresh_header_leads_to_the_next_page() {
    let text = |text: &str| format!("<CiscoIPPhoneText><Text>{text}</Text></CiscoIPPhoneText>");
    let xml = ("Content-Type", "text/xml; charset=UTF-8");
    let pages = vec![
        Page::with_headers("/", &[xml, ("Refresh", "1; url=/next")], text("one")),
        Page::with_headers("/next", &[xml, ("Refresh", "0; url=/last")], text("two")),
        Page::xml("/last", text("three")),
    ];
    let lab = Lab::new(options(), pages).await;
    let words = |state: &super::super::State, words: &str| {
        let shown = state.shown.as_ref();
        shown.is_some_and(|shown| shown.content.text() == Some(words))
    };
    push(&lab, &execute(&[&lab.url("/")])).await;
    lab.until(|state| words(state, "one")).await;
    lab.until(|state| words(state, "two") && !state.shown.as_ref().unwrap().soft_keys.is_empty())
        .await;
    lab.phone.press("Next").await.unwrap();
    assert!(words(&lab.phone.state(), "three"));
    lab.tasks.shut_down(Duration::from_secs(1)).await;
}

#[tokio::test]
async fn models_and_addresses_that_do_not_exist_are_refused() {
    let tasks = crate::shutdown::Tasks::new();
    for change in [
        |options: &mut Options| options.model = "1234".to_owned(),
        |options: &mut Options| options.mac = "none".to_owned(),
    ] {
        let mut options = options();
        change(&mut options);
        assert!(super::super::start(options, &tasks).await.is_err());
    }
}

#[tokio::test]
async fn models_take_what_their_tables_say() {
    for (model, uri, status) in [
        ("7841", "Display:On", 1),
        ("7841", "SendDigits:1:1:Cisco/Dialer", 1),
        ("8821", "SoftKey:Exit", 0),
        ("8821", "EditDial:1", 1),
        ("8851", "Vibrate:1", 1),
        ("8851", "Device:Unlock", 0),
        ("8851", "SendDigits:1", 1),
        ("8851", "SendDigits:1:1:Dialer", 6),
        ("8851", "SendDigits:1:1:Cisco/Dialer", 6),
    ] {
        let model = Options {
            model: model.to_owned(),
            ..options()
        };
        let lab = Lab::new(model, Vec::new()).await;
        let answer = push(&lab, &execute(&[uri])).await;
        assert!(
            answer.contains(&format!("Status=\"{status}\"")),
            "{uri}: {answer}"
        );
    }
    let lab = Lab::new(options(), Vec::new()).await;
    let answer = push(&lab, &execute(&["Key:NavDown"])).await;
    assert!(answer.contains("Status=\"0\""), "{answer}");
    let state = lab.phone.state();
    assert!(
        state.keys.is_empty() && state.remarks.len() == 1,
        "it is discarded"
    );
}

#[tokio::test]
async fn a_7960_answers_elsewhere_and_once() {
    let old = Options {
        model: "7960".to_owned(),
        ..options()
    };
    let lab = Lab::new(old, Vec::new()).await;
    let answer = push(&lab, &execute(&["Key:Soft1"])).await;
    assert!(answer.starts_with("HTTP/1.1 302"), "{answer}");
    let place = answer
        .lines()
        .find_map(|line| line.strip_prefix("Location: "));
    let get = format!(
        "GET {} HTTP/1.1\r\nHost: phone\r\nConnection: close\r\n\r\n",
        place.unwrap()
    );
    assert!(lab.send(&get).await.contains("Status=\"0\""));
    assert!(lab.send(&get).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn streams_of_the_interface_are_one_at_a_time() {
    let new = Options {
        model: "8851".to_owned(),
        ..options()
    };
    let lab = Lab::new(new, Vec::new()).await;
    let stream = "<type>audio</type><codec>G.711</codec><mode>receive</mode>\
                  <address>239.0.0.1</address>";
    let start =
        |more: &str| format!("<startMedia><mediaStream>{stream}{more}</mediaStream></startMedia>");
    let stop = |id: &str| format!("<stopMedia><mediaStream id=\"{id}\"/></stopMedia>");
    for (xml, words) in [
        (format!("<startMedia>{stream}</startMedia>"), ERROR_1),
        (start("<port>20481</port>"), "InvalidXML"),
        (start("<port>5004</port>"), ERROR_1),
        (start("<port>20480</port>"), "<mediaStream id=\"stream0\"/>"),
        (start("<port>20480</port>"), "Unavailable Resource"),
        (stop("stream9"), "InvalidResourceID"),
        (stop("stream0"), "HTTP/1.1 200"),
        (start(""), "stream1"),
        (
            "<stopMedia><mediaStream/></stopMedia>".to_owned(),
            "HTTP/1.1 200",
        ),
    ] {
        let answer = push(&lab, &xml).await;
        assert!(answer.contains(words), "{xml}: {answer}");
    }
}
