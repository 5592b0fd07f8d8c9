//! Failed starts and the shutdown of the real program.

use std::fs;
use std::time::Duration;

use assert_cmd::assert::OutputAssertExt;
use handset_simulator::Options;
use handset_simulator::Vendor;
use predicates::str::contains;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::support::caller::Caller;
use super::support::daemon::{self, Daemon};
use super::support::loopback::Loopback;
use super::support::process::Process;
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

#[tokio::test]
async fn shutdown_finishes_deliveries_in_flight_and_refuses_new_calls() {
    let address = Loopback::claim();
    let options = sim_phone::options(Vendor::Cisco);
    let entry = sim_phone::entry("desk", &options, address.port(8080));
    let daemon = Daemon::start(&entry).await;
    // It verifies the credentials once it is released, when the HTTP server must still be open.
    let sim_phone = SimPhone::at(
        Options {
            authentication_url: Some(
                format!("http://{}/cisco/authenticate", daemon.http())
                    .parse()
                    .unwrap(),
            ),
            ..options
        },
        address.port(8080),
    )
    .await;
    sim_phone.hold();
    let caller = Caller::new(daemon.agi());
    let outcome = caller
        .run("push", &["At last", "phone=desk", "wait=no"])
        .await;
    assert_eq!(outcome.status, "QUEUED");
    daemon.terminate();
    daemon
        .line("Stopping: accepting no calls, finishing deliveries in progress.")
        .await;
    assert_refuses(&daemon).await;
    let (agi, http) = (daemon.agi(), daemon.http());
    sim_phone.until_waiting().await;
    sim_phone.release();
    sim_phone.shows_text("At last").await;
    sim_phone.assert_accepted_all();
    assert!(daemon.end().await.success());
    assert!(TcpStream::connect(agi).await.is_err() && TcpStream::connect(http).await.is_err());
}

#[tokio::test]
async fn calls_in_progress_get_their_result() {
    // A phone that responds after the daemon has begun to stop.
    let phone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = phone.local_addr().unwrap();
    let entry = sim_phone::entry("desk", &sim_phone::options(Vendor::Yealink), address);
    let daemon = Daemon::start(&format!("{entry}[agi]\nbudget = '30s'\n")).await;
    let caller = Caller::new(daemon.agi());
    let stops = async {
        let (mut stream, _) = soon("the push", phone.accept()).await.unwrap();
        let mut request = [0; 4096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        daemon.terminate();
        daemon.line("Stopping: ").await;
        assert_refuses(&daemon).await;
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(answer).await.unwrap();
    };
    let (outcome, ()) = tokio::join!(caller.run("push", &["Hello", "phone=desk"]), stops);
    assert_eq!(outcome.status, "OK", "{}", outcome.reason);
    assert!(daemon.end().await.success());
}

#[tokio::test]
async fn an_idle_daemon_stops_at_once() {
    let daemon = Daemon::start("").await;
    // Idle connections do not delay it.
    let _silent = TcpStream::connect(daemon.agi()).await.unwrap();
    let _phone = TcpStream::connect(daemon.http()).await.unwrap();
    let since = Instant::now();
    daemon.terminate();
    assert!(daemon.end().await.success());
    assert!(
        since.elapsed() < Duration::from_secs(10),
        "{:?}",
        since.elapsed()
    );
}

#[tokio::test]
async fn a_port_in_use_is_reported_and_fatal() {
    let first = Daemon::start("").await;
    let servers = [
        ("agi", first.agi()),
        ("http", first.http()),
        ("admin", first.admin()),
    ];
    for (key, address) in servers {
        let folder = tempfile::tempdir().unwrap();
        let file = daemon::configure(folder.path(), &format!("[{key}]\nlisten = '{address}'\n"));
        daemon::command(&file)
            .assert()
            .code(1)
            .stderr(contains(format!("handsetd: cannot listen on {address}")))
            .stderr(contains(
                "hint: another process, possibly another handsetd, uses the address",
            ));
    }
    assert_eq!(Caller::new(first.agi()).run("ping", &[]).await.status, "OK");
}

#[tokio::test]
async fn a_default_admin_port_in_use_disables_the_admin_server() {
    // The port may also be in use by a handsetd of this machine.
    let _taken = TcpListener::bind(("127.0.0.1", 8091)).await;
    let folder = tempfile::tempdir().unwrap();
    let file = daemon::configure(folder.path(), "");
    let config = fs::read_to_string(&file).unwrap();
    let own = format!(
        "[admin]\nlisten = \"127.0.0.1:0\"\ntoken = \"{}\"\n",
        daemon::TOKEN
    );
    assert!(config.contains(&own));
    fs::write(&file, config.replace(&own, "")).unwrap();
    let second = Process::start("handsetd", &mut daemon::command(&file));
    let outcome = second.line_after(0, "admin server is disabled").await;
    assert!(outcome.contains("127.0.0.1:8091"), "{outcome}");
    assert!(outcome.contains("admin.listen"), "{outcome}");
    second.line_after(0, "Ready.").await;
    assert_eq!(second.count("server=\"admin\""), 0);
    // Nor is there anything to open it with.
    assert_eq!(second.count("admin.token"), 0);
    assert!(!folder.path().join("state/admin-token").exists());
}

#[test]
fn invalid_configurations_are_reported_with_file_line_and_key_and_exit_78() {
    let folder = tempfile::tempdir().unwrap();
    let file = daemon::configure(
        folder.path(),
        "[agi]\nbudget = 'soon'\n\n[agj]\n[[phone]]\nname = '1'\nvendor = 'nokia'\n",
    );
    daemon::command(&file)
        .assert()
        .code(78)
        .stdout("")
        .stderr(contains("conf.d/test.toml:2: agi.budget: "))
        .stderr(contains("conf.d/test.toml:4: agj: "))
        .stderr(contains("conf.d/test.toml:7: phone"));
    daemon::command(&folder.path().join("missing.toml"))
        .assert()
        .code(78)
        .stderr(contains("missing.toml"));
}

/// Asserts that new calls are not served.
async fn assert_refuses(daemon: &Daemon) {
    let Ok(mut stream) = TcpStream::connect(daemon.agi()).await else {
        return;
    };
    // Asterisk speaks first. A silent client may never notice the end: the kernel may drop a handshake
    // without a reply while the listener closes.
    let _ = stream.write_all(b"agi_network: yes\n").await;
    let mut received = Vec::new();
    let _ = soon("the end", stream.read_to_end(&mut received)).await;
    assert_eq!(received, b"");
}
