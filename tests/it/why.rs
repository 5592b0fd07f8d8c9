//! `handsetd phones --why NAME`: the reply of each transport, and what to change.

use std::path::Path;

use handset_simulator::Scheme;
use handset_simulator::Vendor;
use serde_json::Value;
use tokio::process::Command;

use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::support::sim_phone::{self, SimPhone};
use super::support::stub_web_server::StubWebServer;
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
        known.contains("phone 1009 is not known: no [[phone]] or [[group]] of that name"),
        "{report}"
    );
}

#[tokio::test]
async fn fetch_test_makes_the_phone_fetch_and_shows_nothing() {
    for vendor in Vendor::ALL {
        let phone = SimPhone::new(sim_phone::options(vendor)).await;
        let daemon = Daemon::start(&phone.entry("desk")).await;
        let report = why_of(&daemon, "desk").await;
        let [fetched, own] = fetches(&report);
        assert_eq!(fetched.0, "OK", "{report}");
        let expected = "the phone fetched it within ";
        assert!(fetched.1.starts_with(expected), "{report}");
        assert_eq!(own, ("OK", "handsetd answers there"), "{report}");
        assert!(report[0].get("refused").is_none(), "{report}");
        assert_eq!(phone.state().screen, None, "{vendor}");
        phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn fetch_test_names_an_http_url_without_a_server() {
    let phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let http = "[http]\nurl = 'http://127.86.0.1:1'\n";
    let daemon = Daemon::start(&format!("{}{http}", phone.entry("desk"))).await;
    let report = why_of(&daemon, "desk").await;
    let [fetched, own] = fetches(&report);
    assert_ne!(fetched.0, "OK", "{report}");
    assert_eq!(own.0, "UNREACHABLE", "{report}");
    assert!(own.1.contains("refused"), "{report}");
    assert!(own.1.contains("correct http.url"), "{report}");
    // Another server has it.
    let other = StubWebServer::serving("text/plain", "Hello").await;
    let http = format!("[http]\nurl = '{}'\n", other.url(""));
    let daemon = Daemon::start(&format!("{}{http}", phone.entry("desk"))).await;
    let report = why_of(&daemon, "desk").await;
    let expected = "another server answers there; correct http.url";
    assert_eq!(fetches(&report)[1], ("UNREACHABLE", expected), "{report}");
}

#[tokio::test]
async fn refused_phones_are_named_with_the_cure() {
    let phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let http = "[http]\nallow = ['192.0.2.0/24']\n";
    let daemon = Daemon::start(&format!("{}{http}", phone.entry("desk"))).await;
    let report = why_of(&daemon, "desk").await;
    let ip = phone.phone().address().ip();
    let [fetched, own] = fetches(&report);
    assert_ne!(fetched.0, "OK", "{report}");
    let cure = format!("{ip} is not in http.allow; add its network there");
    assert!(fetched.1.contains(&cure), "{report}");
    // That this machine is refused as well shows that http.url leads to handsetd.
    assert_eq!(own.0, "OK", "{report}");
    assert!(own.1.contains("need not be in http.allow"), "{report}");
    let refused = report[0]["refused"].as_str().unwrap();
    let start = format!("{ip} was refused ");
    assert!(refused.starts_with(&start), "{refused}");
    assert!(refused.contains(" by http.allow, last at 20"), "{refused}");
}

#[tokio::test]
async fn one_time_passwords_are_left_to_the_daemon() {
    let address = Loopback::claim();
    let options = sim_phone::options(Vendor::Cisco);
    let entry = sim_phone::entry("desk", &options, address.port(8080));
    let account = "username = 'push'\npassword = 'hush'\nauth = 'digest'\n";
    let daemon = Daemon::start(&format!("{entry}{account}")).await;
    let url = format!("http://{}/cisco/authenticate", daemon.http());
    let options = handset_simulator::Options {
        authentication_url: Some(url.parse().unwrap()),
        ..options
    };
    let phone = SimPhone::at(options, address.port(8080)).await;
    let report = why_of(&daemon, "desk").await;
    let ways = report[0]["ways"].as_array().unwrap();
    let denied = ways.iter().find(|way| way["status"] == "DENIED");
    assert_eq!(denied, None, "{report}");
    assert!(
        ways.iter().any(|way| {
            let reason = way["reason"].as_str().unwrap();
            reason.starts_with("not tried: each push uses a one-time password")
        }),
        "{report}"
    );
    assert_eq!(fetches(&report)[0].0, "OK", "{report}");
    assert_eq!(phone.state().bad_credentials, 0);
}

/// Returns status and reason of both fetches: of the phone, and of this machine.
fn fetches(report: &Value) -> [(&str, &str); 2] {
    let ways = report[0]["ways"].as_array().unwrap().iter();
    let fetches: Vec<_> = ways.filter(|way| way["way"] == "fetch").collect();
    let words = |at: usize| {
        let word = |key: &str| fetches[at][key].as_str().unwrap();
        (word("status"), word("reason"))
    };
    assert_eq!(fetches.len(), 2, "{report}");
    [words(0), words(1)]
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
    // No daemon runs with this configuration.
    let admin = "[admin]\nlisten = '127.86.0.1:1'\ntoken = 'correct horse battery'\n";
    std::fs::write(&file, format!("{networks}{admin}{configuration}")).unwrap();
    let report = run(&file, "127.86.0.1:1", name).await;
    if let Some(ways) = report[0]["ways"].as_array().filter(|ways| !ways.is_empty()) {
        let fetch = ways.iter().find(|way| way["way"] == "fetch").unwrap();
        assert_eq!(fetch["status"], "UNSUPPORTED", "{report}");
        let reason = fetch["reason"].as_str().unwrap();
        assert!(reason.contains("cannot connect to the daemon"), "{report}");
    }
    report
}

/// Runs the command with the configuration of a running daemon.
pub(crate) async fn why_of(daemon: &Daemon, name: &str) -> Value {
    run(&daemon.file(), &daemon.admin().to_string(), name).await
}

async fn run(file: &Path, admin: &str, name: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_handsetd"))
        .args(["phones", "--why", name, "--config"])
        .arg(file)
        .env("HANDSETD__ADMIN__LISTEN", admin)
        .output()
        .await
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{errors}"))
}
