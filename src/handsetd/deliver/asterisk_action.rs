//! Actions of Asterisk on calls: sending them, and the failures that they have in common.

use std::fmt::Display;
use std::time::Duration;

use handset_ami::{Action, Client, Error};
use handset_phones::phone::{Endpoint, Technology};
use handset_phones::screen::Number;
use tokio::time::Instant;

use super::failure::Failure;
use crate::outcome::Status;

/// Returns the dialplan context of calls from the endpoint.
pub(super) async fn context(
    client: &Client,
    endpoint: &Endpoint,
    until: Instant,
) -> Result<String, Failure> {
    let name = endpoint.name();
    let variable = match endpoint.technology {
        Technology::Sip => format!("SIPPEER({name},context)"),
        Technology::Pjsip | Technology::Sccp => format!("PJSIP_ENDPOINT({name},context)"),
    };
    let action = Action::getvar(None, &variable);
    let action = action.map_err(|error| Failure::new(Status::Invalid, error.to_string()))?;
    let response = send(client, action, until).await?;
    let context = response.header("Value").unwrap_or_default();
    Ok(if context.is_empty() {
        "default"
    } else {
        context
    }
    .to_owned())
}

/// Returns whether the dialplan has an extension.
pub(super) async fn extension_exists(
    client: &Client,
    context: &str,
    extension: &Number,
    until: Instant,
) -> Result<bool, Failure> {
    let variable = format!("DIALPLAN_EXISTS({context},{extension},1)");
    let action = Action::getvar(None, &variable);
    let action = action.map_err(|error| Failure::new(Status::Invalid, error.to_string()))?;
    let response = send(client, action, until).await?;
    Ok(response.header("Value") == Some("1"))
}

/// Sends an action and requires success.
pub(super) async fn send(
    client: &Client,
    action: Action,
    until: Instant,
) -> Result<handset_ami::Response, Failure> {
    let name = action.name().to_owned();
    let until = until.min(Instant::now() + ACTION_TIMEOUT);
    let response = client.send_until(action, until).await;
    let response = response.map_err(|error| failure(client, &error))?;
    if response.is_success() {
        return Ok(response);
    }
    let (server, message) = (client.name(), response.message());
    if message.to_ascii_lowercase().contains("permission denied") {
        let right = if name == "Originate" {
            "originate"
        } else {
            "call"
        };
        let reason = format!("{server}: the account in manager.conf needs write = {right}");
        return Err(Failure::new(Status::Unreachable, reason));
    }
    Err(Failure::new(
        Status::Rejected,
        format!("{server} rejected {name}: {message}"),
    ))
}

/// Returns the failure of an action that was not answered.
pub(super) fn failure(client: &Client, error: &Error) -> Failure {
    failure_at(client.name(), error)
}

fn failure_at(server: impl Display, error: &Error) -> Failure {
    let (status, what) = match error {
        Error::Busy { .. } => (Status::Unreachable, " is too slow"),
        Error::NotSent { .. } => (Status::Unreachable, " is not connected"),
        _ => (Status::Unknown, ""),
    };
    Failure::new(status, format!("Asterisk {server}{what}: {error}"))
}

/// How long Asterisk may take to respond to an action.
const ACTION_TIMEOUT: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connected_server_is_not_called_disconnected() {
        let failure = failure_at("pbx", &Error::Busy { limit: 8 });
        let text = format!("{failure:?}");
        assert!(text.contains("Unreachable"), "{text}");
        assert!(
            text.contains("Asterisk pbx is too slow: 8 actions are already waiting"),
            "{text}"
        );
        let reason = "refused".into();
        let text = format!("{:?}", failure_at("pbx", &Error::NotSent { reason }));
        assert!(
            text.contains("Asterisk pbx is not connected: not sent: refused"),
            "{text}"
        );
    }
}
