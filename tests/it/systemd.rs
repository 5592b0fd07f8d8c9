//! Notifications to systemd: ready, watchdog, stopping. A socket stands in for systemd, as `sd_notify(3)`
//! describes it; the unit file is checked by `systemd-analyze` elsewhere.

use std::ffi::OsStr;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use super::support::daemon::Daemon;

#[test]
fn systemd_is_notified_of_readiness_watchdog_and_shutdown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let config = folder.path().join("handsetd.toml");
    let state = folder.path().display();
    let text = format!(
        "[agi]\nlisten = '127.0.0.1:0'\n[http]\nlisten = '127.0.0.1:0'\n[admin]\nlisten = '127.0.0.1:0'\n[state]\ndir = '{state}'\n"
    );
    std::fs::write(&config, text).unwrap();
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_handsetd"))
        .args(["run", "--config"])
        .arg(&config)
        .env("NOTIFY_SOCKET", &path)
        // Notified at half this interval: every 100 ms.
        .env("WATCHDOG_USEC", "200000")
        .spawn()
        .unwrap();
    let next_notification = || {
        let mut buffer = [0; 256];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    };
    let until = |word: &str| while !next_notification().contains(word) {};
    until("READY=1");
    until("WATCHDOG=1");
    until("WATCHDOG=1");
    let id = daemon.id().to_string();
    assert!(Command::new("kill").arg(&id).status().unwrap().success());
    until("STOPPING=1");
    assert!(daemon.wait().unwrap().success());
}

#[tokio::test]
async fn a_machine_without_certificate_authorities_needs_none() {
    // What reads them heeds these; a minimal Debian has no such files.
    let none = OsStr::new("/nonexistent");
    let variables = [("SSL_CERT_FILE", none), ("SSL_CERT_DIR", none)];
    // Only what fetches from hosts reads them.
    for (config, warnings) in [
        ("", 0),
        ("[media]\nhosts = [\"pictures.example.com\"]\n", 1),
    ] {
        let daemon = Daemon::start_with_environment(config, &variables).await;
        daemon.line("Ready.").await;
        let warning = "This machine has no certificate authorities";
        assert_eq!(daemon.count(warning), warnings, "{config}");
        daemon.terminate();
        assert!(daemon.end().await.success());
    }
}
