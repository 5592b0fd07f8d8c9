//! The start of a connection: banner, challenge, login.

use std::io;
use std::sync::Arc;

use md5::{Digest, Md5};
use secrecy::ExposeSecret;
use tokio::io::{AsyncRead, AsyncWrite};

use super::action::{Action, InvalidAction};
use super::config::{Config, LoginMethod};
use super::framed_io::{ActionWriter, FrameReader};
use super::wire::{Frame, Kind, Packet};

/// Logs in and returns the server's banner.
///
/// Has no deadline, and dropping the future leaves the connection unusable.
pub(crate) async fn log_in<R, W>(
    reader: &mut FrameReader<R>,
    writer: &mut ActionWriter<W>,
    config: &Config,
) -> Result<Arc<str>, LoginError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let banner = banner(reader).await?;
    let login = Action::builder("Login").with("Username", &config.username);
    let login = match proof(reader, writer, config).await? {
        Proof::Key(key) => login.with("AuthType", "MD5").with("Key", key),
        Proof::Secret => login.with("Secret", config.secret.expose_secret()),
    };
    let login = login.with("Events", &config.events).build()?;
    let response = send(reader, writer, &login).await?;
    if is_error(&response) {
        let message = response.header("Message").unwrap_or_default().to_owned();
        return Err(if is_temporary(&message) {
            LoginError::Unavailable { message }
        } else {
            LoginError::Rejected {
                username: config.username.clone(),
                message,
            }
        });
    }
    Ok(banner)
}

/// Why the login failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum LoginError {
    /// Usually because too many connections have not logged in yet (`authlimit`).
    #[error(
        "the server closed the connection before the login, as Asterisk does when too many others \
         have not logged in yet (authlimit in manager.conf)"
    )]
    Closed,
    /// User name, secret or event mask cannot be sent.
    #[error("the login cannot be encoded")]
    Invalid(#[from] InvalidAction),
    #[error("the connection failed during the login")]
    Io(#[from] io::Error),
    /// The secret would have to be sent unencrypted.
    #[error(
        "the server offers no MD5 challenge ({message}); login = \"plain\" sends the secret \
         unencrypted, tls encrypts the connection"
    )]
    NoChallenge { message: String },
    #[error(
        "the server does not speak AMI; its first bytes are {start:?}; address must be that of the \
         manager interface (port 5038 unless manager.conf has another)"
    )]
    NotAmi { start: String },
    /// Wrong user, wrong secret, or an address that is not permitted: Asterisk does not say which.
    #[error(
        "the server rejected the user name or secret: {message}; compare username and secret with \
         the section [{username}] of manager.conf, and its permit, deny and acl with the address of \
         handsetd"
    )]
    Rejected { username: String, message: String },
    /// A later attempt may succeed.
    #[error("the server does not accept logins at the moment: {message}")]
    Unavailable { message: String },
}

async fn banner<R: AsyncRead + Unpin>(reader: &mut FrameReader<R>) -> Result<Arc<str>, LoginError> {
    let start = match next(reader).await? {
        Frame::Banner { line, .. } => return Ok(String::from_utf8_lossy(&line).into()),
        Frame::Packet { block, .. } => block,
        Frame::TooLong { head, .. } | Frame::Unfinished { rest: head, .. } => head,
    };
    let start = String::from_utf8_lossy(&start).chars().take(40).collect();
    Err(LoginError::NotAmi { start })
}

/// What proves that the client knows the secret.
enum Proof {
    /// The digest of a challenge and the secret.
    Key(String),
    /// The secret itself.
    Secret,
}

/// Decides what to present. The secret itself leaves only within TLS, or if the configuration says so.
async fn proof<R, W>(
    reader: &mut FrameReader<R>,
    writer: &mut ActionWriter<W>,
    config: &Config,
) -> Result<Proof, LoginError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    if config.login == LoginMethod::Plain {
        return Ok(Proof::Secret);
    }
    let action = Action::builder("Challenge")
        .with("AuthType", "MD5")
        .build()?;
    let response = send(reader, writer, &action).await?;
    // The digest of an empty challenge would be the same at every login.
    let challenge = response
        .header("Challenge")
        .filter(|challenge| !challenge.is_empty() && !is_error(&response));
    if let Some(challenge) = challenge {
        return Ok(Proof::Key(key(challenge, config.secret.expose_secret())));
    }
    let message = response.header("Message").unwrap_or("no reason given");
    if is_temporary(message) {
        let message = message.to_owned();
        Err(LoginError::Unavailable { message })
    } else if config.tls.is_some() {
        Ok(Proof::Secret)
    } else {
        let message = message.to_owned();
        Err(LoginError::NoChallenge { message })
    }
}

/// Sends an action and waits for the response.
async fn send<R, W>(
    reader: &mut FrameReader<R>,
    writer: &mut ActionWriter<W>,
    action: &Action,
) -> Result<Packet, LoginError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    action.write(action.name(), writer.buffer());
    writer.flush().await?;
    loop {
        if let Frame::Packet { block, .. } = next(reader).await? {
            let packet = Packet::parse(&block);
            // There is only one pending action, so a response without an id answers it.
            let matches = packet
                .header("ActionID")
                .is_none_or(|id| id == action.name());
            if packet.kind() == Kind::Response && matches {
                return Ok(packet);
            }
        }
    }
}

async fn next<R: AsyncRead + Unpin>(reader: &mut FrameReader<R>) -> Result<Frame, LoginError> {
    loop {
        if let Some(frame) = reader.next_frame() {
            return Ok(frame);
        }
        if reader.fill().await? == 0 {
            return Err(LoginError::Closed);
        }
    }
}

fn is_error(response: &Packet) -> bool {
    response
        .header("Response")
        .is_some_and(|word| word.eq_ignore_ascii_case("Error"))
}

/// Returns whether a login was rejected for a reason that is temporary, which only the message shows.
fn is_temporary(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["already in use", "shutting down"]
        .iter()
        .any(|words| message.contains(words))
}

/// `key = md5(challenge secret)` in lower case, because Asterisk compares it as text.
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
    fn wrong_secret_is_not_temporary() {
        assert!(is_temporary("Login Already In Use"));
        assert!(is_temporary("Asterisk is shutting down"));
        assert!(!is_temporary("Authentication failed"));
    }
}
