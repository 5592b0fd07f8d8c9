//! Whose phone is meant, on real Asterisk servers: the caller's own, as each channel driver and each
//! kind of endpoint tells it, and those that `phone=` names.

use handsetd::phone::Vendor;
use handsetd::simulate::Options as Phone;

use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::daemon::Daemon;
use super::support::desk::{self, Desk};
use super::support::loopback::Loopback;
use super::support::sip_client::{Course, SipPhone};

#[tokio::test]
async fn on_16_phones_are_found_in_every_way() {
    phones_are_found_in_every_way(Version::V16).await;
}

#[tokio::test]
async fn on_22_phones_are_found_in_every_way() {
    phones_are_found_in_every_way(Version::V22).await;
}

/// Several small stories on one server, which takes longer to start than each of them.
async fn phones_are_found_in_every_way(version: Version) {
    let (elsewhere, away) = (Loopback::claim(), Loopback::claim());
    let daemon = Daemon::start(&format!(
        "[vendor.snom]\nport = 8088\n\
         [[phone]]\nname = 'boss'\nendpoint = 'PJSIP/1005'\nvendor = 'cisco'\nmodel = '7970'\n\
         address = '{}'\nmac = '00:00:5E:00:53:55'\n\
         [[phone]]\nname = 'away'\nvendor = 'yealink'\nmodel = 'T46G'\naddress = '{}'\n\
         [[group]]\nname = 'reception'\nmembers = ['boss', 'PJSIP/1001', 'inner']\n\
         [[group]]\nname = 'inner'\nmembers = ['PJSIP/1002', 'reception', 'boss']\n",
        elsewhere.port(8080),
        away.port(8080),
    ))
    .await;
    let options = Options {
        agi: daemon.agi(),
        phones: &["1001", "1002", "1004", "1005"].map(|user| (Driver::Pjsip, user)),
        dialplan: ASKING,
        pjsip: ODD_ENDPOINTS,
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let sip = asterisk.sip(Driver::Pjsip);
    let register = async |user: &str, aor: &str, phone: Phone, port: u16| {
        let sip = SipPhone::new(user, &phone.user_agent(), sip).registering(aor);
        let desk = Desk::at(phone, sip.address().port(port)).await;
        sip.register().await;
        (sip, desk)
    };
    let (cisco_sip, cisco) = register("1001", "1001", desk::options(Vendor::Cisco), 80).await;
    // Not on the usual port, as the configuration says of all Snom phones.
    let (snom_sip, snom) = register("1002", "1002", desk::options(Vendor::Snom), 8088).await;
    let (room_sip, room) = register("1003", "room-3", desk::options(Vendor::Yealink), 80).await;
    let (_, twin) = register("1003", "room-3", desk::options(Vendor::Cisco), 80).await;
    let soft = SipPhone::new("1004", "Zoiper v2.10.20.9", sip);
    soft.register().await;
    // Asterisk takes 1005 for a Yealink; the configuration says that it is a Cisco elsewhere.
    let (boss_sip, decoy) = register("1005", "1005", desk::options(Vendor::Yealink), 80).await;
    let boss = Desk::at(desk::options(Vendor::Cisco), elsewhere.port(8080)).await;
    let dials = async |sip: &SipPhone, extension: &str| {
        let before = asterisk.count("0,TOLD|");
        sip.dial(extension, Course::Refused).end().await;
        let line = asterisk.line_after(before, "0,TOLD|").await;
        let (_, told) = line.split_once("0,TOLD|").unwrap();
        told.trim_end_matches("\") in new stack").to_owned()
    };

    let told = dials(&cisco_sip, "10").await;
    assert_eq!(told, "OK|1001|cisco||");
    cisco.shows_text("own 1001").await;
    let told = dials(&snom_sip, "10").await;
    assert_eq!(told, "OK|1002|snom||");
    snom.shows_text("own 1002").await;

    // The phone that calls, of the two that have registered as room-3.
    let told = dials(&room_sip, "10").await;
    assert_eq!(told, "OK|1003|yealink||");
    room.shows_text("own 1003").await;
    assert!(twin.state().shown.is_none());
    let told = dials(&cisco_sip, "12").await;
    // In no order that could be relied on.
    assert!(told.starts_with("OK|1003|"), "{told}");
    assert!(told.contains("yealink") && told.contains("cisco"), "{told}");
    room.shows_text("to the room").await;
    twin.shows_text("to the room").await;

    let told = dials(&soft, "10").await;
    let expected = format!(
        "NOTFOUND|1004||cannot tell of phone 1004 what it is; tried: CHANNEL(pjsip,remote_addr) {ip}, \
         User-Agent \"Zoiper v2.10.20.9\", contact sip:1004@{ip}:5060 {ip}",
        ip = soft.address().ip()
    );
    assert!(told.starts_with(expected.as_str()), "{told}");
    let told = dials(&boss_sip, "10").await;
    assert_eq!(told, "OK|boss|cisco||");
    boss.shows_text("own 1005").await;
    assert_eq!(decoy.received().len(), 0);

    let told = dials(&soft, "14").await;
    assert!(
        told.starts_with("NOTFOUND|||channel Local/10@phones-"),
        "{told}"
    );
    assert!(
        told.contains("is none of a phone (PJSIP, SIP, SCCP); name one with phone="),
        "{told}"
    );

    // Everyone can be aimed at, whoever calls.
    for (phone, aimed, name) in [
        ("1002", &snom, "1002|snom"),
        ("PJSIP/1001", &cisco, "1001|cisco"),
        ("boss", &boss, "boss|cisco"),
        ("PJSIP/1005", &boss, "boss|cisco"),
        ("00005e005355", &boss, "boss|cisco"),
        (&elsewhere.ip().to_string(), &boss, "boss|cisco"),
    ] {
        asterisk.cli(&format!("dialplan set global AIM {phone}"));
        let told = dials(&soft, "20").await;
        assert_eq!(told, format!("OK|{name}||"), "{phone}");
        aimed.shows_text(&format!("aimed at {phone}")).await;
    }
    asterisk.cli("dialplan set global AIM reception");
    let told = dials(&soft, "20").await;
    assert!(told.starts_with("OK|boss&1001&1002|cisco&snom|"), "{told}");
    for desk in [&boss, &cisco, &snom] {
        desk.shows_text("aimed at reception").await;
    }
    asterisk.cli("dialplan set global AIM 1001&1002");
    assert!(
        dials(&soft, "20")
            .await
            .starts_with("OK|1001&1002|cisco&snom|")
    );
    for (several, expected) in [
        (
            "1001&away",
            [
                "PARTIAL|1001&away|cisco&yealink|1001: OK; ",
                "away: UNREACHABLE (cannot connect to ",
            ],
        ),
        (
            "nobody&1001",
            [
                "PARTIAL|nobody&1001|cisco|",
                "nobody: NOTFOUND (cannot tell of phone nobody what it is",
            ],
        ),
        (
            "00:00:5E:00:53:66",
            [
                "NOTFOUND|00:00:5E:00:53:66||no [[phone]] has the name or address 00:00:5E:00:53:66|",
                "",
            ],
        ),
        (
            "192.0.2.99",
            [
                "NOTFOUND|192.0.2.99||no [[phone]] has the name or address 192.0.2.99|",
                "",
            ],
        ),
        (
            "nobody",
            [
                "NOTFOUND|nobody||cannot tell of phone nobody what it is; tried: contacts of PJSIP/nobody: none is registered",
                "",
            ],
        ),
    ] {
        asterisk.cli(&format!("dialplan set global AIM {several}"));
        let told = dials(&soft, "20").await;
        assert!(
            told.starts_with(expected[0]) && told.contains(expected[1]),
            "{several}: {told}"
        );
    }
    for desk in [&cisco, &snom, &room, &twin, &boss] {
        desk.is_content();
    }
}

#[tokio::test]
async fn on_16_a_chan_sip_phone_is_found_as_caller_and_as_target() {
    let daemon = Daemon::start("").await;
    let options = Options {
        agi: daemon.agi(),
        phones: &[(Driver::ChanSip, "1001"), (Driver::ChanSip, "1002")],
        dialplan: ASKING,
        pjsip: "",
    };
    let Some(asterisk) = Asterisk::start(Version::V16, &options).await else {
        return;
    };
    let sip = asterisk.sip(Driver::ChanSip);
    let (mine, other) = (desk::options(Vendor::Snom), desk::options(Vendor::Yealink));
    let my_sip = SipPhone::new("1001", &mine.user_agent(), sip);
    let other_sip = SipPhone::new("1002", &other.user_agent(), sip);
    let mine = Desk::at(mine, my_sip.address().port(80)).await;
    let other = Desk::at(other, other_sip.address().port(80)).await;
    my_sip.register().await;
    other_sip.register().await;
    my_sip.dial("10", Course::Refused).end().await;
    asterisk.line("TOLD|OK|1001|snom||").await;
    mine.shows_text("own 1001").await;
    asterisk.cli("dialplan set global AIM SIP/1002");
    my_sip.dial("20", Course::Refused).end().await;
    asterisk.line("TOLD|OK|1002|yealink||").await;
    other.shows_text("aimed at SIP/1002").await;
    asterisk.cli("dialplan set global AIM SIP/1003");
    my_sip.dial("20", Course::Refused).end().await;
    asterisk.line("TOLD|NOTFOUND|1003||cannot tell of phone 1003 what it is; tried: SIPPEER(1003,ip) (no address), SIPPEER(1003,useragent) \"\"").await;
}

/// Extensions that push to the caller's own phone, to a room, from a Local channel, and to AIM.
const ASKING: &str = "
exten => 10,1,Gosub(handset-push,s,1(own ${CALLERID(num)}))
 same => n,Gosub(told,s,1)
exten => 12,1,Gosub(handset-push,s,1(to the room,,PJSIP/1003))
 same => n,Gosub(told,s,1)
exten => 14,1,Originate(Local/10@phones,exten,quiet,s,1)
 same => n,Hangup(17)
exten => 20,1,Gosub(handset-push,s,1(aimed at ${AIM},,${AIM}))
 same => n,Gosub(told,s,1)
[told]
exten => s,1,Verbose(0,TOLD|${HANDSET_STATUS}|${HANDSET_PHONE}|${HANDSET_VENDOR}|${HANDSET_REASON}|)
 same => n,Hangup(17)
[quiet]
exten => s,1,Hangup()
";

/// An endpoint whose AOR has another name, and room for two phones.
const ODD_ENDPOINTS: &str = "
[1003]
type=endpoint
context=phones
disallow=all
allow=ulaw
aors=room-3

[room-3]
type=aor
max_contacts=2
";
