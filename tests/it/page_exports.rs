//! The export of deliveries, their repetition, and the test of a phone's ways on the web page, without a
//! browser.

use handset_simulator::Vendor;

use super::support::admin_client::AdminClient;
use super::support::daemon::{Daemon, TOKEN};
use super::support::page_client::PageClient;
use super::support::sim_phone::{self, SimPhone};

const WATCHER: &str = "watcher's token of many characters";

#[tokio::test]
async fn deliveries_are_exported_as_they_are_filtered() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let daemon = Daemon::start(&sim_phone.entry("desk")).await;
    let page = PageClient::log_in(daemon.admin(), TOKEN).await;
    for text in ["Soup", "Pie"] {
        let form = format!("verb=push&phone=desk&text={text}");
        let sent = page.request("POST", "/page/send", &form).await;
        assert!(String::from_utf8(sent.body).unwrap().contains("OK"));
    }
    let view = page.request("GET", "/deliveries?text=Soup", "").await;
    let view = String::from_utf8(view.body).unwrap().replace("&#x2f;", "/");
    assert!(
        view.contains("href=\"/deliveries.csv?text=Soup\""),
        "{view}"
    );
    let csv = page.request("GET", "/deliveries.csv?text=Soup", "").await;
    assert_eq!(csv.code, 200);
    assert!(csv.head.contains("content-type: text/csv"), "{}", csv.head);
    let csv = String::from_utf8(csv.body).unwrap();
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.contains("Soup") && !csv.contains("Pie"), "{csv}");
    let wrong = page.request("GET", "/deliveries.csv?since=never", "").await;
    assert_eq!(wrong.code, 400);
    // Who is not logged in is sent to the login, and gets no line.
    let admin = AdminClient::new(daemon.admin());
    let refused = admin
        .request_with_headers("GET", "/deliveries.csv", &[], "")
        .await;
    assert!(!String::from_utf8(refused.body).unwrap().contains("Soup"));
}

#[tokio::test]
async fn phone_is_tested_from_its_view_by_those_who_may_send() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Cisco)).await;
    let watcher =
        format!("[[admin.user]]\nname = 'watcher'\ntoken = \"{WATCHER}\"\nrole = 'read'\n");
    let daemon = Daemon::start(&format!("{watcher}{}", sim_phone.entry("desk"))).await;
    let path = "/page/phones/desk/why";
    let watcher = PageClient::log_in(daemon.admin(), WATCHER).await;
    let view = watcher.request("GET", "/phones/desk", "").await;
    assert!(!String::from_utf8(view.body).unwrap().contains(path));
    assert_eq!(watcher.request("POST", path, "").await.code, 403);
    assert!(sim_phone.received().is_empty());

    let page = PageClient::log_in(daemon.admin(), TOKEN).await;
    let view = page.request("GET", "/phones/desk", "").await;
    assert!(String::from_utf8(view.body).unwrap().contains(path));
    let tested = page.request("POST", path, "").await;
    let tested = String::from_utf8(tested.body).unwrap();
    // The phone and the machine itself have fetched the document; HTTP works, and Asterisk is not there.
    let way = |way: &str, status: &str| {
        let row = format!("data-way=\"{way}\" data-status=\"{status}\"");
        tested.matches(&row).count()
    };
    assert_eq!(way("fetch", "OK"), 2, "{tested}");
    assert!(1 <= way("http", "OK"), "{tested}");
    assert_eq!(way("pbx", "OK"), 0, "{tested}");
    assert_eq!(tested.matches("data-way=\"pbx\"").count(), 1, "{tested}");
    assert!(!sim_phone.received().is_empty());
    let nobody = page.request("POST", "/page/phones/nobody/why", "").await;
    let nobody = String::from_utf8(nobody.body).unwrap();
    assert!(nobody.contains("nobody"), "{nobody}");
}

#[tokio::test]
async fn delivery_is_repeated_exactly_once_for_each_key() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let watcher =
        format!("[[admin.user]]\nname = 'watcher'\ntoken = \"{WATCHER}\"\nrole = 'read'\n");
    let daemon = Daemon::start(&format!("{watcher}{}", sim_phone.entry("desk"))).await;
    let page = PageClient::log_in(daemon.admin(), TOKEN).await;
    let sent = page
        .request("POST", "/page/send", "verb=push&phone=desk&text=Soup")
        .await;
    assert!(String::from_utf8(sent.body).unwrap().contains("OK"));
    let pushes = async || {
        let csv = page.request("GET", "/deliveries.csv", "").await;
        String::from_utf8(csv.body).unwrap().lines().count() - 1
    };
    let view = page.request("GET", "/deliveries", "").await;
    let view = String::from_utf8(view.body).unwrap();
    let path = view.split("hx-post=\"").nth(1).unwrap();
    let path = path.split('"').next().unwrap();
    assert!(path.ends_with("/again?phone=desk"), "{path}");
    let again = async |page: &PageClient, key: Option<&str>| {
        let headers: Vec<_> = key
            .map(|key| ("Idempotency-Key", key))
            .into_iter()
            .collect();
        let reply = page.request_with("POST", path, &headers, "").await;
        (reply.code, String::from_utf8(reply.body).unwrap())
    };
    assert_eq!(again(&page, None).await.0, 400);
    assert_eq!(pushes().await, 1);
    // A double click: both at once, with the same reply.
    let (one, other) = tokio::join!(again(&page, Some("one")), again(&page, Some("one")));
    assert_eq!(one, other);
    assert!(one.1.contains("badge OK"), "{}", one.1);
    assert_eq!(pushes().await, 2);
    let later = again(&page, Some("two")).await;
    assert!(later.1.contains("badge OK") && later != one, "{}", later.1);
    assert_eq!(pushes().await, 3);
    // Nor does the API repeat it twice, and keys are not shared by users.
    let admin = AdminClient::new(daemon.admin());
    let api = format!("/api/v1{}", path.trim_start_matches("/page"));
    let token = format!("Bearer {TOKEN}");
    let headers = [
        ("Authorization", token.as_str()),
        ("Idempotency-Key", "three"),
    ];
    for _ in 0..2 {
        let reply = admin.request_with_headers("POST", &api, &headers, "").await;
        assert_eq!(reply.code, 200);
    }
    assert_eq!(pushes().await, 4);
    let watcher = PageClient::log_in(daemon.admin(), WATCHER).await;
    let (code, body) = again(&watcher, Some("one")).await;
    assert_eq!(code, 403, "{body}");
    let view = watcher.request("GET", "/deliveries", "").await;
    assert!(!String::from_utf8(view.body).unwrap().contains("/again"));
    // What has to be confirmed is not repeated by one click.
    let sent = page
        .request("POST", "/page/send", "verb=reboot&phone=desk")
        .await;
    assert_eq!(sent.code, 200);
    let view = page.request("GET", "/deliveries?verb=reboot", "").await;
    let view = String::from_utf8(view.body).unwrap();
    assert!(
        view.contains("/send?from=") && !view.contains("/again"),
        "{view}"
    );
}
