//! The first exchanges of a connection: banner, challenge, login.

use std::io;
use std::sync::Arc;

use md5::{Digest, Md5};
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite};
use tracing::warn;

use super::action::{Action, InvalidAction};
use super::config::{Checked, Login};
use super::link::{Reader, Writer};
use super::wire::{Frame, Kind, Packet};

/// Logs in and returns the server's banner.
///
/// It has no deadline of its own, and dropping it leaves the connection useless.
pub(crate) async fn log_in<R, W>(
    reader: &mut Reader<R>,
    writer: &mut Writer<W>,
    checked: &Checked,
) -> Result<Arc<str>, LoginError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let banner = banner(reader).await?;
    let config = &checked.config;
    let login = Action::builder("Login").with("Username", &config.username);
    let plain = match config.login {
        Login::Plain => true,
        Login::Auto => checked.tls.is_some(),
        Login::Md5 => false,
    };
    let challenge = if plain {
        None
    } else {
        challenge(reader, writer).await?
    };
    let login = match challenge {
        Some(challenge) => login
            .with("AuthType", "MD5")
            .with("Key", key(&challenge, checked.secret.expose_secret())),
        None if config.login == Login::Md5 => return Err(LoginError::NoChallenge),
        None => {
            if !plain {
                warn!(server = %config.name, "Server has no challenge; the secret goes in plain.");
            }
            login.with("Secret", checked.secret.expose_secret())
        }
    };
    let answer = ask(
        reader,
        writer,
        &login.with("Events", &config.events).build()?,
    )
    .await?;
    if is_error(&answer) {
        let message = answer.header("Message").unwrap_or_default().to_owned();
        return Err(if is_passing(&message) {
            LoginError::NotNow { message }
        } else {
            LoginError::Refused { message }
        });
    }
    Ok(banner)
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum LoginError {
    /// Asterisk closed the connection: too many sessions that did not log in, mostly.
    #[error("the server closed the connection before the login")]
    Closed,
    /// User name, secret or mask cannot be sent.
    #[error("the login cannot be written")]
    Invalid(#[from] InvalidAction),
    /// The connection broke.
    #[error("the connection failed during the login")]
    Io(#[from] io::Error),
    /// MD5 is demanded and the server does not offer it.
    #[error("the server has no MD5 challenge to give")]
    NoChallenge,
    /// Something else listens there.
    #[error("the server does not speak AMI; it starts with {start:?}")]
    NotAmi {
        /// What it said.
        start: String,
    },
    /// It may go better later.
    #[error("the server does not let us in now: {message}")]
    NotNow {
        /// Asterisk's words.
        message: String,
    },
    /// User, secret, or the address we come from: Asterisk does not tell which.
    #[error("the server refuses user or secret: {message}")]
    Refused {
        /// Asterisk's words.
        message: String,
    },
}

async fn banner<R: AsyncRead + Unpin>(reader: &mut Reader<R>) -> Result<Arc<str>, LoginError> {
    let start = match next(reader).await? {
        Frame::Banner { line, .. } => return Ok(String::from_utf8_lossy(&line).into()),
        Frame::Packet { block, .. } => block,
        Frame::TooLong { head, .. } | Frame::Unfinished { rest: head, .. } => head,
    };
    let start = String::from_utf8_lossy(&start).chars().take(40).collect();
    Err(LoginError::NotAmi { start })
}

async fn challenge<R, W>(
    reader: &mut Reader<R>,
    writer: &mut Writer<W>,
) -> Result<Option<String>, LoginError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let action = Action::builder("Challenge")
        .with("AuthType", "MD5")
        .build()?;
    let answer = ask(reader, writer, &action).await?;
    Ok(answer
        .header("Challenge")
        .filter(|_| !is_error(&answer))
        .map(str::to_owned))
}

async fn ask<R, W>(
    reader: &mut Reader<R>,
    writer: &mut Writer<W>,
    action: &Action,
) -> Result<Packet, LoginError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    action.write(action.name(), writer.outbox());
    writer.drain().await?;
    loop {
        if let Frame::Packet { block, .. } = next(reader).await? {
            let packet = Packet::parse(&block);
            // Nobody else can have asked on this connection, so a missing id is no matter.
            let ours = packet
                .header("ActionID")
                .is_none_or(|id| id == action.name());
            if packet.kind() == Kind::Response && ours {
                return Ok(packet);
            }
        }
    }
}

async fn next<R: AsyncRead + Unpin>(reader: &mut Reader<R>) -> Result<Frame, LoginError> {
    loop {
        if let Some(frame) = reader.frame() {
            return Ok(frame);
        }
        if reader.fill().await? == 0 {
            return Err(LoginError::Closed);
        }
    }
}

fn is_error(answer: &Packet) -> bool {
    answer
        .header("Response")
        .is_some_and(|word| word.eq_ignore_ascii_case("Error"))
}

/// Refusals that pass by themselves; Asterisk has nothing but its words to tell them from others.
fn is_passing(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["already in use", "shutting down"]
        .iter()
        .any(|words| message.contains(words))
}

/// `key = md5(challenge secret)`, in lower case: Asterisk compares it as text.
fn key(challenge: &str, secret: &str) -> String {
    hex::encode(
        Md5::new()
            .chain_update(challenge)
            .chain_update(secret)
            .finalize(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_is_lower_case_md5_of_challenge_and_secret() {
        assert_eq!(
            key("145769581", "secret"),
            "6a8fac2af5537b85cbe39504089e0399"
        );
    }

    #[test]
    fn login_already_in_use_passes_and_a_wrong_secret_does_not() {
        assert!(is_passing("Login Already In Use"));
        assert!(is_passing("Asterisk is shutting down"));
        assert!(!is_passing("Authentication failed"));
    }
}
