//! A softphone beside the desk phone, on real Asterisk servers: requests are for the desk phone.

use handset_simulator::Vendor;

use super::support::admin_client::AdminClient;
use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::daemon::Daemon;
use super::support::sim_phone::{self, SimPhone};
use super::support::sip_client::{Course, SipPhone};
use super::why::why_of;

#[tokio::test]
async fn on_16_a_softphone_beside_the_desk_phone_does_not_count() {
    a_softphone_beside_the_desk_phone_does_not_count(Version::V16).await;
}

#[tokio::test]
async fn on_22_a_softphone_beside_the_desk_phone_does_not_count() {
    a_softphone_beside_the_desk_phone_does_not_count(Version::V22).await;
}

async fn a_softphone_beside_the_desk_phone_does_not_count(version: Version) {
    // The first asks Asterisk through its calls only, the second knows the registrations.
    let asking = Daemon::start("").await;
    let options = Options {
        files: &[],
        agi: asking.agi(),
        phones: &[(Driver::Pjsip, "1001"), (Driver::Pjsip, "1002")],
        dialplan: DIALPLAN,
        pjsip: "",
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let knowing = Daemon::start(&format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{}'\nusername = 'handsetd'\nsecret = 'hush'\n",
        asterisk.manager()
    ))
    .await;
    knowing.line("Loaded registrations.").await;
    let admin = AdminClient::new(knowing.admin());
    let registrar = asterisk.sip(Driver::Pjsip);
    let soft = SipPhone::new("1001", SOFT, registrar);
    let desk = sim_phone::options(Vendor::Snom);
    let desk_sip = SipPhone::new("1001", &desk.user_agent(), registrar);
    soft.register().await;
    knowing_of(&admin, "1001").await;

    // Alone it is no phone at all, and what is kept waits for the desk phone.
    let push = async |body: &str| admin.post("/api/v1/phones/1001/push", body).await.outcome();
    let (code, status, reason) = push(r#"{"text": "Lost"}"#).await;
    assert_eq!((code, status.as_str()), (404, "NOTFOUND"), "{reason}");
    assert!(reason.contains(SOFT), "{reason}");
    let (code, status, reason) = push(r#"{"text": "Kept", "keep": "1h"}"#).await;
    assert_eq!((code, status.as_str()), (202, "QUEUED"), "{reason}");
    let desk = SimPhone::at(desk, desk_sip.address().port(80)).await;
    desk_sip.register().await;
    desk.shows_text("Kept").await;

    // A target, for programs and for a call.
    let left_out = format!("left out, since not a desk phone: {SOFT:?}");
    let (_, status, reason) = push(r#"{"text": "From a program"}"#).await;
    assert_eq!((status.as_str(), &reason), ("OK", &left_out));
    desk.shows_text("From a program").await;
    let outcome = async |sip: &SipPhone, extension: &str| {
        let before = asterisk.count(PRINTED);
        let call = sip.dial(extension, Course::Rejected);
        let line = asterisk.line_after(before, PRINTED).await;
        call.end().await;
        let (_, outcome) = line.split_once(PRINTED).unwrap();
        outcome.trim_end_matches("\") in new stack").to_owned()
    };
    let left_out = left_out.replace('"', "");
    let is_ok = |outcome: &str| {
        let outcome = outcome.replace(['"', '\\'], "");
        assert_eq!(outcome, format!("OK|1001|snom|{left_out}|"));
    };
    let other = SipPhone::new("1002", SOFT, registrar);
    is_ok(&outcome(&other, "20").await);
    desk.shows_text("Target").await;

    // A call from the softphone, and one that Asterisk is about to place.
    is_ok(&outcome(&soft, "10").await);
    desk.shows_text("Own").await;
    is_ok(&outcome(&soft, "30").await);
    desk.shows_text("Called").await;

    // A call from the desk phone itself.
    assert_eq!(outcome(&desk_sip, "10").await, "OK|1001|snom||");
    desk.assert_accepted_all();

    // The command that explains a phone names the others.
    let report = why_of(&knowing, "1001").await;
    let left_out = report[0]["left_out"][0].as_str().unwrap();
    assert!(left_out.contains(SOFT), "{report}");
}

/// Waits until the daemon knows a phone.
async fn knowing_of(admin: &AdminClient, name: &str) {
    let path = format!("/api/v1/phones/{name}");
    while admin.get(&path).await.code != 200 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

const SOFT: &str = "Linphone-Desktop/5.2.6";

/// Extensions that push to the phone of the caller, to 1001, and to the phone that is called.
const DIALPLAN: &str = "
exten => 10,1,AGI(agi://${HANDSETD}/push,Own)
 same => n,Gosub(outcome,s,1)
 same => n,Hangup(17)
exten => 20,1,AGI(agi://${HANDSETD}/push,Target,phone=1001)
 same => n,Gosub(outcome,s,1)
 same => n,Hangup(17)
exten => 30,1,Dial(PJSIP/1001,1,b(called^s^1))
 same => n,Hangup(17)
[called]
exten => s,1,AGI(agi://${HANDSETD}/push,Called)
 same => n,Gosub(outcome,s,1)
 same => n,Return()
[outcome]
exten => s,1,Verbose(0,OUTCOME|${HANDSET_STATUS}|${HANDSET_PHONE}|${HANDSET_VENDOR}|${HANDSET_REASON}|)
 same => n,Return()
";

/// The start of the line that Asterisk prints once per call.
const PRINTED: &str = "0,OUTCOME|";
