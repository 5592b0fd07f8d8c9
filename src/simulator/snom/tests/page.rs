//! Fetching, validating and following pages of the minibrowser.

use super::*;
use crate::state::{Content, Direction};

#[tokio::test]
async fn pages_are_fetched_shown_and_left() {
    let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><SnomIPPhoneText><Title>Parking</Title>\
                <Text>Row 3<br/>left &amp; right</Text><SoftKeyItem><Name>F1</Name>\
                <Label>Next</Label><URL>/next</URL></SoftKeyItem><Led number=\"1\" color=\"red\">\
                on</Led><fetch mil=\"50\">snom://mb_exit#numberdial=100</fetch></SnomIPPhoneText>";
    let harness = Harness::new(options(), vec![Page::xml("/screen", text)]).await;
    let response = browse(&harness, "/screen").await;
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    let state = harness.wait_until(|state| state.screen.is_some()).await;
    let screen = state.screen.unwrap();
    assert_eq!(screen.title, "Parking");
    assert_eq!(screen.content.text(), Some("Row 3\nleft & right"));
    assert_eq!(
        (
            screen.soft_keys[0].position,
            screen.soft_keys[0].label.as_str()
        ),
        (1, "Next")
    );
    assert_eq!(state.lamps["1"], "red on");
    let resource = state
        .exchanges
        .iter()
        .find(|e| e.direction == Direction::Fetched)
        .unwrap();
    let agent = resource.header("user-agent").unwrap();
    assert!(
        agent.starts_with("Mozilla/4.0 (compatible; snomD785-SIP 10.1.198.12 "),
        "{agent}"
    );
    let state = harness.wait_until(|state| state.screen.is_none()).await;
    assert_eq!(state.dialed, ["100"]);
}

#[tokio::test]
async fn urls_must_be_absolute_and_encoded() {
    let harness = Harness::new(options(), vec![Page::xml("/", "<SnomIPPhoneText/>")]).await;
    let plain = harness.url("/");
    for query in [
        format!("url={plain}"),
        format!("url={}", encoded(plain.trim_start_matches("http://"))),
        format!("URL={}", encoded(&plain)),
        format!("url={}&more=1", encoded(&plain)),
        "url=%zz".to_owned(),
        String::new(),
    ] {
        ask(&harness, &format!("/minibrowser.htm?{query}"), "").await;
    }
    let state = harness.phone.state();
    assert_eq!(state.refusals().count(), 6);
    assert!(state.screen.is_none());
    assert_eq!(state.exchanges.len(), 6, "nothing was fetched");
}

#[tokio::test]
async fn invalid_pages_show_an_error() {
    let text = |inner: &str| format!("<SnomIPPhoneText>{inner}</SnomIPPhoneText>");
    let xml = "text/xml; charset=utf-8";
    let image = "<SnomIPPhoneImage><Data encoding=\"base64\">AAAA</Data></SnomIPPhoneImage>";
    for (content_type, page, reason) in [
        ("text/html", text(""), "Content-Type"),
        (xml, text("<Text>a & b</Text>"), "not well-formed XML"),
        (xml, text("<Text>\u{2}</Text>"), "not well-formed XML"),
        (xml, text("<Picture/>"), "unknown element Picture"),
        (
            xml,
            text("<fetch>snom://mb_exit</fetch>"),
            "fetch without mil",
        ),
        (
            xml,
            text("<SoftKeyItem><Name>F9</Name></SoftKeyItem>"),
            "Name is `F9`",
        ),
        (xml, text("") + &text(""), "not well-formed XML"),
        (xml, "<CiscoIPPhoneText/>".to_owned(), "unknown object"),
        (xml, "<SnomIPPhoneBatch/>".to_owned(), "empty batch"),
        (
            xml,
            "<SnomIPPhoneInput><URL>x</URL></SnomIPPhoneInput>".to_owned(),
            "InputItem",
        ),
        (xml, image.to_owned(), "not a picture"),
    ] {
        let harness = Harness::new(options(), vec![Page::new("/", content_type, page)]).await;
        browse(&harness, "/").await;
        let state = harness.wait_until(|state| state.screen.is_some()).await;
        let Content::Error(words) = state.screen.unwrap().content else {
            panic!("no error shown")
        };
        assert!(words.contains(reason), "{reason}: {words}");
    }
}

#[tokio::test]
async fn menus_forms_and_directories_are_followed() {
    let menu = "<SnomIPPhoneMenu><Title>Menu</Title><MenuItem><Name>Form</Name><URL>SITE/form\
                </URL></MenuItem><MenuItem name=\"Leave\"><URL>snom://mb_exit</URL></MenuItem>\
                </SnomIPPhoneMenu>";
    let form = "<SnomIPPhoneInput><Title>Who</Title><URL>SITE/book</URL><InputItem><DisplayName>\
                Name</DisplayName><QueryStringParam>n</QueryStringParam><InputFlags>a</InputFlags>\
                </InputItem></SnomIPPhoneInput>";
    let book = "<SnomIPPhoneDirectory><DirectoryEntry><Name>Ann</Name><Telephone>201</Telephone>\
                </DirectoryEntry></SnomIPPhoneDirectory>";
    let last = Harness::new(options(), vec![Page::xml("/book?n=A+n", book)]).await;
    let form = form.replace("SITE", &last.url(""));
    let middle = Harness::new(options(), vec![Page::xml("/form", form)]).await;
    let menu = menu.replace("SITE", &middle.url(""));
    let harness = Harness::new(options(), vec![Page::xml("/", menu)]).await;
    browse(&harness, "/").await;
    harness.wait_until(|state| state.screen.is_some()).await;
    harness.phone.press("Select").await.unwrap();
    harness.phone.submit(&[("n", "A n")]).await.unwrap();
    harness.phone.select(0).await.unwrap();
    assert_eq!(harness.phone.state().dialed, ["201"]);
    harness.phone.press("Exit").await.unwrap();
    assert!(harness.phone.state().screen.is_none());
}

#[tokio::test]
async fn silent_documents_show_nothing_and_batches_show_their_first() {
    let silent = "<SnomIPPhoneSilent state=\"relevant\"><fetch mil=\"1\">\
                  snom://mb_nop#key=F_HOLD</fetch></SnomIPPhoneSilent>";
    let batch = "<SnomIPPhoneBatch><SnomIPPhoneText id=\"1\"><Text>one</Text></SnomIPPhoneText>\
                 <SnomIPPhoneText id=\"2\"/></SnomIPPhoneBatch>";
    let pages = vec![Page::xml("/silent", silent), Page::xml("/batch", batch)];
    let harness = Harness::new(options(), pages).await;
    browse(&harness, "/silent").await;
    let state = harness.wait_until(|state| !state.keys.is_empty()).await;
    assert_eq!(state.keys, ["F_HOLD"]);
    assert!(state.screen.is_none());
    browse(&harness, "/batch").await;
    let state = harness.wait_until(|state| state.screen.is_some()).await;
    assert_eq!(state.screen.unwrap().content.text(), Some("one"));
}

#[tokio::test]
async fn callbacks_in_texts_are_expanded_and_remarked() {
    let text = "<SnomIPPhoneText><Text>$(set:mac) $[phone_state] $5 $(x</Text></SnomIPPhoneText>";
    let harness = Harness::new(options(), vec![Page::xml("/", text)]).await;
    browse(&harness, "/").await;
    let state = harness.wait_until(|state| state.screen.is_some()).await;
    assert_eq!(
        state.screen.unwrap().content.text(),
        Some("00005E005302 Idle $5 $(x")
    );
    assert_eq!(state.remarks.len(), 2);
}

#[tokio::test]
async fn images_up_to_twice_the_display_are_scaled_and_larger_ones_refused() {
    for (width, height, screen) in [
        (100, 50, Some((100, 50))),
        (960, 544, Some((480, 272))),
        (961, 544, None),
    ] {
        let object = "<SnomIPPhoneImageFile><URL>/i</URL></SnomIPPhoneImageFile>";
        let pages = vec![Page::xml("/", object), Page::png("/i", width, height)];
        let harness = Harness::new(options(), pages).await;
        browse(&harness, "/").await;
        let content = harness
            .wait_until(|state| state.screen.is_some())
            .await
            .screen
            .unwrap()
            .content;
        let size = content
            .picture()
            .map(|picture| (picture.width(), picture.height()));
        assert_eq!(size, screen);
    }
}
