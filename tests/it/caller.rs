//! The main use case on real Asterisk servers: dialing an extension acts on the phone of the caller.
//!
//! Each phone is a SIP client and a simulated phone at one address, so handsetd learns address and
//! model from Asterisk, and the configuration need not contain them.

use std::rc::Rc;

use futures_util::future::join_all;
use handset_simulator::Vendor;
use handset_simulator::{Options as Phone, Scheme};

use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::daemon::Daemon;
use super::support::sim_phone::{self, SimPhone};
use super::support::sip_client::{Course, SipPhone};

#[tokio::test]
async fn on_16_the_callers_phone_shows_rings_and_changes() {
    the_callers_phone_shows_rings_and_changes(Version::V16).await;
}

#[tokio::test]
async fn on_22_the_callers_phone_shows_rings_and_changes() {
    the_callers_phone_shows_rings_and_changes(Version::V22).await;
}

async fn the_callers_phone_shows_rings_and_changes(version: Version) {
    let daemon = Daemon::start(CONFIG).await;
    let users = ["1001", "1002", "1003", "1004", "1005", "1006"];
    let options = Options {
        files: &[],
        agi: daemon.agi(),
        phones: &users.map(|user| (Driver::Pjsip, user)),
        dialplan: &DIALPLAN.replace("@SPECIAL@", &SPECIAL.replace(';', "\\;")),
        pjsip: "",
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let asterisk = Rc::new(asterisk);
    let authentication = format!("http://{}/cisco/authenticate", daemon.http());
    let phones = users.map(|user| phone_options(user, &authentication));
    let sim_phones = join_all(users.into_iter().zip(phones).map(async |(user, phone)| {
        let sip = SipPhone::new(user, &phone.user_agent(), asterisk.sip(Driver::Pjsip));
        let sim_phone = SimPhone::at(phone, sip.address().port(80)).await;
        sip.register().await;
        Caller {
            user,
            sip,
            sim_phone,
            asterisk: Rc::clone(&asterisk),
        }
    }))
    .await;
    join_all(sim_phones.iter().map(async |caller| {
        caller.shows_text().await;
        caller.plays_tone().await;
        caller.changes_ring_tone().await;
        caller.changes_background().await;
        caller.assert_well_formed_requests();
        caller.shows_any_text_unchanged().await;
        caller.sim_phone.assert_accepted_all();
    }))
    .await;
}

/// A phone, as a SIP client and as a web server.
struct Caller {
    user: &'static str,
    sip: SipPhone,
    sim_phone: SimPhone,
    asterisk: Rc<Asterisk>,
}

impl Caller {
    async fn shows_text(&self) {
        self.dial("700", "OK").await;
        let shown = self.sim_phone.shows_text("Hello, this is Asterisk").await;
        assert_eq!(shown.title, "Asterisk");
    }

    /// Plays a built-in tone and a file, where the phone supports them.
    async fn plays_tone(&self) {
        let (own, file) = match self.vendor() {
            Vendor::Cisco => ("OK", "OK"),
            Vendor::Snom => ("OK", "UNSUPPORTED"),
            Vendor::Yealink => ("UNSUPPORTED", "OK"),
        };
        self.dial("701", own).await;
        self.dial("7011", file).await;
        let tones = [own, file].iter().filter(|status| **status == "OK").count();
        let state = self
            .sim_phone
            .until("the tones", |state| state.played.len() == tones);
        let played = state.await.played;
        let first = match self.vendor() {
            Vendor::Cisco => "1.raw",
            Vendor::Snom => "Ringer1",
            Vendor::Yealink => "/tone.wav",
        };
        assert!(played[0].name.ends_with(first), "{played:?}");
    }

    async fn changes_ring_tone(&self) {
        self.dial("702", "OK").await;
        let state = self
            .sim_phone
            .until("a ring tone", |state| state.ringtone.is_some());
        let tone = state.await.ringtone.unwrap();
        // The recording lasts half a second.
        let milliseconds = tone.length.unwrap().as_millis();
        assert!((490..=530).contains(&milliseconds), "{milliseconds} ms");
    }

    async fn changes_background(&self) {
        self.dial("703", "OK").await;
        let state = self.sim_phone.until("a background", |state| {
            state.background.is_some()
                && (self.vendor() != Vendor::Cisco || state.thumbnail.is_some())
        });
        let state = state.await;
        let picture = state.background.unwrap();
        let size = match self.vendor() {
            Vendor::Cisco => (320, 212),
            Vendor::Snom | Vendor::Yealink => (480, 272),
        };
        assert_eq!((picture.width(), picture.height()), size);
        // The picture is recognizable: red grows to the right, green downwards, blue stays.
        let [left, right] = [
            picture.pixels.get_pixel(5, 5),
            picture.pixels.get_pixel(size.0 - 5, size.1 - 5),
        ];
        assert!(left[0] < 40 && right[0] > 160, "{left:?} {right:?}");
        assert!(
            left[1] < right[1] && left[2].abs_diff(right[2]) < 12,
            "{left:?} {right:?}"
        );
        if let Some(small) = state.thumbnail {
            assert_eq!((small.width(), small.height()), (80, 53));
        }
    }

    /// Checks methods, paths and headers of all requests.
    fn assert_well_formed_requests(&self) {
        let received = self.sim_phone.received();
        let state = self.sim_phone.state();
        let wrong = state.bad_credentials;
        assert_eq!(wrong, 0);
        for exchange in &received {
            let request = (
                exchange.method.as_str(),
                exchange.target.split(['=', '&']).next().unwrap(),
            );
            let expected: &[(&str, &str)] = match self.vendor() {
                Vendor::Cisco => &[("POST", "/CGI/Execute")],
                Vendor::Snom => &[
                    ("GET", "/minibrowser.htm?url"),
                    ("GET", "/line_login.htm?PLAY_RINGER:1"),
                    ("GET", "/settings.htm?settings"),
                ],
                Vendor::Yealink => &[("POST", "/servlet?push")],
            };
            assert!(expected.contains(&request), "{request:?}");
        }
        let login = received
            .iter()
            .filter_map(|exchange| exchange.header("Authorization"));
        let (kind, most) = match self.user {
            "1001" | "1002" | "1004" | "1006" => ("Basic ", 5),
            _ => ("Digest ", 5),
        };
        let logins: Vec<_> = login.collect();
        assert!(
            logins.iter().all(|login| login.starts_with(kind)),
            "{logins:?}"
        );
        assert!((4..=most).contains(&logins.len()), "{logins:?}");
        // Cisco phones verify the credentials at the authentication URL; others send a challenge.
        let challenges = received
            .iter()
            .filter(|exchange| exchange.status == Some(401))
            .count();
        let authentications = state
            .exchanges
            .iter()
            .filter(|exchange| exchange.target.contains("/cisco/authenticate"));
        match self.vendor() {
            Vendor::Cisco => assert_eq!((challenges, authentications.count()), (0, 5)),
            // One: then Basic is sent unasked, and the nonce of Digest is answered again.
            Vendor::Snom | Vendor::Yealink => assert_eq!(challenges, 1),
        }
        // Without configured credentials, each push has its own.
        let mut passwords = logins.clone();
        passwords.sort_unstable();
        passwords.dedup();
        match self.user {
            "1001" => assert_eq!(passwords.len(), 1),
            "1002" => assert_eq!(passwords.len(), logins.len()),
            _ => {}
        }
    }

    /// By query, by argument, and by the subroutine of the project's dialplan.
    async fn shows_any_text_unchanged(&self) {
        for (extension, title, text) in [
            ("7012", "Query", SPECIAL),
            ("7013", "Sum", "2+2=4 is true"),
            ("7014", "a, \"b\"", SPECIAL),
        ] {
            self.dial(extension, "OK").await;
            let shown = self
                .sim_phone
                .shows(title, |shown| shown.title == title)
                .await;
            assert_eq!(shown.content.text(), Some(text), "{extension}");
        }
    }

    /// Dials, and checks the channel variables that Asterisk prints afterwards.
    async fn dial(&self, extension: &str, status: &str) {
        let pattern = format!("0,OUTCOME|{}|", self.user);
        let before = self.asterisk.count(&pattern);
        self.sip.dial(extension, Course::Answered).end().await;
        let line = self.asterisk.line_after(before, &pattern).await;
        let (_, outcome) = line.split_once(&pattern).unwrap();
        let fields: Vec<&str> = outcome.split('|').collect();
        assert_eq!(
            (fields[0], fields[1], fields[2]),
            (status, self.user, self.vendor().name()),
            "{line}"
        );
        let id = fields[3];
        assert!(
            !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'),
            "{line}"
        );
        assert!(status == "OK" || !fields[4].is_empty(), "{line}");
    }

    fn vendor(&self) -> Vendor {
        self.sim_phone.phone().options().vendor
    }
}

/// Returns the options of the phone of a user.
fn phone_options(user: &str, authentication: &str) -> Phone {
    let (vendor, scheme) = match user {
        "1001" | "1002" => (Vendor::Cisco, Scheme::None),
        "1003" => (Vendor::Snom, Scheme::Digest),
        "1004" => (Vendor::Snom, Scheme::Basic),
        "1005" => (Vendor::Yealink, Scheme::Digest),
        _ => (Vendor::Yealink, Scheme::Basic),
    };
    Phone {
        scheme,
        credentials: (vendor != Vendor::Cisco)
            .then(|| ("admin".to_owned(), "sec:ret ü".to_owned())),
        authentication_url: (vendor == Vendor::Cisco).then(|| authentication.parse().unwrap()),
        ..sim_phone::options(vendor)
    }
}

/// Only credentials; 1002 has none.
const CONFIG: &str = "
[vendor.snom]
username = 'admin'
password = 'sec:ret ü'
[vendor.yealink]
username = 'admin'
password = 'sec:ret ü'
[[phone]]
name = '1001'
username = 'push'
password = 'p&ss w%rd'
";

/// Plays a file as a tone, and prints the channel variables at the end of each call.
const DIALPLAN: &str = "
exten => 7011,1,Answer()
 same => n,Gosub(handset-ring,s,1(doorbell.wav))
 same => n,Goto(handset-outcome,1)
exten => 7012,1,Answer()
 same => n,Set(MSG=@SPECIAL@)
 same => n,AGI(agi://${HANDSETD}/push?title=Query&text=${URIENCODE(${MSG})})
 same => n,Hangup()
exten => 7013,1,Answer()
 same => n,AGI(agi://${HANDSETD}/push,2+2=4 is true,title=Sum)
 same => n,Hangup()
exten => 7014,1,Answer()
 same => n,Set(MSG=@SPECIAL@)
 same => n,Gosub(handset-push,s,1(,\"a, \\\"b\\\"\",,text=${URIENCODE(${MSG})}))
 same => n,Hangup()
exten => h,1,Verbose(0,OUTCOME|${CALLERID(num)}|${HANDSET_STATUS}|${HANDSET_PHONE}|${HANDSET_VENDOR}|${HANDSET_ID}|${HANDSET_REASON}|)
";

/// Every character that is special in Asterisk, URLs or XML.
const SPECIAL: &str = r#""Grüße", 100 % :-( ½ & Co; it's a\b {c} <d/> ]]> + ? # | %41"#;
