//! Resolving phones on real Asterisk servers: that of the caller, for each channel driver and kind of
//! endpoint, and those that `phone=` names.

use std::time::Duration;

use handset_simulator::Vendor;

use super::support::admin_client::AdminClient;
use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::support::sim_phone::{self, SimPhone};
use super::support::sip_client::{Course, SipPhone};
use super::support::soon;

#[tokio::test]
async fn on_16_phones_are_resolved_from_every_source() {
    phones_are_resolved_from_every_source(Version::V16).await;
}

#[tokio::test]
async fn on_22_phones_are_resolved_from_every_source() {
    phones_are_resolved_from_every_source(Version::V22).await;
}

/// Several short tests share one server, which takes longer to start than each of them.
async fn phones_are_resolved_from_every_source(version: Version) {
    let Some(fixture) = Fixture::build(version).await else {
        return;
    };
    fixture.callers_resolve_to_their_own_phone().await;
    fixture
        .callers_resolve_to_one_contact_of_a_shared_endpoint()
        .await;
    fixture
        .targets_resolve_to_every_contact_of_the_endpoint()
        .await;
    fixture.the_configuration_overrides_asterisk().await;
    fixture
        .partial_configurations_are_completed_from_asterisk()
        .await;
    fixture
        .unknown_phones_are_reported_with_the_lookups_tried()
        .await;
    fixture.phones_are_addressed_by_any_of_their_names().await;
    fixture.several_phones_are_addressed_at_once().await;
    fixture.nonexistent_phones_are_not_found().await;
    for endpoint in [
        &fixture.cisco,
        &fixture.snom,
        &fixture.room,
        &fixture.twin,
        &fixture.decoy,
    ] {
        endpoint.sim_phone.assert_accepted_all();
    }
    fixture.boss.assert_accepted_all();
}

/// An Asterisk, its phones, and one phone that is not registered.
struct Fixture {
    asterisk: Asterisk,
    _daemon: Daemon,
    cisco: Endpoint,
    /// On another port, which is configured for all Snom phones.
    snom: Endpoint,
    /// Registers under another name than its endpoint.
    room: Endpoint,
    /// Registers under the same name as `room`.
    twin: Endpoint,
    /// Not a desk phone.
    soft: SipPhone,
    /// Registered as 1005, which the configuration assigns to `boss`.
    decoy: Endpoint,
    boss: SimPhone,
    elsewhere: Loopback,
    /// A Cisco phone with the User-Agent of a Yealink phone.
    misnamed: Endpoint,
    /// Serves HTTP at another address than SIP.
    moved: (SipPhone, SimPhone),
}

/// A registered phone.
struct Endpoint {
    sip: SipPhone,
    sim_phone: SimPhone,
}

impl Endpoint {
    async fn register(
        asterisk: &Asterisk,
        user: &str,
        vendor: Vendor,
        aor: &str,
        port: u16,
    ) -> Self {
        let phone = sim_phone::options(vendor);
        let registrar = asterisk.sip(Driver::Pjsip);
        let sip = SipPhone::new(user, &phone.user_agent(), registrar).registering(aor);
        let sim_phone = SimPhone::at(phone, sip.address().port(port)).await;
        sip.register().await;
        Self { sip, sim_phone }
    }
}

impl Fixture {
    async fn build(version: Version) -> Option<Self> {
        let [elsewhere, away] = [Loopback::claim(), Loopback::claim()];
        let moved = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
        let config = CONFIG
            .replace("@ELSEWHERE@", &elsewhere.port(8080).to_string())
            .replace("@AWAY@", &away.port(8080).to_string())
            .replace("@MOVED@", &moved.phone().address().to_string());
        let daemon = Daemon::start(&config).await;
        let options = Options {
            files: &[],
            agi: daemon.agi(),
            phones: &["1001", "1002", "1004", "1005", "1006", "1007"]
                .map(|user| (Driver::Pjsip, user)),
            dialplan: DIALPLAN,
            pjsip: ODD_ENDPOINTS,
        };
        let asterisk = Asterisk::start(version, &options).await?;
        let soft = SipPhone::new("1004", "Zoiper v2.10.20.9", asterisk.sip(Driver::Pjsip));
        soft.register().await;
        let named = |user, vendor| {
            let user_agent = sim_phone::options(vendor).user_agent();
            SipPhone::new(user, &user_agent, asterisk.sip(Driver::Pjsip))
        };
        let misnamed = named("1006", Vendor::Yealink);
        let misnamed = Endpoint {
            sim_phone: SimPhone::at(
                sim_phone::options(Vendor::Cisco),
                misnamed.address().port(80),
            )
            .await,
            sip: misnamed,
        };
        misnamed.sip.register().await;
        let moved = (named("1007", Vendor::Snom), moved);
        moved.0.register().await;
        let register = async |user, vendor, aor, port| {
            Endpoint::register(&asterisk, user, vendor, aor, port).await
        };
        Some(Self {
            cisco: register("1001", Vendor::Cisco, "1001", 80).await,
            snom: register("1002", Vendor::Snom, "1002", 8088).await,
            room: register("1003", Vendor::Yealink, "room-3", 80).await,
            twin: register("1003", Vendor::Cisco, "room-3", 80).await,
            decoy: register("1005", Vendor::Yealink, "1005", 80).await,
            boss: SimPhone::at(sim_phone::options(Vendor::Cisco), elsewhere.port(8080)).await,
            misnamed,
            moved,
            soft,
            asterisk,
            _daemon: daemon,
            elsewhere,
        })
    }

    async fn callers_resolve_to_their_own_phone(&self) {
        assert_eq!(self.outcome(&self.cisco.sip, "10").await, "OK|1001|cisco||");
        self.cisco.sim_phone.shows_text("own 1001").await;
        assert_eq!(self.outcome(&self.snom.sip, "10").await, "OK|1002|snom||");
        self.snom.sim_phone.shows_text("own 1002").await;
    }

    async fn callers_resolve_to_one_contact_of_a_shared_endpoint(&self) {
        assert_eq!(
            self.outcome(&self.room.sip, "10").await,
            "OK|1003|yealink||"
        );
        self.room.sim_phone.shows_text("own 1003").await;
        assert!(self.twin.sim_phone.state().screen.is_none());
        assert_eq!(self.outcome(&self.twin.sip, "10").await, "OK|1003|cisco||");
        self.twin.sim_phone.shows_text("own 1003").await;
    }

    async fn targets_resolve_to_every_contact_of_the_endpoint(&self) {
        let outcome = self.push_to("PJSIP/1003").await;
        // The order is unspecified.
        assert!(outcome.starts_with("OK|1003|"), "{outcome}");
        assert!(
            outcome.contains("yealink") && outcome.contains("cisco"),
            "{outcome}"
        );
        self.room.sim_phone.shows_text("pushed to PJSIP/1003").await;
        self.twin.sim_phone.shows_text("pushed to PJSIP/1003").await;
    }

    async fn the_configuration_overrides_asterisk(&self) {
        assert_eq!(self.outcome(&self.decoy.sip, "10").await, "OK|boss|cisco||");
        self.boss.shows_text("own 1005").await;
        assert_eq!(self.decoy.sim_phone.received().len(), 0);
    }

    async fn partial_configurations_are_completed_from_asterisk(&self) {
        // The model from the configuration and the address from Asterisk, and vice versa.
        assert_eq!(
            self.outcome(&self.misnamed.sip, "10").await,
            "OK|misnamed|cisco||"
        );
        self.misnamed.sim_phone.shows_text("own 1006").await;
        assert_eq!(self.outcome(&self.moved.0, "10").await, "OK|moved|snom||");
        self.moved.1.shows_text("own 1007").await;
    }

    async fn unknown_phones_are_reported_with_the_lookups_tried(&self) {
        let ip = self.soft.address().ip();
        let expected = format!(
            "NOTFOUND|1004||cannot determine the vendor of phone 1004; tried: CHANNEL(pjsip,remote_addr) \
             {ip}, User-Agent \"Zoiper v2.10.20.9\", contact sip:1004@{ip}:5060 {ip}"
        );
        let outcome = self.outcome(&self.soft, "10").await;
        assert!(outcome.starts_with(&expected), "{outcome}");
        let outcome = self.outcome(&self.soft, "14").await;
        assert!(
            outcome.starts_with("NOTFOUND|||channel Local/10@phones-"),
            "{outcome}"
        );
        let advice = "does not belong to a phone (PJSIP, SIP, SCCP); name one with phone=|";
        assert!(outcome.ends_with(advice), "{outcome}");
    }

    async fn phones_are_addressed_by_any_of_their_names(&self) {
        for (name, target, outcome) in [
            ("1002", &self.snom.sim_phone, "OK|1002|snom||"),
            ("PJSIP/1001", &self.cisco.sim_phone, "OK|1001|cisco||"),
            ("boss", &self.boss, "OK|boss|cisco||"),
            ("PJSIP/1005", &self.boss, "OK|boss|cisco||"),
            ("00005e005355", &self.boss, "OK|boss|cisco||"),
            (
                &self.elsewhere.ip().to_string(),
                &self.boss,
                "OK|boss|cisco||",
            ),
        ] {
            assert_eq!(self.push_to(name).await, outcome, "{name}");
            target.shows_text(&format!("pushed to {name}")).await;
        }
    }

    async fn several_phones_are_addressed_at_once(&self) {
        let outcome = self.push_to("reception").await;
        assert!(
            outcome.starts_with("OK|boss&1001&1002|cisco&snom|"),
            "{outcome}"
        );
        for sim_phone in [&self.boss, &self.cisco.sim_phone, &self.snom.sim_phone] {
            sim_phone.shows_text("pushed to reception").await;
        }
        let outcome = self.push_to("1001&1002").await;
        assert!(outcome.starts_with("OK|1001&1002|cisco&snom|"), "{outcome}");
        let outcome = self.push_to("1001&away").await;
        assert!(
            outcome.starts_with(
                "PARTIAL|1001&away|cisco&yealink|1001: OK; away: UNREACHABLE (cannot connect to "
            ),
            "{outcome}"
        );
        let outcome = self.push_to("nobody&1001").await;
        assert!(
            outcome.starts_with(
                "PARTIAL|nobody&1001|cisco|nobody: NOTFOUND (phone nobody is not known: no [[phone]] or [[group]] of that name, and "
            ),
            "{outcome}"
        );
        assert!(outcome.ends_with("; 1001: OK|"), "{outcome}");
    }

    async fn nonexistent_phones_are_not_found(&self) {
        for (name, reason) in [
            (
                "00:00:5E:00:53:66",
                "no [[phone]] has the name or address 00:00:5E:00:53:66, and no [[asterisk]] is configured to ask|",
            ),
            (
                "192.0.2.99",
                "no [[phone]] has the name or address 192.0.2.99, and no [[asterisk]] is configured to ask|",
            ),
            (
                "nobody",
                "phone nobody is not known: no [[phone]] or [[group]] of that name, and no [[asterisk]] is \
                 configured to ask; tried: contacts of PJSIP/nobody: none is registered",
            ),
        ] {
            let outcome = self.push_to(name).await;
            assert!(
                outcome.starts_with(&format!("NOTFOUND|{name}||{reason}")),
                "{outcome}"
            );
        }
    }

    /// Pushes to `names` from the soft phone; returns its channel variables afterwards.
    async fn push_to(&self, names: &str) -> String {
        let set = format!("dialplan set global TARGET {names}");
        self.asterisk.cli(&set);
        self.outcome(&self.soft, "20").await
    }

    /// Dials; returns status, phone, vendor and reason as printed by Asterisk.
    async fn outcome(&self, sip: &SipPhone, extension: &str) -> String {
        let before = self.asterisk.count(PRINTED);
        sip.dial(extension, Course::Rejected).end().await;
        let line = self.asterisk.line_after(before, PRINTED).await;
        let (_, outcome) = line.split_once(PRINTED).unwrap();
        outcome.trim_end_matches("\") in new stack").to_owned()
    }
}

#[tokio::test]
async fn on_16_chan_sip_phones_are_resolved_as_caller_and_as_target() {
    let daemon = Daemon::start("").await;
    let options = Options {
        files: &[],
        agi: daemon.agi(),
        phones: &[(Driver::ChanSip, "1001"), (Driver::ChanSip, "1002")],
        dialplan: DIALPLAN,
        pjsip: "",
    };
    let Some(asterisk) = Asterisk::start(Version::V16, &options).await else {
        return;
    };
    let sip = asterisk.sip(Driver::ChanSip);
    let (mine, other) = (
        sim_phone::options(Vendor::Snom),
        sim_phone::options(Vendor::Yealink),
    );
    let my_sip = SipPhone::new("1001", &mine.user_agent(), sip);
    let other_sip = SipPhone::new("1002", &other.user_agent(), sip);
    let mine = SimPhone::at(mine, my_sip.address().port(80)).await;
    let other = SimPhone::at(other, other_sip.address().port(80)).await;
    my_sip.register().await;
    other_sip.register().await;
    my_sip.dial("10", Course::Rejected).end().await;
    asterisk.line("OUTCOME|OK|1001|snom||").await;
    mine.shows_text("own 1001").await;
    asterisk.cli("dialplan set global TARGET SIP/1002");
    my_sip.dial("20", Course::Rejected).end().await;
    asterisk.line("OUTCOME|OK|1002|yealink||").await;
    other.shows_text("pushed to SIP/1002").await;
    // By its plain name, and before it is called.
    for (target, extension, shown) in [
        ("1002", "20", "pushed to 1002"),
        ("1001", "20", "pushed to 1001"),
        ("1002", "30", "called"),
    ] {
        asterisk.cli(&format!("dialplan set global TARGET {target}"));
        let before = asterisk.count(PRINTED);
        my_sip.dial(extension, Course::Rejected).end().await;
        let line = asterisk.line_after(before, PRINTED).await;
        let (phone, vendor) = if target == "1002" {
            (&other, "yealink")
        } else {
            (&mine, "snom")
        };
        let outcome = format!("OUTCOME|OK|{target}|{vendor}||");
        assert!(line.contains(&outcome), "{target} {extension}: {line}");
        phone.shows_text(shown).await;
    }
    chan_sip_phones_are_those_that_the_api_lists(&asterisk, &other).await;
    asterisk.cli("dialplan set global TARGET SIP/1003");
    my_sip.dial("20", Course::Rejected).end().await;
    asterisk.line("OUTCOME|NOTFOUND|1003||phone 1003 is not known: no [[phone]] or [[group]] of that name, and no [[asterisk]] is configured to ask; tried: SIPPEER(1003,ip) (no address), SIPPEER(1003,useragent) \"\"").await;
}

async fn chan_sip_phones_are_those_that_the_api_lists(asterisk: &Asterisk, phone: &SimPhone) {
    let daemon = Daemon::start(&format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{}'\nusername = 'handsetd'\nsecret = 'hush'\n",
        asterisk.manager()
    ))
    .await;
    daemon.line("Loaded registrations.").await;
    let admin = AdminClient::new(daemon.admin());
    let listed = admin.get("/api/v1/phones/1002").await;
    assert_eq!(listed.json()["result"]["endpoint"], "SIP/1002");
    // The User-Agent follows in a query of its own.
    let push = async |text: &str, phone: &str| {
        let body = format!(r#"{{"text": "{text}", "phone": {phone}}}"#);
        admin.post("/api/v1/do/push", &body).await.outcome()
    };
    let until_ok = async {
        while push("By its name", r#""1002""#).await.1 != "OK" {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    soon("a push to 1002", until_ok).await;
    phone.shows_text("By its name").await;
    for names in [r#""all""#, r#""1*""#, r#""SIP/*""#, r#"["1001", "1002"]"#] {
        let (code, status, reason) = push(&names.replace('"', "'"), names).await;
        assert_eq!((code, status.as_str()), (200, "OK"), "{names}: {reason}");
        assert_eq!(reason, "1001: OK; 1002: OK");
        phone.shows_text(&names.replace('"', "'")).await;
    }
    let (code, status, reason) = push("Nobody", r#""9*""#).await;
    assert_eq!((code, status.as_str()), (404, "NOTFOUND"), "{reason}");
    let (code, status, reason) = push("Nobody", r#""1001, 1002""#).await;
    assert_eq!((code, status.as_str()), (400, "INVALID"), "{reason}");
    assert!(reason.ends_with("separate several with &"), "{reason}");
}

#[tokio::test]
async fn sccp_phones_are_resolved_by_their_device() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Cisco)).await;
    let address = sim_phone.phone().address();
    let daemon = Daemon::start(&format!("[vendor.cisco]\nport = {}\n", address.port())).await;
    let outcome = Caller::new(daemon.agi())
        .on("SCCP/1001-00000001")
        .with_variable("SCCPDevice(current,recvip)", &address.ip().to_string())
        .with_variable("SCCPDevice(current,skinny_type)", "7970")
        .run("push", &["Hello"])
        .await;
    assert_eq!(
        (&*outcome.status, &*outcome.phone),
        ("OK", "1001"),
        "{}",
        outcome.reason
    );
    sim_phone.shows_text("Hello").await;
}

#[tokio::test]
async fn sccp_line_is_found_by_number_and_before_it_is_called() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Cisco)).await;
    let address = sim_phone.phone().address();
    let daemon = Daemon::start(&format!("[vendor.cisco]\nport = {}\n", address.port())).await;
    let socket = format!("{}:51010", address.ip());
    // The functions of chan-sccp; those of the channel itself are empty before the call is placed.
    let caller = |channel: &str| {
        Caller::new(daemon.agi())
            .on(channel)
            .with_variable("IFMODULE(chan_sccp.so)", "1")
            .with_variable("SCCPLine(200,devices)", "[ SEP00005E005301 ]")
            .with_variable("SCCPDevice(SEP00005E005301,recvip)", &socket)
            .with_variable("SCCPDevice(SEP00005E005301,skinny_type)", "7970")
            .with_variable("SCCPLine(201,devices)", "[  ]")
    };
    let (call, other) = ("SCCP/200-00000001", "Local/600@phones-00000001;2");
    for (channel, arguments) in [
        (call, &["Called"][..]),
        (other, &["By number", "phone=200"]),
        (other, &["By line", "phone=SCCP/200"]),
    ] {
        let outcome = caller(channel).run("push", arguments).await;
        let reason = &outcome.reason;
        assert_eq!(
            (&*outcome.status, &*outcome.phone),
            ("OK", "200"),
            "{reason}"
        );
        sim_phone.shows_text(arguments[0]).await;
    }
    let outcome = caller(other).run("push", &["No", "phone=SCCP/201"]).await;
    let reason = &outcome.reason;
    assert_eq!(outcome.status, "UNREACHABLE", "{reason}");
}

#[tokio::test]
async fn endpoint_with_an_ampersand_is_found_by_its_calls_and_by_a_phone_section() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let address = sim_phone.phone().address();
    let vendor = format!("[vendor.snom]\nport = {}\n", address.port());
    let section = "[[phone]]\nname = 'lab'\nendpoint = 'PJSIP/T&T'\n";
    let daemon = Daemon::start(&format!("{vendor}{section}")).await;
    for (name, user, arguments) in [
        ("R&D", "R&D", &["Own"][..]),
        ("lab", "T&T", &["Configured"]),
        ("lab", "T&T", &["By name", "phone=lab"]),
    ] {
        let call = Caller::new(daemon.agi()).at_phone(
            user,
            &address.ip().to_string(),
            "snomD785/10.1.1.1",
        );
        let outcome = call.run("push", arguments).await;
        let reason = &outcome.reason;
        assert_eq!(
            (&*outcome.status, &*outcome.phone),
            ("OK", name),
            "{reason}"
        );
        sim_phone.shows_text(arguments[0]).await;
    }
    // Elsewhere an & separates names.
    let outcome = Caller::new(daemon.agi())
        .run("push", &["No", "phone=R&D"])
        .await;
    for name in ["R: NOTFOUND", "D: NOTFOUND"] {
        assert!(outcome.reason.contains(name), "{}", outcome.reason);
    }
}

#[tokio::test]
async fn malformed_data_from_asterisk_is_tolerated() {
    let daemon = Daemon::start("").await;
    let long = "x".repeat(3000);
    for (address, user_agent) in [
        ("", ""),
        ("nowhere", "Cisco-CP/"),
        ("0.0.0.0:5060", "Cisco-CP7970G/8.5.4"),
        ("127.0.0.1:5060", "Yealink \" ~ ) ${X} | snom"),
        ("127.0.0.1:5060", &long),
    ] {
        let outcome = Caller::new(daemon.agi())
            .at_phone("1001", address, user_agent)
            .run("push", &["Hello"])
            .await;
        assert_eq!(
            outcome.status, "NOTFOUND",
            "{address} {user_agent}: {}",
            outcome.reason
        );
        assert!(
            outcome
                .reason
                .starts_with("cannot determine the vendor of phone 1001; ")
                || outcome.reason.starts_with("phone 1001 is not known: "),
            "{}",
            outcome.reason
        );
        assert!(outcome.reason.chars().count() <= 200);
    }
}

/// Extensions that push to the phone of the caller, from a Local channel, and to `TARGET`.
const DIALPLAN: &str = "
exten => 10,1,Gosub(handset-push,s,1(own ${CALLERID(num)}))
 same => n,Gosub(outcome,s,1)
exten => 14,1,Originate(Local/10@phones,exten,quiet,s,1)
 same => n,Hangup(17)
exten => 20,1,Gosub(handset-push,s,1(pushed to ${TARGET},,${TARGET}))
 same => n,Gosub(outcome,s,1)
exten => 30,1,Dial(SIP/${TARGET},1,b(called^s^1))
 same => n,Hangup(17)
[called]
exten => s,1,Gosub(handset-push,s,1(called))
 same => n,Verbose(0,OUTCOME|${HANDSET_STATUS}|${HANDSET_PHONE}|${HANDSET_VENDOR}|${HANDSET_REASON}|)
 same => n,Return()
[outcome]
exten => s,1,Verbose(0,OUTCOME|${HANDSET_STATUS}|${HANDSET_PHONE}|${HANDSET_VENDOR}|${HANDSET_REASON}|)
 same => n,Hangup(17)
[quiet]
exten => s,1,Hangup()
";

/// An endpoint whose AOR has another name and accepts two contacts.
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

/// `boss` has another phone than Asterisk reports, `away` is offline, and groups contain groups.
const CONFIG: &str = "
[vendor.snom]
port = 8088
[[phone]]
name = 'boss'
endpoint = 'PJSIP/1005'
vendor = 'cisco'
model = '7970'
address = '@ELSEWHERE@'
mac = '00:00:5E:00:53:55'
[[phone]]
name = 'away'
vendor = 'yealink'
model = 'T46G'
address = '@AWAY@'
[[phone]]
name = 'misnamed'
endpoint = 'PJSIP/1006'
vendor = 'cisco'
[[phone]]
name = 'moved'
endpoint = 'PJSIP/1007'
address = '@MOVED@'
[[group]]
name = 'reception'
members = ['boss', 'PJSIP/1001', 'inner']
[[group]]
name = 'inner'
members = ['PJSIP/1002', 'reception', 'boss']
";

/// The start of the line that Asterisk prints once per call.
const PRINTED: &str = "0,OUTCOME|";
