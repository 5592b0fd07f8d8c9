//! The views of the web page in a real browser: their addresses, how they fit displays, and whether all
//! users can use them.

use handset_simulator::Vendor;

use super::support::browser::{Browser, axe};
use super::support::daemon::{Daemon, TOKEN};
use super::support::page_client::PageClient;
use super::support::raw::get_from;
use super::support::sim_phone::{self, SimPhone};

/// Every view: address and title.
const VIEWS: [(&str, &str); 10] = [
    ("", "Overview"),
    ("phones", "Phones"),
    ("phones/desk", "desk"),
    ("send?phone=desk&text=Soup", "Send"),
    ("deliveries", "Deliveries"),
    ("events", "Events"),
    ("rules", "Rules"),
    ("rules/hush", "hush"),
    ("pages", "Pages"),
    ("health", "Health"),
];

/// A daemon with one of everything, so that no view is empty.
struct Site {
    daemon: Daemon,
    home: String,
    phone: SimPhone,
}

impl Site {
    async fn start() -> Self {
        let phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
        let config = phone.entry("desk")
            + "[[phone]]\nname = 'lobby'\nendpoint = 'PJSIP/1002'\nvendor = 'snom'\naddress = '127.0.0.9'\n\
               [[group]]\nname = 'all'\nmembers = ['desk']\n\
               [[page]]\nname = 'menu'\nitem = ['Soup|exit']\n\
               [[rule]]\nname = 'hush'\non = 'phone.dnd_on'\n\
               do = [ { verb = 'push', phone = 'desk', text = 'Quiet' } ]\n";
        let daemon = Daemon::start(&config).await;
        let page = PageClient::log_in(daemon.admin(), TOKEN).await;
        let favourite = "favourite-name=Lunch&verb=push&phone=desk&text=Soup";
        let saved = page.request("POST", "/page/favourites", favourite).await;
        assert_eq!(saved.code, 200);
        let home = format!("http://{}/", daemon.admin());
        let site = Self {
            daemon,
            home,
            phone,
        };
        site.dnd_on().await;
        site.phone.shows_text("Quiet").await;
        site
    }

    /// Has the phone report that it is not to be disturbed.
    async fn dnd_on(&self) {
        let path = "/action/yealink/dnd_on?mac=00005e005303&line=1";
        let own = self.phone.phone().address().ip();
        let reply = get_from(own, self.daemon.http(), path).await;
        assert!(reply.contains(" 200 "), "{reply}");
    }

    async fn log_in(&self, browser: &mut Browser) {
        browser.display(1280, 900, "light").await;
        browser.open(&self.home).await;
        browser.fill("#token", TOKEN).await;
        browser.press("Enter").await;
        browser.until("document.querySelector('#overview')").await;
    }
}

#[tokio::test]
async fn every_view_has_an_address_a_title_and_a_place_in_the_navigation() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let site = Site::start().await;
    site.log_in(&mut browser).await;
    for (path, title) in VIEWS {
        browser.open(&format!("{}{path}", site.home)).await;
        assert_eq!(
            browser.eval("document.title").await,
            format!("{title} · handsetd")
        );
        assert_eq!(
            browser.eval("document.querySelector('h1').innerText").await,
            title
        );
        let current = "[...document.querySelectorAll('nav [aria-current]')].map(a => a.pathname)";
        let current = browser.eval(current).await;
        let first = path.split(['/', '?']).next().unwrap();
        assert_eq!(current, serde_json::json!([format!("/{first}")]), "{path}");
        let order = "[...document.querySelectorAll('nav li')].map(li => li.innerText).join(' ')";
        assert_eq!(
            browser.eval(order).await,
            "Overview Phones Send Deliveries Events Rules Pages Health"
        );
        browser.press("Tab").await;
        let skip = browser.eval("document.activeElement.className").await;
        assert_eq!(skip, "skip", "{path}");
    }
    // The button Back leads to the view before, with its state.
    let filtered = format!("{}phones?q=lobby", site.home);
    browser.open(&filtered).await;
    browser
        .until("document.querySelectorAll('[data-phone]').length == 1")
        .await;
    browser.click("[data-phone=lobby] a").await;
    browser
        .until("document.querySelector('h1').innerText == 'lobby'")
        .await;
    browser.eval("history.back()").await;
    browser
        .until(&format!(
            "location.href == {filtered:?} && document.querySelectorAll('[data-phone]').length == 1"
        ))
        .await;
    for (path, list) in [("phones/nobody", "/phones"), ("rules/none", "/rules")] {
        browser.open(&format!("{}{path}", site.home)).await;
        let link = format!("document.querySelector('main a').pathname == '{list}'");
        browser.until(&link).await;
    }
}

#[tokio::test]
async fn every_view_fits_every_display_and_is_accessible() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let axe = axe();
    let site = Site::start().await;
    site.log_in(&mut browser).await;
    for (width, scheme) in [
        (390, "light"),
        (390, "dark"),
        (1280, "light"),
        (1280, "dark"),
    ] {
        browser.display(width, 844, scheme).await;
        for (path, _) in VIEWS {
            browser.open(&format!("{}{path}", site.home)).await;
            prepare(&mut browser, path).await;
            let at = format!("{path} at {width} pixels, {scheme}");
            let wider = "document.documentElement.scrollWidth <= innerWidth ? [] : \
                         [...document.querySelectorAll('main *')]\
                         .filter(element => innerWidth < element.getBoundingClientRect().right)\
                         .map(element => element.outerHTML.slice(0, 200))";
            assert_eq!(browser.eval(wider).await, serde_json::json!([]), "{at}");
            let names = "(() => { const names = [...document.querySelectorAll('main button')]\
                         .map(button => button.ariaLabel || button.textContent.trim()); \
                         return names.filter((name, at) => !name || names.indexOf(name) != at); })()";
            assert_eq!(browser.eval(names).await, serde_json::json!([]), "{at}");
            if width == 390 {
                let small = "[...document.querySelectorAll('button, summary, input:not([type=hidden]), select, .button, .chip')]\
                             .filter(control => control.checkVisibility() && control.getBoundingClientRect().height < 44)\
                             .map(control => control.outerHTML)";
                assert_eq!(browser.eval(small).await, serde_json::json!([]), "{at}");
            }
            if let Some(axe) = &axe {
                browser.eval(&format!("{axe};0")).await;
                let found = "axe.run().then(found => found.violations\
                             .filter(violation => ['serious', 'critical'].includes(violation.impact))\
                             .map(violation => `${violation.id}: ${violation.nodes.map(node => node.html)}`))";
                assert_eq!(browser.eval(found).await, serde_json::json!([]), "{at}");
            }
        }
    }
    assert_eq!(browser.errors, Vec::<String>::new());
}

#[tokio::test]
async fn no_text_however_long_makes_a_view_wider_than_the_display() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let site = Site::start().await;
    site.log_in(&mut browser).await;
    for (path, _) in VIEWS {
        browser.display(1280, 844, "light").await;
        browser.open(&format!("{}{path}", site.home)).await;
        prepare(&mut browser, path).await;
        for width in [320, 390, 1000, 1280] {
            browser.display(width, 844, "light").await;
            for text in ["'Wm'.repeat(40)", "'lorem ipsum '.repeat(8)"] {
                // Every text is replaced, with all that folds open; what scrolls by itself may be wider.
                let wider = format!(
                    "(() => {{ document.querySelectorAll('main details').forEach(details => details.open = true); \
                     const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT); \
                     const texts = []; while (walk.nextNode()) texts.push(walk.currentNode); \
                     for (const text of texts) if (text.data.trim() && !text.parentElement.closest('svg, option, script')) \
                     text.data = {text}; \
                     return document.documentElement.scrollWidth <= innerWidth ? [] : \
                     [document.documentElement.scrollWidth, ...[...document.querySelectorAll('main *')] \
                     .filter(element => innerWidth < element.getBoundingClientRect().right) \
                     .map(element => element.outerHTML.slice(0, 200))]; }})()"
                );
                let at = format!("{path} at {width} pixels, {text}");
                assert_eq!(browser.eval(&wider).await, serde_json::json!([]), "{at}");
            }
        }
    }
}

/// Waits for, and asks for, what a view shows only then.
async fn prepare(browser: &mut Browser, path: &str) {
    if path.starts_with("send") {
        browser.until("document.querySelector('#go')").await;
    }
    if path == "phones/desk" {
        browser.click("#why button").await;
        browser
            .until("document.querySelector('#why [data-way]')")
            .await;
    }
}

#[tokio::test]
async fn pages_left_behind_keep_no_connection() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let site = Site::start().await;
    site.log_in(&mut browser).await;
    let opened = "performance.getEntriesByType('navigation')[0].type";
    // A browser has six connections to one host.
    for number in 0..8 {
        browser
            .open(&format!("{}deliveries?phone={number}", site.home))
            .await;
    }
    // One that is shown again is up to date, and stays so.
    browser.eval("history.back()").await;
    browser
        .until("location.search == '?phone=6' && document.readyState == 'complete'")
        .await;
    browser.until(&format!("{opened} != 'navigate'")).await;
    browser.open(&format!("{}events", site.home)).await;
    let rows = "document.querySelectorAll('[data-event]').length";
    let before = browser.eval(rows).await;
    browser.eval("history.back()").await;
    browser
        .until("location.search == '?phone=6' && document.readyState == 'complete'")
        .await;
    browser.eval("history.forward()").await;
    browser
        .until("location.pathname == '/events' && document.readyState == 'complete'")
        .await;
    site.dnd_on().await;
    browser.until(&format!("{rows} > {before}")).await;
}

#[tokio::test]
async fn menu_folds_on_narrow_displays() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let site = Site::start().await;
    site.log_in(&mut browser).await;
    browser.display(390, 844, "light").await;
    let is_visible = "document.querySelector('nav li a').checkVisibility()";
    assert_eq!(browser.eval(is_visible).await, false);
    browser.click("#menu").await;
    assert_eq!(browser.eval(is_visible).await, true);
    let state = browser
        .eval("document.querySelector('#menu').ariaExpanded")
        .await;
    assert_eq!(state, "true");
    browser.display(1280, 900, "light").await;
    browser.click("#menu").await;
    assert_eq!(browser.eval(is_visible).await, true);
}

#[tokio::test]
async fn page_says_that_the_daemon_is_gone_and_comes_back_with_what_was_written() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let site = Site::start().await;
    site.log_in(&mut browser).await;
    browser.open(&format!("{}send", site.home)).await;
    browser.fill("#phone", "desk").await;
    browser.fill("#key-text", "half a sent").await;
    browser
        .until("document.querySelector('#preview .model')")
        .await;
    assert_eq!(
        browser.eval("document.querySelector('#gone').hidden").await,
        true
    );
    let gone = async || {
        browser
            .until("!document.querySelector('#gone').hidden")
            .await;
    };
    let _daemon = site.daemon.crash_and_start_in_place(gone).await;
    browser
        .until("document.querySelector('#gone')?.hidden || document.querySelector('#token')")
        .await;
    if browser
        .eval("Boolean(document.querySelector('#token'))")
        .await
        == true
    {
        browser.fill("#token", TOKEN).await;
        browser.press("Enter").await;
    }
    browser
        .until("document.querySelector('#key-text')?.value == 'half a sent'")
        .await;
    assert_eq!(
        browser.eval("document.querySelector('#phone').value").await,
        "desk"
    );
}
