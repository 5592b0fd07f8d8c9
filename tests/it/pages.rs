//! Pages and forms: what phones fetch by themselves and send back, with simulated phones of each vendor.

use std::fs;

use handset_simulator::{Content, Options, Screen, Vendor};

use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::event_stream::Events;
use super::support::loopback::Loopback;
use super::support::raw;
use super::support::sim_phone::{self, SimPhone};

/// A menu that leads to an order, a login with two fields, and rules that answer both.
const PAGES: &str = r#"
[[page]]
name = "menu"
title = "Canteen"
item = ["Soup|page:order?meal=Soup + bread", "Back|exit"]
softkey = "Login|page:login"

[[page]]
name = "order"
title = "{{ query.meal }}"
input = "How many|count|number"
then = "thanks"

[[page]]
name = "thanks"
text = "{{ query.count }} times {{ query.meal }} for {{ phone.name }}"

[[page]]
name = "login"
title = "Hot desk"
input = ["User|user|number", "PIN|pin|password"]

[[rule]]
name = "login"
on = "phone.form"
when = "event.Form == 'login'"
do = [{ verb = "push", text = "Welcome {{ event.user }}, {{ event.pin }}" }]

[[rule]]
name = "door"
on = "phone.form"
when = "event.Form == 'Door'"
do = [{ verb = "push", text = "{{ 'Open' if event.code == '4711' else 'Wrong' }}: {{ event.note }}" }]
"#;

#[tokio::test]
async fn phones_open_pages_follow_links_and_send_forms() {
    let fixture = Fixture::open(PAGES).await;
    let mut events = Events::open(&fixture.daemon).await;
    for (vendor, sim_phone) in &fixture.sim_phones {
        sim_phone
            .phone()
            .open(&fixture.url("/page/menu"))
            .await
            .unwrap();
        let menu = sim_phone
            .shows("the menu", |shown| shown.title == "Canteen")
            .await;
        let labels: Vec<_> = menu
            .content
            .items()
            .unwrap()
            .iter()
            .map(|item| &item.label)
            .collect();
        assert_eq!(labels, ["Soup", "Back"], "{vendor}");

        sim_phone.phone().select(0).await.unwrap();
        let order = sim_phone
            .shows("the order", |shown| shown.title == "Soup + bread")
            .await;
        assert_eq!(fields(&order), ["count"], "{vendor}");
        sim_phone.phone().submit(&[("count", "2")]).await.unwrap();
        sim_phone
            .shows_text(&format!("2 times Soup + bread for {vendor}"))
            .await;
        let event = events.next().await;
        assert_eq!(event["event"], "phone.form", "{event}");
        let fields = &event["fields"];
        assert_eq!(fields["phone"], vendor.name(), "{event}");
        assert_eq!(fields["Form"], "order", "{event}");
        assert_eq!(fields["meal"], "Soup + bread", "{event}");
        assert_eq!(fields["count"], "2", "{event}");
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn form_without_then_goes_back_and_a_rule_answers_it() {
    let fixture = Fixture::open(PAGES).await;
    for (vendor, sim_phone) in &fixture.sim_phones {
        sim_phone
            .phone()
            .open(&fixture.url("/page/login"))
            .await
            .unwrap();
        let form = sim_phone
            .shows("the form", |shown| shown.title == "Hot desk")
            .await;
        // Snom forms have one field; the other one is asked for next.
        if *vendor == Vendor::Snom {
            assert_eq!(fields(&form), ["user"]);
            sim_phone.phone().submit(&[("user", "77")]).await.unwrap();
            let next = sim_phone
                .shows("the PIN", |shown| fields(shown) == ["pin"])
                .await;
            assert_eq!(next.title, "Hot desk");
            sim_phone.phone().submit(&[("pin", "1 2&é")]).await.unwrap();
        } else {
            assert_eq!(fields(&form), ["user", "pin"]);
            let values = [("user", "77"), ("pin", "1 2&é")];
            sim_phone.phone().submit(&values).await.unwrap();
        }
        let left = |shown: Option<&Screen>| shown.is_none_or(|shown| fields(shown).is_empty());
        sim_phone
            .until("no form", |state| left(state.screen.as_ref()))
            .await;
        sim_phone.shows_text("Welcome 77, 1 2&é").await;
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn pushed_form_comes_back_under_its_title() {
    let fixture = Fixture::open(PAGES).await;
    let caller = Caller::new(fixture.daemon.agi());
    for (vendor, sim_phone) in &fixture.sim_phones {
        let phone = format!("phone={vendor}");
        let arguments = [
            "title=Door",
            "input=Code|code|number",
            "input=Note|note",
            &phone,
        ];
        let outcome = caller.run("push", &arguments).await;
        assert_eq!(outcome.status, "OK", "{vendor}: {}", outcome.reason);
        sim_phone
            .shows("the form", |shown| shown.title == "Door")
            .await;
        if *vendor == Vendor::Snom {
            sim_phone.phone().submit(&[("code", "4711")]).await.unwrap();
            sim_phone
                .shows("the note", |shown| fields(shown) == ["note"])
                .await;
            sim_phone.phone().submit(&[("note", "Ada")]).await.unwrap();
        } else {
            let values = [("code", "4711"), ("note", "Ada")];
            sim_phone.phone().submit(&values).await.unwrap();
        }
        sim_phone.shows_text("Open: Ada").await;
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn push_may_lead_to_a_page() {
    let fixture = Fixture::open(PAGES).await;
    let caller = Caller::new(fixture.daemon.agi());
    for (vendor, sim_phone) in &fixture.sim_phones {
        let phone = format!("phone={vendor}");
        let arguments = ["Hungry?", "softkey=Menu|page:menu", &phone];
        let outcome = caller.run("push", &arguments).await;
        assert_eq!(outcome.status, "OK", "{vendor}: {}", outcome.reason);
        sim_phone.shows_text("Hungry?").await;
        sim_phone.phone().press("Menu").await.unwrap();
        sim_phone
            .shows("the menu", |shown| shown.title == "Canteen")
            .await;
    }
}

#[tokio::test]
async fn images_of_pages_are_converted_for_the_model() {
    let page = "[[page]]\nname = 'door'\ntitle = 'Door'\nimage = 'background.png'\n";
    let fixture = Fixture::open(page).await;
    for (vendor, sim_phone) in &fixture.sim_phones {
        sim_phone
            .phone()
            .open(&fixture.url("/page/door"))
            .await
            .unwrap();
        let is_image = |shown: &Screen| matches!(shown.content, Content::Image { .. });
        sim_phone.shows("the picture", is_image).await;
        sim_phone.assert_accepted_all();
        assert_eq!(sim_phone.phone().options().vendor, *vendor);
    }
}

#[tokio::test]
async fn phone_that_nothing_lists_is_known_by_its_request() {
    let daemon = Daemon::start(PAGES).await;
    let mut events = Events::open(&daemon).await;
    for vendor in [Vendor::Cisco, Vendor::Snom, Vendor::Yealink] {
        let sim_phone = SimPhone::new(sim_phone::options(vendor)).await;
        let url = |path: &str| format!("http://{}{path}", daemon.http());
        sim_phone.phone().open(&url("/page/menu")).await.unwrap();
        sim_phone
            .shows("the menu", |shown| shown.title == "Canteen")
            .await;
        // It may look, but what it sends is no phone's.
        sim_phone
            .phone()
            .open(&url("/page/order?meal=x"))
            .await
            .unwrap();
        sim_phone
            .shows("the order", |shown| shown.title == "x")
            .await;
        sim_phone.phone().submit(&[("count", "2")]).await.unwrap();
        sim_phone
            .shows_text("handsetd does not know this phone.")
            .await;
        let event = events.next().await;
        assert_eq!(event["event"], "phone.unknown", "{event}");
        assert_eq!(event["fields"]["action"], "form", "{event}");
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn addresses_outside_the_networks_get_no_page() {
    let stranger = Loopback::claim();
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let config = sim_phone.entry("snom") + PAGES + "\n[http]\nallow = ['127.0.0.0/8']\n";
    let daemon = Daemon::start_without_networks(&config).await;
    for path in ["/page/menu", "/page/menu/form?count=1", "/form/0123"] {
        let reply = raw::get_from(stranger.ip(), daemon.http(), path).await;
        assert!(reply.starts_with("HTTP/1.0 403 "), "{path}: {reply}");
        assert!(!reply.contains("Soup"), "{reply}");
        assert!(
            reply.contains("requires an entry of its own in phones.networks"),
            "{reply}"
        );
    }
    // A flood of them does not fill the log.
    let log = daemon.settled_log().await;
    assert_eq!(log.matches("Refused a request for a page.").count(), 1);
    let url = format!("http://{}/page/menu", daemon.http());
    sim_phone.phone().open(&url).await.unwrap();
    sim_phone
        .shows("the menu", |shown| shown.title == "Canteen")
        .await;
}

#[tokio::test]
async fn page_that_would_lead_to_none_is_not_shown_and_the_log_says_why() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let pages = "[[page]]\nname = 'menu'\nitem = 'Soup|page:{{ query.to }}'\n\
                 [[page]]\nname = 'lunch'\ntext = 'a'\n";
    let daemon = Daemon::start(&(sim_phone.entry("desk") + pages)).await;
    for (to, expected) in [("lunch", "Soup"), ("lunhc", "cannot be shown")] {
        let url = format!("http://{}/page/menu?to={to}", daemon.http());
        sim_phone.phone().open(&url).await.unwrap();
        sim_phone
            .shows(expected, |shown| format!("{shown:?}").contains(expected))
            .await;
    }
    let line = daemon.line("Cannot show a page.").await;
    let expected = r#"no [[page]] is called \"lunhc\"; did you mean lunch?"#;
    assert!(line.contains(expected), "{line}");
}

#[tokio::test]
async fn names_lead_nowhere_else_and_queries_are_bounded() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let pages = "[[page]]\nname = 'echo'\ntext = '{{ query.q|default(\"none\") }}'\n";
    let daemon = Daemon::start(&(sim_phone.entry("desk") + pages)).await;
    fs::write(daemon.media("secret.xml"), "<a>secret</a>").unwrap();
    let source = sim_phone.phone().address().ip();
    let get = async |path: &str| raw::get_from(source, daemon.http(), path).await;
    for path in [
        "/page/../media/secret.xml",
        "/page/..%2fmedia%2fsecret.xml",
        "/page/secret.xml",
        "/page/echo%00",
        "/page/ECHO",
        "/page/",
        "/page/echo/form",
        "/page/echo/form/..%2f..",
        "/form/..%2fscreen",
        "/form/",
        "/form/0123/%zz",
    ] {
        let reply = get(path).await;
        assert!(
            !reply.contains("secret</a>") && !reply.contains("none"),
            "{path}: {reply}"
        );
        let is_refused = reply.starts_with("HTTP/1.0 404 ") || reply.contains("no longer valid");
        assert!(is_refused, "{path}: {reply}");
    }
    let bomb = format!("/page/echo?q={}", "a".repeat(9000));
    assert!(get(&bomb).await.starts_with("HTTP/1.0 414 "));
    let many = format!("/page/echo?{}q=late", "a=b&".repeat(64));
    assert!(get(&many).await.contains("none"));
    // What a query brings is text, not a template, nor markup.
    let hostile = raw::encoded("{{ phone.name }}{% for i in range(9) %}<Item>&</Item>");
    let reply = get(&format!("/page/echo?q={hostile}")).await;
    assert!(
        reply.contains("{{ phone.name }}{% for i in range(9) %}&lt;Item&gt;&amp;&lt;/Item&gt;"),
        "{reply}"
    );
    let head = format!(
        "HEAD /page/echo HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        daemon.http()
    );
    let reply = raw::exchange(daemon.http(), head).await;
    assert!(!reply.contains("none"), "{reply}");
}

#[tokio::test]
async fn other_phones_cannot_be_impersonated() {
    let fixture = Fixture::open(PAGES).await;
    let (_, cisco) = &fixture.sim_phones[0];
    let (_, yealink) = &fixture.sim_phones[2];
    let other = &yealink.phone().options().mac;
    let source = cisco.phone().address().ip();
    let get = async |path: &str| raw::get_from(source, fixture.daemon.http(), path).await;
    // Names of phones in the query are values, and no fields of the form, which remembers meal=x.
    let mut events = Events::open(&fixture.daemon).await;
    let path = format!(
        "/page/order/form/bWVhbD14?count=3&phone=yealink&mac={other}&Form=login&user=1&pin=2"
    );
    assert!(get(&path).await.contains("CiscoIPPhone"));
    let event = events.next().await;
    let fields = event["fields"].as_object().unwrap();
    let names: Vec<_> = fields.keys().map(String::as_str).collect();
    assert_eq!(fields["phone"], "cisco", "{event}");
    assert_eq!(fields["Form"], "order", "{event}");
    assert_eq!(fields["count"], "3", "{event}");
    for name in ["user", "pin", "mac", "claimed_phone"] {
        assert!(!names.contains(&name), "{event}");
    }
    // A phone cannot report such an event in another way.
    let forged = get("/action/cisco/form?Form=login&user=1&pin=2").await;
    assert!(forged.starts_with("HTTP/1.0 404 "), "{forged}");
}

#[tokio::test]
async fn reload_replaces_the_pages() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let config = |text: &str| {
        let page = format!("[[page]]\nname = 'news'\ntext = '{text}'\n");
        sim_phone.entry("desk") + &page
    };
    let daemon = Daemon::start(&config("before")).await;
    let url = format!("http://{}/page/news", daemon.http());
    sim_phone.phone().open(&url).await.unwrap();
    sim_phone.shows_text("before").await;
    daemon.reconfigure(&config("after"));
    daemon.line("Configuration reloaded.").await;
    sim_phone.phone().open(&url).await.unwrap();
    sim_phone.shows_text("after").await;
}

/// A daemon and a phone of each vendor, named after its vendor.
struct Fixture {
    daemon: Daemon,
    sim_phones: [(Vendor, SimPhone); 3],
}

impl Fixture {
    async fn open(config: &str) -> Self {
        let new = async |vendor| {
            let options: Options = sim_phone::options(vendor);
            (vendor, SimPhone::new(options).await)
        };
        let sim_phones = [
            new(Vendor::Cisco).await,
            new(Vendor::Snom).await,
            new(Vendor::Yealink).await,
        ];
        let entries = sim_phones.iter();
        let entries: String = entries
            .map(|(vendor, phone)| phone.entry(vendor.name()))
            .collect();
        let daemon = Daemon::start(&(entries + config)).await;
        Self { daemon, sim_phones }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.daemon.http())
    }
}

/// Returns the parameters of the fields of a form; none if the screen is another.
fn fields(shown: &Screen) -> Vec<&str> {
    match &shown.content {
        Content::Form { inputs, .. } => {
            let inputs = inputs.iter();
            inputs.map(|input| input.parameter.as_str()).collect()
        }
        _ => Vec::new(),
    }
}
