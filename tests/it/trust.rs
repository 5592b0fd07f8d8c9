//! Phones that no `[[phone]]` names: SIP accounts that claim to be phones, and to be elsewhere.
//!
//! Each registers or calls with the User-Agent of a desk phone. A web server of the attacker, which asks
//! for the password in clear, shows what handsetd would tell it.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use handset_net::tasks::Tasks;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::support::agi_call::agi_call;
use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::support::sip_client::{Course, SipPhone};
use super::support::udp_phone::UdpPhone;
use super::support::{on_both_versions, soon};

on_both_versions! {
    a_contact_leads_nowhere_but_to_the_networks_of_the_phones
    a_contact_of_a_named_phone_leads_to_no_special_address
    a_rewritten_contact_leads_to_the_address_of_the_registration
    a_call_leads_nowhere_but_to_the_networks_of_the_phones
    a_hardware_address_that_two_phones_claim_belongs_to_neither
}

async fn a_contact_leads_nowhere_but_to_the_networks_of_the_phones(version: Version) {
    // Each claims another spelling of an address where handsetd must not go.
    let elsewhere = [
        ("2001", "127.0.0.1"),
        ("2002", "localhost"),
        ("2003", "0"),
        ("2004", "2130706433"),
        ("2005", "0x7f000001"),
        ("2006", "169.254.169.254"),
        ("2007", "224.0.0.1"),
        ("2008", "198.51.100.7"),
        ("2009", "[::1]"),
        ("2010", "0.0.0.0"),
    ];
    let names = elsewhere.map(|(name, _)| (Driver::Pjsip, name));
    let users = [&names[..], &[(Driver::Pjsip, "2000")]].concat();
    let Some(asterisk) = Asterisk::start(version, &Options::registrar(&users)).await else {
        return;
    };
    let registrar = asterisk.sip(Driver::Pjsip);
    for (name, host) in elsewhere {
        let mut impostor = UdpPhone::new(name, SNOM, registrar).await.claiming(host);
        impostor.register(3600).await;
    }
    let mut honest = UdpPhone::new("2000", SNOM, registrar).await;
    honest.register(3600).await;
    let attacker = WebServer::listening(LOCALHOST).await;
    let phone = WebServer::at(honest.address().ip(), attacker.port()).await;
    let daemon = daemon(&asterisk, attacker.port()).await;
    daemon.line("Loaded registrations.").await;
    for (name, host) in elsewhere {
        let outcome = push(&daemon, name).await;
        assert_eq!(outcome.0, "DENIED", "{host}: {outcome:?}");
        let host = host.trim_matches(['[', ']']);
        let expected = format!("PJSIP/{name} is at {host}");
        assert!(outcome.1.contains(&expected), "{host}: {outcome:?}");
        assert!(outcome.1.contains("phones.networks"), "{host}: {outcome:?}");
    }
    // The phone itself is told the password, since the networks are written.
    let outcome = push(&daemon, "2000").await;
    assert_eq!(outcome.0, "DENIED", "{outcome:?}");
    assert!(phone.has_heard_the_password(), "{:?}", phone.heard());
    assert_eq!(attacker.heard(), Vec::<String>::new());

    // Once the network is written, the same contacts lead there.
    daemon.reconfigure(&config(&asterisk, attacker.port(), "127.0.0.0/8"));
    daemon.line("Configuration reloaded.").await;
    for name in ["2001", "2002", "2004"] {
        let before = attacker.heard().len();
        push(&daemon, name).await;
        assert!(attacker.heard().len() > before, "{name}");
    }
}

async fn a_contact_of_a_named_phone_leads_to_no_special_address(version: Version) {
    let names = [(Driver::Pjsip, "2001"), (Driver::Pjsip, "2002")];
    let Some(asterisk) = Asterisk::start(version, &Options::registrar(&names)).await else {
        return;
    };
    for (name, host) in [("2001", "localhost"), ("2002", "169.254.169.254")] {
        let phone = UdpPhone::new(name, SNOM, asterisk.sip(Driver::Pjsip)).await;
        phone.claiming(host).register(3600).await;
    }
    let inside = WebServer::listening(LOCALHOST).await;
    // Named without an address: what the account claims to be is not the administrator's word.
    let listed = "[[phone]]\nname = '2001'\n[[phone]]\nname = '2002'\n";
    let config = config(&asterisk, inside.port(), NETWORK);
    let daemon = Daemon::start(&format!("{config}{listed}")).await;
    daemon.line("Loaded registrations.").await;
    for name in ["2001", "2002"] {
        let outcome = push(&daemon, name).await;
        assert_eq!(outcome.0, "DENIED", "{name}: {outcome:?}");
        assert!(outcome.1.contains("phones.networks"), "{name}: {outcome:?}");
    }
    assert_eq!(inside.heard(), Vec::<String>::new());
}

async fn a_rewritten_contact_leads_to_the_address_of_the_registration(version: Version) {
    let options = Options {
        pjsip: "
[2001]
type=endpoint
context=phones
disallow=all
allow=ulaw
aors=2001
rewrite_contact=yes
[2001]
type=aor
max_contacts=1
remove_existing=yes
",
        ..Options::registrar(&[])
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let registrar = asterisk.sip(Driver::Pjsip);
    let mut phone = UdpPhone::new("2001", SNOM, registrar)
        .await
        .claiming("127.0.0.1");
    phone.register(3600).await;
    let elsewhere = WebServer::listening(LOCALHOST).await;
    let own = WebServer::at(phone.address().ip(), elsewhere.port()).await;
    let daemon = daemon(&asterisk, elsewhere.port()).await;
    daemon.line("Loaded registrations.").await;
    push(&daemon, "2001").await;
    assert!(!own.heard().is_empty());
    assert_eq!(elsewhere.heard(), Vec::<String>::new());
}

async fn a_call_leads_nowhere_but_to_the_networks_of_the_phones(version: Version) {
    let phone = Loopback::claim();
    let own = WebServer::listening(phone.ip()).await;
    // Somewhere else than the caller.
    let networks = "127.0.30.0/24";
    let config = |networks: &str| {
        format!(
            "{}[phones]\nnetworks = ['{networks}']\n",
            vendor(own.port())
        )
    };
    let daemon = Daemon::start(&config(networks)).await;
    let options = Options {
        files: &[],
        agi: daemon.agi(),
        phones: &[(Driver::Pjsip, "2001")],
        dialplan: "
exten => 799,1,Answer()
 same => n,AGI(agi://${HANDSETD}/push,text=Hi)
 same => n,Verbose(0,TRUST|${HANDSET_STATUS}|${HANDSET_REASON}|)
 same => n,Hangup()
",
        pjsip: "",
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    // It is not registered: all that Asterisk knows is in its INVITE.
    let caller = SipPhone::at(phone, "2001", SNOM, asterisk.sip(Driver::Pjsip));
    caller.dial("799", Course::Answered).end().await;
    let line = asterisk.line("TRUST|DENIED|").await;
    let ip = caller.address().ip();
    assert!(line.contains(&format!("PJSIP/2001 is at {ip}, ")), "{line}");
    assert!(line.contains("phones.networks"), "{line}");
    assert_eq!(own.heard(), Vec::<String>::new());

    daemon.reconfigure(&config(&format!("{ip}/32")));
    daemon.line("Configuration reloaded.").await;
    caller.dial("799", Course::Answered).end().await;
    asterisk.line_after(1, "TRUST|DENIED|").await;
    assert!(own.has_heard_the_password(), "{:?}", own.heard());
}

#[tokio::test]
async fn private_networks_are_the_default_and_loopback_is_not_among_them() {
    let address = Loopback::claim();
    let attacker = WebServer::listening(address.ip()).await;
    let daemon = Daemon::start_without_networks(&vendor(attacker.port())).await;
    daemon
        .line("vendor.snom.password is sent only to phones that a [[phone]] lists")
        .await;
    for address in [attacker.ip.as_str(), "198.51.100.7", "127.0.0.1"] {
        let caller = Caller::new(daemon.agi()).at_phone("2001", address, SNOM);
        let result = caller.run("push", &["text=Hi"]).await;
        assert_eq!(result.status, "DENIED", "{result:?}");
        let expected = format!("PJSIP/2001 is at {address}, ");
        assert!(result.reason.starts_with(&expected), "{result:?}");
        assert!(result.reason.contains("phones.networks"), "{result:?}");
    }
    assert_eq!(attacker.heard(), Vec::<String>::new());
}

async fn a_hardware_address_that_two_phones_claim_belongs_to_neither(version: Version) {
    let users = [(Driver::Pjsip, "2001"), (Driver::Pjsip, "2002")];
    let Some(asterisk) = Asterisk::start(version, &Options::registrar(&users)).await else {
        return;
    };
    let registrar = asterisk.sip(Driver::Pjsip);
    let user_agent = format!("{SNOM} 00005E005301");
    let mut phone = UdpPhone::new("2001", &user_agent, registrar).await;
    phone.register(3600).await;
    let server = WebServer::listening(phone.address().ip()).await;
    let daemon = daemon(&asterisk, server.port()).await;
    daemon.line("Loaded registrations.").await;
    push(&daemon, MAC).await;
    assert!(!server.heard().is_empty());

    let mut impostor = UdpPhone::new("2002", &user_agent, registrar).await;
    impostor.register(3600).await;
    let of_impostor = WebServer::at(impostor.address().ip(), server.port()).await;
    let outcome = soon("the dispute", async {
        loop {
            let outcome = push(&daemon, MAC).await;
            if outcome.0 == "NOTFOUND" {
                return outcome;
            }
        }
    })
    .await;
    assert_eq!(
        outcome.1,
        "PJSIP/2001 and PJSIP/2002 claim to be 00:00:5E:00:53:01, and none is believed; add a \
         [[phone]] with this mac"
    );
    let before = server.heard().len();
    assert_eq!(of_impostor.heard(), Vec::<String>::new());

    // The administrator says whose it is.
    let listed = format!("[[phone]]\nname = '2001'\nmac = '{MAC}'\n");
    let config = config(&asterisk, server.port(), NETWORK);
    daemon.reconfigure(&format!("{config}{listed}"));
    daemon.line("Configuration reloaded.").await;
    soon("the listed phone", async {
        while server.heard().len() == before {
            push(&daemon, MAC).await;
        }
    })
    .await;
    assert_eq!(of_impostor.heard(), Vec::<String>::new());
}

/// Pushes a text to a phone over HTTP; returns status and reason.
async fn push(daemon: &Daemon, phone: &str) -> (String, String) {
    let phone = format!("phone={phone}");
    let mut outcome = agi_call(daemon.agi(), "push", &["text=Hi", "via=http", &phone]).await;
    let mut take = |name| outcome.remove(name).unwrap();
    (take("HANDSET_STATUS"), take("HANDSET_REASON"))
}

async fn daemon(asterisk: &Asterisk, port: u16) -> Daemon {
    Daemon::start(&config(asterisk, port, NETWORK)).await
}

/// Returns a configuration with the password of all Snom phones, whose web servers are at `port`.
fn config(asterisk: &Asterisk, port: u16, network: &str) -> String {
    let manager = asterisk.manager();
    format!(
        "[phones]\nnetworks = ['{network}']\n{}[[asterisk]]\nname = 'pbx'\naddress = '{manager}'\n\
         username = 'handsetd'\nsecret = 'hush'\n",
        vendor(port)
    )
}

fn vendor(port: u16) -> String {
    format!("[vendor.snom]\nport = {port}\nusername = 'admin'\npassword = '{PASSWORD}'\n")
}

/// A web server that asks for the password in clear, and records what it hears.
#[derive(Debug)]
struct WebServer {
    ip: String,
    port: u16,
    heard: watch::Receiver<Vec<String>>,
    tasks: Tasks,
}

impl WebServer {
    /// Listens on a free port of an address.
    async fn listening(ip: IpAddr) -> Self {
        Self::at(ip, 0).await
    }

    async fn at(ip: IpAddr, port: u16) -> Self {
        let listener = TcpListener::bind((ip, port)).await.unwrap();
        let bound = listener.local_addr().unwrap();
        let (recorder, heard) = watch::channel(Vec::new());
        let (tasks, recorder) = (Tasks::new(), Arc::new(recorder));
        let own = tasks.clone();
        tasks.spawn("web server", async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let recorder = Arc::clone(&recorder);
                own.spawn("connection", async move {
                    let mut request = Vec::new();
                    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                        let Ok(1..) = stream.read_buf(&mut request).await else {
                            break;
                        };
                    }
                    let text = String::from_utf8_lossy(&request).into_owned();
                    recorder.send_modify(|heard| heard.push(text));
                    let answer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n\
                                  Content-Length: 0\r\nConnection: close\r\n\r\n";
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Self {
            ip: bound.ip().to_string(),
            port: bound.port(),
            heard,
            tasks,
        }
    }

    fn port(&self) -> u16 {
        self.port
    }

    /// Returns all requests.
    fn heard(&self) -> Vec<String> {
        self.heard.borrow().clone()
    }

    fn has_heard_the_password(&self) -> bool {
        use base64::Engine;
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("admin:{PASSWORD}"));
        self.heard().iter().any(|request| request.contains(&basic))
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.tasks.stop().cancel();
    }
}

const SNOM: &str = "snomD785/10.1.198.12";

const PASSWORD: &str = "of all phones";

const MAC: &str = "00:00:5E:00:53:01";

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Where the phones of the tests are.
const NETWORK: &str = "127.0.20.0/22";
