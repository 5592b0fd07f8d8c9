//! The export of deliveries and the fetch test of the admin page, without a browser.

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
    let path = "/page/phones/desk/fetch-test";
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
    let statuses = tested.matches("<span class=\"badge OK\">").count();
    assert_eq!(statuses, 2, "{tested}");
    assert!(!sim_phone.received().is_empty());
    let nobody = page
        .request("POST", "/page/phones/nobody/fetch-test", "")
        .await;
    let nobody = String::from_utf8(nobody.body).unwrap();
    assert!(nobody.contains("nobody"), "{nobody}");
}
