//! Fetching, validating and following pages.

use std::time::Duration;

use super::*;
use crate::state::{Content, Direction, State};

#[tokio::test]
async fn pushed_urls_are_fetched_with_the_phones_headers_and_shown() {
    let text = "<CiscoIPPhoneText><Title>Parking</Title><Prompt>For you</Prompt>\
                <SoftKeyItem><Name>Exit</Name><Position>3</Position><URL>SoftKey:Exit</URL>\
                </SoftKeyItem><Text>Row 3 &amp; 4</Text></CiscoIPPhoneText>";
    let harness = Harness::new(options(), vec![Page::xml("/screen/1", text)]).await;
    let response = push(&harness, &execute(&[&harness.url("/screen/1")])).await;
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
    assert!(response.contains("Status=\"0\"") && response.contains("<CiscoIPPhoneResponse>"));
    let state = harness.wait_until(|state| state.screen.is_some()).await;
    let screen = state.screen.unwrap();
    assert_eq!(
        (screen.title.as_str(), screen.prompt.as_str()),
        ("Parking", "For you")
    );
    assert_eq!(screen.content.text(), Some("Row 3 & 4"));
    assert_eq!(screen.soft_keys.len(), 1);
    let resource = state
        .exchanges
        .iter()
        .find(|e| e.direction == Direction::Fetched)
        .unwrap();
    assert_eq!(
        resource.header("User-Agent"),
        Some("Allegro-Software-WebClient/4.34")
    );
    assert_eq!(resource.header("Accept-Charset"), Some("utf-8,;q=0.8"));
    assert_eq!(
        resource.header("x-CiscoIPPhoneDisplay"),
        Some("298,168,12,C")
    );
    assert_eq!(resource.refusal, None);
    harness.phone.press("Exit").await.unwrap();
    assert!(harness.phone.state().screen.is_none());
    assert!(harness.phone.press("Exit").await.is_err());
}

#[tokio::test]
async fn pages_that_violate_the_schema_show_an_error() {
    let text = |inner: &str| format!("<CiscoIPPhoneText>{inner}</CiscoIPPhoneText>");
    let menu = |count: usize| {
        let items = "<MenuItem><Name>a</Name><URL>Key:Soft1</URL></MenuItem>".repeat(count);
        format!("<CiscoIPPhoneMenu>{items}</CiscoIPPhoneMenu>")
    };
    let long = "x".repeat(33);
    for (page, reason) in [
        (
            text(&format!("<Title>{long}</Title>")),
            "Title has 33 characters",
        ),
        (
            text(&format!("<Text>{}</Text>", "x".repeat(4001))),
            "Text has 4001 characters",
        ),
        (
            text("<Text>a</Text><Title>b</Title>"),
            "element Title of CiscoIPPhoneText is out of order",
        ),
        (
            text("<SoftKeyItem><Name>a</Name></SoftKeyItem>"),
            "SoftKeyItem without Position",
        ),
        (text("<Text>\u{7}</Text>"), "not well-formed XML"),
        (text("<Text>a & b</Text>"), "not well-formed XML"),
        (text("<text>a</text>"), "unknown element text"),
        (menu(101), "101 MenuItem"),
        (
            "<CiscoIPPhoneInput><URL>http://192.0.2.1/</URL><InputItem><InputFlags>A</InputFlags>\
             </InputItem></CiscoIPPhoneInput>"
                .to_owned(),
            "InputItem without QueryStringParam",
        ),
        ("<CiscoIPPhoneResponse/>".to_owned(), "unknown object"),
        (
            "<setRingTone><ringTone>a</ringTone></setRingTone>".to_owned(),
            "only allowed in a push",
        ),
    ] {
        let harness = Harness::new(options(), vec![Page::xml("/", page)]).await;
        push(&harness, &execute(&[&harness.url("/")])).await;
        let refused = harness.refusal().await;
        assert!(refused.contains(reason), "{reason}: {refused}");
        let state = harness.wait_until(|state| state.screen.is_some()).await;
        let Content::Error(words) = state.screen.unwrap().content else {
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
        let harness = Harness::new(options(), vec![page.clone()]).await;
        push(&harness, &execute(&[&harness.url("/")])).await;
        let state = harness.wait_until(|state| state.screen.is_some()).await;
        let Content::Error(screen) = state.screen.unwrap().content else {
            panic!("no error shown")
        };
        assert!(screen.starts_with(words), "{page:?}: {screen}");
    }
}

#[tokio::test]
async fn menus_forms_and_directories_are_followed() {
    let menu = "<CiscoIPPhoneMenu><MenuItem><Name>One</Name><URL>QueryStringParam:id=1</URL>\
                </MenuItem><MenuItem><Name>Two</Name><URL>Dial:200</URL></MenuItem>";
    let key = "<SoftKeyItem><Name>Read</Name><Position>1</Position><URL>SITE/form?x=y</URL>\
               </SoftKeyItem>";
    let form = "<CiscoIPPhoneInput><URL>SITE/book?d=#DEVICENAME#</URL><InputItem>\
                <DisplayName>Name</DisplayName><QueryStringParam>n</QueryStringParam>\
                <InputFlags>A</InputFlags></InputItem></CiscoIPPhoneInput>";
    let book = "<CiscoIPPhoneDirectory><DirectoryEntry><Name>Ann</Name><Telephone>201</Telephone>\
                </DirectoryEntry></CiscoIPPhoneDirectory>";
    let end = Harness::new(
        options(),
        vec![Page::xml("/book?d=SEP00005E005301&n=A+n", book)],
    )
    .await;
    let middle = Harness::new(
        options(),
        vec![Page::xml(
            "/form?x=y&id=1",
            form.replace("SITE", &end.url("")),
        )],
    )
    .await;
    let key = key.replace("SITE", &middle.url(""));
    let menu = menu.replace("<MenuItem><Name>One", &format!("{key}<MenuItem><Name>One"));
    let harness = Harness::new(
        options(),
        vec![Page::xml("/", menu + "</CiscoIPPhoneMenu>")],
    )
    .await;
    push(&harness, &execute(&[&harness.url("/")])).await;
    harness.wait_until(|state| state.screen.is_some()).await;
    harness.phone.select(1).await.unwrap();
    assert!(harness.phone.select(2).await.is_err());
    harness.phone.press("Read").await.unwrap();
    assert!(harness.phone.submit(&[("unknown", "")]).await.is_err());
    harness.phone.submit(&[("n", "A n")]).await.unwrap();
    harness.phone.select(0).await.unwrap();
    assert_eq!(harness.phone.state().dialed, ["200", "201"]);
}

#[tokio::test]
async fn refresh_headers_lead_to_the_next_page() {
    let text = |text: &str| format!("<CiscoIPPhoneText><Text>{text}</Text></CiscoIPPhoneText>");
    let xml = ("Content-Type", "text/xml; charset=UTF-8");
    let pages = vec![
        Page::with_headers("/", &[xml, ("Refresh", "1; url=/next")], text("one")),
        Page::with_headers("/next", &[xml, ("Refresh", "0; url=/last")], text("two")),
        Page::xml("/last", text("three")),
    ];
    let harness = Harness::new(options(), pages).await;
    let words = |state: &State, words: &str| {
        let screen = state.screen.as_ref();
        screen.is_some_and(|screen| screen.content.text() == Some(words))
    };
    push(&harness, &execute(&[&harness.url("/")])).await;
    harness.wait_until(|state| words(state, "one")).await;
    harness
        .wait_until(|state| {
            words(state, "two") && !state.screen.as_ref().unwrap().soft_keys.is_empty()
        })
        .await;
    harness.phone.press("Next").await.unwrap();
    assert!(words(&harness.phone.state(), "three"));
    harness.tasks.shut_down(Duration::from_secs(1)).await;
}
