//! `OK` means that the phone has fetched the URL that it received.

use handset_simulator::{Options, Vendor};

use super::support::admin_client::AdminClient;
use super::support::agi_call::agi_call;
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::support::sim_phone::{SimPhone, entry, options};
use super::support::soon;
use super::support::stub_phone::{Behavior, StubPhone};

#[tokio::test]
async fn screens_that_no_phone_fetches_are_unknown() {
    // It accepts every request, and fetches nothing.
    let mut phone = StubPhone::new();
    phone.go_online(Behavior::Answers).await;
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let outcome = agi_call(daemon.agi(), "push", &["phone=desk", "text=Hello"]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "UNKNOWN", "{outcome:?}");
    let reason = &outcome["HANDSET_REASON"];
    let expected = "the phone took the push and did not fetch http://";
    assert!(reason.starts_with(expected), "{reason}");
    assert!(
        reason.contains("(http.url, http.allow, firewall)"),
        "{reason}"
    );
    // What needs no fetch is confirmed by the phone alone.
    let outcome = agi_call(daemon.agi(), "key", &["phone=desk", "keys=1"]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
}

#[tokio::test]
async fn phone_that_may_not_fetch_is_named_in_reason_log_and_metrics() {
    for vendor in Vendor::ALL {
        if vendor == Vendor::Yealink {
            // Its documents come with the push.
            continue;
        }
        let phone = SimPhone::new(options(vendor)).await;
        let config = format!("{}[http]\nallow = ['192.0.2.0/24']\n", phone.entry("desk"));
        let daemon = Daemon::start(&config).await;
        let outcome = agi_call(daemon.agi(), "push", &["phone=desk", "text=Hello"]).await;
        assert_ne!(outcome["HANDSET_STATUS"], "OK", "{vendor}: {outcome:?}");
        let reason = &outcome["HANDSET_REASON"];
        assert!(reason.contains("http.allow"), "{vendor}: {reason}");
        daemon
            .line("Refused a connection from outside http.allow.")
            .await;
        let metrics = AdminClient::new(daemon.admin()).get("/metrics").await;
        let metrics = String::from_utf8(metrics.body).unwrap();
        let refused = "handsetd_phone_connections_refused_total ";
        let count = metrics.lines().find_map(|line| line.strip_prefix(refused));
        assert_ne!(count, Some("0"), "{metrics}");
    }
}

/// How a Cisco phone notices that it may not connect to handsetd.
enum Refused {
    /// It cannot ask the authentication URL, and answers error 4.
    Authentication,
    /// It is not asked for a password, and cannot fetch the document.
    Document,
}

#[tokio::test]
async fn cisco_phone_outside_http_allow_is_distinguished_from_a_wrong_password() {
    let cases = [
        ("7970G", "7970G", Refused::Authentication),
        ("7970G", "7970G", Refused::Document),
        ("8841", "8841-3PCC", Refused::Document),
    ];
    for (model, firmware_model, refused) in cases {
        let address = Loopback::claim();
        let options = Options {
            model: model.to_owned(),
            ..options(Vendor::Cisco)
        };
        let entry = entry("desk", &options, address.port(8080));
        let entry = entry.replace(model, firmware_model);
        let config = format!("{entry}[http]\nallow = ['192.0.2.0/24']\n");
        let daemon = Daemon::start(&config).await;
        let authenticate = format!("http://{}/cisco/authenticate", daemon.http());
        let options = Options {
            authentication_url: matches!(refused, Refused::Authentication)
                .then(|| authenticate.parse().unwrap()),
            ..options
        };
        let _phone = SimPhone::at(options, address.port(8080)).await;
        let outcome = agi_call(daemon.agi(), "push", &["phone=desk", "text=Hello"]).await;
        let cure = format!(
            "{} is not in http.allow; add its network there",
            address.ip()
        );
        let reason = &outcome["HANDSET_REASON"];
        assert!(reason.contains(&cure), "{firmware_model}: {outcome:?}");
        let status = match refused {
            Refused::Authentication => "DENIED",
            Refused::Document => "UNKNOWN",
        };
        assert_eq!(outcome["HANDSET_STATUS"], status, "{reason}");
    }
}

#[tokio::test]
async fn files_that_a_phone_fetches_later_are_noted_and_recorded() {
    let mut phone = StubPhone::new();
    phone.go_online(Behavior::Answers).await;
    let sim_phone = SimPhone::new(options(Vendor::Cisco)).await;
    let config = format!("{}{}", phone.entry("slow"), sim_phone.entry("quick"));
    let daemon = Daemon::start(&config).await;
    let set = async |name: &str| {
        let phone = format!("phone={name}");
        let outcome = agi_call(
            daemon.agi(),
            "background",
            &[&phone, "image=background.png"],
        )
        .await;
        assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
        outcome["HANDSET_REASON"].clone()
    };
    let note = "the phone fetches the file in its own time";
    assert!(set("slow").await.contains(note));
    assert!(
        !set("quick").await.contains(note),
        "it has fetched the file already"
    );
    let client = AdminClient::new(daemon.admin());
    let deliveries = soon("the history", client.get("/api/v1/deliveries"))
        .await
        .json();
    let fetched = |name: &str| {
        let mut all = deliveries["result"].as_array().unwrap().iter();
        let delivery = all.find(|delivery| delivery["phone"] == name).unwrap();
        delivery["fetched"].is_string()
    };
    assert!(fetched("quick") && !fetched("slow"), "{deliveries}");
}
