//! The settings of a phone, as its page `settings.htm` shows them all.
//!
//! Two forms are known: the lines of a settings file (`name: value`, the name with `!`, `&` or `$`
//! behind it) inside of HTML, and the XML of provisioning (`<name idx="1" perm="">value</name>`).
//! Which one comes is up to the firmware, so both are read, and what is neither is passed over.

use std::collections::BTreeMap;

use crate::vendor::{Reply, ReplyOutcome, Step};

use super::web;

/// Settings by name; the index stands behind the name, as in `user_name1`.
#[derive(Debug, Default)]
pub(super) struct Dump(BTreeMap<String, String>);

impl Dump {
    /// Reads a page.
    pub(super) fn read(page: &str) -> Self {
        let mut settings = BTreeMap::new();
        for line in page.split(['\n', '\r']) {
            let found = of_file(line).or_else(|| of_xml(line));
            if let Some((name, value)) = found.filter(|_| settings.len() < MAX_SETTINGS) {
                settings.insert(name, value);
            }
        }
        Self(settings)
    }

    /// Returns a value; one that is empty is none.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    /// Returns whether the phone has that setting.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Returns a value, also an empty one.
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

/// Asks for all settings; `then` says what is done with them.
pub(super) fn ask(then: impl Fn(&Dump) -> ReplyOutcome + Send + Sync + 'static) -> Step {
    asking(move |reply| match web::read(reply) {
        ReplyOutcome::Done if reply.status == 200 => then(&Dump::read(&reply.text())),
        ReplyOutcome::Done => ReplyOutcome::Rejected(format!(
            "the phone does not show its settings (HTTP {}); its administrator may",
            reply.status
        )),
        refused => refused,
    })
}

/// Asks for all settings; where the phone does not show them, there are none.
pub(super) fn ask_if_shown(then: impl Fn(&Dump) -> ReplyOutcome + Send + Sync + 'static) -> Step {
    asking(move |reply| match reply.status {
        200 => then(&Dump::read(&reply.text())),
        _ => then(&Dump::default()),
    })
}

fn asking(read: impl Fn(&Reply) -> ReplyOutcome + Send + Sync + 'static) -> Step {
    Step::Http(crate::vendor::Request::get("/settings.htm").parse_with("snom settings", read))
}

/// Reads `name!: value`.
fn of_file(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let line = line.strip_suffix("<br>").unwrap_or(line);
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end_matches(['!', '&', '$']);
    is_name(name).then(|| (name.to_owned(), plain(value.trim())))
}

/// Reads `<name idx="1" perm="">value</name>`.
fn of_xml(line: &str) -> Option<(String, String)> {
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
    (is_name(name) && is_index).then(|| (format!("{name}{index}"), plain(value.trim())))
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && text.len() <= MAX_PART && text.chars().all(fits)
}

/// Puts the characters in place of the references that HTML and XML know alike.
fn plain(text: &str) -> String {
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

/// The longest name, user or host.
const MAX_PART: usize = 128;

/// The most settings that are read.
const MAX_SETTINGS: usize = 10_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_forms_are_read_and_the_rest_is_passed_over() {
        let page = "<html><pre>\n# a comment: no\nphone_type!: snomD785\nuser_name1!: 1001\r\n\
                    user_host1&: pbx.example\nfkey1$: url http://192.0.2.1/?a=1&amp;b=2\nempty:\n\
                    <user_name idx=\"2\" perm=\"RW\">1002</user_name>\n<user_host idx='2' perm=''/>\n\
                    <language perm=\"\">English &lt;x&gt;</language>\n<p>Talk: to <b>me</b></p>\n";
        let dump = Dump::read(page);
        assert_eq!(dump.value("phone_type"), Some("snomD785"));
        assert_eq!(dump.value("fkey1"), Some("url http://192.0.2.1/?a=1&b=2"));
        assert_eq!(dump.value("language"), Some("English <x>"));
        assert_eq!((dump.raw("empty"), dump.value("empty")), (Some(""), None));
        assert_eq!(dump.address(1).as_deref(), Some("1001@pbx.example"));
        assert_eq!((dump.has("user_host2"), dump.address(2)), (true, None));
        assert!(!dump.has("Talk"));
    }

    #[test]
    fn an_address_holds_nothing_that_ends_it() {
        for user in ["a&b", "a b", "a\"", "a<b", "a;b", "a%0a", ""] {
            let dump = Dump::read(&format!("user_name1!: {user}\nuser_host1!: pbx\n"));
            assert_eq!(dump.address(1), None, "{user}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(page in "(<|>|user_name|:|!|idx=\"|1|/|\n|&amp;|\\PC){0,60}") {
            let dump = Dump::read(&page);
            let _ = dump.address(1);
        }
    }
}
