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
    browser.open(&format!("{home}phones")).await;
    // Cards.
    for vendor in vendors {
        let card = format!("document.querySelector('[data-phone={vendor}] h2')");
        browser.until(&card).await;
    }
    browser.fill("#phones-filter input", "yealink").await;
    browser
        .until("document.querySelectorAll('.card').length == 1")
        .await;
    clear_filter(&mut browser).await;

    push_to_a_group(&mut browser, &home, &sim_phones).await;
    search_deliveries(&mut browser, &home).await;
    try_rules(&mut browser, &home, &daemon, &sim_phones[1], &sim_phones[2]).await;
    other_verbs(&mut browser, &home).await;
    screenshots(&mut browser, &home).await;
    cancel(&mut browser, &home, &slow).await;
    if std::env::var_os("HANDSETD_REWRITE").is_some() {
        take_pictures(&mut browser, &home).await;
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
    browser.until("document.querySelector('#overview')").await;
    assert_eq!(browser.eval("document.cookie").await, "");
    // The first Tab stop skips the navigation.
    browser.press("Tab").await;
    let first = browser.eval("document.activeElement.className").await;
    assert_eq!(first, "skip");
}

async fn push_to_a_group(browser: &mut Browser, home: &str, sim_phones: &[SimPhone]) {
    browser.open(&format!("{home}send")).await;
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
    // What becomes of it is shown for each phone.
    browser
        .until("document.querySelectorAll('#report [data-status=OK]').length == 3")
        .await;
    // What was sent is not kept for another time.
    let kept = browser.eval("sessionStorage.getItem('form:send')").await;
    assert_eq!(kept, serde_json::Value::Null);
    for sim_phone in sim_phones {
        sim_phone.shows_text("Soup <i>is</i> ready").await;
    }
    browser.open(&format!("{home}phones")).await;
    browser
        .until("document.querySelectorAll('.card .screen .title').length == 3")
        .await;
}

async fn search_deliveries(browser: &mut Browser, home: &str) {
    browser.open(&format!("{home}deliveries")).await;
    browser
        .until("document.querySelectorAll('#delivery-list [data-status=OK]').length == 3")
        .await;
    browser.fill("#search [name=phone]", "snom").await;
    browser
        .until("document.querySelectorAll('#delivery-list tr[data-status]').length == 1")
        .await;
    browser.click("#delivery-list summary").await;
    let outcome = browser
        .eval("document.querySelector('#delivery-list tbody tr').innerText")
        .await;
    let outcome = outcome.as_str().unwrap();
    assert!(
        outcome.contains("page") && outcome.contains("Lunch"),
        "{outcome}"
    );
    // The address has the search, so that it survives a reload.
    let address = browser.eval("location.search").await;
    assert_eq!(address, "?phone=snom");
    browser.open(&format!("{home}deliveries?phone=snom")).await;
    browser
        .until("document.querySelectorAll('#delivery-list tr[data-status]').length == 1")
        .await;
    let field = browser
        .eval("document.querySelector('#search [name=phone]').value")
        .await;
    assert_eq!(field, "snom");
    browser.fill("#search [name=since]", "yesterday").await;
    browser
        .until("document.querySelector('#delivery-list .wrong')")
        .await;
    clear(browser, "#search [name=since]").await;
    clear(browser, "#search [name=phone]").await;
    browser
        .until("document.querySelectorAll('#delivery-list tr[data-status]').length == 3")
        .await;
}

async fn try_rules(
    browser: &mut Browser,
    home: &str,
    daemon: &Daemon,
    snom: &SimPhone,
    yealink: &SimPhone,
) {
    browser.open(&format!("{home}rules")).await;
    browser
        .until("document.querySelector('#rule-list tbody tr').innerText.includes('hush')")
        .await;
    let path = "/action/yealink/dnd_on?mac=00005e005303&line=1";
    let own = yealink.phone().address().ip();
    assert!(get_from(own, daemon.http(), path).await.contains(" 200 "));
    snom.shows_text("yealink <b>is quiet</b>").await;
    // The list updates by itself.
    let of_rule = |rule: &str, counter: &str| {
        format!("document.querySelector('[data-rule={rule}] [data-counter={counter}]').innerText")
    };
    browser
        .until(&format!("{} == '1'", of_rule("hush", "Fired")))
        .await;
    let last = browser.eval(&of_rule("hush", "last")).await;
    assert!(last.as_str().unwrap().starts_with("20"), "{last}");
    browser
        .until(&format!("{} == '1'", of_rule("broken", "Failed")))
        .await;
    browser.open(&format!("{home}events")).await;
    browser
        .until("document.querySelector('[data-event=\"phone.dnd_on\"]')")
        .await;
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
    // A draft fires on that event.
    browser
        .click("[data-event=\"phone.dnd_on\"] button:nth-of-type(2)")
        .await;
    browser
        .until("document.querySelector('#draft').value.includes('on = \"phone.dnd_on\"')")
        .await;
    // What was decided, and what came of it, is in the view of the rule; one that fails stands out.
    browser.open(&format!("{home}rules/hush")).await;
    browser
        .until("document.querySelector('.traces .badge.good')")
        .await;
    let steps = "document.querySelector('.traces ol').textContent";
    browser
        .until(&format!(
            "{steps}.includes('phone=\"snom\"') && {steps}.includes('OK')"
        ))
        .await;
    // Nor is a dry run counted.
    browser.click("[data-event=\"phone.dnd_on\"] button").await;
    browser
        .until("document.querySelectorAll('#dry-run .badge.good').length == 1")
        .await;
    let words = browser
        .eval("document.querySelector('#rule .panel').innerText")
        .await;
    let words = words.as_str().unwrap();
    assert!(
        words.contains("Fires on phone.dnd_on, if event.line == '1'"),
        "{words}"
    );
    browser.open(&format!("{home}rules/broken")).await;
    browser
        .until("document.querySelector('.traces .badge.failed')")
        .await;
    let trace = browser
        .eval("document.querySelector('.traces').textContent")
        .await;
    assert!(
        trace.as_str().unwrap().contains("has no missing"),
        "{trace}"
    );
    browser.open(&format!("{home}rules")).await;
    assert_eq!(browser.eval(&of_rule("hush", "Fired")).await, "1");
    let count = "document.querySelector('[data-rule=broken] td .wrong').innerText";
    assert_eq!(browser.eval(count).await, "1");
}

async fn other_verbs(browser: &mut Browser, home: &str) {
    browser.open(&format!("{home}send")).await;
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
        let sent = format!("document.querySelector('#report .{verb}.OK, #report .badge.OK')");
        browser.until(&sent).await;
        browser
            .eval("document.querySelector('#report').replaceChildren()")
            .await;
    }
    browser.fill("#key-image", " ").await;
    browser.click("#see").await;
    browser
        .until("document.querySelector('#preview .wrong').innerText.includes('image is missing')")
        .await;
}

async fn screenshots(browser: &mut Browser, home: &str) {
    browser.open(&format!("{home}phones")).await;
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
    clear(browser, "#phones-filter input").await;
    browser
        .until("document.querySelectorAll('.card').length == 3")
        .await;
}

async fn clear(browser: &mut Browser, field: &str) {
    browser
        .eval(&format!(
            "(() => {{ const input = document.querySelector('{field}'); \
             input.value = ''; input.dispatchEvent(new Event('input', {{bubbles: true}})); }})()"
        ))
        .await;
}

async fn cancel(browser: &mut Browser, home: &str, slow: &TcpListener) {
    browser.open(&format!("{home}send")).await;
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
    browser.open(&format!("{home}deliveries")).await;
    // The list is replaced whenever something happens, so the click is repeated until it succeeds.
    browser
        .until(
            "(document.querySelector('#delivery-list tr[data-status=QUEUED] button')?.click(), \
             document.querySelector('#delivery-list tr[data-status=UNREACHABLE]'))",
        )
        .await;
    let why = browser
        .eval(
            "document.querySelector('#delivery-list [data-status=UNREACHABLE] .reason').innerText",
        )
        .await;
    assert_eq!(why, "cancelled by page of admin before anything was sent");
}

/// Takes the screenshots for the README: the view Send, and the overview.
async fn take_pictures(browser: &mut Browser, home: &str) {
    browser.display(1280, 900, "light").await;
    browser.eval("sessionStorage.clear()").await;
    browser.open(&format!("{home}send")).await;
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
        .until("document.querySelectorAll('#report [data-status=OK]').length == 3")
        .await;
    save_picture(browser, "page").await;
    browser.display(1280, 900, "dark").await;
    browser.open(&format!("{home}?hours=1")).await;
    browser
        .until("document.querySelector('#overview svg')")
        .await;
    save_picture(browser, "overview").await;
}

async fn save_picture(browser: &mut Browser, name: &str) {
    browser
        .eval("document.activeElement.blur(); scrollTo(0, 0)")
        .await;
    let pictures = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/pictures");
    std::fs::write(format!("{pictures}/{name}.png"), browser.screenshot().await).unwrap();
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
    assert_eq!(admin.get("/page/updates").await.code, 401);
    let phones = admin.get("/phones").await;
    assert!(
        String::from_utf8(phones.body)
            .unwrap()
            .contains("name=\"token\"")
    );
}
