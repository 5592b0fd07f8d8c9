//! What the views Overview, Events, Rules and Health show, in a real browser, and how they learn what is new.

use handset_simulator::Vendor;
use tokio::io::AsyncReadExt;

use super::support::browser::Browser;
use super::support::caller::Caller;
use super::support::daemon::{Daemon, TOKEN};
use super::support::page_client::PageClient;
use super::support::raw::{connect_from, get_from};
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

const WATCHER: &str = "watcher's token of many characters";

/// Nothing listens at the addresses of the server and of the phone `lobby`.
const UNREACHABLE: &str = "
[[asterisk]]
name = 'pbx'
address = '127.0.0.1:1'
username = 'handsetd'
secret = 'hush'

[[phone]]
name = 'lobby'
vendor = 'snom'
address = '127.0.0.9'
";

const RULES: &str = r#"
[[rule]]
name = "hush"
on = "phone.dnd_on"
when = "event.line == '1'"
do = [ { verb = "push", phone = "desk", text = "Quiet" } ]

[[rule]]
name = "never"
on = "phone.dnd_on"
when = "event.line == '9'"
do = [ { verb = "push", phone = "desk", text = "Nine" } ]

[[rule]]
name = "seldom"
on = "phone.dnd_on"
limit = { every = "1h" }
do = [ { verb = "ping", phone = "desk" } ]

[[rule]]
name = "broken"
on = "phone.dnd_on"
do = [ { verb = "push", phone = "desk", text = "{{ event.missing }}" } ]
"#;

/// A daemon with a phone whose events fire rules, and a browser that is logged in.
struct Site {
    browser: Browser,
    daemon: Daemon,
    home: String,
    desk: SimPhone,
    base: String,
}

impl Site {
    /// `None` if there is no browser.
    async fn start(more: &str) -> Option<Self> {
        let mut browser = Browser::start().await?;
        let desk = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
        let watcher =
            format!("[[admin.user]]\nname = 'watcher'\ntoken = \"{WATCHER}\"\nrole = 'read'\n");
        let base = [more, &watcher, &desk.entry("desk"), UNREACHABLE, RULES].join("\n");
        let daemon = Daemon::start(&base).await;
        let home = format!("http://{}/", daemon.admin());
        browser.display(1280, 900, "light").await;
        browser.open(&home).await;
        browser.fill("#token", TOKEN).await;
        browser.press("Enter").await;
        browser.until("document.querySelector('#overview')").await;
        Some(Self {
            browser,
            daemon,
            home,
            desk,
            base,
        })
    }

    /// Has the phone report that it is not to be disturbed.
    async fn dnd_on(&self, line: u8) {
        let path = format!("/action/yealink/dnd_on?mac=00005e005303&line={line}");
        let own = self.desk.phone().address().ip();
        assert!(
            get_from(own, self.daemon.http(), &path)
                .await
                .contains(" 200 ")
        );
    }

    async fn open(&mut self, path: &str) {
        self.browser.open(&format!("{}{path}", self.home)).await;
    }

    /// Waits until an element has all of these texts, whatever its white space.
    async fn shows(&mut self, selector: &str, texts: &[&str]) {
        let (selector, texts) = (serde_json::json!(selector), serde_json::json!(texts));
        self.browser
            .until(&format!(
                "{texts}.every(text => \
                 document.querySelector({selector}).innerText.replace(/\\s+/g, ' ').includes(text))"
            ))
            .await;
    }
}

#[tokio::test]
async fn overview_shows_servers_phones_deliveries_rules_and_failures() {
    let Some(mut site) = Site::start("").await else {
        return;
    };
    let page = PageClient::log_in(site.daemon.admin(), TOKEN).await;
    for phone in ["desk", "lobby"] {
        let form = format!("verb=push&text=Soup&phone={phone}");
        assert_eq!(page.request("POST", "/page/send", &form).await.code, 200);
    }
    site.dnd_on(2).await;
    // Updates by itself.
    site.shows(
        "section:has(#now-title)",
        &[
            "0 in progress",
            "0 held",
            "0 circuit breakers open",
            "1 run of 4 rules, 1 failed",
            "Rules that failed: broken",
        ],
    )
    .await;
    let servers = "section:has(#servers-title)";
    site.shows(servers, &["pbx", "lost", "Does Asterisk run"])
        .await;
    site.browser
        .until("document.querySelector('.tiles.servers .tile.bad')")
        .await;
    site.shows(
        "section:has(#phones-title)",
        &["1 do not disturb", "1 not followed"],
    )
    .await;
    let totals = ["OK 1", "UNREACHABLE 1", "Deliveries of the last"];
    site.shows("section:has(#deliveries-title)", &totals).await;
    site.shows(
        "section:has(#deliveries-title) tbody tr:has(meter)",
        &[" of "],
    )
    .await;
    let vendors = "[...document.querySelectorAll('section tbody tr:has(meter)')]\
                   .map(row => row.innerText.replace(/\\s+/g, ' ').replace(/ [0-9.]+ m?s/g, ' TIME'))";
    assert_eq!(
        site.browser.eval(vendors).await,
        serde_json::json!(["Snom 0 of 1 0 % – –", "Yealink 1 of 1 100 % TIME TIME"])
    );
    // The chart is readable as text.
    let rows = "document.querySelector('#chart-numbers').textContent.match(/2.*1/s) != null";
    assert_eq!(site.browser.eval(rows).await, true);
    let failures = ["push to lobby", "UNREACHABLE"];
    site.shows("section:has(#failures-title)", &failures).await;
    // Each number leads to what it counts.
    site.browser
        .click("section:has(#deliveries-title) a[href*='status=UNREACHABLE']")
        .await;
    site.browser
        .until(
            "document.querySelectorAll('#delivery-list tr[data-status=UNREACHABLE]').length == 1",
        )
        .await;
}

#[tokio::test]
async fn events_are_filtered_paused_unfolded_and_drafted_into_rules() {
    let Some(mut site) = Site::start("").await else {
        return;
    };
    site.dnd_on(1).await;
    site.open("events").await;
    let row = "[data-event=\"phone.dnd_on\"]";
    let rows = format!(
        "document.querySelectorAll({}).length",
        serde_json::json!(row)
    );
    site.browser.until(&format!("{rows} == 1")).await;
    // One line, and the raw event on demand.
    let fields = format!("document.querySelector('{row} dl').checkVisibility()");
    assert_eq!(site.browser.eval(&fields).await, false);
    site.browser.click(&format!("{row} summary")).await;
    assert_eq!(site.browser.eval(&fields).await, true);
    site.shows(&format!("{row} dl"), &["line 1", "00005e005303"])
        .await;
    for (field, other, own) in [("name", "Hangup", "dnd"), ("phone", "1001", "DESK")] {
        let field = format!("#event-filter [name={field}]");
        site.browser.fill(&field, other).await;
        site.shows("#event-list", &["No matching events."]).await;
        site.browser.fill(&field, own).await;
        site.browser.until(&format!("{rows} == 1")).await;
    }
    let address = site.browser.eval("location.search").await;
    assert_eq!(address, "?name=dnd&phone=DESK");
    // While the list is paused it asks for nothing.
    site.browser
        .eval(
            "(() => { window.asked = []; document.addEventListener('htmx:beforeRequest', event => { \
             if (event.target.id == 'event-list') asked.push(!event.defaultPrevented); }); })()",
        )
        .await;
    site.browser.click("#pause").await;
    site.dnd_on(2).await;
    site.browser.until("asked.length > 0").await;
    assert_eq!(site.browser.eval("asked.some(asked => asked)").await, false);
    assert_eq!(site.browser.eval(&rows).await, 1);
    site.browser.click("#pause").await;
    site.browser.until(&format!("{rows} == 2")).await;
    // A click drafts a rule of the event.
    site.browser
        .click(&format!("{row} button[aria-label^='Draft a rule']"))
        .await;
    site.browser
        .until("document.querySelector('#draft').value.includes('on = \"phone.dnd_on\"')")
        .await;
    let draft = site
        .browser
        .eval("document.querySelector('#draft').value")
        .await;
    let draft: toml::Table = draft.as_str().unwrap().parse().unwrap();
    assert_eq!(draft["rule"][0]["on"].as_str(), Some("phone.dnd_on"));
}

#[tokio::test]
async fn rules_show_what_they_do_their_counters_and_their_last_decision() {
    let Some(mut site) = Site::start("").await else {
        return;
    };
    site.open("rules").await;
    site.shows("[data-rule=hush]", &["phone.dnd_on", "never"])
        .await;
    site.dnd_on(1).await;
    site.dnd_on(1).await;
    // Updates by itself. Fired, unmet, limited, skipped, failed.
    for (rule, counts) in [
        ("hush", ["2", "0", "0", "0", "0"]),
        ("never", ["0", "2", "0", "0", "0"]),
        ("seldom", ["1", "0", "1", "0", "0"]),
        ("broken", ["0", "0", "0", "0", "2"]),
    ] {
        let found = format!(
            "[...document.querySelectorAll('[data-rule={rule}] .number')].map(cell => cell.innerText).join()"
        );
        let counts = counts.join(",");
        site.browser.until(&format!("{found} == '{counts}'")).await;
    }
    let meanings = "[...document.querySelectorAll('[data-rule=hush] .number')]\
                    .every((cell, at) => cell.title && cell.title == document.querySelectorAll('th abbr')[at].title)";
    assert_eq!(site.browser.eval(meanings).await, true);
    site.shows("[data-rule=seldom]", &["limited"]).await;
    site.open("rules/seldom").await;
    site.shows(
        "#rule .panel",
        &["Fires on phone.dnd_on", "ping", "Last fired 20"],
    )
    .await;
    site.shows(".traces", &["limited", "fired", "OK"]).await;
    // The dry run is beside, and shows this rule only.
    let beside = "document.querySelector('#rule').getBoundingClientRect().right \
                  < document.querySelector('.beside').getBoundingClientRect().left";
    assert_eq!(site.browser.eval(beside).await, true);
    site.browser
        .click("[data-event=\"phone.dnd_on\"] button")
        .await;
    site.shows(
        "#dry-run",
        &["seldom", "would not fire", "Nothing was sent."],
    )
    .await;
    let others = "document.querySelector('#dry-run').innerText.includes('hush')";
    assert_eq!(site.browser.eval(others).await, false);
}

#[tokio::test]
async fn rules_and_health_show_the_faults_of_the_last_reload() {
    let Some(mut site) = Site::start("").await else {
        return;
    };
    site.open("health").await;
    let row = "[data-row=configuration]";
    site.shows(row, &["in effect", "not reloaded"]).await;
    let wrong = "\n[[rule]]\nname = '<b>bold</b>'\non = 'Hangup'\ndo = [ { verb = 'fax' } ]\n";
    site.daemon.reconfigure(&(site.base.clone() + wrong));
    site.daemon
        .line("The old configuration stays in effect.")
        .await;
    let shown = ["test.toml:", "fax", "The configuration was not replaced"];
    for view in ["rules", "health"] {
        site.open(view).await;
        site.shows("section:has(#faults-title)", &shown).await;
        assert_eq!(
            site.browser
                .eval("document.querySelector('main b b')")
                .await,
            serde_json::Value::Null
        );
    }
    site.shows(row, &["faulty", "handsetd reload"]).await;
    // The old rules are still there. A reader learns that there are faults, not what they repeat.
    let watcher = PageClient::log_in(site.daemon.admin(), WATCHER).await;
    let view = watcher.request("GET", "/rules", "").await;
    let view = String::from_utf8(view.body).unwrap();
    assert!(view.contains("data-rule=\"hush\""), "{view}");
    assert!(view.contains("1 fault, which administrators see"), "{view}");
    assert!(!view.contains("fax"), "{view}");

    let changed = site.base.clone() + "\n[agi]\nbudget = '1s'\n";
    site.daemon.reconfigure(&changed);
    site.daemon.line("need a restart").await;
    site.shows(row, &["restart", "changes of [agi] are not in effect"])
        .await;
    site.open("rules").await;
    let faults = "document.querySelector('#faults-title')";
    assert_eq!(site.browser.eval(faults).await, serde_json::Value::Null);
}

#[tokio::test]
async fn health_shows_what_is_wrong_and_what_to_do() {
    let http = "[http]\nurl = 'http://127.0.0.1:1'\nallow = ['127.0.0.0/16']\n";
    let Some(mut site) = Site::start(http).await else {
        return;
    };
    // From outside http.allow.
    let foreign = "127.9.9.9".parse().unwrap();
    drop(connect_from(foreign, site.daemon.http()).await);
    site.daemon
        .line("Refused a connection from outside http.allow.")
        .await;
    site.dnd_on(1).await;
    site.open("health").await;
    let version = format!("version {}", env!("CARGO_PKG_VERSION"));
    site.shows("#health", &["Daemon running", &version, "0 held"])
        .await;
    site.shows("[data-server=pbx]", &["lost", "Does Asterisk run"])
        .await;
    let listeners = [
        ("agi", site.daemon.agi()),
        ("http", site.daemon.http()),
        ("admin", site.daemon.admin()),
    ];
    for (name, address) in listeners {
        let line = format!("Listener {name} bound {address}");
        site.shows("#health", &[line.as_str()]).await;
    }
    site.shows(
        "#health",
        &[
            "http.url wrong http://127.0.0.1:1",
            "Write the URL at which phones reach this machine",
            "Circuit breakers 0 open",
            "Refused connections 1 since the start",
            "add their network",
            "Rule broken failed once",
        ],
    )
    .await;
}

#[tokio::test]
async fn what_happens_while_a_page_loads_is_announced_to_it() {
    let daemon = Daemon::start("").await;
    let page = PageClient::log_in(daemon.admin(), TOKEN).await;
    let (_, rest) = page.home.split_once("sse-connect=\"").unwrap();
    let (path, _) = rest.split_once('"').unwrap();
    let caller = Caller::new(daemon.agi());
    caller.run("push", &["Hello", "phone=absent"]).await;
    let mut updates = page.stream(path).await;
    let mut received = Vec::new();
    let announced = async {
        while !String::from_utf8_lossy(&received).contains("event: delivery") {
            assert!(0 < updates.read_buf(&mut received).await.unwrap());
        }
    };
    soon("an update", announced).await;
}
