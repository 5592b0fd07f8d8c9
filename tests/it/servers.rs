//! Two real Asterisk servers with the same numbers, as two sites or two tenants have: each request is for
//! the phone of one of them.

use std::time::Duration;

use handset_simulator::Vendor;
use serde_json::Value;

use super::support::admin_client::AdminClient;
use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::support::raw::get_from;
use super::support::sim_phone::{self, SimPhone};
use super::support::sip_client::{Course, SipPhone};
use super::support::soon;

#[tokio::test]
async fn phones_of_two_servers_with_the_same_numbers_are_apart() {
    let Some(sites) = Sites::build().await else {
        return;
    };
    sites.programs_name_the_server().await;
    sites.calls_mean_the_phones_of_their_server().await;
    sites.events_mean_the_phones_of_their_server().await;
    sites.states_are_apart().await;
    sites.group_of_all_phones_has_those_of_its_site().await;
    sites
        .kept_deliveries_wait_for_the_phone_of_their_server()
        .await;
    for site in [&sites.berlin, &sites.munich] {
        site.phone.assert_accepted_all();
    }
}

struct Sites {
    berlin: Site,
    munich: Site,
    admin: AdminClient,
    daemon: Daemon,
    /// The address of AGI, reserved.
    _agi: Loopback,
}

/// A server, and its 1001.
struct Site {
    name: &'static str,
    asterisk: Asterisk,
    sip: SipPhone,
    phone: SimPhone,
}

impl Sites {
    async fn build() -> Option<Self> {
        let agi = Loopback::claim();
        let mut berlin = server(Version::V16, &agi).await?;
        let munich = server(Version::V22, &agi).await?;
        // One of them is told by its name, the other by its channels: the connections of both come from
        // the address of this machine.
        berlin.change(
            "asterisk.conf",
            "[options]",
            "[options]\nsystemname = berlin",
        );
        berlin.restart().await;
        let servers = [("berlin", &berlin), ("munich", &munich)].map(|(name, asterisk)| {
            format!(
                "[[asterisk]]\nname = '{name}'\naddress = '{}'\nusername = 'handsetd'\nsecret = 'hush'\n",
                asterisk.manager()
            )
        });
        let listen = format!("[agi]\nlisten = '{}'\n", agi.port(4573));
        let daemon = Daemon::start(&(listen + &servers.concat() + RULE)).await;
        let admin = AdminClient::new(daemon.admin());
        let berlin = Site::register("berlin", berlin, Vendor::Snom).await;
        let munich = Site::register("munich", munich, Vendor::Yealink).await;
        let sites = Self {
            berlin,
            munich,
            admin,
            daemon,
            _agi: agi,
        };
        for name in ["berlin%2F1001", "munich%2FPJSIP%2F1001"] {
            sites.until_registered(name).await;
        }
        Some(sites)
    }

    async fn until_registered(&self, name: &str) {
        let path = format!("/api/v1/phones/{name}");
        let is_registered = async {
            loop {
                let response = self.admin.get(&path).await;
                if response.code == 200 && response.json()["result"]["registered"] == true {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        soon(name, is_registered).await;
    }

    async fn push(&self, name: &str, body: &str) -> (u16, String, String) {
        let path = format!("/api/v1/phones/{name}/push");
        self.admin.post(&path, body).await.outcome()
    }

    async fn programs_name_the_server(&self) {
        let (code, status, reason) = self.push("1001", r#"{"text": "Whose?"}"#).await;
        assert_eq!((code, status.as_str()), (400, "INVALID"));
        let expected = "1001 is a phone of berlin and munich; write berlin/1001 or munich/1001";
        assert_eq!(reason, expected);
        let get = self.admin.get("/api/v1/phones/1001").await.outcome();
        assert_eq!((get.0, get.2.as_str()), (400, expected));
        for (name, text) in [("berlin%2F1001", "One"), ("berlin%2FPJSIP%2F1001", "Two")] {
            let body = format!("{{\"text\": \"{text}\"}}");
            let path = format!("/api/v1/phones/{name}/push");
            let response = self.admin.post(&path, &body).await;
            assert_eq!(response.outcome().1, "OK", "{:?}", response.outcome());
            assert_eq!(response.json()["phone"], "berlin/1001");
            self.berlin.phone.shows_text(text).await;
        }
        assert!(self.munich.phone.state().screen.is_none());
        // A name that one of them has needs no server.
        let listed = self.admin.get("/api/v1/phones").await.json();
        let listed: Vec<_> = listed["result"]
            .as_array()
            .unwrap()
            .iter()
            .map(|phone| [&phone["name"], &phone["server"], &phone["vendor"]].map(Value::to_string))
            .collect();
        let expected = [
            ["\"berlin/1001\"", "\"berlin\"", "\"snom\""],
            ["\"munich/1001\"", "\"munich\"", "\"yealink\""],
        ];
        assert_eq!(listed, expected);
    }

    async fn calls_mean_the_phones_of_their_server(&self) {
        for (own, other) in [(&self.berlin, &self.munich), (&self.munich, &self.berlin)] {
            let name = own.name;
            for (extension, text) in [("10", "Own"), ("20", "Target")] {
                let before = other.shown();
                let outcome = own.outcome(extension).await;
                let expected = format!("OK|{name}/1001|");
                assert!(outcome.starts_with(&expected), "{outcome}");
                own.phone.shows_text(&format!("{text} of {name}")).await;
                assert_eq!(other.shown(), before, "{name} {extension}");
            }
            let outcome = own.outcome(&format!("3{}", other.name)).await;
            let expected = format!("OK|{}/1001|", other.name);
            assert!(outcome.starts_with(&expected), "{outcome}");
            other.phone.shows_text(&format!("Far from {name}")).await;
        }
    }

    async fn events_mean_the_phones_of_their_server(&self) {
        for (own, other) in [(&self.berlin, &self.munich), (&self.munich, &self.berlin)] {
            let name = own.name;
            let before = other.shown();
            own.outcome("50").await;
            own.phone.shows_text(&format!("Event of {name}")).await;
            own.outcome("60").await;
            own.phone.shows_text(&format!("Rule of {name}")).await;
            assert_eq!(other.shown(), before, "{name}");
        }
    }

    async fn states_are_apart(&self) {
        let dnd = async |site: &Site| {
            let path = format!("/api/v1/phones/{}%2F1001", site.name);
            let phone = self.admin.get(&path).await.json();
            phone["result"]["state"]["dnd"].clone()
        };
        let source = self.berlin.sip.address().ip();
        get_from(source, self.daemon.http(), "/action/snom/dnd_on").await;
        let is_on = async {
            while dnd(&self.berlin).await != "on" {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        soon("do not disturb", is_on).await;
        assert_eq!(dnd(&self.munich).await, "unknown");
        self.berlin
            .phone
            .shows_text("DND of berlin/PJSIP/1001")
            .await;
        assert!(self.munich.shown().contains("Rule of munich"));
    }

    async fn group_of_all_phones_has_those_of_its_site(&self) {
        let body = r#"{"phone": "all", "text": "Fire"}"#;
        let (code, status, reason) = self.admin.post("/api/v1/do/push", body).await.outcome();
        assert_eq!((code, status.as_str()), (200, "OK"), "{reason}");
        for site in [&self.berlin, &self.munich] {
            site.phone.shows_text("Fire").await;
        }
        self.munich.outcome("70").await;
        self.munich.phone.shows_text("Lunch").await;
        let body = r#"{"phone": "berlin/*", "text": "Drill"}"#;
        let (_, status, _) = self.admin.post("/api/v1/do/push", body).await.outcome();
        assert_eq!(status, "OK");
        self.berlin.phone.shows_text("Drill").await;
        assert!(self.munich.shown().contains("Lunch"));
    }

    async fn kept_deliveries_wait_for_the_phone_of_their_server(&self) {
        let (_, munich) = desk("1002", &self.munich.asterisk, Vendor::Snom).await;
        self.until_registered("munich%2F1002").await;
        let kept = r#"{"text": "Kept", "keep": "1h"}"#;
        let (code, status, reason) = self.push("berlin%2F1002", kept).await;
        assert_eq!((code, status.as_str()), (202, "QUEUED"), "{reason}");
        // Whose it is does not depend on who is registered.
        let (code, _, reason) = self.push("1002", r#"{"text": "Whose?"}"#).await;
        assert_eq!(code, 400, "{reason}");
        let (_, berlin) = desk("1002", &self.berlin.asterisk, Vendor::Snom).await;
        berlin.shows_text("Kept").await;
        assert!(munich.state().screen.is_none());
        let log = self.daemon.settled_log().await;
        assert!(!log.contains(" ERROR "), "{log}");
    }
}

impl Site {
    async fn register(name: &'static str, asterisk: Asterisk, vendor: Vendor) -> Self {
        let (sip, phone) = desk("1001", &asterisk, vendor).await;
        Self {
            name,
            asterisk,
            sip,
            phone,
        }
    }

    /// Returns what the phone shows.
    fn shown(&self) -> String {
        format!("{:?}", self.phone.state().screen)
    }

    /// Dials an extension, and returns what it prints.
    async fn outcome(&self, extension: &str) -> String {
        let before = self.asterisk.count(PRINTED);
        let call = self.sip.dial(extension, Course::Rejected);
        let line = self.asterisk.line_after(before, PRINTED).await;
        call.end().await;
        let (_, outcome) = line.split_once(PRINTED).unwrap();
        outcome.to_owned()
    }
}

/// Registers a desk phone.
async fn desk(user: &str, asterisk: &Asterisk, vendor: Vendor) -> (SipPhone, SimPhone) {
    let options = sim_phone::options(vendor);
    let sip = SipPhone::new(user, &options.user_agent(), asterisk.sip(Driver::Pjsip));
    let phone = SimPhone::at(options, sip.address().port(80)).await;
    sip.register().await;
    (sip, phone)
}

async fn server(version: Version, agi: &Loopback) -> Option<Asterisk> {
    let name = match version {
        Version::V16 => "berlin",
        Version::V22 => "munich",
    };
    let options = Options {
        agi: agi.port(4573),
        phones: &[(Driver::Pjsip, "1001"), (Driver::Pjsip, "1002")],
        dialplan: &DIALPLAN.replace("@SITE@", name),
        pjsip: "",
        files: &[],
    };
    Asterisk::start(version, &options).await
}

const RULE: &str = "
[[rule]]
name = 'door'
on = 'UserEvent.Door'
do = [ { verb = 'push', phone = '1001', text = 'Rule of {{ event.Site }}' } ]

[[rule]]
name = 'dnd'
on = 'phone.dnd_on'
do = [ { verb = 'push', phone = '1001', text = 'DND of {{ event.phone }}' } ]
";

/// Extensions that push to the caller, to 1001 of the own and of another server, and send events.
const DIALPLAN: &str = "
exten => 10,1,AGI(agi://${HANDSETD}/push,Own of @SITE@)
 same => n,Goto(outcome,s,1)
exten => 20,1,AGI(agi://${HANDSETD}/push,Target of @SITE@,phone=1001)
 same => n,Goto(outcome,s,1)
exten => 3berlin,1,AGI(agi://${HANDSETD}/push,Far from @SITE@,phone=berlin/1001)
 same => n,Goto(outcome,s,1)
exten => 3munich,1,AGI(agi://${HANDSETD}/push,Far from @SITE@,phone=munich/1001)
 same => n,Goto(outcome,s,1)
exten => 50,1,UserEvent(Handset,Verb: push,Phone: 1001,Text: Event of @SITE@)
 same => n,Goto(outcome,s,1)
exten => 60,1,UserEvent(Door,Site: @SITE@)
 same => n,Goto(outcome,s,1)
exten => 70,1,AGI(agi://${HANDSETD}/push,Lunch,phone=all)
 same => n,Goto(outcome,s,1)
[outcome]
exten => s,1,Verbose(0,OUTCOME|${HANDSET_STATUS}|${HANDSET_PHONE}|${HANDSET_REASON}|)
 same => n,Hangup(17)
";

/// The start of the line that Asterisk prints once per call.
const PRINTED: &str = "0,OUTCOME|";
