//! Callers who hang up while their phone is slow, on real Asterisk servers.

use handset_simulator::Vendor;

use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::daemon::Daemon;
use super::support::sim_phone::{self, SimPhone};
use super::support::sip_client::{Course, SipPhone};

#[tokio::test]
async fn on_16_hanging_up_frees_the_channel_at_once_and_delivery_continues() {
    hanging_up_frees_the_channel_at_once_and_delivery_continues(Version::V16).await;
}

#[tokio::test]
async fn on_22_hanging_up_frees_the_channel_at_once_and_delivery_continues() {
    hanging_up_frees_the_channel_at_once_and_delivery_continues(Version::V22).await;
}

async fn hanging_up_frees_the_channel_at_once_and_delivery_continues(version: Version) {
    let daemon = Daemon::start("[agi]\nbudget = '30s'\n[log]\nlevel = 'debug'\n").await;
    let options = Options {
        files: &[],
        agi: daemon.agi(),
        phones: &[(Driver::Pjsip, "1001")],
        dialplan: "
exten => h,1,Verbose(0,HANGUP|${HANDSET_STATUS}|${HANDSET_REASON}|${HANDSET_PHONE}|)
",
        pjsip: "",
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let phone = sim_phone::options(Vendor::Snom);
    let sip = SipPhone::new("1001", &phone.user_agent(), asterisk.sip(Driver::Pjsip));
    let sim_phone = SimPhone::at(phone, sip.address().port(80)).await;
    sip.register().await;
    sim_phone.hold();
    let call = sip.dial("700", Course::HungUp);
    asterisk.line("AGI(\"PJSIP/1001-").await;
    // On a busy machine the caller could hang up before it is known whose phone is meant.
    sim_phone.until_waiting().await;
    call.hang_up().await;
    call.end().await;
    asterisk
        .line("HANGUP|QUEUED|the caller hung up; delivery continues|1001|")
        .await;
    sim_phone.release();
    sim_phone.shows_text("Hello, this is Asterisk").await;
    sim_phone.assert_accepted_all();
    daemon.line("Delivered.").await;
}
