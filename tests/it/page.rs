//! The web page in a real browser.

use handset_simulator::Vendor;
use tokio::net::TcpListener;

use super::support::admin_client::AdminClient;
use super::support::browser::Browser;
use super::support::daemon::{Daemon, TOKEN};
use super::support::raw::get_from;
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

#[tokio::test]
async fn page_shows_phones_and_sends_requests() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let vendors = [Vendor::Cisco, Vendor::Snom, Vendor::Yealink];
    let mut sim_phones = Vec::new();
    for vendor in vendors {
        sim_phones.push(SimPhone::new(sim_phone::options(vendor)).await);
    }
    let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = format!("[media]\nhosts = ['{}']\n", slow.local_addr().unwrap());
    for (sim_phone, vendor) in sim_phones.iter().zip(vendors) {
        config.push_str(&sim_phone.entry(vendor.name()));
    }
    config.push_str(
        "[vendor.cisco]\nusername = 'push'\npassword = 'p'\n\
         [[group]]\nname = 'all'\nmembers = ['snom', 'yealink']\n\
         [[rule]]\nname = 'hush'\non = 'phone.dnd_on'\nwhen = \"event.line == '1'\"\n\
         do = [ { verb = 'push', phone = 'snom', title = 'Hush', text = '{{ event.phone }} <b>is quiet</b>' } ]\n\
         [[rule]]\nname = 'broken'\non = 'phone.dnd_on'\n\
         do = [ { verb = 'push', phone = 'snom', text = '{{ event.missing }}' } ]\n",
    );
    let daemon = Daemon::start(&config).await;
    let home = format!("http://{}/", daemon.admin());
    browser.display(1280, 900, "light").await;

    log_in(&mut browser, &home).await;
    // Cards.
    for vendor in vendors {
        let card = format!("document.querySelector('[data-phone={vendor}] h3')");
        browser.until(&card).await;
    }
    browser.fill("#phones-filter input", "yealink").await;
    browser
        .until("document.querySelectorAll('.card').length == 1")
        .await;
    clear_filter(&mut browser).await;

    push_to_a_group(&mut browser, &sim_phones).await;
    search_deliveries(&mut browser).await;
    try_rules(&mut browser, &daemon, &sim_phones[1], &sim_phones[2]).await;
    other_verbs(&mut browser).await;
    cancel(&mut browser, &slow).await;

    // It also fits the display of a mobile phone, in dark mode.
    for (width, scheme) in [(360, "dark"), (1280, "light")] {
        browser.display(width, 900, scheme).await;
        let wider = browser
            .eval("document.documentElement.scrollWidth - innerWidth")
            .await;
        assert!(
            wider.as_i64().unwrap() <= 0,
            "{width}: {wider} points too wide"
        );
    }
    if std::env::var_os("HANDSETD_REWRITE").is_some() {
        take_picture(&mut browser).await;
    }

    // Nothing was loaded from elsewhere, and the browser reported no error.
    let foreign: Vec<_> = browser
        .requested_urls
        .iter()
        .filter(|url| !url.starts_with(&home) && !url.starts_with("data:") && *url != "about:blank")
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    let is_unexpected = |error: &&String| !error.contains("favicon") && !error.contains("401");
    let errors: Vec<_> = browser.errors.iter().filter(is_unexpected).collect();
    assert!(errors.is_empty(), "{errors:?}");
    browser.click("header form button").await;
    browser.until("document.querySelector('#token')").await;
}

/// Logs in by keyboard, at the second attempt.
async fn log_in(browser: &mut Browser, home: &str) {
    browser.open(home).await;
    browser.fill("#token", "a guess").await;
    browser.press("Enter").await;
    browser
        .until("document.querySelector('[role=alert]')")
        .await;
    browser.fill("#token", TOKEN).await;
    browser.press("Tab").await;
    browser.press("Enter").await;
    browser.until("document.querySelector('#cards')").await;
    assert_eq!(browser.eval("document.cookie").await, "");
    // The first Tab stop skips the navigation.
    browser.press("Tab").await;
    let first = browser.eval("document.activeElement.className").await;
    assert_eq!(first, "skip");
}

async fn push_to_a_group(browser: &mut Browser, sim_phones: &[SimPhone]) {
    browser.fill("#phone", "all&cisco").await;
    browser.fill("#key-title", "Lunch").await;
    browser.fill("#key-text", "Soup <i>is</i> ready").await;
    browser.click("#see").await;
    browser
        .until("document.querySelectorAll('#preview .model').length == 3")
        .await;
    for vendor in ["cisco", "snom", "yealink"] {
        let text = format!("document.querySelector('#preview .screen.{vendor} .text').innerText");
        assert_eq!(browser.eval(&text).await, "Soup <i>is</i> ready");
    }
    let go = browser
        .eval("document.querySelector('#go').innerText")
        .await;
    assert_eq!(go, "Send to 3 phones");
    for sim_phone in sim_phones {
        assert!(sim_phone.received().is_empty());
    }
    browser.click("#go").await;
    browser
        .until("document.querySelector('#preview .badge.OK')")
        .await;
    for sim_phone in sim_phones {
        sim_phone.shows_text("Soup <i>is</i> ready").await;
    }
    // Cards and deliveries update by themselves.
    browser
        .until("document.querySelectorAll('.card .screen .title').length == 3")
        .await;
    browser
        .until("document.querySelectorAll('#delivery-list [data-status=OK]').length == 3")
        .await;
}

async fn search_deliveries(browser: &mut Browser) {
    browser.fill("#search [name=phone]", "snom").await;
    browser
        .until("document.querySelectorAll('#delivery-list li[data-status]').length == 1")
        .await;
    browser.click("#delivery-list summary").await;
    let outcome = browser
        .eval("document.querySelector('#delivery-list details').innerText")
        .await;
    let outcome = outcome.as_str().unwrap();
    assert!(
        outcome.contains("page") && outcome.contains("Lunch"),
        "{outcome}"
    );
    browser.fill("#search [name=status]", "FINE").await;
    browser
        .until("document.querySelector('#delivery-list .wrong')")
        .await;
    browser
        .eval("document.querySelector('#search').reset()")
        .await;
    browser.eval("document.querySelector('#search [name=text]').dispatchEvent(new Event('input', {bubbles: true}))").await;
    browser
        .until("document.querySelectorAll('#delivery-list li[data-status]').length == 3")
        .await;
}

async fn try_rules(browser: &mut Browser, daemon: &Daemon, snom: &SimPhone, yealink: &SimPhone) {
    browser
        .until("document.querySelector('#rule-list tbody tr').innerText.includes('hush')")
        .await;
    let path = "/action/yealink/dnd_on?mac=00005e005303&line=1";
    let own = yealink.phone().address().ip();
    assert!(get_from(own, daemon.http(), path).await.contains(" 200 "));
    snom.shows_text("yealink <b>is quiet</b>").await;
    browser
        .until("document.querySelector('[data-event=\"phone.dnd_on\"]')")
        .await;
    browser
        .until("document.querySelector('#rule-list tbody td:nth-child(3)').innerText == '1'")
        .await;
    let last = browser
        .eval("document.querySelector('#rule-list tbody td:nth-child(8)').innerText")
        .await;
    assert!(last.as_str().unwrap().starts_with("20"), "{last}");
    let before = snom.received().len();
    browser.click("[data-event=\"phone.dnd_on\"] button").await;
    browser
        .until("document.querySelector('#dry-run .badge.good')")
        .await;
    let trial = browser
        .eval("document.querySelector('#dry-run').innerText")
        .await;
    let trial = trial.as_str().unwrap();
    assert!(
        trial.contains("hush") && trial.contains("is quiet</b>"),
        "{trial}"
    );
    assert_eq!(snom.received().len(), before);
    // What was decided, and what came of it, is in the list of traces; a rule that fails stands out.
    browser
        .until("document.querySelector('[data-rule=hush] .badge.good')")
        .await;
    let steps = "document.querySelector('[data-rule=hush] ol ol').textContent";
    browser
        .until(&format!(
            "{steps}.includes('phone=\"snom\"') && {steps}.includes('OK')"
        ))
        .await;
    browser
        .until("document.querySelector('[data-rule=broken] .badge.failed')")
        .await;
    let trace = browser
        .eval("document.querySelector('[data-rule=broken] ol').textContent")
        .await;
    assert!(
        trace.as_str().unwrap().contains("has no missing"),
        "{trace}"
    );
    browser
        .until("document.querySelector('#rule-list td .wrong').innerText == '1'")
        .await;
    // Nor is it counted.
    let fired = browser
        .eval("document.querySelector('#rule-list tbody td:nth-child(3)').innerText")
        .await;
    assert_eq!(fired, "1");
}

async fn other_verbs(browser: &mut Browser) {
    let preview = "document.querySelector('#preview";
    for (verb, key, value, seen) in [
        ("ring", "tone", "3", "').innerText.includes('plays 3')"),
        // Converted to the width of the display.
        (
            "background",
            "image",
            "background.png",
            " .shot')?.naturalWidth == 480",
        ),
    ] {
        choose(browser, verb, key).await;
        browser.fill(&format!("#key-{key}"), value).await;
        browser.fill("#phone", "snom").await;
        browser.click("#see").await;
        browser.until(&format!("{preview}{seen}")).await;
        browser.click("#go").await;
        browser
            .until("document.querySelector('#preview .badge.OK')")
            .await;
    }
    browser.fill("#key-image", " ").await;
    browser.click("#see").await;
    browser
        .until("document.querySelector('#preview .wrong').innerText.includes('image is missing')")
        .await;
    browser.click("[data-phone=yealink] .shots button").await;
    // The screenshot stays, although the cards are replaced after every delivery.
    let picture = "document.querySelector('[data-phone=yealink] .shots img')?.naturalWidth > 0";
    browser.until(picture).await;
    browser.fill("#phones-filter input", "yea").await;
    browser
        .until("document.querySelectorAll('.card').length == 1")
        .await;
    browser.until(picture).await;
    clear_filter(browser).await;
}

async fn clear_filter(browser: &mut Browser) {
    browser
        .eval(
            "(() => { const input = document.querySelector('#phones-filter input'); \
             input.value = ''; input.dispatchEvent(new Event('input', {bubbles: true})); })()",
        )
        .await;
    browser
        .until("document.querySelectorAll('.card').length == 3")
        .await;
}

async fn cancel(browser: &mut Browser, slow: &TcpListener) {
    choose(browser, "push", "text").await;
    browser.fill("#phone", "yealink").await;
    browser
        .eval("document.querySelector('#fields details').open = true")
        .await;
    let image = format!("http://{}/a.png", slow.local_addr().unwrap());
    browser.fill("#key-image", &image).await;
    browser
        .eval("document.querySelector('#key-wait').value = 'no'")
        .await;
    browser.click("#see").await;
    browser.click("#go").await;
    let (_held, _) = soon("the fetch", slow.accept()).await.unwrap();
    // The list is replaced whenever something happens, so the click is repeated until it succeeds.
    browser
        .until(
            "(document.querySelector('#delivery-list li[data-status=QUEUED] button')?.click(), \
             document.querySelector('#delivery-list li[data-status=UNREACHABLE]'))",
        )
        .await;
    let why = browser
        .eval(
            "document.querySelector('#delivery-list [data-status=UNREACHABLE] .reason').innerText",
        )
        .await;
    assert_eq!(why, "cancelled by page of admin before anything was sent");
}

/// Takes the screenshot for the README.
async fn take_picture(browser: &mut Browser) {
    browser.display(1280, 1240, "light").await;
    browser.fill("#phone", "all&cisco").await;
    choose(browser, "push", "text").await;
    browser.fill("#key-title", "Canteen").await;
    browser
        .fill("#key-text", "Today: soup, and apple pie.")
        .await;
    browser.click("#see").await;
    browser
        .until("document.querySelectorAll('#preview .model').length == 3")
        .await;
    browser.click("#go").await;
    browser
        .until("document.querySelector('#preview .badge.OK')")
        .await;
    browser.fill("#key-title", "Meeting").await;
    browser.fill("#key-text", "Room 2, in five minutes.").await;
    browser
        .eval("document.querySelector('#fields details').open = true")
        .await;
    browser
        .fill("#key-softkey", "Call|dial:202\nLater|exit")
        .await;
    browser
        .eval("document.querySelector('#fields details').open = false")
        .await;
    browser.click("#see").await;
    browser
        .until("document.querySelectorAll('#preview .softkeys').length == 3")
        .await;
    let shown =
        "[...document.querySelectorAll('.card .title')].filter(t => t.innerText == 'Canteen')";
    browser.until(&format!("{shown}.length == 3")).await;
    browser
        .eval("document.activeElement.blur(); scrollTo(0, 0)")
        .await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/pictures/page.png");
    std::fs::write(path, browser.screenshot().await).unwrap();
}

async fn choose(browser: &mut Browser, verb: &str, key: &str) {
    browser
        .eval(&format!(
            "(() => {{ const verb = document.querySelector('#verb'); verb.value = '{verb}'; \
             verb.dispatchEvent(new Event('change', {{bubbles: true}})); }})()"
        ))
        .await;
    let loaded = format!(
        "document.querySelector('#fields p').innerText.startsWith('{verb} ') && document.querySelector('#key-{key}')"
    );
    browser.until(&loaded).await;
}

#[tokio::test]
async fn page_requires_session_origin_and_csrf_token() {
    let daemon = Daemon::start("").await;
    let admin = AdminClient::new(daemon.admin());
    let host = daemon.admin().to_string();
    let login = |headers: &[(&'static str, String)], token: &str| {
        let body: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("token", token)
            .finish();
        let headers: Vec<(&str, String)> = headers.to_vec();
        async move {
            let form = ("Content-Type", "application/x-www-form-urlencoded");
            let mut all = vec![form];
            all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
            admin
                .request_with_headers("POST", "/login", &all, &body)
                .await
        }
    };
    assert_eq!(login(&[], "wrong").await.code, 401);
    let foreign = [("Origin", "http://other.example".to_owned())];
    assert_eq!(login(&foreign, TOKEN).await.code, 403);
    let own = [("Origin", format!("http://{host}"))];
    let entered = login(&own, TOKEN).await;
    assert_eq!(entered.code, 303);
    let cookie = entered
        .head
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .unwrap();
    for word in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap();
    let home = admin
        .request_with_headers("GET", "/", &[("Cookie", cookie)], "")
        .await;
    assert!(
        home.head
            .contains("content-security-policy: default-src 'none'; script-src 'self'")
    );
    let page = String::from_utf8(home.body).unwrap();
    let csrf = page
        .split("X-CSRF-Token\": \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();

    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let send = |headers: Vec<(&'static str, String)>| async move {
        let mut all = vec![form];
        all.extend(headers.iter().map(|(name, value)| (*name, value.as_str())));
        admin
            .request_with_headers("POST", "/page/send", &all, "verb=ping")
            .await
            .code
    };
    let cookie = ("Cookie", cookie.to_owned());
    assert_eq!(send(vec![]).await, 401);
    assert_eq!(send(vec![cookie.clone()]).await, 403);
    assert_eq!(
        send(vec![cookie.clone(), ("X-CSRF-Token", "guess".to_owned())]).await,
        403
    );
    assert_eq!(
        send(vec![cookie.clone(), ("X-CSRF-Token", csrf.to_owned())]).await,
        200
    );
    // The cookie is for the page only, and the token for the API only.
    let api = admin
        .request_with_headers("GET", "/api/v1/phones", &[("Cookie", &cookie.1)], "")
        .await;
    assert_eq!(api.code, 401);
    assert_eq!(admin.get("/page/phones").await.code, 401);
}
