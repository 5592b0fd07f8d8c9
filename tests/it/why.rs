//! `handsetd phones --why NAME`: the reply of each transport, and what to change.

use handset_simulator::Scheme;
use handset_simulator::Vendor;
use serde_json::Value;
use tokio::process::Command;

use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::sim_phone::{self, SimPhone};
use super::support::udp_phone::UdpPhone;

#[tokio::test]
async fn each_transport_reports_its_reply_and_its_cure() {
    for vendor in [Vendor::Snom, Vendor::Yealink] {
        let options = handset_simulator::Options {
            credentials: Some(("push".to_owned(), "hush".to_owned())),
            scheme: Scheme::Digest,
            ..sim_phone::options(vendor)
        };
        let sim_phone = SimPhone::new(options).await;
        let entry = sim_phone.entry("desk");
        let report = why(
            &format!("{entry}username = 'push'\npassword = 'wrong'\n"),
            "desk",
        )
        .await;
        let (status, reason) = transport(&report, "http");
        assert_eq!(status, "DENIED", "{vendor}: {report}");
        assert!(reason.contains("HTTP 401"), "{vendor}: {report}");
        let (status, reason) = transport(&report, "notify");
        assert_eq!(status, "UNSUPPORTED", "{vendor}: {report}");
        assert!(reason.contains("no [[asterisk]] is configured"), "{report}");
    }
}

#[tokio::test]
async fn asterisk_reports_whether_it_can_send_notify() {
    let options = Options::registrar(&[(Driver::Pjsip, "1002")]);
    let Some(asterisk) = Asterisk::start(Version::V22, &options).await else {
        return;
    };
    let mut phone = UdpPhone::new("1002", "snomD785/10.1.1.1", asterisk.sip(Driver::Pjsip)).await;
    phone.register(3600).await;
    let manager = asterisk.manager();
    let configuration = format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{manager}'\nusername = 'handsetd'\n\
         secret = 'hush'\n"
    );
    let report = why(&configuration, "1002").await;
    let known = report[0]["known"].as_str().unwrap();
    assert!(known.starts_with("Snom D785 10.1.1.1 at "), "{report}");
    assert_eq!(transport(&report, "http").0, "UNREACHABLE", "{report}");
    let (status, reason) = transport(&report, "notify");
    assert_eq!(status, "OK", "{report}");
    let sent = "Asterisk pbx would send a NOTIFY to sip:1002@";
    assert!(reason.contains(sent), "{report}");
    assert_eq!(transport(&report, "pbx").0, "OK", "{report}");
    asterisk.cli("module unload res_pjsip_notify.so");
    let report = why(&configuration, "1002").await;
    let (status, reason) = transport(&report, "notify");
    assert_eq!(status, "UNREACHABLE", "{report}");
    assert!(
        reason.contains("pjsip_notify.conf with at least one section"),
        "{report}"
    );
    // An unknown phone is reported with the lookups tried.
    let report = why(&configuration, "1009").await;
    let known = report[0]["known"].as_str().unwrap();
    assert!(
        known.contains("cannot determine the vendor of phone 1009"),
        "{report}"
    );
}

/// Returns status and reason of a transport.
fn transport<'a>(report: &'a Value, name: &str) -> (&'a str, &'a str) {
    let transports = report[0]["ways"].as_array().unwrap();
    let found = transports.iter().find(|entry| entry["way"] == name);
    let found = found.unwrap_or_else(|| panic!("{report}"));
    (
        found["status"].as_str().unwrap(),
        found["reason"].as_str().unwrap(),
    )
}

async fn why(configuration: &str, name: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("handsetd.toml");
    let networks = "[phones]\nnetworks = ['127.0.0.0/8']\n";
    std::fs::write(&file, format!("{networks}{configuration}")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_handsetd"))
        .args(["phones", "--why", name, "--config"])
        .arg(&file)
        .output()
        .await
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}
