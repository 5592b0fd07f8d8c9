//! What steps of rules take from outside their section: secrets in files, and the names of servers.

use std::path::Path;

use handset_phones::phone::ServerName;

use crate::config::setting::{Setting, Step};
use crate::config::validator::Validator;
use crate::rules::config::{Rule, Value, Values};
use crate::rules::server_of;

/// Replaces `webhook_file`, and each header with `_file`, by the secret in the file that it names.
pub(super) fn read_secrets(rule: &mut Rule, section: &Setting, validator: &mut Validator) {
    let key = |name: &str| Step::Key(name.to_owned());
    for (index, values) in rule.steps.iter_mut().enumerate() {
        let path = [key("do"), Step::Element(index)];
        read_secrets_of(values, &path, section, validator);
    }
    for (test, tested) in rule.tests.iter_mut().enumerate() {
        for (index, values) in tested.expect.iter_mut().enumerate() {
            let path = [
                key("test"),
                Step::Element(test),
                key("expect"),
                Step::Element(index),
            ];
            read_secrets_of(values, &path, section, validator);
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
