//! Passwords of every kind appear in no log, reply or document.
//!
//! Each is a unique word, and the daemon and its libraries log at the most verbose level.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use handset_net::tasks::Tasks;
use handset_simulator::Vendor;
use handset_simulator::{Options, Scheme};
use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use super::support::admin_client::AdminClient;
use super::support::caller::Caller;
use super::support::daemon::{Daemon, TOKEN};
use super::support::loopback::Loopback;
use super::support::raw::{exchange, get};
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;
use super::support::stub_web_server::StubWebServer;

#[tokio::test]
async fn no_password_shows_anywhere() {
    let manager = Manager::start().await;
    let (cucm, pictures) = (web_server().await, web_server().await);
    let credentials = |password: &str| Some(("push".to_owned(), password.to_owned()));
    let snom = Options {
        credentials: credentials("canary-snom"),
        scheme: Scheme::Digest,
        ..sim_phone::options(Vendor::Snom)
    };
    let yealink = Options {
        credentials: credentials("canary-yealink"),
        scheme: Scheme::Basic,
        ..sim_phone::options(Vendor::Yealink)
    };
    let (snom, yealink) = (SimPhone::new(snom).await, SimPhone::new(yealink).await);
    let address = Loopback::claim();
    let options = sim_phone::options(Vendor::Cisco);
    let config = configuration(
        &snom,
        &yealink,
        &sim_phone::entry("cisco", &options, address.port(8080)),
        manager.address,
        &cucm,
    );
    let daemon = Daemon::start_tracing(&config).await;
    let cisco = Options {
        authentication_url: Some(
            format!("http://{}/cisco/authenticate", daemon.http())
                .parse()
                .unwrap(),
        ),
        ..options
    };
    let cisco = SimPhone::at(cisco, address.port(8080)).await;
    let admin = AdminClient::new(daemon.admin());
    let mut events = admin.open("GET", "/api/v1/events", &bearer(), "").await;

    // Requests to phones, and those that phones send.
    let caller = Caller::new(daemon.agi());
    for phone in ["snom", "yealink", "cisco"] {
        let outcome = caller
            .run("push", &["Hello", &format!("phone={phone}")])
            .await;
        assert_eq!(outcome.status, "OK", "{phone}: {}", outcome.reason);
    }
    let exchanges = cisco.state().exchanges;
    let authentication = exchanges
        .iter()
        .find(|one| one.target.contains("Password="));
    let (_, per_push) = authentication
        .unwrap()
        .target
        .split_once("Password=")
        .unwrap();
    let per_push = per_push.split('&').next().unwrap().to_owned();
    assert_eq!(per_push.len(), 32);
    send_passwords(daemon.http()).await;
    write(&daemon, &pictures).await;
    daemon.line("The login to Asterisk failed").await;
    assert!(manager.received().contains("Secret: canary-ami"));

    let mut shown = shown(&daemon).await;
    daemon.terminate();
    let mut stream = Vec::new();
    let _ = soon("the events", events.read_to_end(&mut stream)).await;
    let stream = String::from_utf8(stream).unwrap();
    assert!(
        stream.contains("handsetd.delivery") && stream.contains("phone.unknown"),
        "{stream}"
    );
    shown.push(("the events", stream));
    for (place, text) in shown {
        for secret in ["canary", &per_push, TOKEN] {
            let encoded = STANDARD.encode(format!("push:{secret}"));
            let is_shown = |line: &&str| line.contains(secret) || line.contains(&encoded);
            let lines: Vec<&str> = text.lines().filter(is_shown).collect();
            assert!(lines.is_empty(), "{place}: {secret}: {}", lines.join("\n"));
        }
    }
}

#[tokio::test]
async fn secret_of_asterisk_is_not_sent_in_clear_to_a_server_without_challenge() {
    let manager = Manager::start().await;
    let address = manager.address;
    let config = format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{address}'\nusername = 'handsetd'\n\
         secret = 'canary-ami'\n"
    );
    let daemon = Daemon::start(&config).await;
    let line = daemon.line("The login to Asterisk failed").await;
    let cure = "login = \"plain\" sends the secret unencrypted";
    assert!(line.contains(cure), "{line}");
    let outcome = Caller::new(daemon.agi())
        .run("notify", &["event=check-sync", "phone=1001"])
        .await;
    assert_ne!(outcome.status, "OK");
    let ready = AdminClient::new(daemon.admin()).get("/health/ready").await;
    let server = &ready.json()["result"]["asterisk"][0];
    let reason = server["reason"].as_str().unwrap();
    assert_eq!(server["state"], "refused");
    assert!(reason.contains(cure), "{reason}");
    // A reload tries again, and still does not send it.
    daemon.reconfigure(&config);
    daemon.line_after(1, "The login to Asterisk failed").await;
    let received = manager.received();
    assert_eq!(
        received.matches("Action: Challenge").count(),
        2,
        "{received}"
    );
    assert!(!received.contains("Action: Login"), "{received}");
    assert!(!received.contains("canary"), "{received}");
}

/// Returns a configuration with a password in every place.
fn configuration(
    snom: &SimPhone,
    yealink: &SimPhone,
    cisco: &str,
    manager: SocketAddr,
    cucm: &StubWebServer,
) -> String {
    let account = |password: &str| format!("username = 'push'\npassword = '{password}'\n");
    format!(
        "{}{}{}{}{}\
         [vendor.snom]\n{}\
         [[asterisk]]\nname = 'pbx'\naddress = '{manager}'\nusername = 'handsetd'\nsecret = 'canary-ami'\nlogin = 'plain'\n\
         [cucm]\nurl = '{}'\napp_id = 'app'\npassword = 'canary-cucm'\n\
         [media]\nhosts = ['127.0.0.1']\n",
        snom.entry("snom"),
        account("canary-snom"),
        yealink.entry("yealink"),
        account("canary-yealink"),
        cisco,
        account("canary-vendor"),
        cucm.url("/emservice/EMServiceServlet"),
    )
}

/// Sends passwords to the phone-facing server.
async fn send_passwords(server: SocketAddr) {
    get(
        server,
        "/cisco/authenticate?UserID=push&Password=canary-query&devicename=SEP00005E005301",
    )
    .await;
    let form = "UserID=push&Password=canary-form";
    let post = "POST /cisco/authenticate?Password=canary-both HTTP/1.0\r\nContent-Length:";
    exchange(server, format!("{post} {}\r\n\r\n{form}", form.len())).await;
    get(
        server,
        "/action/snom/dnd_on?password=canary-action&mac=00005E005302",
    )
    .await;
    get(server, "/nothing/here?password=canary-nothing").await;
}

/// Puts passwords into whatever callers and administrators write.
async fn write(daemon: &Daemon, pictures: &StubWebServer) {
    let (caller, admin) = (Caller::new(daemon.agi()), AdminClient::new(daemon.admin()));
    let host = pictures.url("/a.png").replace("http://", "");
    let url = format!("http://user:canary-image@{host}?password=canary-parameter");
    let set = "set=user_pass1=canary-set";
    let foreign = "url=http://user:canary-foreign@192.0.2.9/?pin=canary-pin";
    for (verb, words) in [
        (
            "push",
            vec![format!("image={url}"), "phone=snom".to_owned()],
        ),
        ("settings", vec![set.to_owned(), "phone=snom".to_owned()]),
        (
            "settings",
            vec!["get=user_pass1".to_owned(), "phone=snom".to_owned()],
        ),
        (
            "settings",
            vec![
                "set=account.1.password=canary-account".to_owned(),
                "phone=yealink".to_owned(),
            ],
        ),
        ("push", vec![foreign.to_owned(), "phone=snom".to_owned()]),
        (
            "push",
            vec![
                "password=canary-key".to_owned(),
                "nonsense=1".to_owned(),
                "phone=snom".to_owned(),
            ],
        ),
        (
            "login",
            vec!["user=john".to_owned(), "phone=cisco".to_owned()],
        ),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        caller.run(verb, &words).await;
        caller
            .run(&format!("{verb}?{}", words.join("&")), &[])
            .await;
        let body: serde_json::Map<_, _> = words
            .iter()
            .map(|word| word.split_once('=').unwrap())
            .map(|(key, value)| (key.to_owned(), value.into()))
            .collect();
        let body = serde_json::Value::from(body).to_string();
        admin.post(&format!("/api/v1/do/{verb}"), &body).await;
    }
    for token in ["canary-token", TOKEN] {
        let form = format!("token={}", token.replace(' ', "+"));
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        admin
            .request_with_headers("POST", "/login", &[kind], &form)
            .await;
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str())];
        admin
            .request_with_headers("GET", "/api/v1/phones", &headers, "")
            .await;
    }
}

/// Returns everything that handsetd outputs, by place.
async fn shown(daemon: &Daemon) -> Vec<(&'static str, String)> {
    let admin = AdminClient::new(daemon.admin());
    let mut shown = vec![("the log", daemon.log())];
    for path in [
        "/api/v1/deliveries?limit=1000",
        "/api/v1/phones",
        "/api/v1/phones/snom",
        "/api/v1/openapi.json",
        "/metrics",
        "/health/ready",
    ] {
        let answer = admin.get(path).await;
        assert!(
            answer.code < 400 || path.starts_with("/health"),
            "{path}: {}",
            answer.head
        );
        shown.push((path, String::from_utf8(answer.body).unwrap()));
    }
    assert!(shown[1].1.contains("[redacted]"), "{}", shown[1].1);
    let outcome = Command::new(env!("CARGO_BIN_EXE_handsetd"))
        .args(["check", "--config"])
        .arg(daemon.file())
        .output()
        .unwrap();
    shown.push((
        "check",
        String::from_utf8([outcome.stdout, outcome.stderr].concat()).unwrap(),
    ));
    shown
}

/// An AMI server without challenges that rejects every login, and so gets the secret itself if anybody
/// sends it.
struct Manager {
    address: SocketAddr,
    received: Arc<Mutex<String>>,
    _tasks: Tasks,
}

impl Manager {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (received, tasks) = (Arc::new(Mutex::new(String::new())), Tasks::new());
        let log = Arc::clone(&received);
        tasks.spawn("manager", async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let mut stream = BufReader::new(stream);
                let banner = b"Asterisk Call Manager/11.0.0\r\n";
                stream.get_mut().write_all(banner).await.unwrap();
                let (mut line, mut id) = (String::new(), String::new());
                while stream
                    .read_line(&mut line)
                    .await
                    .is_ok_and(|length| length > 0)
                {
                    log.lock().push_str(&line);
                    if let Some(own) = line.strip_prefix("ActionID: ") {
                        own.trim().clone_into(&mut id);
                    }
                    if line == "\r\n" {
                        let message = "Message: Authentication failed";
                        let reply =
                            format!("Response: Error\r\nActionID: {id}\r\n{message}\r\n\r\n");
                        let _ = stream.get_mut().write_all(reply.as_bytes()).await;
                    }
                    line.clear();
                }
            }
        });
        Self {
            address,
            received,
            _tasks: tasks,
        }
    }

    fn received(&self) -> String {
        self.received.lock().clone()
    }
}

async fn web_server() -> StubWebServer {
    StubWebServer::serving(
        "text/plain",
        "neither a picture nor a response of a call manager",
    )
    .await
}

fn bearer() -> [(&'static str, &'static str); 1] {
    [("Authorization", "Bearer correct horse battery staple")]
}
