//! The phone-facing server of the real daemon: authentication, content, and allowed addresses.

use handset_simulator::Vendor;
use handset_simulator::{AuthenticationMethod, Direction, Options};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::support::raw::{connect_from, exchange, get, get_bytes};
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

#[tokio::test]
async fn one_time_password_authorizes_its_push_only() {
    for method in [AuthenticationMethod::Get, AuthenticationMethod::Post] {
        let address = Loopback::claim();
        let options = sim_phone::options(Vendor::Cisco);
        // No password is configured, so only the one-time password of the push is valid.
        let entry = sim_phone::entry("desk", &options, address.port(8080));
        let daemon = Daemon::start(&entry).await;
        let server = format!("http://{}/cisco/authenticate", daemon.http());
        let options = Options {
            authentication_url: Some(server.parse().unwrap()),
            authentication_method: method,
            ..options
        };
        let sim_phone = SimPhone::at(options, address.port(8080)).await;
        let outcome = Caller::new(daemon.agi())
            .run("push", &["Hello", "phone=desk"])
            .await;
        assert_eq!(outcome.status, "OK", "{}", outcome.reason);
        sim_phone.shows_text("Hello").await;
        let exchanges = sim_phone.state().exchanges;
        // The phone logs an exchange when it ends, so the request within the push comes first.
        let request = exchanges
            .iter()
            .position(|exchange| exchange.target.contains("/cisco/authenticate"));
        let pushed = exchanges
            .iter()
            .position(|exchange| exchange.direction == Direction::Received);
        assert!(request.unwrap() < pushed.unwrap());
        let request = &exchanges[request.unwrap()];
        assert_eq!(request.response_body, "AUTHORIZED");
        let length = request
            .response_headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        assert_eq!(length.unwrap().1, "10");
        // The password is invalid once the push has ended.
        let (target, body) = match method {
            AuthenticationMethod::Get => (
                request.target.split_once("/cisco").unwrap().1.to_owned(),
                String::new(),
            ),
            AuthenticationMethod::Post => (
                "/authenticate".to_owned(),
                String::from_utf8_lossy(&request.body).into_owned(),
            ),
        };
        let request = format!(
            "{} /cisco{target} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}",
            request.method,
            body.len()
        );
        assert!(
            exchange(daemon.http(), &request)
                .await
                .ends_with("\r\n\r\nUN-AUTHORIZED")
        );
    }
}

#[tokio::test]
async fn configured_credentials_are_always_valid_and_others_never() {
    let daemon = Daemon::start(
        "[vendor.cisco]\nusername = 'push'\npassword = 'p w'\n\
         [[phone]]\nname = '1001'\nvendor = 'cisco'\nmac = '00:00:5E:00:53:01'\nusername = 'own'\npassword = 'key'\n",
    )
    .await;
    for (query, answer) in [
        (
            "UserID=push&Password=p+w&devicename=SEP00005E005309",
            "AUTHORIZED",
        ),
        ("UserID=push&Password=p%20w", "AUTHORIZED"),
        (
            "UserID=own&Password=key&devicename=SEP00005E005301",
            "AUTHORIZED",
        ),
        (
            "UserID=own&Password=key&devicename=SEP00005E005309",
            "UN-AUTHORIZED",
        ),
        ("UserID=push&Password=key", "UN-AUTHORIZED"),
        ("UserID=push", "UN-AUTHORIZED"),
        ("", "UN-AUTHORIZED"),
    ] {
        let response = get(daemon.http(), &format!("/cisco/authenticate?{query}")).await;
        assert!(
            response.starts_with("HTTP/1.0 200 ") || response.starts_with("HTTP/1.1 200 "),
            "{response}"
        );
        assert!(
            response.ends_with(&format!("\r\n\r\n{answer}")),
            "{query}: {response}"
        );
    }
    let long = "x".repeat(200_000);
    let request = format!(
        "POST /cisco/authenticate HTTP/1.0\r\nContent-Length: {}\r\n\r\n{long}",
        long.len()
    );
    assert!(
        exchange(daemon.http(), &request)
            .await
            .ends_with("\r\n\r\nERROR")
    );
    let log = daemon.settled_log().await;
    assert!(!log.contains("p w") && !log.contains("'key'"), "{log}");
}

#[tokio::test]
async fn each_push_has_an_unguessable_url_of_its_own() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let daemon = Daemon::start(&sim_phone.entry("desk")).await;
    let mut paths = Vec::new();
    for _ in 0..3 {
        let response = Caller::new(daemon.agi())
            .run("push", &["Hello", "phone=desk"])
            .await;
        assert_eq!(response.status, "OK");
        let state = sim_phone
            .until("a fetch", |state| fetched(state).count() > paths.len())
            .await;
        paths = fetched(&state).collect();
    }
    for path in &paths {
        let name = path.strip_prefix("/screen/").unwrap();
        // 128 random bits, and the number of the document within its push.
        let (random, number) = name.split_at(32);
        assert!(
            random.bytes().all(|byte| byte.is_ascii_hexdigit()) && number == "0",
            "{name}"
        );
        let whole = get(daemon.http(), path).await;
        let (head, body) = whole.split_once("\r\n\r\n").unwrap();
        assert!(
            head.to_ascii_lowercase()
                .contains("content-type: text/xml; charset=utf-8"),
            "{head}"
        );
        assert!(body.contains("<Text>Hello</Text>"), "{body}");
        let only = exchange(daemon.http(), &format!("HEAD {path} HTTP/1.0\r\n\r\n")).await;
        assert!(only.ends_with("\r\n\r\n"), "{only}");
        assert!(
            only.to_ascii_lowercase()
                .contains(&format!("content-length: {}", body.len())),
            "{only}"
        );
    }
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), 3);
    for path in [
        "/",
        "/screen/",
        "/screen/00000000000000000000000000000000",
        "/media/00000000000000000000000000000000/a.png",
        "/screen/../state/served/secret",
        "/api/v1/phones",
        "/metrics",
    ] {
        assert!(get(daemon.http(), path).await.contains(" 404 "), "{path}");
    }
    let response = exchange(
        daemon.http(),
        &format!("DELETE {} HTTP/1.0\r\n\r\n", paths[0]),
    )
    .await;
    assert!(response.contains(" 405 "), "{response}");
}

#[tokio::test]
async fn pushed_screens_expire() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let config = format!(
        "{}[http]\nscreen_lifetime = '1s'\n",
        sim_phone.entry("desk")
    );
    let daemon = Daemon::start(&config).await;
    let outcome = Caller::new(daemon.agi())
        .run("push", &["Hello", "phone=desk"])
        .await;
    assert_eq!(outcome.status, "OK");
    let state = sim_phone
        .until("a fetch", |state| fetched(state).next().is_some())
        .await;
    let path = fetched(&state).next().unwrap();
    soon("the end of its time", async {
        // Polls without a pause: the clock of another process cannot be advanced.
        while get(daemon.http(), &path).await.contains(" 200 ") {}
    })
    .await;
    assert!(get(daemon.http(), &path).await.contains(" 404 "));
}

#[tokio::test]
async fn backgrounds_survive_a_restart_and_screens_do_not() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let state = tempfile::tempdir().unwrap();
    let config = format!(
        "{}[state]\ndir = {:?}\n",
        sim_phone.entry("desk"),
        state.path()
    );
    let daemon = Daemon::start(&config).await;
    let caller = Caller::new(daemon.agi());
    assert_eq!(
        caller
            .run("background", &["background.png", "phone=desk"])
            .await
            .status,
        "OK"
    );
    assert_eq!(
        caller.run("push", &["Hello", "phone=desk"]).await.status,
        "OK"
    );
    let seen = sim_phone
        .until("both", |state| {
            state.background.is_some() && state.screen.is_some()
        })
        .await;
    let paths: Vec<_> = fetched(&seen).collect();
    daemon.terminate();
    assert!(daemon.end().await.success());
    let daemon = Daemon::start(&config).await;
    for path in paths {
        let status = if path.starts_with("/media/") {
            " 200 "
        } else {
            " 404 "
        };
        let response = get_bytes(daemon.http(), &path).await;
        assert!(
            String::from_utf8_lossy(&response).contains(status),
            "{path}"
        );
    }
}

#[tokio::test]
async fn connections_from_disallowed_addresses_get_no_reply() {
    let client = Loopback::claim();
    let daemon =
        Daemon::start("[http]\nallow = ['127.0.0.1/32']\n[agi]\nallow = ['127.0.0.1/32']\n").await;
    for server in [daemon.http(), daemon.agi()] {
        let mut stream = connect_from(client.ip(), server).await;
        let request = b"GET /cisco/authenticate HTTP/1.0\r\n\r\nagi_network: yes\n\n";
        // The server may have closed the connection already.
        let _ = stream.write_all(request).await;
        let mut received = Vec::new();
        let _ = soon("the end", stream.read_to_end(&mut received)).await;
        assert_eq!(received, b"");
    }
    assert!(
        get(daemon.http(), "/cisco/authenticate")
            .await
            .ends_with("UN-AUTHORIZED")
    );
    assert_eq!(
        Caller::new(daemon.agi()).run("ping", &[]).await.status,
        "OK"
    );
}

/// Returns the paths that the phone has fetched from handsetd, in order.
fn fetched(state: &handset_simulator::State) -> impl Iterator<Item = String> {
    state
        .exchanges
        .iter()
        .filter(|exchange| exchange.direction == Direction::Fetched && exchange.status == Some(200))
        .map(|exchange| {
            exchange
                .target
                .splitn(4, '/')
                .nth(3)
                .map(|path| format!("/{path}"))
                .unwrap()
        })
}
