//! What an administrator reads in the first minutes: the lines of a start, and mistakes that only show
//! when something is asked.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use predicates::str::contains;

use super::support::daemon::{Daemon, TOKEN};
use super::support::left_out;

#[tokio::test]
async fn start_names_version_files_addresses_and_the_place_of_the_token() {
    let daemon = Daemon::start("[[phone]]\nname = '1001'\n").await;
    let line = daemon.line("Starting.").await;
    for part in [
        env!("CARGO_PKG_VERSION"),
        "handsetd.toml",
        "conf.d/test.toml",
    ] {
        assert!(line.contains(part), "{line}");
    }
    for server in ["agi", "http", "admin"] {
        let words = format!("Listening. server=\"{server}\" address=127.0.0.1:");
        assert_eq!(daemon.count(&words), 1, "{server}");
    }
    let words = "The token of the page and the admin API is admin.token of the configuration.";
    assert_eq!(daemon.count(words), 1);
    assert!(!daemon.settled_log().await.contains(TOKEN));
}

#[tokio::test]
async fn generated_token_is_named_by_its_file_once() {
    let daemon = Daemon::start_without_token("").await;
    let line = daemon.line("The token of the page and the admin API").await;
    let (_, path) = line.split_once("path=").unwrap();
    let token = fs::read_to_string(path.trim()).unwrap();
    daemon.reconfigure("[[phone]]\nname = '1001'\n");
    daemon.line("Configuration reloaded.").await;
    let log = daemon.settled_log().await;
    assert_eq!(
        log.matches("The token of the page and the admin API")
            .count(),
        1
    );
    assert!(!log.contains(token.trim()), "{log}");
}

#[test]
fn member_of_a_group_that_is_nowhere_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("handsetd.toml");
    let text =
        "[[phone]]\nname = '1001'\n[[group]]\nname = 'reception'\nmembers = ['1001', '1009']\n";
    fs::write(&file, text).unwrap();
    let mut check = Command::new(env!("CARGO_BIN_EXE_handsetd"));
    check.args(["check", "--config"]).arg(&file);
    check.assert().code(0).stdout(contains(
        "warning: [[group]] \"reception\" names \"1009\": phone 1009 is not known: no [[phone]] or \
         [[group]] of that name, and no [[asterisk]] is configured to ask",
    ));
}

#[test]
fn file_that_may_not_be_read_comes_with_the_command_that_permits_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let file = folder.path().join("handsetd.toml");
    fs::write(&file, "").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o000)).unwrap();
    let daemon = env!("CARGO_BIN_EXE_handsetd");
    let mut check = if fs::read(&file).is_ok() {
        // Root may read everything.
        let mut check = Command::new("setpriv");
        check.args(["--reuid=65534", "--regid=65534", "--clear-groups", daemon]);
        check
    } else {
        Command::new(daemon)
    };
    check.args(["check", "--config"]).arg(&file);
    let output = check.output();
    let Some(output) = output
        .ok()
        .filter(|output| output.status.code() == Some(78))
    else {
        return left_out("no other user can run the program here");
    };
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    let path = file.display().to_string();
    let words = format!("{path}: cannot be read: permission denied for the user ");
    assert!(printed.starts_with(&words), "{printed}");
    let commands = [
        format!(" {path} && chmod 640 {path}"),
        "(sudo -u handsetd …)".to_owned(),
    ];
    assert!(
        commands.iter().any(|command| printed.contains(command)),
        "{printed}"
    );
}
