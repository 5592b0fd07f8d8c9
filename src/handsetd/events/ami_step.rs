//! Sends the actions of rules to Asterisk.

mod classes;

use handset_ami::{Client, Error, Response};
use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::outcome::Status;
use crate::rules::{AmiCall, StepResult};

/// Sends an action to its server.
pub(super) async fn send(servers: &watch::Receiver<Vec<Client>>, call: &AmiCall) -> StepResult {
    let client = match find(&servers.borrow(), call) {
        Ok(client) => client,
        Err(reason) => return StepResult::new(Status::Invalid, reason),
    };
    let (server, name) = (client.name(), call.action.name());
    let until = Instant::now() + call.deadline;
    let response = match client.send_until(call.action.clone(), until).await {
        Ok(response) => response,
        Err(error @ Error::Busy { .. }) => {
            let reason = format!("Asterisk {server} is too slow: {error}");
            return StepResult::new(Status::Unreachable, reason);
        }
        Err(error @ Error::NotSent { .. }) => {
            let reason = format!("Asterisk {server} is not connected: {error}");
            return StepResult::new(Status::Unreachable, reason);
        }
        Err(error) => {
            return StepResult::new(Status::Unknown, format!("Asterisk {server}: {error}"));
        }
    };
    let result = Some(value(&response));
    let message = response.message();
    if response.is_success() {
        return StepResult {
            result,
            ..StepResult::new(Status::Ok, message)
        };
    }
    if message.to_ascii_lowercase().contains("permission denied") {
        let needed = match classes::of(name) {
            Some(classes) if classes.contains(',') => format!("one of {classes} in write"),
            Some(class) => format!("{class} in write"),
            None => format!("more in write; manager show command {name} says what"),
        };
        let reason = format!("{server} denied {name}: the account in manager.conf needs {needed}");
        return StepResult::new(Status::Denied, reason);
    }
    StepResult {
        result,
        ..StepResult::new(
            Status::Rejected,
            format!("{server} rejected {name}: {message}"),
        )
    }
}

/// Returns the server of an action.
fn find(servers: &[Client], call: &AmiCall) -> Result<Client, String> {
    let named = call.server.as_ref().or(call.origin.as_ref());
    match (named, servers) {
        (Some(name), servers) => servers
            .iter()
            .find(|client| client.name() == name.as_str())
            .cloned()
            .ok_or_else(|| format!("there is no [[asterisk]] called {name}")),
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err("no [[asterisk]] is configured".to_owned()),
        (None, _) => {
            let names: Vec<&str> = servers.iter().map(Client::name).collect();
            Err(format!(
                "the event came from no Asterisk; add server = {:?} or another of {}",
                names.first().unwrap_or(&""),
                names.join(", ")
            ))
        }
    }
}

/// Returns the items of a list, the output of a command, or else the headers.
fn value(response: &Response) -> Value {
    let output: Vec<&str> = response.output().collect();
    if !output.is_empty() {
        return Value::from(output.join("\n"));
    }
    match response.items() {
        // The last event ends the list.
        [items @ .., _] => items.iter().map(|item| object(item.headers())).collect(),
        [] => object(response.headers()),
    }
}

fn object<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let mut object = Map::new();
    for (name, value) in headers.filter(|(name, _)| *name != "ActionID") {
        object.entry(name).or_insert_with(|| Value::from(value));
    }
    Value::Object(object)
}

#[cfg(test)]
mod tests;
