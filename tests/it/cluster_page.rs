//! The web page and the API of one daemon show what all daemons of the cluster have.

use handset_cluster::testing::NatsServers;
use handset_simulator::Vendor;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{Duration, sleep};

use super::support::admin_client::AdminClient;
use super::support::browser::{Browser, axe};
use super::support::cluster_health::cluster;
use super::support::daemon::{Daemon, TOKEN};
use super::support::event_stream::Events;
use super::support::nats::{nats, section};
use super::support::raw::get_from;
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

/// Two sites, each with a phone of its own and one of the same name.
struct Sites {
    a: Daemon,
    b: Daemon,
    desk: SimPhone,
    door: SimPhone,
    slow: TcpListener,
    _nats: NatsServers,
}

impl Sites {
    async fn start() -> Option<Self> {
        let nats = nats(1, "").await?;
        let desk = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
        let door = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
        let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let lobby = "[[phone]]\nname = 'lobby'\nvendor = 'snom'\naddress = '127.0.0.9'\n";
        let users =
            format!("[[admin.user]]\nname = 'watcher'\ntoken = '{WATCHER}'\nrole = 'read'\n");
        let a = section(&nats, "site-a") + &desk.entry("desk") + lobby + &users;
        let b = section(&nats, "site-b")
            + &door.entry("door")
            + lobby
            + &format!(
                "[media]\nhosts = ['{}']\n\
                 [[rule]]\nname = 'hush'\non = 'phone.dnd_on'\n\
                 do = [ {{ verb = 'push', phone = 'door', text = 'Quiet at {{{{ event.line }}}}' }} ]\n",
                slow.local_addr().unwrap()
            );
        let sites = Self {
            a: Daemon::start(&a).await,
            b: Daemon::start(&b).await,
            desk,
            door,
            slow,
            _nats: nats,
        };
        for daemon in [&sites.a, &sites.b] {
            soon("both daemons in the cluster", async {
                while cluster(daemon).await["daemons"].as_array().map(Vec::len) != Some(2) {
                    sleep(POLL).await;
                }
            })
            .await;
        }
        Some(sites)
    }

    fn home(&self) -> String {
        format!("http://{}/", self.a.admin())
    }

    /// Makes the phone of the other site report do-not-disturb.
    async fn dnd_on(&self, line: &str) {
        let mac = sim_phone::options(Vendor::Snom).mac.clone();
        let path = format!(
            "/action/snom/dnd_on?mac={}&line={line}",
            mac.replace(':', "").to_lowercase()
        );
        let own = self.door.phone().address().ip();
        let reply = get_from(own, self.b.http(), &path).await;
        assert!(reply.contains(" 200 "), "{reply}");
    }

    /// Starts a push to `door` whose image never arrives, requested at its own daemon; returns its id.
    async fn begin_slow_push(&self) -> (String, tokio::net::TcpStream) {
        let image = format!("http://{}/a.png", self.slow.local_addr().unwrap());
        let body = json!({"phone": "door", "image": image, "wait": "no"}).to_string();
        let begun = AdminClient::new(self.b.admin())
            .post("/api/v1/do/push", &body)
            .await;
        let id = begun.json()["id"].as_str().unwrap().to_owned();
        let (held, _) = soon("the fetch", self.slow.accept()).await.unwrap();
        (id, held)
    }
}

#[tokio::test]
async fn page_of_one_daemon_shows_all() {
    let Some(mut browser) = Browser::start().await else {
        return;
    };
    let Some(sites) = Sites::start().await else {
        return;
    };
    let home = sites.home();
    browser.display(1280, 900, "light").await;
    browser.open(&home).await;
    browser.fill("#token", TOKEN).await;
    browser.press("Enter").await;
    browser.until("document.querySelector('#overview')").await;

    // The phones, of which two have the same name.
    browser.open(&format!("{home}phones")).await;
    let phones = "[...document.querySelectorAll('[data-phone]')]\
                  .map(card => card.dataset.phone + ' ' + card.dataset.daemon).sort()";
    let expected = ["desk site-a", "door site-b", "lobby site-a", "lobby site-b"];
    assert_eq!(browser.eval(phones).await, json!(expected));
    browser
        .eval(
            "(() => { const field = document.querySelector('select[name=daemon]'); field.value = 'site-b'; \
             field.dispatchEvent(new Event('input', { bubbles: true })); })()",
        )
        .await;
    browser
        .until("document.querySelectorAll('[data-phone]').length == 2")
        .await;

    live_updates(&mut browser, &sites).await;
    cancel(&mut browser, &sites).await;
    events_and_rules(&mut browser, &sites).await;
    fits_every_display(&mut browser, &home).await;

    // A daemon that is gone is named, and the rest is shown.
    let Sites { a: _a, b, .. } = sites;
    b.terminate();
    b.end().await;
    for path in ["phones", "deliveries", "events", "rules", "health", ""] {
        browser.open(&format!("{home}{path}")).await;
        browser
            .until("document.querySelector('[data-missing=\"site-b\"]')")
            .await;
    }
    browser.open(&format!("{home}phones")).await;
    browser
        .until("document.querySelector('[data-phone=desk]')")
        .await;
    assert_eq!(browser.errors, Vec::<String>::new());
}

/// The list of deliveries shows what happens at the other daemon, and a click repeats a delivery there.
async fn live_updates(browser: &mut Browser, sites: &Sites) {
    let home = sites.home();
    browser.open(&format!("{home}deliveries")).await;
    browser
        .until("document.querySelector('#delivery-list .none')")
        .await;
    let body = json!({"phone": "door", "text": "Soup"}).to_string();
    let sent = AdminClient::new(sites.b.admin())
        .post("/api/v1/do/push", &body)
        .await;
    assert_eq!(sent.code, 200);
    browser
        .until("document.querySelector('#delivery-list tr[data-status=OK] td[data-label=Daemon]').innerText == 'site-b'")
        .await;
    let before = sites.door.received().len();
    browser
        .until(
            "(document.querySelector('#delivery-list [hx-post]')?.click(), \
             document.querySelector('#report .badge.OK'))",
        )
        .await;
    sites.door.shows_text("Soup").await;
    assert!(before < sites.door.received().len());
    browser
        .until("document.querySelectorAll('#delivery-list tr[data-status=OK]').length == 2")
        .await;
    let asker =
        "document.querySelector('#delivery-list td[data-label=\"Requested by\"]').innerText";
    assert_eq!(browser.eval(asker).await, "page of admin");
}

async fn cancel(browser: &mut Browser, sites: &Sites) {
    let (_, _held) = sites.begin_slow_push().await;
    browser
        .until(
            "(document.querySelector('#delivery-list tr[data-status=QUEUED] button')?.click(), \
             document.querySelector('#delivery-list tr[data-status=UNREACHABLE]'))",
        )
        .await;
    let why =
        "document.querySelector('#delivery-list [data-status=UNREACHABLE] .reason').innerText";
    assert_eq!(
        browser.eval(why).await,
        "cancelled by page of admin before anything was sent"
    );
}

/// Events of the other daemon can be tried with the rules there.
async fn events_and_rules(browser: &mut Browser, sites: &Sites) {
    let home = sites.home();
    browser.open(&format!("{home}events")).await;
    sites.dnd_on("1").await;
    let row = "[data-event=\"phone.dnd_on\"][data-daemon=\"site-b\"]";
    browser
        .until(&format!("document.querySelector('{row}')"))
        .await;
    // The list is replaced on every change, so the click is repeated until it succeeds.
    let tried = format!(
        "(document.querySelector('{row} [hx-post=\"/page/dry-run\"]')?.click(), \
         document.querySelector('#dry-run').innerText.includes('Quiet at 1'))"
    );
    browser.until(&tried).await;
    browser.open(&format!("{home}rules")).await;
    browser
        .until("document.querySelector('[data-rule=hush][data-daemon=\"site-b\"] [data-counter=Fired]').innerText == '1'")
        .await;
    browser.click("[data-rule=hush] a").await;
    browser
        .until("document.querySelector('.traces').innerText.includes('site-b')")
        .await;
    browser.open(&format!("{home}health")).await;
    let sections =
        "[...document.querySelectorAll('table[data-daemon]')].map(one => one.dataset.daemon)";
    assert_eq!(browser.eval(sections).await, json!(["site-a", "site-b"]));
}

async fn fits_every_display(browser: &mut Browser, home: &str) {
    let axe = axe();
    for (width, scheme) in [(320, "light"), (1280, "dark")] {
        browser.display(width, 844, scheme).await;
        for path in [
            "",
            "phones?as=cards",
            "phones?as=table",
            "phones/door?daemon=site-b",
            "send?phone=door",
            "deliveries",
            "events",
            "rules",
            "rules/hush?daemon=site-b",
            "health",
        ] {
            browser.open(&format!("{home}{path}")).await;
            let at = format!("{path} at {width} pixels");
            let wider = "document.documentElement.scrollWidth <= innerWidth";
            assert_eq!(browser.eval(wider).await, json!(true), "{at}");
            if let Some(axe) = &axe {
                browser.eval(&format!("{axe};0")).await;
                let found = "axe.run().then(found => found.violations\
                             .filter(violation => ['serious', 'critical'].includes(violation.impact))\
                             .map(violation => `${violation.id}: ${violation.nodes.map(node => node.html)}`))";
                assert_eq!(browser.eval(found).await, json!([]), "{at}");
            }
            if let Some(folder) = std::env::var_os("HANDSETD_SCREENSHOTS") {
                let name = path.replace(['/', '?', '=', '&'], "-");
                let file = std::path::Path::new(&folder).join(format!("{name}-{width}.png"));
                std::fs::write(file, browser.screenshot().await).unwrap();
            }
        }
    }
    browser.display(1280, 900, "light").await;
}

#[tokio::test]
#[expect(
    clippy::too_many_lines,
    reason = "two daemons are started once for all of it"
)]
async fn api_of_one_daemon_has_all() {
    let Some(sites) = Sites::start().await else {
        return;
    };
    let api = AdminClient::new(sites.a.admin());
    let mut events = Events::open_filtered(&sites.a, "?event=phone.*&daemon=site-b").await;
    let mut traces = Events::open_at(&sites.a, "/api/v1/traces?rule=hush").await;
    let get = async |path: &str| api.get(&format!("/api/v1/{path}")).await.json();
    let daemons = |reply: &Value| -> Vec<String> {
        let rows = reply["result"].as_array().unwrap().iter();
        rows.map(|row| row["daemon"].as_str().unwrap().to_owned())
            .collect()
    };
    let phones = get("phones").await;
    assert_eq!(daemons(&phones), ["site-a", "site-a", "site-b", "site-b"]);
    assert_eq!(phones["missing"], json!([]));
    assert_eq!(daemons(&get("phones?daemon=site-b").await).len(), 2);
    // Names known here resolve here; others are looked up.
    assert_eq!(get("phones/lobby").await["result"]["daemon"], "site-a");
    assert_eq!(get("phones/door").await["result"]["daemon"], "site-b");
    assert_eq!(get("phones/nobody").await["status"], "NOTFOUND");
    let unknown = get("phones?daemon=site-c").await;
    assert!(
        unknown["reason"]
            .as_str()
            .unwrap()
            .contains("site-a, site-b")
    );
    let tested = api.post("/api/v1/phones/door/fetch-test", "").await.json();
    assert_eq!(tested["result"][0]["phone"], "door", "{tested}");
    assert_eq!(tested["result"][0]["fetched"]["status"], "OK", "{tested}");

    // The pages of the list cover the deliveries of both.
    for (daemon, phone) in [(&sites.a, "desk"), (&sites.b, "door"), (&sites.a, "desk")] {
        let body = json!({"phone": phone, "text": "Soup"}).to_string();
        let sent = AdminClient::new(daemon.admin())
            .post("/api/v1/do/push", &body)
            .await;
        assert_eq!(sent.code, 200);
    }
    let all = get("deliveries").await;
    assert_eq!(daemons(&all), ["site-a", "site-b", "site-a"]);
    let mut before = String::new();
    for row in all["result"].as_array().unwrap() {
        let page = get(&format!("deliveries?limit=1&before={before}")).await;
        assert_eq!(page["result"], json!([row]));
        before = row["position"].as_str().unwrap().to_owned();
    }
    assert_eq!(get("deliveries?before=7").await["status"], "INVALID");
    let csv = api.get("/api/v1/deliveries?format=csv").await;
    let csv = String::from_utf8(csv.body).unwrap();
    assert_eq!(
        csv.lines().filter(|line| line.ends_with(",site-b")).count(),
        1,
        "{csv}"
    );

    // Roles apply across daemons.
    let (id, _held) = sites.begin_slow_push().await;
    let path = format!("/api/v1/deliveries/{id}");
    let watcher = format!("Bearer {WATCHER}");
    let watcher = [("Authorization", watcher.as_str())];
    let refused = api
        .request_with_headers("DELETE", &path, &watcher, "")
        .await;
    assert_eq!(refused.code, 403);
    let again = api
        .request_with_headers("POST", &format!("{path}/again"), &watcher, "")
        .await;
    assert_eq!(again.code, 403);
    let cancelled = api.request("DELETE", &path, &[], "").await;
    assert_eq!(cancelled.json()["phone"], "door");

    // As soon as they happen: the stream was already open.
    sites.dnd_on("2").await;
    let event = events.next().await;
    assert_eq!(
        (&event["event"], &event["daemon"]),
        (&json!("phone.dnd_on"), &json!("site-b"))
    );
    let trace = traces.next().await;
    assert_eq!(
        (&trace["verdict"], &trace["daemon"]),
        (&json!("fired"), &json!("site-b"))
    );
    let end = traces.next().await;
    assert_eq!(
        (&end["run"]["state"], &end["daemon"]),
        (&json!("finished"), &json!("site-b")),
        "{end}"
    );
    let rule = get("rules/hush").await;
    assert_eq!(rule["result"]["traces"][0]["daemon"], "site-b", "{rule}");
    let status = get("status").await;
    assert_eq!(status["result"]["daemon"], "site-a");
    assert_eq!(status["result"]["daemons"][0]["daemon"], "site-b");
    let overview = get("overview").await;
    let total = overview["result"]["deliveries"]["OK"].as_u64().unwrap();
    assert!(4 <= total, "{overview}");

    // A daemon that hangs is named, and nothing waits for it longer than two seconds.
    sites.b.freeze().await;
    let phones = get("phones").await;
    assert_eq!(daemons(&phones), ["site-a", "site-a"]);
    assert_eq!(phones["missing"][0]["daemon"], "site-b");
    let csv = api.get("/api/v1/deliveries?format=csv").await;
    let csv = String::from_utf8(csv.body).unwrap();
    assert!(
        csv.trim_end().ends_with(",site-b") && csv.contains("site-b: "),
        "{csv}"
    );
    drop(sites.desk);
}

const WATCHER: &str = "a token that may only read";

const POLL: Duration = Duration::from_millis(100);
