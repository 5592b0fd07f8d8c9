//! Phones that only other daemons know, as named by groups, rules and calls.

use std::fs;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use handset_simulator::Vendor;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::json;

use super::support::asterisk::{Asterisk, Options, Version};
use super::support::cluster_client::{expect, request};
use super::support::daemon::Daemon;
use super::support::door_rules::server;
use super::support::nats::{nats, section};
use super::support::on_both_versions;
use super::support::sim_phone::{self, SimPhone};

on_both_versions! {
    call_reaches_the_phone_of_another_daemon
}

#[tokio::test]
async fn group_and_rule_name_phones_that_only_other_daemons_know() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let (guard, desk) = (
        SimPhone::new(sim_phone::options(Vendor::Snom)).await,
        SimPhone::new(sim_phone::options(Vendor::Snom)).await,
    );
    let names = "[[group]]\nname = 'night'\nmembers = ['munich/1001', 'the guard']\n\
                 [[rule]]\nname = 'often'\nschedule = '* * * * * *'\n\
                 do = [ { verb = 'push', phone = 'munich/1001', text = 'From a rule' } ]\n";
    let at = section(&nats, "site-a") + names;
    let bt = section(&nats, "site-b") + MUNICH + &desk.entry("1001");
    let ct = section(&nats, "site-c") + &guard.entry("the guard");
    let (a, _b, _c) = tokio::join!(Daemon::start(&at), Daemon::start(&bt), Daemon::start(&ct));
    for name in ["the guard", "munich/1001"] {
        let known = json!({"phone": name});
        expect(&request(&a, "clear", known).await, "OK");
    }
    desk.shows_text("From a rule").await;
    let all = json!({"phone": "night", "text": "All quiet"});
    let reply = request(&a, "push", all).await;
    expect(&reply, "OK");
    assert_eq!(reply["phone"], "1001&the guard");
    guard.shows_text("All quiet").await;
    let log = a.settled_log().await;
    for doubt in ["night", " names "] {
        assert!(!log.contains(doubt), "{log}");
    }

    let check = |config: &str| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("handsetd.toml");
        fs::write(&file, config).unwrap();
        let mut check = Command::new(env!("CARGO_BIN_EXE_handsetd"));
        check.args(["check", "--config"]).arg(&file);
        check.assert()
    };
    let accepted = check(&at).code(0);
    let doubt = contains("[[group]]").or(contains("munich"));
    accepted.stdout(contains("Configuration OK").and(doubt.not()));
    // Without other daemons, the members are unknown.
    let refused = check(names).code(78);
    refused.stderr(contains("unknown member \"munich/1001\""));
}

async fn call_reaches_the_phone_of_another_daemon(version: Version) {
    let options = Options {
        dialplan: DIALPLAN,
        ..Options::registrar(&[])
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let (desk, numbered) = (
        SimPhone::new(sim_phone::options(Vendor::Snom)).await,
        SimPhone::new(sim_phone::options(Vendor::Snom)).await,
    );
    let group = "[[group]]\nname = 'night'\nmembers = ['munich/1001']\n";
    let at = section(&nats, "site-a") + &server(&asterisk) + group;
    let bt = section(&nats, "site-b") + MUNICH + &desk.entry("desk") + &numbered.entry("1001");
    let (a, mut b) = tokio::join!(Daemon::start(&at), Daemon::start(&bt));
    a.line("Loaded registrations.").await;
    for name in ["desk", "munich/1001"] {
        let known = json!({"phone": name});
        expect(&request(&a, "clear", known).await, "OK");
    }
    asterisk.cli(&format!("dialplan set global HANDSETD {}", a.agi()));
    let call = |extension: &str| {
        let command = format!("channel originate Local/{extension}@phones application Wait 5");
        asterisk.cli(&command);
    };
    call("500");
    asterisk.line("CALL|OK|desk|snom|").await;
    desk.shows_text("From a call").await;
    // The Asterisk here is queried, and has neither such an endpoint nor such a server.
    call("501");
    asterisk.line("GROUP|OK|1001|snom|").await;
    numbered.shows_text("To a group").await;

    b.kill().await;
    call("500");
    let lost = asterisk.line("CALL|UNREACHABLE|desk|").await;
    assert!(lost.contains("the daemon site-b"), "{lost}");
    call("501");
    asterisk.line("GROUP|UNREACHABLE|").await;
}

/// A server that is unreachable.
const MUNICH: &str =
    "[[asterisk]]\nname = 'munich'\naddress = '127.0.0.1:9'\nusername = 'u'\nsecret = 's'\n";

const DIALPLAN: &str = "
exten => 500,1,AGI(agi://${HANDSETD}/push,From a call,phone=desk)
 same => n,Verbose(0,CALL|${HANDSET_STATUS}|${HANDSET_PHONE}|${HANDSET_VENDOR}|${HANDSET_REASON})
exten => 501,1,AGI(agi://${HANDSETD}/push,To a group,phone=night)
 same => n,Verbose(0,GROUP|${HANDSET_STATUS}|${HANDSET_PHONE}|${HANDSET_VENDOR}|${HANDSET_REASON})
";
