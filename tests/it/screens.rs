//! Each kind of screen on a phone of each vendor, up to the reaction to its user.

use std::fs;

use futures_util::future::join_all;
use handset_simulator::Vendor;
use handset_simulator::{Content, Options, Screen};
use image::{Rgb, RgbImage};

use super::support::caller::{CallResult, Caller};
use super::support::daemon::Daemon;
use super::support::sim_phone::{self, SimPhone};
use super::support::stub_web_server::StubWebServer;

#[tokio::test]
async fn texts_have_a_title_a_prompt_and_soft_keys() {
    let fixture = Fixture::open("").await;
    let keys = [
        "You are number 3",
        "title=Queue",
        "prompt=Please wait",
        "softkey=Leave|exit",
        "softkey=Call|dial:+49 30 12",
    ];
    for (vendor, sim_phone) in &fixture.sim_phones {
        fixture.ok(*vendor, "push", &keys).await;
        let shown = sim_phone.shows_text("You are number 3").await;
        assert!(shown.title.starts_with("Queue"), "{shown:?}");
        // Only Cisco screens have a prompt; elsewhere it is appended to the text.
        match vendor {
            Vendor::Cisco => assert_eq!(shown.prompt, "Please wait"),
            Vendor::Snom | Vendor::Yealink => {
                assert!(shown.content.text().unwrap().ends_with("Please wait"));
            }
        }
        let labels: Vec<_> = shown
            .soft_keys
            .iter()
            .map(|key| key.label.as_str())
            .collect();
        assert_eq!(labels[..2], ["Leave", "Call"], "{vendor}");
        sim_phone.phone().press("Call").await.unwrap();
        let state = sim_phone
            .until("a call", |state| !state.dialed.is_empty())
            .await;
        assert_eq!(state.dialed, ["+493012"], "{vendor}");
        fixture.ok(*vendor, "push", &keys).await;
        sim_phone.shows_text("You are number 3").await;
        sim_phone.phone().press("Leave").await.unwrap();
        sim_phone
            .until("an idle phone", |state| state.screen.is_none())
            .await;
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn clear_removes_a_screen() {
    let fixture = Fixture::open("").await;
    for (vendor, sim_phone) in &fixture.sim_phones {
        fixture.ok(*vendor, "push", &["Hello"]).await;
        sim_phone.shows_text("Hello").await;
        fixture.ok(*vendor, "clear", &[]).await;
        sim_phone
            .until("an idle phone", |state| state.screen.is_none())
            .await;
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn screens_disappear_after_their_timeout() {
    let fixture = Fixture::open("").await;
    let checks = fixture.sim_phones.iter().map(async |(vendor, sim_phone)| {
        fixture
            .ok(*vendor, "push", &["Soon gone", "timeout=1"])
            .await;
        sim_phone.shows_text("Soon gone").await;
        sim_phone
            .until("an idle phone", |state| state.screen.is_none())
            .await;
        sim_phone.assert_accepted_all();
    });
    join_all(checks).await;
}

#[tokio::test]
async fn menu_items_open_the_next_screen() {
    let fixture = Fixture::open("").await;
    for (vendor, sim_phone) in &fixture.sim_phones {
        let web_server =
            StubWebServer::serving("text/xml; charset=utf-8", next_screen(*vendor)).await;
        let page = format!("item=More & more|{}", web_server.url("/next?a=1&b=2"));
        let items = [
            "title=Choose",
            "item=Sales|dial:201",
            &page,
            "item=Close|exit",
        ];
        fixture.ok(*vendor, "push", &items).await;
        let shown = sim_phone
            .shows("a menu", |shown| shown.content.items().is_some())
            .await;
        assert_eq!(
            labels(&shown),
            ["Sales", "More & more", "Close"],
            "{vendor}"
        );
        sim_phone.phone().select(0).await.unwrap();
        let state = sim_phone
            .until("a call", |state| !state.dialed.is_empty())
            .await;
        assert_eq!(state.dialed, ["201"], "{vendor}");
        fixture.ok(*vendor, "push", &items).await;
        sim_phone
            .shows("a menu", |shown| shown.content.items().is_some())
            .await;
        sim_phone.phone().select(1).await.unwrap();
        assert_eq!(web_server.requested().await, "/next?a=1&b=2", "{vendor}");
        sim_phone.shows_text("The next screen").await;
        fixture.ok(*vendor, "push", &items).await;
        sim_phone
            .shows("a menu", |shown| shown.content.items().is_some())
            .await;
        sim_phone.phone().select(2).await.unwrap();
        sim_phone
            .until("an idle phone", |state| state.screen.is_none())
            .await;
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn a_menu_of_120_items_is_paginated_completely() {
    let fixture = Fixture::open("").await;
    let items: Vec<String> = (0..120)
        .map(|at| format!("item=Number {at}|dial:{at}"))
        .collect();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    for (vendor, sim_phone) in &fixture.sim_phones {
        fixture.ok(*vendor, "push", &items).await;
        let mut found = Vec::new();
        let mut pages = 0;
        loop {
            let expected = format!("Number {}", found.len());
            let shown = sim_phone
                .shows("a page", |shown| {
                    labels(shown).first() == Some(&expected.as_str())
                })
                .await;
            pages += 1;
            let mut lines: Vec<String> =
                labels(&shown).into_iter().map(ToOwned::to_owned).collect();
            let more = lines.last().is_some_and(|last| last == "More…");
            if more {
                lines.pop();
            }
            found.extend(lines);
            if !more {
                break;
            }
            sim_phone
                .phone()
                .select(labels(&shown).len() - 1)
                .await
                .unwrap();
        }
        let all: Vec<String> = (0..120).map(|at| format!("Number {at}")).collect();
        assert_eq!(found, all, "{vendor}");
        assert!(pages > 1, "{vendor}");
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn directories_dial_and_continue_on_the_next_page() {
    let fixture = Fixture::open("").await;
    let entries: Vec<String> = (0..110)
        .map(|at| format!("entry=Person {at}|2{at:03}"))
        .collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    for (vendor, sim_phone) in &fixture.sim_phones {
        fixture.ok(*vendor, "push", &entries).await;
        let mut found = 0;
        loop {
            let expected = format!("Person {found}");
            let shown = sim_phone.shows("a page", |shown| matches!(&shown.content, Content::Directory(entries) if entries[0].name == expected)).await;
            let Content::Directory(entries) = &shown.content else {
                unreachable!()
            };
            for entry in entries {
                assert_eq!(entry.number, format!("2{found:03}"), "{vendor}");
                found += 1;
            }
            let more = shown
                .soft_keys
                .iter()
                .find(|key| ["Next", "More", "More…"].contains(&key.label.as_str()));
            let Some(more) = more else { break };
            sim_phone.phone().press(&more.label).await.unwrap();
        }
        assert_eq!(found, 110, "{vendor}");
        sim_phone.phone().select(0).await.unwrap();
        let state = sim_phone
            .until("a call", |state| !state.dialed.is_empty())
            .await;
        assert!(state.dialed[0].starts_with('2'), "{vendor}");
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn forms_submit_the_entered_values() {
    let fixture = Fixture::open("").await;
    for (vendor, sim_phone) in &fixture.sim_phones {
        let web_server =
            StubWebServer::serving("text/xml; charset=utf-8", next_screen(*vendor)).await;
        let submit = format!("submit={}", web_server.url("/order?shop=1"));
        let two = [
            "title=Lunch",
            "input=Dish|dish|text",
            "input=PIN|pin|password",
            &submit,
        ];
        // Snom forms have one field.
        let (keys, typed): (&[&str], &[(&str, &str)]) = if *vendor == Vendor::Snom {
            let outcome = fixture.run(*vendor, "push", &two).await;
            assert_eq!(outcome.status, "UNSUPPORTED");
            assert!(
                outcome
                    .reason
                    .starts_with("input: Snom forms have one field, not 2"),
                "{}",
                outcome.reason
            );
            (
                &["title=Lunch", "input=Dish|dish|text", &submit],
                &[("dish", "Fish & chips")],
            )
        } else {
            (&two, &[("dish", "Fish & chips"), ("pin", "12#4")])
        };
        fixture.ok(*vendor, "push", keys).await;
        let shown = sim_phone
            .shows("a form", |shown| {
                matches!(shown.content, Content::Form { .. })
            })
            .await;
        let Content::Form { inputs, .. } = &shown.content else {
            unreachable!()
        };
        assert_eq!(inputs[0].label, "Dish");
        assert!(inputs.len() == 1 || inputs[1].secret, "{inputs:?}");
        sim_phone.phone().submit(typed).await.unwrap();
        let requested = web_server.requested().await;
        let (path, query) = requested.split_once('?').unwrap();
        assert_eq!(path, "/order");
        let mut values: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        values.retain(|(name, _)| name != "shop");
        let typed: Vec<_> = typed
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(values, typed, "{vendor}: {requested}");
        assert!(requested.contains("shop=1"), "{vendor}: {requested}");
        sim_phone.shows_text("The next screen").await;
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn pictures_are_converted_for_the_display() {
    let fixture = Fixture::open("").await;
    RgbImage::from_pixel(1000, 500, Rgb([200, 30, 40]))
        .save(fixture.daemon.media("red.jpg"))
        .unwrap();
    for (vendor, sim_phone) in &fixture.sim_phones {
        fixture
            .ok(*vendor, "push", &["image=red.jpg", "title=Red"])
            .await;
        let shown = sim_phone
            .shows("a picture", |shown| shown.content.picture().is_some())
            .await;
        let picture = shown.content.picture().unwrap();
        let (width, height) = (picture.width(), picture.height());
        let most = match vendor {
            Vendor::Cisco => (298, 168),
            Vendor::Snom | Vendor::Yealink => (480, 272),
        };
        assert!(
            width <= most.0 && height <= most.1 && width * 10 >= most.0 * 9,
            "{vendor}: {width}x{height}"
        );
        let Rgb([red, green, blue]) = *picture.pixels.get_pixel(width / 2, height / 2);
        assert!(
            red > 180 && green < 60 && blue < 70,
            "{vendor}: {red} {green} {blue}"
        );
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn monochrome_phones_receive_inline_bitmaps() {
    let cisco = Options {
        model: "7960G".to_owned(),
        firmware: "8.12".to_owned(),
        ..sim_phone::options(Vendor::Cisco)
    };
    let yealink = Options {
        model: "SIP-T23G".to_owned(),
        ..sim_phone::options(Vendor::Yealink)
    };
    for options in [cisco, yealink] {
        let sim_phone = SimPhone::new(options).await;
        let daemon = Daemon::start(&sim_phone.entry("desk")).await;
        let outcome = Caller::new(daemon.agi())
            .run("push", &["image=background.png", "phone=desk"])
            .await;
        assert_eq!(outcome.status, "OK", "{}", outcome.reason);
        let shown = sim_phone
            .shows("a picture", |shown| shown.content.picture().is_some())
            .await;
        let picture = shown.content.picture().unwrap();
        let (width, height) = sim_phone.phone().display();
        assert!(picture.width() <= width && picture.height() <= height);
        assert_eq!(picture.source, "the document");
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn native_documents_are_shown_unchanged() {
    let fixture = Fixture::open("").await;
    for (vendor, sim_phone) in &fixture.sim_phones {
        let document = next_screen(*vendor);
        fixture
            .ok(*vendor, "push", &[&format!("xml={document}")])
            .await;
        let shown = sim_phone.shows_text("The next screen").await;
        assert!(shown.document.contains(&document), "{}", shown.document);
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn urls_are_fetched_by_the_phone() {
    let fixture = Fixture::open("").await;
    for (vendor, sim_phone) in &fixture.sim_phones {
        let web_server =
            StubWebServer::serving("text/xml; charset=utf-8", next_screen(*vendor)).await;
        fixture
            .ok(
                *vendor,
                "push",
                &[&format!("url={}", web_server.url("/page?x=1&y=ä"))],
            )
            .await;
        assert_eq!(web_server.requested().await, "/page?x=1&y=%C3%A4");
        sim_phone.shows_text("The next screen").await;
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn template_values_are_escaped() {
    let fixture = Fixture::open("").await;
    for (vendor, sim_phone) in &fixture.sim_phones {
        let template = next_screen(*vendor).replace("The next screen", "For {{ text }}!");
        let name = format!("{vendor}.xml");
        fs::write(fixture.daemon.media(&name), template).unwrap();
        let special = "Jo <b> & \"Ann\" {{ 7*7 }}";
        fixture
            .ok(
                *vendor,
                "push",
                &[&format!("template={name}"), &format!("text={special}")],
            )
            .await;
        let shown = sim_phone.shows_text("For ").await;
        assert_eq!(
            shown.content.text(),
            Some(&*format!("For {special}!")),
            "{vendor}"
        );
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn long_texts_are_truncated_at_a_word_with_an_ellipsis() {
    let fixture = Fixture::open("").await;
    let text = "väry löng ".repeat(2000);
    for (vendor, sim_phone) in &fixture.sim_phones {
        fixture
            .ok(*vendor, "push", &[&text, &format!("title={text}")])
            .await;
        let shown = sim_phone.shows_text("väry").await;
        let shown_text = shown.content.text().unwrap();
        assert!(
            shown_text.ends_with("löng…") || shown_text.ends_with("väry…"),
            "{vendor}: …{:?}",
            shown_text.chars().rev().take(9).collect::<String>()
        );
        assert!(
            shown_text.chars().count() > 3000,
            "{vendor}: {}",
            shown_text.chars().count()
        );
        assert!(
            shown.title.ends_with('…') && shown.title.chars().count() <= 64,
            "{vendor}: {}",
            shown.title
        );
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn characters_forbidden_in_xml_are_removed() {
    let fixture = Fixture::open("").await;
    let text = "a\u{1}b\u{8}\u{b}c\u{1b}[31m\u{fffe}d\u{7f} e";
    for (vendor, sim_phone) in &fixture.sim_phones {
        fixture
            .ok(*vendor, "push", &[text, &format!("title={text}")])
            .await;
        let shown = sim_phone.shows_text("abc[31md").await;
        assert_eq!(shown.content.text(), Some("abc[31md e"), "{vendor}");
        assert_eq!(shown.title, "abc[31md e", "{vendor}");
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn any_text_arrives_unchanged_by_argument_and_by_query() {
    let fixture = Fixture::open("").await;
    let text = r#""Grüße", 100 % :-( ½ & Co; it's a\b {c} <d/> ]]> + ? # | %41 €"#;
    for (vendor, sim_phone) in &fixture.sim_phones {
        fixture
            .ok(*vendor, "push", &[&format!("text={text}")])
            .await;
        assert_eq!(
            sim_phone.shows_text("Grüße").await.content.text(),
            Some(text),
            "{vendor}"
        );
        let script: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        fixture
            .ok(*vendor, &format!("push?text={script}&title=2"), &[])
            .await;
        let shown = sim_phone
            .shows("the second", |shown| shown.title == "2")
            .await;
        assert_eq!(shown.content.text(), Some(text), "{vendor}");
        let lines: String = form_urlencoded::byte_serialize(b"one\r\ntwo\nthree").collect();
        fixture
            .ok(*vendor, &format!("push?text={lines}&title=3"), &[])
            .await;
        let shown = sim_phone
            .shows("the third", |shown| shown.title == "3")
            .await;
        assert_eq!(shown.content.text(), Some("one\ntwo\nthree"), "{vendor}");
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn unsupported_beep_and_priority_are_reported() {
    let fixture = Fixture::open("").await;
    for (vendor, sim_phone) in &fixture.sim_phones {
        let outcome = fixture
            .ok(*vendor, "push", &["Hello", "beep=yes", "priority=idle"])
            .await;
        sim_phone.shows_text("Hello").await;
        let body = String::from_utf8_lossy(&sim_phone.received()[0].body).into_owned();
        match vendor {
            Vendor::Cisco => {
                assert!(outcome.reason.starts_with("Cisco screens do not beep"));
                assert!(body.contains("Priority%3D%221%22"), "{body}");
            }
            Vendor::Snom => assert_eq!(
                outcome.reason,
                "Snom screens do not beep; Snom phones show screens at once and ignore the priority"
            ),
            Vendor::Yealink => {
                assert_eq!(
                    outcome.reason,
                    "Yealink phones show screens at once and ignore the priority"
                );
                assert!(body.contains("Beep=\"yes\""), "{body}");
            }
        }
        sim_phone.assert_accepted_all();
    }
}

/// A daemon and a phone of each vendor, named after its vendor.
struct Fixture {
    daemon: Daemon,
    sim_phones: [(Vendor, SimPhone); 3],
}

impl Fixture {
    async fn open(config: &str) -> Self {
        let [cisco, snom, yealink] =
            [Vendor::Cisco, Vendor::Snom, Vendor::Yealink].map(sim_phone::options);
        let sim_phones = [
            (Vendor::Cisco, SimPhone::new(cisco).await),
            (Vendor::Snom, SimPhone::new(snom).await),
            (Vendor::Yealink, SimPhone::new(yealink).await),
        ];
        let entries: Vec<_> = sim_phones
            .iter()
            .map(|(vendor, sim_phone)| sim_phone.entry(vendor.name()))
            .collect();
        let daemon = Daemon::start(&(entries.concat() + config)).await;
        Self { daemon, sim_phones }
    }

    async fn run(&self, vendor: Vendor, script: &str, arguments: &[&str]) -> CallResult {
        let phone = format!("phone={vendor}");
        let arguments: Vec<&str> = arguments.iter().copied().chain([phone.as_str()]).collect();
        Caller::new(self.daemon.agi()).run(script, &arguments).await
    }

    async fn ok(&self, vendor: Vendor, script: &str, arguments: &[&str]) -> CallResult {
        let outcome = self.run(vendor, script, arguments).await;
        assert_eq!(
            outcome.status, "OK",
            "{script} on {vendor}: {}",
            outcome.reason
        );
        outcome
    }
}

fn labels(shown: &Screen) -> Vec<&str> {
    let items = shown.content.items().unwrap_or_default();
    items.iter().map(|item| item.label.as_str()).collect()
}

/// Returns a native document that shows a text.
fn next_screen(vendor: Vendor) -> String {
    match vendor {
        Vendor::Cisco => "<CiscoIPPhoneText><Text>The next screen</Text></CiscoIPPhoneText>",
        Vendor::Snom => "<SnomIPPhoneText><Text>The next screen</Text></SnomIPPhoneText>",
        Vendor::Yealink => "<YealinkIPPhoneTextScreen><Title>T</Title><Text>The next screen</Text></YealinkIPPhoneTextScreen>",
    }
    .to_owned()
}
