//! Names with terminal control sequences, in the log and in the output of commands.

use std::net::SocketAddr;
use std::process::Command;

use handset_simulator::Vendor;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::admin_client::AdminClient;
use super::support::caller::Caller;
use super::support::daemon;
use super::support::loopback::Loopback;
use super::support::process::Process;
use super::support::raw::{encoded, exchange_bytes, get};
use super::support::sim_phone;
use super::support::terminal::on_a_terminal;

/// Clears the screen, sets the title, starts another line, deletes, changes the text direction; then
/// again with C1 control characters.
const CONTROLS: &str =
    "\u{1b}[2J\u{1b}]0;x\u{7}\r\n<0>FAKE\u{7f}\u{202e}\u{2028}\u{9b}2J\u{85}\u{2066}";

#[tokio::test]
async fn control_sequences_in_names_never_reach_the_terminal() {
    for format in ["text", "json"] {
        let (servers, phone) = (Loopback::claim(), Loopback::claim());
        let [agi, http, admin] = [4573, 8090, 8091].map(|port| servers.port(port));
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "{}[log]\nlevel = 'trace'\nformat = '{format}'\n",
            sim_phone::entry("desk", &sim_phone::options(Vendor::Snom), phone.port(8080)),
        );
        let file = daemon::configure(folder.path(), &config);
        let base = std::fs::read_to_string(&file).unwrap();
        let mut addresses = [agi, http, admin].into_iter();
        let own = base.split("127.0.0.1:0").fold(String::new(), |text, part| {
            let next = addresses.next().map(|address| address.to_string());
            text + part + &next.unwrap_or_default()
        });
        std::fs::write(&file, own).unwrap();
        let mut command = daemon::command(&file);
        let daemon = Process::start("handsetd", command.env("HANDSETD_LOG", "trace"));
        daemon.line_after(0, "Ready.").await;

        inject([agi, http, admin]).await;
        let log = daemon.log();
        let lines: Vec<&str> = log.split('\n').collect();
        assert!(lines.len() > 10, "{log}");
        for line in lines {
            assert!(!line.contains(is_terminal_control), "{format}: {line:?}");
            assert!(!line.trim_start().starts_with("<0>"), "{line:?}");
            if format == "json" {
                assert!(serde_json::from_str::<Value>(line).is_ok(), "{line:?}");
            }
        }
        let escaped = if format == "json" {
            "\\u202e"
        } else {
            "\\u{202e}"
        };
        assert!(log.contains(escaped), "{log}");

        assert_commands_are_safe(file.to_str().unwrap()).await;
    }
}

/// Sends the control sequences wherever text is accepted.
async fn inject([agi, http, admin]: [SocketAddr; 3]) {
    let encoded = encoded(CONTROLS);
    // From phones.
    for path in [
        format!("/cisco/authenticate?UserID={encoded}&Password=x&devicename={encoded}"),
        format!("/action/snom/dnd_on?{encoded}={encoded}&mac={encoded}&remote={encoded}"),
        format!("/action/snom/{encoded}?a=b"),
        format!("/screen/{encoded}"),
    ] {
        get(http, &path).await;
    }
    let raw = format!("GET /\u{1b}[2J HTTP/1.0\r\nUser-Agent: {CONTROLS}\r\n\r\n");
    exchange_bytes(http, raw).await;
    // From the dialplan. A line break ends an argument there.
    let one_line = CONTROLS.replace(['\r', '\n'], "");
    let caller = Caller::new(agi).at_phone(&one_line, "192.0.2.7", &one_line);
    for (verb, words) in [
        (
            "push",
            vec![format!("text={one_line}"), format!("phone={one_line}")],
        ),
        (
            "push",
            vec![format!("{one_line}={one_line}"), "title=a".to_owned()],
        ),
        (
            "push",
            vec![format!("image={one_line}"), "phone=desk".to_owned()],
        ),
        (
            "dial",
            vec![format!("number={one_line}"), "phone=desk".to_owned()],
        ),
        (&*one_line, vec![]),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        caller.run(verb, &words).await;
    }
    caller
        .run(&format!("push?text={encoded}&phone={encoded}"), &[])
        .await;
    let mut garbage = TcpStream::connect(agi).await.unwrap();
    let _ = garbage.write_all(CONTROLS.as_bytes()).await;
    let _ = garbage.shutdown().await;
    let _ = garbage.read_to_end(&mut Vec::new()).await;
    // From the admin API.
    let admin = AdminClient::new(admin);
    let body =
        serde_json::json!({"text": CONTROLS, "phone": CONTROLS, CONTROLS: CONTROLS}).to_string();
    admin.post("/api/v1/do/push", &body).await;
    admin.post(&format!("/api/v1/do/{encoded}"), "{}").await;
    admin.get(&format!("/api/v1/phones/{encoded}")).await;
}

/// Passes the control sequences to commands, on a terminal and with redirected output.
async fn assert_commands_are_safe(file: &str) {
    let phone = format!("phone={CONTROLS}");
    for arguments in [
        &["send", "push", "text=Hello", &phone][..],
        &["send", "info", &phone],
        &["send", CONTROLS],
        &["phones"],
        &["phones", "--json"],
        &["phones", "--why", CONTROLS],
        &["check"],
        &["conf"],
        &["help", CONTROLS],
        &["history"],
        &["history", "--phone", CONTROLS],
        &["rules", "list"],
        &["rules", "trace", CONTROLS],
        &["status"],
    ] {
        let arguments = [arguments, &["--config", file]].concat();
        let redirected = Command::new(env!("CARGO_BIN_EXE_handsetd"))
            .args(&arguments)
            .output()
            .unwrap();
        let shown = on_a_terminal(&arguments).await;
        for (output, has_colors) in [(redirected, false), (shown, true)] {
            for bytes in [output.stdout, output.stderr] {
                let mut text = String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
                if has_colors {
                    text = without_colors(&text);
                }
                for line in text.split('\n') {
                    assert!(
                        !line.contains(is_terminal_control),
                        "{arguments:?}: {line:?}"
                    );
                }
            }
        }
    }
}

/// Removes what selects colors and bold type, which handsetd itself writes on a terminal.
fn without_colors(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain += before;
        let end = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        if let Some(end) = end.strip_prefix('m') {
            rest = end;
        } else {
            plain += "\u{1b}[";
            rest = after;
        }
    }
    plain + rest
}

/// Returns whether a terminal would interpret the character instead of showing it.
fn is_terminal_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
