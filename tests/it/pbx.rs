//! Calls that Asterisk originates to phones: `dial` and `ring` with `via=pbx`, on real servers.

use super::support::agi_call::agi_call;
use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::daemon::Daemon;
use super::support::on_both_versions;
use super::support::udp_phone::{Message, UdpPhone};

on_both_versions! {
    phones_auto_answer_and_dial_the_number
    phones_ring_with_the_tone_until_stopped
    failed_calls_are_reported
    calls_are_hung_up_and_transferred_by_asterisk
}

#[tokio::test]
async fn chan_sip_phones_auto_answer_and_dial_the_number() {
    assert_auto_answers(Version::V16, Driver::ChanSip).await;
}

async fn phones_auto_answer_and_dial_the_number(version: Version) {
    assert_auto_answers(version, Driver::Pjsip).await;
}

async fn assert_auto_answers(version: Version, driver: Driver) {
    let Some(fixture) = PbxFixture::start(version, driver).await else {
        return;
    };
    let call = fixture.verb("dial", &["200"]);
    let phone = async {
        let invite = fixture.phone.receive_invite().await;
        fixture.phone.accept(&invite).await;
        invite
    };
    let (outcome, invite) = tokio::join!(call, phone);
    assert_eq!(outcome.0, "OK", "{outcome:?}");
    assert_eq!(
        invite.header("Alert-Info"),
        ["<http://127.0.0.1>;info=alert-autoanswer;delay=0"]
    );
    assert_eq!(
        invite.header("Call-Info"),
        ["<sip:127.0.0.1>;answer-after=0"]
    );
    // The called party sees the phone, not the number that it dials.
    fixture.asterisk.line("200 is called by 1002").await;
}

async fn phones_ring_with_the_tone_until_stopped(version: Version) {
    let Some(fixture) = PbxFixture::start(version, Driver::Pjsip).await else {
        return;
    };
    let call = fixture.verb("ring", &["tone=3"]);
    let (outcome, invite) = tokio::join!(call, fixture.phone.receive_invite());
    assert_eq!(outcome.0, "OK", "{outcome:?}");
    assert_eq!(invite.header("Alert-Info"), ["<http://127.0.0.1/Ringer3>"]);
    let stop = fixture.verb("ring", &["stop=yes"]);
    let (outcome, ()) = tokio::join!(stop, fixture.phone.receive_cancel(&invite));
    assert_eq!(outcome.0, "OK", "{outcome:?}");
    // Stopping is not an error when nothing rings.
    assert_eq!(fixture.verb("ring", &["stop=yes"]).await.0, "OK");
}

async fn failed_calls_are_reported(version: Version) {
    let Some(mut fixture) = PbxFixture::start(version, Driver::Pjsip).await else {
        return;
    };
    let dial_and_reject = async |answer: &str| {
        let phone = async {
            let invite: Message = fixture.phone.receive_invite().await;
            fixture.phone.reject(&invite, answer).await;
        };
        tokio::join!(fixture.verb("dial", &["200"]), phone).0
    };
    let busy = dial_and_reject("486 Busy Here").await;
    assert_eq!(
        (busy.0.as_str(), busy.1.as_str()),
        ("REJECTED", "the phone is busy")
    );
    let declined = dial_and_reject("603 Decline").await;
    assert_eq!(declined.0, "REJECTED", "{declined:?}");
    let nowhere = fixture.verb("dial", &["999"]).await;
    assert_eq!(nowhere.0, "REJECTED", "{nowhere:?}");
    assert!(
        nowhere.1.contains("Extension does not exist"),
        "{nowhere:?}"
    );
    fixture.phone.register(0).await;
    let gone = loop {
        let outcome = fixture.verb("dial", &["999"]).await;
        if outcome.0 != "REJECTED" {
            break outcome;
        }
    };
    assert_eq!(gone.0, "UNREACHABLE", "{gone:?}");
}

async fn calls_are_hung_up_and_transferred_by_asterisk(version: Version) {
    let Some(fixture) = PbxFixture::start(version, Driver::Pjsip).await else {
        return;
    };
    let none = fixture.verb("hangup", &[]).await;
    let expected = ("REJECTED".to_owned(), "the phone is in no call".to_owned());
    assert_eq!(none, expected);
    assert_eq!(fixture.verb("transfer", &["400"]).await, expected);
    let foreign = fixture.verb("hangup", &["call=PJSIP/1003-00000001"]).await;
    assert_eq!(foreign.0, "INVALID", "{foreign:?}");

    let dial = async |number: &str| {
        let phone = async {
            let invite = fixture.phone.receive_invite().await;
            fixture.phone.accept(&invite).await;
        };
        let arguments = [number];
        let (outcome, ()) = tokio::join!(fixture.verb("dial", &arguments), phone);
        assert_eq!(outcome.0, "OK", "{outcome:?}");
    };
    dial("200").await;
    let (outcome, ()) = tokio::join!(fixture.verb("hangup", &[]), fixture.phone.receive_bye());
    assert_eq!(outcome.0, "OK", "{outcome:?}");

    dial("300").await;
    fixture.asterisk.line("300 is talking").await;
    let nowhere = fixture.verb("transfer", &["999"]).await;
    assert_eq!(nowhere.0, "REJECTED", "{nowhere:?}");
    let (outcome, ()) = tokio::join!(
        fixture.verb("transfer", &["400"]),
        fixture.phone.receive_bye()
    );
    assert_eq!(outcome.0, "OK", "{outcome:?}");
    fixture.asterisk.line("400 has the call").await;
}

/// A server with one phone, and a daemon configured for both.
struct PbxFixture {
    asterisk: Asterisk,
    phone: UdpPhone,
    daemon: Daemon,
    endpoint: &'static str,
}

impl PbxFixture {
    async fn start(version: Version, driver: Driver) -> Option<Self> {
        let phones = [(driver, "1002")];
        let options = Options {
            dialplan: "exten => 200,1,Log(NOTICE,200 is called by ${CALLERID(num)})\n \
                       same => n,Wait(5)\n\
                       exten => 300,1,Dial(Local/301@phones)\n\
                       exten => 301,1,Answer()\n same => n,Wait(1)\n \
                       same => n,Log(NOTICE,300 is talking)\n same => n,Wait(20)\n\
                       exten => 400,1,Log(NOTICE,400 has the call)\n same => n,Wait(5)\n",
            ..Options::registrar(&phones)
        };
        let asterisk = Asterisk::start(version, &options).await?;
        let mut phone = UdpPhone::new("1002", "snomD785/10.1.198.12", asterisk.sip(driver)).await;
        phone.register(3600).await;
        let manager = asterisk.manager();
        let endpoint = match driver {
            Driver::Pjsip => "PJSIP/1002",
            Driver::ChanSip => "SIP/1002",
        };
        let daemon = Daemon::start(&format!(
            "[[asterisk]]\nname = 'pbx'\naddress = '{manager}'\nusername = 'handsetd'\n\
             secret = 'hush'\n\
             [[phone]]\nname = '1002'\nendpoint = '{endpoint}'\nvendor = 'snom'\n\
             model = 'D785'\naddress = '127.0.0.1:9'\n"
        ))
        .await;
        daemon.line("Loaded registrations.").await;
        Some(Self {
            asterisk,
            phone,
            daemon,
            endpoint,
        })
    }

    /// Runs a verb with `via=pbx`; returns status and reason.
    async fn verb(&self, verb: &str, arguments: &[&str]) -> (String, String) {
        let phone = format!("phone={}", self.endpoint);
        let mut all = vec!["via=pbx", &phone];
        all.extend(arguments);
        let mut outcome = agi_call(self.daemon.agi(), verb, &all).await;
        let mut take = |name| outcome.remove(name).unwrap();
        (take("HANDSET_STATUS"), take("HANDSET_REASON"))
    }
}
