//! Favourites of the web page: kept over restarts, shared, bounded, and harmless whatever their name.

use handset_simulator::Vendor;

use super::support::browser::Browser;
use super::support::daemon::{Daemon, TOKEN};
use super::support::page_client::PageClient;
use super::support::sim_phone::{self, SimPhone};

const ANN: &str = "ann's token of many characters";
const BOB: &str = "bob's token of many characters";
const WATCHER: &str = "watcher's token of many characters";

fn users() -> String {
    [
        ("ann", ANN, "send"),
        ("bob", BOB, "send"),
        ("watcher", WATCHER, "read"),
    ]
    .map(|(name, token, role)| {
        format!("[[admin.user]]\nname = '{name}'\ntoken = \"{token}\"\nrole = '{role}'\n")
    })
    .concat()
}

fn form(name: &str, rest: &str) -> String {
    let name = form_urlencoded::Serializer::new(String::new())
        .append_pair("favourite-name", name)
        .finish();
    format!("{name}&{rest}")
}

const SOUP: &str = "verb=push&phone=desk&text=Soup";

#[tokio::test]
async fn favourites_outlast_a_restart_and_are_changed_by_their_users_only() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let daemon = Daemon::start(&(users() + &sim_phone.entry("desk"))).await;
    let ann = PageClient::log_in(daemon.admin(), ANN).await;
    let bob = PageClient::log_in(daemon.admin(), BOB).await;
    let watcher = PageClient::log_in(daemon.admin(), WATCHER).await;
    let post = async |page: &PageClient, path: &str, form: &str| {
        let reply = page.request("POST", path, form).await;
        (reply.code, String::from_utf8(reply.body).unwrap())
    };
    let list = "/page/favourites";
    for (page, code) in [(&watcher, 403), (&ann, 200), (&bob, 409), (&ann, 409)] {
        let (found, body) = post(page, list, &form("Lunch", SOUP)).await;
        assert_eq!(found, code, "{body}");
    }
    for (method, path) in [
        ("POST", "/page/favourites/1/rename"),
        ("DELETE", "/page/favourites/1"),
    ] {
        for page in [&watcher, &bob] {
            let reply = page.request(method, path, "favourite-name=Mine").await;
            assert_eq!(reply.code, 403, "{method}");
        }
    }
    // What cannot be sent, or not by this user, is not kept.
    for (rest, code) in [
        ("verb=push&phone=desk&text=Soup&wait=perhaps", 400),
        ("verb=nothing&phone=desk", 400),
        ("verb=reboot&phone=desk", 403),
        (
            "verb=ring&phone=desk&tone=http%3A%2F%2Fa%3Asecret%40192.0.2.1%2F",
            403,
        ),
        (
            "verb=push&phone=desk&text=http%3A%2F%2Fa%3Asecret%40192.0.2.1%2F",
            400,
        ),
    ] {
        let (found, body) = post(&ann, list, &form("Other", rest)).await;
        assert_eq!(found, code, "{rest}: {body}");
    }
    assert_eq!(
        post(&ann, "/page/favourites/1/rename", "favourite-name=Dinner")
            .await
            .0,
        200
    );
    assert!(sim_phone.received().is_empty());

    let daemon = daemon.crash_and_start().await;
    let bob = PageClient::log_in(daemon.admin(), BOB).await;
    let view = bob.request("GET", "/send?favourite=1", "").await;
    let view = String::from_utf8(view.body).unwrap();
    for part in [
        ">Dinner<",
        "saved by ann",
        ">\nSoup</textarea>",
        "value=\"desk\"",
    ] {
        assert!(view.contains(part), "{part}: {view}");
    }
    assert!(!view.contains("Rename"), "{view}");
    let admin = PageClient::log_in(daemon.admin(), TOKEN).await;
    assert_eq!(
        admin.request("DELETE", "/page/favourites/1", "").await.code,
        200
    );
    assert_eq!(
        admin.request("DELETE", "/page/favourites/1", "").await.code,
        404
    );
    let view = bob.request("GET", "/send?favourite=1", "").await;
    let view = String::from_utf8(view.body).unwrap();
    assert!(view.contains("This favourite no longer exists."), "{view}");
}

#[tokio::test]
async fn hostile_names_of_favourites_are_texts_or_refused() {
    let daemon = Daemon::start("").await;
    let page = PageClient::log_in(daemon.admin(), TOKEN).await;
    for (name, code) in [
        ("<script>alert(1)</script>", 200),
        ("\" onclick=\"alert(1)", 200),
        ("../../../etc/passwd", 200),
        (" ", 400),
        ("a\nb", 400),
        ("a\u{1b}[31mb", 400),
        ("a\u{202e}b", 400),
        (&"x".repeat(10_000), 400),
    ] {
        let reply = page
            .request("POST", "/page/favourites", &form(name, SOUP))
            .await;
        let body = String::from_utf8(reply.body).unwrap();
        assert_eq!(reply.code, code, "{body}");
        for part in ["<script", " onclick=\"alert", "\u{1b}", "\u{202e}"] {
            assert!(!body.contains(part), "{part:?}: {body}");
        }
        assert!(body.len() < 10_000, "{body}");
    }
    for id in ["..%2f1", "-1", "99999999999999999999999"] {
        let path = format!("/page/favourites/{id}");
        let code = page.request("DELETE", &path, "").await.code;
        assert!(matches!(code, 400 | 404), "{id}: {code}");
    }
}

#[tokio::test]
async fn message_is_saved_used_and_sent_with_the_keyboard_only() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let daemon = Daemon::start(&sim_phone.entry("desk")).await;
    let send = format!("http://{}/send?phone=desk&text=Soup", daemon.admin());
    browser.display(1280, 900, "light").await;
    browser.open(&send).await;
    browser.fill("#token", TOKEN).await;
    browser.press("Enter").await;
    browser.until("document.querySelector('#go')").await;
    tab_to(
        &mut browser,
        "document.activeElement.name == 'favourite-name'",
    )
    .await;
    browser.type_text("Lunch").await;
    browser.press("Enter").await;
    browser
        .until("document.querySelector('[data-favourite]')")
        .await;
    tab_to(
        &mut browser,
        "document.activeElement.closest('[data-favourite]')",
    )
    .await;
    browser.press("Enter").await;
    browser
        .until("location.search == '?favourite=1' && document.querySelector('#go')")
        .await;
    tab_to(&mut browser, "document.activeElement.id == 'go'").await;
    browser.press("Enter").await;
    sim_phone.shows_text("Soup").await;
    browser.until("document.querySelector('#report .OK')").await;
    tab_to(
        &mut browser,
        "document.activeElement.closest('summary')?.innerText == 'Edit'",
    )
    .await;
    browser.press("Enter").await;
    tab_to(&mut browser, "document.activeElement.innerText == 'Delete'").await;
    browser.press("Enter").await;
    browser
        .until("!document.querySelector('[data-favourite]')")
        .await;
}

/// Presses Tab until the focus is where `condition` says.
async fn tab_to(browser: &mut Browser, condition: &str) {
    for _ in 0..120 {
        if browser.eval(&format!("Boolean({condition})")).await == true {
            return;
        }
        browser.press("Tab").await;
    }
    let focus = browser.eval("document.activeElement.outerHTML").await;
    panic!("{condition}: no Tab leads there; the focus is on {focus}");
}
