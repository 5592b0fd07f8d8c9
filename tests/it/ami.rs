//! The manager interface of real Asterisk servers: the daemon that uses it, and what reaches phones.

use std::net::SocketAddr;

use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;

macro_rules! on_both_versions {
    ($($test:ident)*) => {
        mod on_16 {
            $(#[tokio::test] async fn $test() { super::$test(super::Version::V16).await; })*
        }
        mod on_22 {
            $(#[tokio::test] async fn $test() { super::$test(super::Version::V22).await; })*
        }
    };
}

on_both_versions! {
    a_wrong_password_is_told
}

#[tokio::test]
async fn the_daemon_is_ready_without_asterisk() {
    let nobody = Loopback::claim();
    let daemon = daemon(nobody.port(5038), "hush").await;
    daemon.line("Not connected to Asterisk.").await;
    daemon.terminate();
    assert!(daemon.end().await.success());
}

async fn a_wrong_password_is_told(version: Version) {
    let Some(asterisk) = start(version, &[]).await else {
        return;
    };
    let daemon = daemon(asterisk.manager(), "wrong").await;
    daemon.line("Asterisk refuses the login").await;
    daemon.terminate();
    assert!(daemon.end().await.success());
}

/// Starts a server that has these phones.
async fn start(version: Version, phones: &[(Driver, &str)]) -> Option<Asterisk> {
    let options = Options {
        // The dialplan asks nobody; the tests do.
        agi: "127.0.0.1:9".parse().unwrap(),
        phones,
        dialplan: "",
        pjsip: "",
    };
    Asterisk::start(version, &options).await
}

/// Starts a daemon that uses the manager at `manager`.
async fn daemon(manager: SocketAddr, secret: &str) -> Daemon {
    let configuration = format!(
        r#"
[[asterisk]]
name = "pbx"
address = "{manager}"
username = "handsetd"
secret = "{secret}"
"#
    );
    Daemon::start(&configuration).await
}
