//! The names of phones and groups.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::timeout;

use super::line::Line;
use crate::cli::admin_client::AdminClient;
use crate::config::{Config, Sources};

/// The names that are known, in order.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    /// Asks the daemon of this machine. If it cannot be asked, only those of the configuration are known.
    /// Another daemon is not asked: a token goes over a network when a command is run, not before.
    pub(super) fn known(line: &Line<'_>) -> Self {
        let mut names = Self::default();
        if line.is_remote() {
            return names;
        }
        let Ok(config) = Config::load(&Sources::of_process(line.config())) else {
            return names;
        };
        let entries = config.directory.entries().iter();
        names.extend(entries.map(|entry| entry.name.clone()));
        names.extend(config.directory.groups().map(str::to_owned));
        names.extend(of_daemon(&config).into_iter().flatten());
        names
    }

    pub(super) fn list(self) -> Vec<String> {
        self.0.into_iter().collect()
    }

    fn extend(&mut self, names: impl Iterator<Item = String>) {
        self.0.extend(names.filter(|name| is_plain(name)));
    }
}

/// Returns the names of the phones that the daemon knows.
fn of_daemon(config: &Config) -> Option<Vec<String>> {
    let client = AdminClient::new(config).ok()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    let asked = runtime.block_on(async { timeout(MAX_WAIT, client.get("/api/v1/phones")).await });
    let phones = asked.ok()?.ok()?;
    let names = phones.as_array()?.iter();
    let names = names.filter_map(|phone| phone["name"].as_str());
    Some(names.map(str::to_owned).collect())
}

/// Returns whether a shell takes a name literally. Shells put candidates on the command line as they are, and
/// names may come from Asterisk or from phones.
fn is_plain(name: &str) -> bool {
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '@' | '/');
    !name.is_empty() && !name.starts_with('-') && name.chars().all(is_plain)
}

/// How long the daemon may take: the shell waits for it after a press of Tab.
const MAX_WAIT: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_shell_would_obey_are_left_out() {
        for name in ["1001", "PJSIP/door-1", "berlin/1001", "Anna.Smith_2", "a@b"] {
            assert!(is_plain(name), "{name}");
        }
        for name in [
            "",
            "a b",
            "a;reboot",
            "$(reboot)",
            "`reboot`",
            "a'b",
            "a\"b",
            "a\\b",
            "a>b",
            "a|b",
            "a&b",
            "~root",
            "*",
            "{a,b}",
            "!1",
            "#a",
            "-a",
            "a\nb",
            "\u{1b}[2J",
            "a\u{202e}b",
        ] {
            assert!(!is_plain(name), "{name}");
        }
    }
}
