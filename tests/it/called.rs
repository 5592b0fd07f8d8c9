//! Scripts on the channel of the called phone, on real Asterisk servers: `b()` before it rings, `U()` once
//! it has answered.

use handset_simulator::Vendor;

use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::daemon::Daemon;
use super::support::on_both_versions;
use super::support::sim_phone::{self, SimPhone};
use super::support::udp_phone::UdpPhone;

on_both_versions! {
    the_called_phone_is_that_of_its_channel
}

async fn the_called_phone_is_that_of_its_channel(version: Version) {
    let daemon = Daemon::start("").await;
    let options = Options {
        files: &[],
        agi: daemon.agi(),
        phones: &[(Driver::Pjsip, "1002")],
        dialplan: DIALPLAN,
        pjsip: "",
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let screen = sim_phone::options(Vendor::Snom);
    let registrar = asterisk.sip(Driver::Pjsip);
    let mut phone = UdpPhone::new("1002", &screen.user_agent(), registrar).await;
    let screen = SimPhone::at(screen, phone.address().port(80)).await;
    phone.register(3600).await;
    asterisk.cli("channel originate Local/500@phones application Wait 5");
    let invite = phone.receive_invite().await;
    asterisk.line("BEFORE|OK|1002|snom|").await;
    screen.shows_text("Before it rings").await;
    phone.accept(&invite).await;
    asterisk.line("AFTER|OK|1002|snom|").await;
    screen.shows_text("Once it has answered").await;
    screen.assert_accepted_all();
}

const DIALPLAN: &str = "
exten => 500,1,Dial(PJSIP/1002,5,b(before^s^1)U(after))
[before]
exten => s,1,AGI(agi://${HANDSETD}/push,Before it rings)
 same => n,Verbose(0,BEFORE|${HANDSET_STATUS}|${HANDSET_PHONE}|${HANDSET_VENDOR}|)
 same => n,Return()
[after]
exten => s,1,AGI(agi://${HANDSETD}/push,Once it has answered)
 same => n,Verbose(0,AFTER|${HANDSET_STATUS}|${HANDSET_PHONE}|${HANDSET_VENDOR}|)
 same => n,Return()
";
