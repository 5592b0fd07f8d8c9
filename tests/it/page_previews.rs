//! The pages of the configuration on the web page, in a real browser.

use super::support::browser::Browser;
use super::support::daemon::{Daemon, TOKEN};

#[tokio::test]
async fn page_previews_pages_with_a_query_and_a_vendor() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let pages = "[[page]]\nname = 'menu'\ntitle = 'Canteen'\nitem = ['Soup|page:order?meal=Soup', 'Back|exit']\n\
                 [[page]]\nname = 'order'\ntitle = '{{ query.meal }}'\ninput = 'How many|count|number'\n";
    let daemon = Daemon::start(pages).await;
    browser.display(1280, 900, "light").await;
    browser.open(&format!("http://{}/", daemon.admin())).await;
    browser.fill("#token", TOKEN).await;
    browser.press("Enter").await;
    browser
        .until("document.querySelectorAll('#page-list .model').length == 2")
        .await;
    let of = |index: u32, what: &str| {
        format!("document.querySelectorAll('#page-list .model')[{index}]?.querySelector('{what}')")
    };
    let menu = browser.eval(&format!("{}.innerText", of(0, "ol"))).await;
    assert_eq!(menu, "Soup\nBack");
    // What a page lacks is told in its place.
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
