//! Completion, in real shells: what stands on the line after the user has pressed Tab.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use super::support::daemon::{Daemon, TOKEN};
use super::support::{left_out, soon};

/// A shell whose completion is tested.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Shell {
    Bash,
    Fish,
    Zsh,
}

impl Shell {
    /// Those of this machine. Debian always has bash.
    fn installed() -> Vec<Self> {
        let all = [Self::Bash, Self::Fish, Self::Zsh];
        let is_there = |shell: &Self| {
            let found = Command::new(shell.name()).args(["-c", "exit"]).status();
            let is_there = found.is_ok_and(|status| status.success());
            if !is_there {
                left_out(&format!("{} is not installed", shell.name()));
            }
            is_there
        };
        all.into_iter().filter(is_there).collect()
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Fish => "fish",
            Self::Zsh => "zsh",
        }
    }

    /// Returns the words that a line has once Tab is pressed at its end; in fish, the candidates for the last.
    async fn complete(self, site: &Site, line: &str) -> Vec<String> {
        let script = project("packaging/completions").join(format!("handsetd.{}", self.name()));
        let script = script.display();
        // Ctrl-A is the begin of the line, where the command is replaced by one that prints its words.
        let typed = format!("{line}\t\u{1}printf '\\074%s\\076\\n' \n");
        let (start, input) = match self {
            Self::Bash => (
                "bash --norc --noprofile -i".to_owned(),
                format!("PS1=; . '{script}'\n{typed}exit\n"),
            ),
            Self::Zsh => (
                "zsh -f -i".to_owned(),
                format!(
                    "PS1=; bindkey -e; autoload -Uz compinit; compinit -u -d \"$HOME/dump\"; . '{script}'\n\
                     {typed}exit\n"
                ),
            ),
            Self::Fish => {
                let quoted = line.replace('\'', "\\'");
                let command = format!(
                    "source '{script}'; for word in (complete -C '{quoted}'); \
                     printf '<%s>\\n' (string split \\t -- $word)[1]; end\n"
                );
                ("fish --no-config".to_owned(), command)
            }
        };
        let mut command = if self == Self::Fish {
            tokio::process::Command::new("fish")
        } else {
            let mut script = tokio::process::Command::new("script");
            script.args(["--quiet", "--command", &start, "/dev/null"]);
            script
        };
        if self == Self::Fish {
            command.arg("--no-config");
        }
        let programs = Path::new(env!("CARGO_BIN_EXE_handsetd")).parent().unwrap();
        let path = format!(
            "{}:{}",
            programs.display(),
            std::env::var("PATH").unwrap_or_default()
        );
        command
            .env("PATH", path)
            .env("HOME", site.folder.path())
            .env("TERM", "dumb")
            .env("INPUTRC", "/dev/null")
            .env("HISTFILE", "/dev/null")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut keyboard = child.stdin.take().unwrap();
        keyboard.write_all(input.as_bytes()).await.unwrap();
        drop(keyboard);
        let output = soon("the end of the shell", child.wait_with_output());
        let output = output.await.unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        let words = shown.lines().filter_map(|line| {
            let line = line.trim_end_matches('\r');
            // Behind what moves the cursor.
            let (_, word) = line.rsplit_once('<')?;
            word.strip_suffix('>').map(str::to_owned)
        });
        words.collect()
    }

    /// Asserts what the last word of a line becomes.
    async fn assert_completes(self, site: &Site, line: &str, expected: &str) {
        let found = self.complete(site, line).await;
        let last = found.last().map(String::as_str);
        assert_eq!(last, Some(expected), "{self:?}: {line}: {found:?}");
    }

    /// Asserts that a line stays as it is.
    async fn assert_offers_nothing(self, site: &Site, line: &str) {
        let found = self.complete(site, line).await;
        let typed = line.rsplit_once(' ').unwrap().1;
        match self {
            Self::Fish => assert!(found.is_empty(), "{line}: {found:?}"),
            _ => assert_eq!(
                found.last().map(String::as_str),
                Some(typed),
                "{self:?}: {found:?}"
            ),
        }
    }
}

/// A folder with a configuration.
struct Site {
    folder: TempDir,
    config: PathBuf,
}

impl Site {
    fn new(admin: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("handsetd.toml");
        let state = folder.path().display();
        let phones =
            "[[phone]]\nname = 'north'\n[[group]]\nname = 'reception'\nmembers = ['north']\n";
        let text = format!("[state]\ndir = '{state}'\n[admin]\n{admin}{phones}");
        fs::write(&config, text).unwrap();
        Self { folder, config }
    }

    /// Returns a line with the option that names the configuration.
    fn line(&self, command: &str, rest: &str) -> String {
        format!(
            "handsetd {command} --config {} {rest}",
            self.config.display()
        )
    }
}

#[tokio::test]
async fn verbs_keys_values_and_phones_are_completed() {
    let site = Site::new("");
    for shell in Shell::installed() {
        for (command, rest, expected) in [
            ("send", "pus", "push"),
            ("send", "push tim", "timeout="),
            ("send", "transfer kind=b", "kind=blind"),
            ("send", "push phone=re", "phone=reception"),
            ("send", "push 'phone=north&re", "phone=north&reception"),
            ("phones", "--why rec", "reception"),
            ("history", "--phone rec", "reception"),
            ("prove", "nor", "north"),
            // From the part of the script that clap has written.
            ("send", "--token-f", "--token-file"),
        ] {
            let line = site.line(command, rest);
            let found = shell.complete(&site, &line).await;
            // zsh adds the sign that the value of a long option may follow.
            let last = found.last().map(|word| match expected {
                "--token-file" => word.trim_end_matches('=').to_owned(),
                _ => word.clone(),
            });
            assert_eq!(
                last.as_deref(),
                Some(expected),
                "{shell:?}: {line}: {found:?}"
            );
        }
        // Keys of other verbs, and free text.
        for rest in ["push digi", "push text=re"] {
            shell
                .assert_offers_nothing(&site, &site.line("send", rest))
                .await;
        }
    }
}

#[tokio::test]
async fn files_are_offered_where_a_file_is_wanted() {
    let site = Site::new("");
    let picture = site.folder.path().join("picture.png");
    fs::write(&picture, "").unwrap();
    let (begin, end) = (site.folder.path().join("pict"), picture.display());
    for shell in Shell::installed() {
        let line = site.line("send", &format!("background image={}", begin.display()));
        shell
            .assert_completes(&site, &line, &format!("image={end}"))
            .await;
    }
}

#[tokio::test]
async fn daemon_is_asked_for_phones_and_none_is_obeyed() {
    let phones = ["east", "east;touch OBEYED", "west$(touch OBEYED)"];
    let phones = phones.map(|name| {
        let name = toml::Value::from(name);
        format!("[[phone]]\nname = {name}\nvendor = 'snom'\naddress = '127.0.0.1'\n")
    });
    let daemon = Daemon::start(&phones.concat()).await;
    let admin = format!("listen = '{}'\ntoken = '{TOKEN}'\n", daemon.admin());
    let site = Site::new(&admin);
    for shell in Shell::installed() {
        let line = site.line("send", "push phone=ea");
        shell.assert_completes(&site, &line, "phone=east").await;
        let line = site.line("send", "push phone=w");
        shell.assert_offers_nothing(&site, &line).await;
    }
    assert!(!Path::new("OBEYED").exists());
    assert!(!site.folder.path().join("OBEYED").exists());
}

#[tokio::test]
async fn names_of_the_configuration_do_when_the_daemon_is_silent_or_the_token_wrong() {
    // It accepts, and never replies.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap();
    let daemon = Daemon::start("[[phone]]\nname = 'north-west'\nvendor = 'snom'\n").await;
    for admin in [
        format!("listen = '{silent}'\ntoken = '{TOKEN}'\n"),
        format!(
            "listen = '{}'\ntoken = 'a token of nobody'\n",
            daemon.admin()
        ),
    ] {
        let site = Site::new(&admin);
        for shell in Shell::installed() {
            let line = site.line("send", "push phone=nor");
            shell.assert_completes(&site, &line, "phone=north").await;
        }
    }
}

#[test]
fn complete_is_silent_about_every_error() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("handsetd.toml");
    fs::write(&file, "[agi]\nbudget = 5\n").unwrap();
    let file = file.display().to_string();
    for words in [
        &["send", "--config", &file, "push", "phone="][..],
        &["send", "--config", "/does/not/exist", "push", "phone="],
        &["send", "--url", "http://127.0.0.1:9", "push", "phone="],
        &["send", "--config"],
        &["\u{1b}[2J", "x"],
        &[],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_handsetd"))
            .args(["complete", "--"])
            .args(words)
            .output()
            .unwrap();
        assert!(output.stdout.is_empty(), "{words:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{words:?}: {output:?}");
    }
}

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
