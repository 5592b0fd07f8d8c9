//! Attempts to learn a phone's password, or to use one push's password for something else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use handset_simulator::{Options, Vendor};

use super::support::caller::{CallResult, Caller};
use super::support::daemon::Daemon;
use super::support::held_phone::{HeldPhone, HeldRequest, authorization};
use super::support::loopback::Loopback;
use super::support::raw::{encoded, exchange, get_from};
use super::support::sim_phone::{self, SimPhone};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
const BASIC: &str = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\r\n";
const DIGEST: &str =
    "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\"\r\n\r\n";
const ACCOUNT: &str = "username = 'admin'\npassword = 'canary'\n";
const MAC: &str = "00:00:5E:00:53:01";

fn snom(name: &str, phone: &HeldPhone) -> String {
    let address = phone.address();
    format!("[[phone]]\nname = '{name}'\nvendor = 'snom'\nmodel = 'D785'\naddress = '{address}'\n")
}

fn cisco(name: &str, phone: &HeldPhone) -> String {
    let address = phone.address();
    format!(
        "[[phone]]\nname = '{name}'\nvendor = 'cisco'\nmodel = '7970'\nmac = '{MAC}'\n\
         address = '{address}'\n"
    )
}

/// Runs a verb at a phone that sends these replies; returns the outcome and the requests.
async fn attack(
    caller: &Caller,
    verb: &str,
    arguments: &[&str],
    (phone, replies): (&HeldPhone, &[&str]),
) -> (CallResult, Vec<String>) {
    tokio::join!(caller.run(verb, arguments), phone.play(replies))
}

/// Asserts that no request has the password in clear text.
fn assert_secret(requests: &[String]) {
    let encoded = STANDARD.encode("admin:canary");
    for request in requests {
        assert!(!request.contains(&encoded), "{request}");
        assert!(!request.contains("canary"), "{request}");
    }
}

#[tokio::test]
async fn phone_that_asked_for_digest_never_gets_the_password_in_clear_text() {
    let (phone, other) = (HeldPhone::new().await, HeldPhone::new().await);
    let config = format!("[vendor.snom]\n{ACCOUNT}{}", snom("desk", &phone));
    let daemon = Daemon::start(&config).await;
    let caller = Caller::new(daemon.agi());
    let key = ["OK", "phone=desk"];
    let mut requests = Vec::new();
    for _ in 0..3 {
        let (outcome, sent) = attack(&caller, "key", &key, (&phone, &[DIGEST, OK])).await;
        assert_eq!(outcome.status, "OK", "{}", outcome.reason);
        assert!(authorization(&sent[1]).unwrap().starts_with("Digest "));
        requests.extend(sent);
    }
    let denied = async |verb: &str, arguments: &[&str], phone: (&HeldPhone, &[&str])| {
        let (outcome, requests) = attack(&caller, verb, arguments, phone).await;
        assert_eq!(outcome.status, "DENIED", "{verb}: {}", outcome.reason);
        let reason = &outcome.reason;
        assert!(reason.contains("asks for Basic after Digest"), "{reason}");
        assert!(reason.contains("restart handsetd"), "{reason}");
        requests
    };
    requests.extend(denied("key", &key, (&phone, &[BASIC])).await);
    // After the answer to another challenge of the same request.
    requests.extend(denied("key", &key, (&phone, &[DIGEST, BASIC])).await);
    // Another method.
    let csta = ["request=RequestSystemStatus", "phone=desk", "via=csta"];
    requests.extend(denied("csta", &csta, (&phone, &[BASIC])).await);
    // After a reload; under another name; at another address.
    let base = format!("[vendor.snom]\n{ACCOUNT}");
    daemon.reconfigure(&format!("{base}{}", snom("desk", &phone)));
    daemon.line("Configuration reloaded.").await;
    requests.extend(denied("key", &key, (&phone, &[BASIC])).await);
    daemon.reconfigure(&format!("{base}{}", snom("renamed", &phone)));
    daemon.line_after(1, "Configuration reloaded.").await;
    let renamed = ["OK", "phone=renamed"];
    requests.extend(denied("key", &renamed, (&phone, &[BASIC])).await);
    daemon.reconfigure(&format!("{base}{}", snom("desk", &other)));
    daemon.line_after(2, "Configuration reloaded.").await;
    requests.extend(denied("key", &key, (&other, &[BASIC])).await);
    assert_secret(&requests);
    assert!(!daemon.settled_log().await.contains("canary"));
}

#[tokio::test]
async fn password_for_digest_is_never_sent_in_clear_text() {
    let phone = HeldPhone::new().await;
    let desk = snom("desk", &phone);
    let vendor = format!("[vendor.snom]\n{ACCOUNT}");
    let daemon = Daemon::start(&format!("{vendor}auth = 'digest'\n{desk}")).await;
    let caller = Caller::new(daemon.agi());
    let key = ["OK", "phone=desk"];
    let (outcome, mut requests) = attack(&caller, "key", &key, (&phone, &[BASIC])).await;
    assert_eq!(outcome.status, "DENIED", "{}", outcome.reason);
    assert!(
        outcome.reason.contains("auth = \"digest\""),
        "{}",
        outcome.reason
    );
    let (outcome, sent) = attack(&caller, "key", &key, (&phone, &[DIGEST, OK])).await;
    assert_eq!(outcome.status, "OK", "{}", outcome.reason);
    requests.extend(sent);
    // A phone overrules its vendor, either way.
    daemon.reconfigure(&format!("{vendor}{desk}{ACCOUNT}auth = 'digest'\n"));
    daemon.line("Configuration reloaded.").await;
    let (outcome, sent) = attack(&caller, "key", &key, (&phone, &[BASIC])).await;
    assert_eq!(outcome.status, "DENIED", "{}", outcome.reason);
    requests.extend(sent);
    assert_secret(&requests);
    let (fresh, desk) = (HeldPhone::new().await, "phone=fresh");
    let entry = snom("fresh", &fresh);
    daemon.reconfigure(&format!("{vendor}auth = 'digest'\n{entry}auth = 'any'\n"));
    daemon.line_after(1, "Configuration reloaded.").await;
    let (outcome, sent) = attack(&caller, "key", &["OK", desk], (&fresh, &[BASIC, OK])).await;
    assert_eq!(outcome.status, "OK", "{}", outcome.reason);
    assert!(authorization(&sent[1]).unwrap().starts_with("Basic "));
}

#[tokio::test]
async fn cisco_phones_get_a_new_password_instead_of_one_for_digest() {
    let address = Loopback::claim();
    let options = sim_phone::options(Vendor::Cisco);
    let (entry, held) = (
        sim_phone::entry("desk", &options, address.port(8080)),
        HeldPhone::new().await,
    );
    let config = format!(
        "[vendor.cisco]\n{ACCOUNT}auth = 'digest'\n{entry}{}",
        cisco("held", &held).replace(MAC, "00:00:5E:00:53:02")
    );
    let daemon = Daemon::start(&config).await;
    let url = format!("http://{}/cisco/authenticate", daemon.http());
    let options = Options {
        authentication_url: Some(url.parse().unwrap()),
        ..options
    };
    let desk = SimPhone::at(options, address.port(8080)).await;
    let caller = Caller::new(daemon.agi());
    let outcome = caller.run("push", &["Hello", "phone=desk"]).await;
    assert_eq!(outcome.status, "OK", "{}", outcome.reason);
    desk.shows_text("Hello").await;
    let (_, requests) = attack(&caller, "push", &["Hi", "phone=held"], (&held, &[OK])).await;
    assert_secret(&requests);
    let digits = "UserID=admin&Password=canary&devicename=SEP00005E005301";
    let path = format!("/cisco/authenticate?{digits}");
    let answer = get_from(held.ip(), daemon.http(), &path).await;
    assert!(answer.ends_with("\r\n\r\nUN-AUTHORIZED"), "{answer}");
}

/// The authentication request of a phone.
struct Question<'a> {
    daemon: &'a Daemon,
    pair: (String, String),
}

impl Question<'_> {
    /// Asks from an address as the phone with this name; returns the answer.
    async fn ask(&self, from: std::net::IpAddr, device: &str) -> String {
        let (user, password) = &self.pair;
        let path = format!(
            "/cisco/authenticate?UserID={}&Password={}&devicename={device}",
            encoded(user),
            encoded(password)
        );
        let answer = get_from(from, self.daemon.http(), &path).await;
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

#[tokio::test]
async fn password_of_a_push_is_good_for_its_phone_and_once_for_each_step() {
    let (phone, other) = (HeldPhone::new().await, Loopback::claim());
    let daemon = Daemon::start(&cisco("desk", &phone)).await;
    let caller = Caller::new(daemon.agi());
    let (own, foreign) = ("SEP00005E005301", "SEP00005E005302");
    let attacker = async {
        // Two steps: a 7940 would reply like this.
        let first = phone.request().await;
        let question = Question {
            daemon: &daemon,
            pair: first.basic(),
        };
        assert_eq!(question.ask(other.ip(), foreign).await, "UN-AUTHORIZED");
        assert_eq!(question.ask(other.ip(), own).await, "UN-AUTHORIZED");
        assert_eq!(question.ask(other.ip(), "").await, "UN-AUTHORIZED");
        assert_eq!(question.ask(phone.ip(), foreign).await, "UN-AUTHORIZED");
        assert_eq!(question.ask(phone.ip(), own).await, "AUTHORIZED");
        for device in [own, foreign, ""] {
            assert_eq!(question.ask(phone.ip(), device).await, "UN-AUTHORIZED");
        }
        let redirect = "HTTP/1.1 302 Found\r\nLocation: /CGI/Answer?1\r\n\r\n";
        first.reply(redirect).await;
        let second: HeldRequest = phone.request().await;
        assert_eq!(second.basic(), question.pair);
        assert_eq!(question.ask(other.ip(), own).await, "UN-AUTHORIZED");
        // Some phones do not name themselves.
        assert_eq!(question.ask(phone.ip(), "").await, "AUTHORIZED");
        assert_eq!(question.ask(phone.ip(), own).await, "UN-AUTHORIZED");
        second.reply("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<CiscoIPPhoneError Number=\"4\" />").await;
        question
    };
    let key = ["Init:AppStatus", "phone=desk"];
    let (outcome, question) = tokio::join!(caller.run("execute", &key), attacker);
    assert_eq!(outcome.status, "DENIED", "{}", outcome.reason);
    assert_eq!(question.ask(phone.ip(), own).await, "UN-AUTHORIZED");
    // The next push has another password.
    let next = async {
        let request = phone.request().await;
        assert_ne!(request.basic(), question.pair);
        assert_eq!(question.ask(phone.ip(), own).await, "UN-AUTHORIZED");
        request.reply(OK).await;
    };
    tokio::join!(caller.run("execute", &key), next);
    daemon.line("Rejected the password of a push.").await;
    let log = daemon.settled_log().await;
    assert!(!log.contains(&question.pair.1), "{log}");
}

#[tokio::test]
async fn password_of_a_push_opens_no_other_cisco_phone() {
    let attacker = HeldPhone::new().await;
    let victim = Loopback::claim();
    let options = Options {
        mac: "00:00:5E:00:53:02".to_owned(),
        ..sim_phone::options(Vendor::Cisco)
    };
    let config = format!(
        "{}{}",
        cisco("attacker", &attacker),
        sim_phone::entry("victim", &options, victim.port(8080))
    );
    let daemon = Daemon::start(&config).await;
    let url = format!("http://{}/cisco/authenticate", daemon.http());
    let options = Options {
        authentication_url: Some(url.parse().unwrap()),
        ..options
    };
    let phone = SimPhone::at(options, victim.port(8080)).await;
    let caller = Caller::new(daemon.agi());
    let attack = async {
        let request = attacker.request().await;
        // While the push is in progress, its password is used to push to the victim.
        let (user, password) = request.basic();
        let pair = STANDARD.encode(format!("{user}:{password}"));
        let xml = "<CiscoIPPhoneExecute><ExecuteItem URL=\"Key:Soft1\"/></CiscoIPPhoneExecute>";
        let body = format!("XML={}", encoded(xml));
        let push = format!(
            "POST /CGI/Execute HTTP/1.0\r\nAuthorization: Basic {pair}\r\nContent-Type: \
             application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = exchange(victim.port(8080), push).await;
        request.reply(OK).await;
        answer
    };
    let key = ["Init:AppStatus", "phone=attacker"];
    let (_, answer) = tokio::join!(caller.run("execute", &key), attack);
    assert!(
        answer.contains("<CiscoIPPhoneError Number=\"4\""),
        "{answer}"
    );
    assert!(phone.state().keys.is_empty());
    // The victim's own pushes succeed meanwhile.
    let outcome = caller.run("push", &["Hello", "phone=victim"]).await;
    assert_eq!(outcome.status, "OK", "{}", outcome.reason);
    phone.shows_text("Hello").await;
}

#[tokio::test]
async fn denied_push_says_what_the_phone_asked_and_from_where() {
    let (phone, proxy) = (HeldPhone::new().await, Loopback::claim());
    let daemon = Daemon::start(&cisco("desk", &phone)).await;
    let caller = Caller::new(daemon.agi());
    let error =
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<CiscoIPPhoneError Number=\"4\" />";
    let key = ["Init:AppStatus", "phone=desk"];
    let outcome = async |asks: bool| {
        let replies = async {
            let request = phone.request().await;
            if asks {
                let question = Question {
                    daemon: &daemon,
                    pair: request.basic(),
                };
                question.ask(proxy.ip(), "SEP00005E005301").await;
            }
            request.reply(error).await;
        };
        tokio::join!(caller.run("execute", &key), replies).0
    };
    for (asks, part) in [(false, "did not ask handsetd"), (true, "handsetd refused")] {
        let outcome = outcome(asks).await;
        assert_eq!(outcome.status, "DENIED", "{}", outcome.reason);
        assert!(outcome.reason.contains(part), "{}", outcome.reason);
    }
}
