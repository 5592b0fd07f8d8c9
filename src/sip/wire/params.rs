//! Writing parameters of header fields.

use std::fmt;

use super::grammar::Param;
use super::text::{is_forbidden, is_token_byte};

/// Writes `;name=value` for each parameter, with quotes where the value needs them.
pub(super) fn write(f: &mut fmt::Formatter<'_>, params: &[Param]) -> fmt::Result {
    for (name, value) in params {
        write!(f, ";{name}")?;
        match value {
            Some(value) if is_plain(value) => write!(f, "={value}")?,
            Some(value) => write!(f, "=\"{}\"", escaped(value))?,
            None => {}
        }
    }
    Ok(())
}

/// Escapes what would end a quoted string. Characters that no value may have become spaces.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            escaped.push('\\');
        }
        escaped.push(if is_forbidden(c) { ' ' } else { c });
    }
    escaped
}

/// Tokens and hosts, of which those of IPv6 have brackets and colons.
fn is_plain(value: &str) -> bool {
    !value.is_empty()
        && value
            .bytes()
            .all(|byte| is_token_byte(byte) || b"[]:".contains(&byte))
}
