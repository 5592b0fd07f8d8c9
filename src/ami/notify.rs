//! A NOTIFY as Asterisk's `Variable` lines, so that any body arrives as it was meant.
//!
//! Asterisk splits each line at commas, eats quotes and backslashes, and groups by brackets; what
//! is not escaped becomes foreign SIP headers. The lines of the body are `Content` variables that
//! Asterisk joins with CRLF, so a line break in the body is a cut that costs nothing, and a line
//! that is too long is cut where XML allows white space. Nothing here sends anything.

use super::action::{Action, Builder, InvalidAction, MAX_LINE, MAX_LINES};

mod cut;

/// What a NOTIFY says; where it goes is the action's business.
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
    /// `type/subtype`, with parameters if need be. Without a slash Asterisk 16 crashes.
    pub content_type: String,
    /// The text. Line breaks arrive as CRLF; one at the very end is not sent.
    pub text: String,
}

impl Notify {
    /// Adds the variables to an action and builds that.
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
        // `Action`, `ActionID`, target, `Event` and `Content-Type` take lines of their own.
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

/// Puts a backslash before each character that means something to Asterisk's splitter.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if ESCAPED.contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Why a NOTIFY cannot be sent through Asterisk.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidNotify {
    /// It is too large, or holds what no action may hold.
    #[error("the NOTIFY does not fit into an action")]
    Action(#[from] InvalidAction),
    /// Asterisk would drop the body, or crash.
    #[error("content type {content_type:?} is not of the form type/subtype")]
    ContentType {
        /// What was given.
        content_type: String,
    },
    /// Asterisk writes this header itself, or it is no header at all.
    #[error("header {name:?} cannot be set in a NOTIFY")]
    Header {
        /// The header.
        name: String,
    },
    /// A NOTIFY needs an `Event`.
    #[error("a NOTIFY without an event")]
    NoEvent,
    /// A stretch of the body has no place where white space would be harmless.
    #[error("the body has {length} bytes without a place to cut, from {near:?} on")]
    NoCut {
        /// How long the line is, in bytes as escaped.
        length: usize,
        /// How the stretch starts.
        near: String,
    },
}

/// Makes `Content` variables of the lines of `text`, each short enough for one line.
fn content_lines(text: &str) -> Result<Vec<String>, InvalidNotify> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let pieces = cut::pieces(
        text.trim_end_matches('\n'),
        MAX_LINE - "Variable: Content=".len(),
    )?;
    Ok(pieces
        .into_iter()
        .map(|piece| variable("Content", piece))
        .collect())
}

/// Puts several variables into one line, for bodies of more lines than an action may have.
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
    let is_taken = TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(name));
    if is_token && !is_taken {
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

/// What Asterisk's splitter gives a meaning to.
const ESCAPED: &str = r#"\",()[]"#;

/// How many variables Asterisk takes in one line; it would take 64.
const MAX_VARIABLES: usize = 32;

/// Headers that Asterisk writes or ignores, and those that have a field of their own.
const TAKEN: [&str; 14] = [
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
