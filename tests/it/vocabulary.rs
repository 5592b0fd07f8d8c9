//! Every verb from the dialplan of a real Asterisk to a phone of every vendor.
//!
//! Other modules test the effects of each verb; these tests check that verb and keys arrive, and that
//! the outcome returns.

use handset_phones::verb::TABLE;
use handset_simulator::Vendor;

use super::support::asterisk::{Asterisk, Options, Version};
use super::support::daemon::Daemon;
use super::support::sim_phone::{self, SimPhone};

#[tokio::test]
async fn on_16_every_verb_reaches_a_phone() {
    every_verb_reaches_a_phone(Version::V16).await;
}

#[tokio::test]
async fn on_22_every_verb_reaches_a_phone() {
    every_verb_reaches_a_phone(Version::V22).await;
}

async fn every_verb_reaches_a_phone(version: Version) {
    let vendors = [Vendor::Cisco, Vendor::Snom, Vendor::Yealink];
    let mut phones = Vec::new();
    for vendor in vendors {
        phones.push(SimPhone::new(sim_phone::options(vendor)).await);
    }
    let entries = phones.iter().zip(vendors);
    let entries = entries.map(|(phone, vendor)| phone.entry(vendor.name()));
    let password = "[vendor.cisco]\nusername = 'push'\npassword = 'p'\n";
    let budget = "[agi]\nbudget = '20s'\n";
    let daemon =
        Daemon::start(&(budget.to_owned() + password + &entries.collect::<String>())).await;

    let mut dialplan = String::new();
    for vendor in vendors {
        let mut step = format!("exten => {vendor},1,");
        for (verb, keys, _) in VERBS {
            let keys = keys.replace(',', "\\,").replace(';', "\\;");
            let line = format!(
                "{step}Gosub(handset-verb,s,1({verb},{vendor},{keys}))\n \
                 same => n,Verbose(0,{vendor} {verb} {keys}: ${{HANDSET_STATUS}} \
                 ${{HANDSET_REASON}})\n"
            );
            dialplan.push_str(&line);
            " same => n,".clone_into(&mut step);
        }
        dialplan.push_str(" same => n,Hangup()\n");
    }
    let options = Options {
        files: &[],
        agi: daemon.agi(),
        phones: &[],
        dialplan: &dialplan,
        pjsip: "",
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    for vendor in vendors {
        // The end of the wait would end the dialplan, too.
        asterisk.cli(&format!(
            "channel originate Local/{vendor}@phones application Wait 3600"
        ));
    }
    let mut unexpected = Vec::new();
    for (at, vendor) in vendors.into_iter().enumerate() {
        for (verb, keys, expected) in VERBS {
            let keys = keys.replace(',', "\\,").replace(';', "\\;");
            let outcome = asterisk.line(&format!("{vendor} {verb} {keys}: ")).await;
            let status = match expected.as_bytes()[at] {
                b'+' => "OK",
                b'-' => "UNSUPPORTED",
                _ => "INVALID",
            };
            if !outcome.contains(&format!(": {status}")) {
                unexpected.push(format!("expected {status}: {outcome}"));
            }
        }
    }
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
}

#[test]
fn no_verb_is_omitted() {
    for row in TABLE {
        let is_tested = VERBS.iter().any(|(verb, _, _)| *verb == row.name());
        // Extension Mobility is tested with the call manager.
        let is_elsewhere = matches!(row.name(), "login" | "logout" | "who");
        assert!(is_tested || is_elsewhere, "{}", row.name());
    }
}

/// Each verb, its keys, and whether Cisco, Snom and Yealink phones support it over HTTP: `+` or `-`,
/// and `!` where the value is invalid. Without AMI, nothing goes by NOTIFY.
const VERBS: &[(&str, &str, &str)] = &[
    ("ping", "", "+++"),
    ("push", "title=Vocabulary&text=Every%20verb", "+++"),
    ("info", "", "+++"),
    ("screenshot", "", "+++"),
    ("clear", "", "+++"),
    ("background", "image=background.png", "+++"),
    ("ringtone", "tone=doorbell.wav", "+++"),
    ("ring", "stop=yes", "+++"),
    ("dial", "number=201", "+++"),
    ("answer", "", "+++"),
    ("hold", "", "-++"),
    ("resume", "", "-++"),
    ("dtmf", "digits=1", "+++"),
    ("key", "keys=1,2", "+++"),
    ("hangup", "", "-++"),
    ("display", "state=on", "+--"),
    ("dnd", "state=on", "-++"),
    ("forward", "number=201", "-++"),
    ("led", "state=on&led=1", "-++"),
    ("led", "state=on&led=LINE1", "-!+"),
    ("settings", "get=dnd", "-++"),
    ("execute", "uri=Key:Mute", "+++"),
    ("csta", "request=RequestSystemStatus", "-+-"),
    ("stream", "address=224.0.1.1:20480", "++-"),
    ("firmware", "url=http://192.0.2.1/fw&confirm=yes", "-+-"),
    ("transfer", "number=201", "-++"),
    ("notify", "event=check-sync", "---"),
    ("resync", "", "--+"),
    ("reboot", "", "-++"),
];
