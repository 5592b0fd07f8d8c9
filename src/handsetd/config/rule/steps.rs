//! What is checked of the steps of rules before they compile, and what they take from outside their section:
//! secrets in files, and the names of servers.

use std::path::Path;

use handset_phones::phone::ServerName;

use crate::config::setting::{Setting, Step};
use crate::config::validator::Validator;
use crate::rules::config::{Rule, Value, Values};
use crate::rules::{Error, is_step, server_of};

/// Reports each element of `do`, and each step that a test expects, that does not say what it does.
pub(super) fn check_kinds(rule: &Rule, section: &Setting, validator: &mut Validator) {
    let elements = rule.steps.iter().enumerate();
    let elements = elements.map(|(index, values)| (element(index).to_vec(), values));
    let tests = rule.tests.iter().enumerate();
    let expected = tests.flat_map(|(test, tested)| {
        let steps = tested.expect.iter().enumerate();
        steps.map(move |(index, values)| (expected(test, index).to_vec(), values))
    });
    for (path, values) in elements.chain(expected) {
        if !is_step(values) {
            let text = Error::UnknownStep.to_string();
            let diagnostic = section.diagnostic_at(&path, text);
            validator.diagnostics.push(diagnostic);
        }
    }
}

/// Returns the way from a section to an element of `do`.
fn element(index: usize) -> [Step; 2] {
    [Step::Key("do".to_owned()), Step::Element(index)]
}

/// Returns the way from a section to an expected step of a test.
fn expected(test: usize, index: usize) -> [Step; 4] {
    let key = |name: &str| Step::Key(name.to_owned());
    [
        key("test"),
        Step::Element(test),
        key("expect"),
        Step::Element(index),
    ]
}

/// Replaces `webhook_file`, and each header with `_file`, by the secret in the file that it names.
pub(super) fn read_secrets(rule: &mut Rule, section: &Setting, validator: &mut Validator) {
    for (index, values) in rule.steps.iter_mut().enumerate() {
        read_secrets_of(values, &element(index), section, validator);
    }
    for (test, tested) in rule.tests.iter_mut().enumerate() {
        for (index, values) in tested.expect.iter_mut().enumerate() {
            read_secrets_of(values, &expected(test, index), section, validator);
        }
    }
}

fn read_secrets_of(
    values: &mut Values,
    path: &[Step],
    section: &Setting,
    validator: &mut Validator,
) {
    let key = |name: &str| Step::Key(name.to_owned());
    replace(values, WEBHOOK_FILE, path, section, validator);
    let is_webhook = values.contains_key(WEBHOOK);
    if let Some(Value::Table(headers)) = values.get_mut(HEADERS)
        && is_webhook
    {
        let path = [path, &[key(HEADERS)]].concat();
        let files = headers.keys().filter(|name| name.ends_with(FILE));
        for name in files.cloned().collect::<Vec<_>>() {
            replace(headers, &name, &path, section, validator);
        }
    }
}

/// Replaces the key `name`, which ends with `_file`, by the one without it.
fn replace(
    values: &mut Values,
    name: &str,
    path: &[Step],
    section: &Setting,
    validator: &mut Validator,
) {
    let Some(file) = values.remove(name) else {
        return;
    };
    let path = [path, &[Step::Key(name.to_owned())]].concat();
    let own = name.strip_suffix(FILE).unwrap_or(name);
    let secret = match (&file, values.contains_key(own)) {
        (_, true) => Err(format!("conflicts with {own}; keep one")),
        (Value::Text(file), false) => {
            let location = section.location_at(&path);
            validator.secrets.read_file(&location, Path::new(file))
        }
        (_, false) => Err("must be the path of a file that contains the secret".to_owned()),
    };
    match secret {
        Ok(secret) => drop(values.insert(own.to_owned(), Value::Secret(secret.into()))),
        Err(text) => {
            validator
                .diagnostics
                .push(section.diagnostic_at(&path, text));
            // Nothing else is reported about it.
            values.insert(own.to_owned(), Value::Text(STANDS_IN.to_owned()));
        }
    }
}

/// Reports each step that names a server that does not exist.
pub(super) fn check_servers(
    rule: &Rule,
    section: &Setting,
    servers: &[ServerName],
    validator: &mut Validator,
) {
    for (index, values) in rule.steps.iter().enumerate() {
        let Some(server) = server_of(values) else {
            continue;
        };
        if servers.iter().any(|known| known.as_str() == server) {
            continue;
        }
        let text = match servers {
            [] => format!("there is no [[asterisk]] called {server:?}; none is configured"),
            servers => {
                let known: Vec<&str> = servers.iter().map(ServerName::as_str).collect();
                let known = known.join(", ");
                format!("there is no [[asterisk]] called {server:?}; there is {known}")
            }
        };
        let key = |name: &str| Step::Key(name.to_owned());
        let path = [key("do"), Step::Element(index), key("server")];
        validator
            .diagnostics
            .push(section.diagnostic_at(&path, text));
    }
}

const FILE: &str = "_file";
const HEADERS: &str = "headers";
const WEBHOOK: &str = "webhook";
const WEBHOOK_FILE: &str = "webhook_file";

/// Stands for a secret that cannot be read: a valid header, and a valid URL.
const STANDS_IN: &str = "http://127.0.0.1/";
