//! Encodes a SIP NOTIFY as `Variable` headers of an action, so that any body arrives unchanged.
//!
//! Asterisk splits each header at commas, removes quotes and backslashes, and groups by brackets;
//! unescaped text would turn into other SIP headers. The lines of the body become `Content` variables,
//! which Asterisk joins with CRLF. So a body is split at its line breaks, and a line that is too long
//! where XML allows white space. Nothing is sent here.

use super::action::{Action, Builder, InvalidAction, MAX_LINE, MAX_LINES};

mod escape;
mod split;

pub use escape::escaped;
pub use split::Unsplittable;

/// The headers and the body of a NOTIFY; the action adds the target.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Notify {
    /// The `Event` header: `check-sync;reboot=true`, `Yealink-xml`, `talk`.
    pub event: String,
    /// Further SIP headers, in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Body>,
}

/// The body of a NOTIFY.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Body {
    /// `type/subtype`, optionally with parameters. Asterisk 16 crashes if there is no slash.
    pub content_type: String,
    /// The text. Line breaks arrive as CRLF; trailing ones are not sent.
    pub text: String,
}

impl Notify {
    /// Adds the variables to an action and builds it.
    pub(crate) fn add_to(&self, action: Builder) -> Result<Action, InvalidNotify> {
        if self.event.trim().is_empty() {
            return Err(InvalidNotify::NoEvent);
        }
        let mut action = action.with("Variable", variable("Event", &self.event));
        for (name, value) in &self.headers {
            check_header(name)?;
            action = action.with("Variable", variable(name, value));
        }
        let Some(body) = &self.body else {
            return Ok(action.build()?);
        };
        if !is_media_type(&body.content_type) {
            return Err(InvalidNotify::ContentType {
                content_type: body.content_type.clone(),
            });
        }
        action = action.with("Variable", variable("Content-Type", &body.content_type));
        let lines = content_lines(&body.text)?;
        // `Action`, `ActionID`, the target, `Event` and `Content-Type` take one line each.
        let room = MAX_LINES
            .saturating_sub(self.headers.len())
            .saturating_sub(5);
        let values = if lines.len() <= room {
            lines
        } else {
            packed(lines)
        };
        Ok(values
            .into_iter()
            .fold(action, |action, value| action.with("Variable", value))
            .build()?)
    }
}

/// Why a NOTIFY cannot be sent through Asterisk.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidNotify {
    /// It is too large, or contains a line break where none is possible.
    #[error("the NOTIFY does not fit into an AMI action")]
    Action(#[from] InvalidAction),
    /// Asterisk would drop the body, or crash.
    #[error("invalid content type {content_type:?}; expected type/subtype")]
    ContentType {
        /// The rejected value.
        content_type: String,
    },
    /// Asterisk sets this header itself, or the name is not a valid header name.
    #[error("header {name:?} cannot be set in a NOTIFY")]
    Header {
        /// The header name.
        name: String,
    },
    /// Every NOTIFY needs an `Event`.
    #[error("the NOTIFY has no event")]
    NoEvent,
    /// A line of the body is too long for Asterisk and cannot be split.
    #[error(transparent)]
    Unsplittable(#[from] Unsplittable),
}

/// Converts `text` to `Content` variables, each short enough for one line of an action.
fn content_lines(text: &str) -> Result<Vec<String>, Unsplittable> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let chunks = split::chunks(
        text.trim_end_matches('\n'),
        MAX_LINE - "Variable: Content=".len(),
    )?;
    Ok(chunks
        .into_iter()
        .map(|chunk| variable("Content", chunk))
        .collect())
}

/// Puts several variables on one line, for bodies of more lines than an action may have.
fn packed(values: Vec<String>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut in_line = 0_usize;
    for value in values {
        match lines.last_mut() {
            Some(line)
                if in_line < MAX_VARIABLES
                    && "Variable: ,".len() + line.len() + value.len() <= MAX_LINE =>
            {
                line.push(',');
                line.push_str(&value);
                in_line += 1;
            }
            _ => {
                lines.push(value);
                in_line = 1;
            }
        }
    }
    lines
}

fn variable(name: &str, value: &str) -> String {
    format!("{name}={}", escaped(value))
}

fn check_header(name: &str) -> Result<(), InvalidNotify> {
    let is_token = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b));
    let is_reserved = RESERVED
        .iter()
        .any(|reserved| reserved.eq_ignore_ascii_case(name));
    if is_token && !is_reserved {
        return Ok(());
    }
    Err(InvalidNotify::Header {
        name: name.to_owned(),
    })
}

/// `media-type = token "/" token [";" parameters]`
fn is_media_type(text: &str) -> bool {
    let media_type = text.split(';').next().unwrap_or_default().trim_end();
    let is_token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b))
    };
    media_type
        .split_once('/')
        .is_some_and(|(kind, sub)| is_token(kind) && is_token(sub))
}

/// Variables on one line. Asterisk accepts 64.
const MAX_VARIABLES: usize = 32;

/// Headers that Asterisk sets or ignores, and those with a field in [`Notify`].
const RESERVED: [&str; 14] = [
    "Call-ID",
    "Contact",
    "Content",
    "Content-Length",
    "Content-Type",
    "CSeq",
    "Event",
    "From",
    "Record-Route",
    "Request-URI",
    "Route",
    "Subscription-State",
    "To",
    "Via",
];

#[cfg(test)]
mod tests;
