//! The settings of a phone, as shown by its page `settings.htm`.
//!
//! Two forms exist, depending on the firmware: the lines of a settings file inside HTML (`name: value`,
//! where the name may end in `!`, `&` or `$`), and the XML of provisioning
//! (`<name idx="1" perm="">value</name>`). Both are parsed, and other lines are skipped.

use std::collections::BTreeMap;

use crate::vendor::{Reply, ReplyOutcome, Step};

use super::web;

/// Settings by name. The index follows the name, as in `user_name1`.
#[derive(Debug, Default)]
pub(super) struct SettingsDump(BTreeMap<String, String>);

impl SettingsDump {
    /// Parses a page.
    pub(super) fn parse(page: &str) -> Self {
        let mut settings = BTreeMap::new();
        for line in page.split(['\n', '\r']) {
            let found = parse_file_line(line).or_else(|| parse_xml_line(line));
            if let Some((name, value)) = found.filter(|_| settings.len() < MAX_SETTINGS) {
                settings.insert(name, value);
            }
        }
        Self(settings)
    }

    /// Returns a value, unless it is empty.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// Returns whether the phone has a setting.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns whether these are settings of a Snom phone, not lines of any page.
    fn is_of_a_snom(&self) -> bool {
        EVERY_PHONE.iter().any(|name| self.has(name))
    }

    /// Returns a value, which may be empty.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Returns the address of an identity, `user@host`, if it has one.
    pub(super) fn address(&self, line: u8) -> Option<String> {
        let user = self.value(&format!("user_name{line}"))?;
        let host = self.host(line)?;
        is_plain(user, "+.*#_-").then(|| format!("{user}@{host}"))
    }

    /// Returns the server of an identity.
    pub(super) fn host(&self, line: u8) -> Option<&str> {
        let host = self.value(&format!("user_host{line}"))?;
        is_plain(host, ".:[]-").then_some(host)
    }
}

fn is_plain(text: &str, marks: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
    text.len() <= MAX_PART && text.chars().all(fits)
}

/// Requests all settings and passes them to `then`.
pub(super) fn fetch(then: impl Fn(&SettingsDump) -> ReplyOutcome + Send + Sync + 'static) -> Step {
    request(move |reply| match web::parse(reply) {
        ReplyOutcome::Done if reply.status == 200 => {
            let dump = SettingsDump::parse(&reply.text());
            if dump.is_of_a_snom() {
                return then(&dump);
            }
            ReplyOutcome::Rejected(format!(
                "it answered {}, but no settings; is a Snom phone at this address and port?",
                reply.description()
            ))
        }
        ReplyOutcome::Done => ReplyOutcome::Rejected(format!(
            "the phone does not show its settings (HTTP {}); administrator credentials may be required",
            reply.status
        )),
        outcome => outcome,
    })
}

/// Requests all settings and passes them to `then`, without any if the phone does not show them.
pub(super) fn fetch_if_shown(
    then: impl Fn(&SettingsDump) -> ReplyOutcome + Send + Sync + 'static,
) -> Step {
    request(move |reply| match reply.status {
        200 => then(&SettingsDump::parse(&reply.text())),
        _ => then(&SettingsDump::default()),
    })
}

fn request(parse: impl Fn(&Reply) -> ReplyOutcome + Send + Sync + 'static) -> Step {
    Step::Http(crate::vendor::Request::get("/settings.htm").parse_with("snom settings", parse))
}

/// Parses `name!: value`.
fn parse_file_line(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let line = line.strip_suffix("<br>").unwrap_or(line);
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end_matches(['!', '&', '$']);
    is_name(name).then(|| (name.to_owned(), unescape(value.trim())))
}

/// Parses `<name idx="1" perm="">value</name>`.
fn parse_xml_line(line: &str) -> Option<(String, String)> {
    let inside = line.trim().strip_prefix('<')?;
    let (start, rest) = inside.split_once('>')?;
    let (name, attributes) = start.split_once(' ').unwrap_or((start, ""));
    let name = name.trim_end_matches('/');
    let value = match start.strip_suffix('/') {
        Some(_) => "",
        None => rest.split_once("</")?.0,
    };
    let index = ["idx=\"", "idx='"].iter().find_map(|mark| {
        let (_, index) = attributes.split_once(mark)?;
        index.split(['"', '\'']).next()
    });
    let index = index.unwrap_or_default();
    let is_index = index.len() <= 3 && index.bytes().all(|byte| byte.is_ascii_digit());
    (is_name(name) && is_index).then(|| (format!("{name}{index}"), unescape(value.trim())))
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && text.len() <= MAX_PART && text.chars().all(fits)
}

/// Replaces the character references that HTML and XML share.
fn unescape(text: &str) -> String {
    let references = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ];
    let known = references.iter();
    known.fold(text.to_owned(), |text, (reference, c)| {
        text.replace(reference, c)
    })
}

/// Settings of which every firmware has some.
const EVERY_PHONE: &[&str] = &[
    "dnd_mode",
    "fwd_all_enabled1",
    "http_user",
    "language",
    "mac",
    "mc_address1",
    "mc_address10",
    "phone_type",
    "redirect_event",
    "user_active1",
    "user_host1",
    "user_name1",
    "user_realname1",
];

/// The longest name, user or host in bytes.
const MAX_PART: usize = 128;

/// The most settings that are parsed.
const MAX_SETTINGS: usize = 10_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_forms_are_parsed_and_other_lines_skipped() {
        let page = "<html><pre>\n# a comment: no\nphone_type!: snomD785\nuser_name1!: 1001\r\n\
                    user_host1&: pbx.example\nfkey1$: url http://192.0.2.1/?a=1&amp;b=2\nempty:\n\
                    <user_name idx=\"2\" perm=\"RW\">1002</user_name>\n<user_host idx='2' perm=''/>\n\
                    <language perm=\"\">English &lt;x&gt;</language>\n<p>Talk: to <b>me</b></p>\n";
        let dump = SettingsDump::parse(page);
        assert_eq!(dump.value("phone_type"), Some("snomD785"));
        assert_eq!(dump.value("fkey1"), Some("url http://192.0.2.1/?a=1&b=2"));
        assert_eq!(dump.value("language"), Some("English <x>"));
        assert_eq!((dump.raw("empty"), dump.value("empty")), (Some(""), None));
        assert_eq!(dump.address(1).as_deref(), Some("1001@pbx.example"));
        assert_eq!((dump.has("user_host2"), dump.address(2)), (true, None));
        assert!(!dump.has("Talk"));
    }

    #[test]
    fn foreign_page_has_no_settings() {
        let is_snom = |page: &str| SettingsDump::parse(page).is_of_a_snom();
        assert!(is_snom("language: English\n"));
        assert!(is_snom("<user_name idx=\"1\" perm=\"\">1001</user_name>"));
        for page in [
            "",
            "<html><form action=/login></form></html>",
            "status: ready\npaper: A4\n",
        ] {
            assert!(!is_snom(page), "{page}");
        }
    }

    #[test]
    fn address_cannot_be_extended() {
        for user in ["a&b", "a b", "a\"", "a<b", "a;b", "a%0a", ""] {
            let dump = SettingsDump::parse(&format!("user_name1!: {user}\nuser_host1!: pbx\n"));
            assert_eq!(dump.address(1), None, "{user}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(page in "(<|>|user_name|:|!|idx=\"|1|/|\n|&amp;|\\PC){0,60}") {
            let dump = SettingsDump::parse(&page);
            let _ = dump.address(1);
        }
    }
}
