//! `phonecfg=get`: state and accounts of a phone, as an INI file.
//!
//! Seen on a T28P with V71: sections `Status`, `Accounts`, `DND` and `Forward_…`; accounts are
//! numbered from 0, in no particular order. The parameters `accounts`, `dnd` and `fw` select sections.

use serde_json::{Map, Value, json};

use super::pages::{self, Pages};
use crate::vendor::{Reply, ReplyOutcome, Step};

/// Requests the file at the first of `pages` that exists and interprets it with `parse`.
pub(super) fn fetch(
    pages: Pages,
    parse: impl Fn(&PhoneCfg) -> ReplyOutcome + Clone + Send + Sync + 'static,
) -> Step {
    pages::get_first(
        pages,
        "phonecfg=get&accounts=1&dnd=1&fw=1",
        move |reply: &Reply| match PhoneCfg::parse(&reply.text()) {
            Some(config) => parse(&config),
            None => ReplyOutcome::Rejected(
                "the reply of the phone to phonecfg=get has no [Status]".to_owned(),
            ),
        },
    )
}

/// The parsed file.
#[derive(Clone, Debug)]
pub(super) struct PhoneCfg {
    /// Sections, names and values, in order.
    values: Vec<(String, String, String)>,
}

/// An account of a phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Account {
    /// The line, counted from 1.
    pub(super) line: u16,
    /// `USER@SERVER`, or empty.
    pub(super) address: String,
    is_enabled: bool,
    label: String,
    display_name: String,
}

impl PhoneCfg {
    fn parse(text: &str) -> Option<Self> {
        let mut section = String::new();
        let mut values = Vec::new();
        for line in text.lines().take(MAX_LINES).map(str::trim) {
            if line.len() > MAX_LINE {
                continue;
            }
            let name = line
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'));
            if let Some(name) = name {
                name.trim().clone_into(&mut section);
            } else if let Some((name, value)) = line.split_once('=') {
                let owned = |text: &str| text.trim().to_owned();
                values.push((section.clone(), owned(name), owned(value)));
            }
        }
        let config = Self { values };
        config
            .value("Status", "FirmwareVersion")
            .is_some()
            .then_some(config)
    }

    /// Returns a value. Names ignore case.
    pub(super) fn value(&self, section: &str, name: &str) -> Option<&str> {
        let found = self.values.iter().find(|(of, known, _)| {
            of.eq_ignore_ascii_case(section) && known.eq_ignore_ascii_case(name)
        });
        found.map(|(_, _, value)| value.as_str())
    }

    /// Returns a section as an object.
    pub(super) fn section(&self, section: &str) -> Option<Value> {
        let mut object = Map::new();
        let inside = self
            .values
            .iter()
            .filter(|(of, _, _)| of.eq_ignore_ascii_case(section));
        for (_, name, value) in inside {
            object.insert(name.clone(), value.as_str().into());
        }
        (!object.is_empty()).then_some(Value::Object(object))
    }

    /// Returns the account of a line.
    pub(super) fn account(&self, line: u8) -> Option<Account> {
        self.accounts().into_iter().find(|account| {
            account.line == u16::from(line) && account.is_enabled && !account.address.is_empty()
        })
    }

    /// Returns the configured accounts, sorted by line.
    fn accounts(&self) -> Vec<Account> {
        let inside = self
            .values
            .iter()
            .filter(|(of, _, _)| of.eq_ignore_ascii_case("Accounts"));
        let mut accounts: Vec<_> = inside
            .filter_map(|(_, name, value)| Account::parse(name, value))
            .collect();
        accounts.sort_by_key(|account| account.line);
        accounts
    }

    /// Returns the device information for the verb `info`.
    pub(super) fn info(&self) -> Map<String, Value> {
        let mut object = Map::new();
        let mut add = |name: &str, value: Option<Value>| {
            value.map(|value| object.insert(name.to_owned(), value));
        };
        add(
            "firmware",
            self.value("Status", "FirmwareVersion").map(Value::from),
        );
        let lines: Vec<_> = self.accounts().iter().map(Account::to_json).collect();
        add("lines", Some(Value::from(lines)));
        add("dnd", self.switch("DND").map(Value::from));
        let mut forward = Map::new();
        for (kind, section) in [
            ("all", "Forward_always"),
            ("busy", "Forward_busy"),
            ("noanswer", "Forward_noanswer"),
        ] {
            if let Some(on) = self.switch(section) {
                let mut state = json!({ "on": on });
                let target = self.value(section, "Target").filter(|to| !to.is_empty());
                if let (Some(target), Some(state)) = (target, state.as_object_mut()) {
                    state.insert("number".to_owned(), target.into());
                }
                forward.insert(kind.to_owned(), state);
            }
        }
        add(
            "forward",
            (!forward.is_empty()).then_some(Value::Object(forward)),
        );
        object
    }

    fn switch(&self, section: &str) -> Option<bool> {
        let state = self.value(section, "State")?;
        Some(state.eq_ignore_ascii_case("on") || state == "1")
    }
}

impl Account {
    /// Parses `Account0=Enabled|label|name|display name|?|user@server|`; `None` if the slot
    /// is empty.
    fn parse(name: &str, value: &str) -> Option<Self> {
        let index: u16 = name.strip_prefix("Account")?.parse().ok()?;
        let fields: Vec<_> = value.split('|').collect();
        let field = |at: usize| {
            fields
                .get(at)
                .copied()
                .unwrap_or_default()
                .trim()
                .to_owned()
        };
        let account = Self {
            line: index.checked_add(1)?,
            address: field(5),
            is_enabled: field(0).eq_ignore_ascii_case("enabled"),
            label: field(1),
            display_name: field(3),
        };
        (account.is_enabled || !account.address.is_empty()).then_some(account)
    }

    fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("number".to_owned(), self.line.into());
        let state = if self.is_enabled {
            "enabled"
        } else {
            "disabled"
        };
        object.insert("state".to_owned(), state.into());
        let (user, server) = self.address.split_once('@').unwrap_or_default();
        let name = match self.label.as_str() {
            "" => self.display_name.as_str(),
            label => label,
        };
        for (member, text) in [("name", name), ("user", user), ("server", server)] {
            if !text.is_empty() {
                object.insert(member.to_owned(), text.into());
            }
        }
        Value::Object(object)
    }
}

/// The most lines, and bytes of a line, that are parsed.
const MAX_LINES: usize = 512;
const MAX_LINE: usize = 512;

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "\u{feff}[Status]\r\nFirmwareVersion=2.71.14.4\r\n[Accounts]\r\n\
        Account1=Disabled|||Disable|Off|\r\n\
        Account2=Enabled||u3|Third|Off|u3@pbx.example.org|\r\n\
        Account0=Enabled|Desk|u1|User 1|Off|u1@192.0.2.14|\r\n\
        Account9=nonsense\r\nAccountX=Enabled|\r\n\
        [DND]\r\nState=On\r\n[Forward_always]\r\nState=Off\r\nTarget=\r\n\
        [Forward_noanswer]\r\nRingtimes=-6\r\nState=On\r\nTarget=201\r\n";

    #[test]
    fn file_becomes_an_object() {
        let config = PhoneCfg::parse(FILE.trim_start_matches('\u{feff}')).unwrap();
        insta::assert_snapshot!(Value::Object(config.info()), @r#"{"dnd":true,"firmware":"2.71.14.4","forward":{"all":{"on":false},"noanswer":{"number":"201","on":true}},"lines":[{"name":"Desk","number":1,"server":"192.0.2.14","state":"enabled","user":"u1"},{"name":"Third","number":3,"server":"pbx.example.org","state":"enabled","user":"u3"}]}"#);
        assert_eq!(config.account(3).unwrap().address, "u3@pbx.example.org");
        assert_eq!(config.account(2), None);
        assert_eq!(config.value("dnd", "state"), Some("On"));
        assert_eq!(config.section("Nothing"), None);
    }

    #[test]
    fn recorded_file_is_parsed() {
        let folder = std::env::var_os("HANDSETD_FIXTURES").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
            PathBuf::from,
        );
        let file = folder.join("yealink/http/phonecfg-get-response.ini");
        let Ok(text) = std::fs::read_to_string(&file) else {
            println!("Skipped: no {}.", file.display());
            return;
        };
        let config = PhoneCfg::parse(&text).unwrap();
        assert_eq!(config.info()["firmware"], "2.71.14.4");
        assert_eq!(config.info()["lines"].as_array().unwrap().len(), 5);
        assert_eq!(config.account(1).unwrap().address, "user5@192.0.2.14");
        assert_eq!(config.info()["forward"]["noanswer"], json!({ "on": false }));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(text in any::<String>(), value in "[A-Za-z|@=]{0,40}") {
            let _ = PhoneCfg::parse(&text);
            let text = format!("[Status]\nFirmwareVersion=1\n[Accounts]\nAccount0={value}\n{text}");
            let config = PhoneCfg::parse(&text).unwrap();
            let _ = (config.info(), config.account(1));
        }
    }
}
