//! The pages of the configuration on the web page, in a real browser.

use super::support::browser::Browser;
use super::support::daemon::{Daemon, TOKEN};
use super::support::page_client::PageClient;

#[tokio::test]
async fn page_previews_pages_with_a_query_and_a_vendor() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let pages = "[[page]]\nname = 'menu'\ntitle = 'Canteen'\nitem = ['Soup|page:order?meal=Soup', 'Back|exit']\n\
                 [[page]]\nname = 'order'\ntitle = '{{ query.meal }}'\ninput = 'How many|count|number'\n";
    let daemon = Daemon::start(pages).await;
    browser.display(1280, 900, "light").await;
    browser
        .open(&format!("http://{}/pages", daemon.admin()))
        .await;
    browser.fill("#token", TOKEN).await;
    browser.press("Enter").await;
    // The login leads where one wanted to go.
    browser
        .until(
            "document.querySelectorAll('#page-list .model').length == 2 \
             && document.readyState == 'complete'",
        )
        .await;
    let of = |index: u32, what: &str| {
        format!("document.querySelectorAll('#page-list .model')[{index}]?.querySelector('{what}')")
    };
    let menu = browser.eval(&format!("{}.innerText", of(0, "ol"))).await;
    assert_eq!(menu, "Soup\nBack");
    // What a page lacks is named in its place.
    let wrong = browser
        .eval(&format!("{}.innerText", of(1, ".wrong")))
        .await;
    assert!(
        wrong.as_str().unwrap().contains("undefined value"),
        "{wrong}"
    );

    let query = "#pages-form [name=query]";
    browser
        .fill(query, "meal=Soup+%3Cb%3Eand%3C/b%3E+bread")
        .await;
    browser.until(&of(1, ".title")).await;
    let title = browser
        .eval(&format!("{}.innerText", of(1, ".title")))
        .await;
    assert_eq!(title, "Soup <b>and</b> bread");
    let fields = browser.eval(&format!("{}.innerText", of(1, "dl"))).await;
    assert!(fields.as_str().unwrap().contains("How many"), "{fields}");

    browser
        .eval(
            "(() => { const vendor = document.querySelector('#pages-form select'); \
             vendor.value = 'yealink'; \
             vendor.dispatchEvent(new Event('input', {bubbles: true})); })()",
        )
        .await;
    browser.until(&of(1, ".screen.yealink .title")).await;
    let errors: Vec<_> = browser.errors.iter().collect();
    assert!(
        errors.iter().all(|error| error.contains("favicon")),
        "{errors:?}"
    );
}

#[tokio::test]
async fn preview_says_which_phones_cannot_do_it_before_anything_is_sent() {
    let phones = "[[phone]]\nname = 'desk'\nvendor = 'snom'\naddress = '127.0.0.9'\n\
                  [[phone]]\nname = 'lobby'\nvendor = 'cisco'\nmodel = '7970'\naddress = '127.0.0.8'\n";
    let daemon = Daemon::start(phones).await;
    let page = PageClient::log_in(daemon.admin(), TOKEN).await;
    let preview = async |form: &str| {
        let reply = page.request("POST", "/page/preview", form).await;
        assert_eq!(reply.code, 200);
        String::from_utf8(reply.body).unwrap()
    };
    let both = preview("phone=desk%26lobby&verb=dnd&state=on").await;
    assert!(both.contains("1 of 2 can't do it"), "{both}");
    assert!(
        both.contains("<b>lobby</b>") && !both.contains("<b>desk</b>"),
        "{both}"
    );
    assert!(both.contains("Send to 2 phones, 1 of them able"), "{both}");
    let text = preview("phone=desk%26lobby&verb=push&text=Soup").await;
    assert!(!text.contains("can't do it"), "{text}");
    assert!(text.contains("Send to 2 phones<"), "{text}");
    // What restarts a phone names it, and has to be confirmed.
    for (form, button) in [
        ("phone=desk&verb=reboot", "Reboot desk"),
        ("phone=desk&verb=settings&set=a%3Db", "Settings desk"),
        (
            "phone=desk&verb=firmware&confirm=yes&url=http%3A%2F%2F192.0.2.1%2Fa.bin",
            "Firmware desk",
        ),
    ] {
        let shown = preview(form).await;
        let is_confirmed = shown.contains("class=\"confirm\"") && shown.contains("<b>desk</b>.");
        assert!(is_confirmed && shown.contains(button), "{form}: {shown}");
    }
    let group = preview("phone=*&verb=reboot").await;
    assert!(
        group.contains("<b>desk, lobby</b>.") && group.contains("Reboot 2 phones"),
        "{group}"
    );
    let deliveries = page.request("GET", "/deliveries", "").await;
    let deliveries = String::from_utf8(deliveries.body).unwrap();
    assert!(
        deliveries.contains("No matching deliveries."),
        "{deliveries}"
    );
}
