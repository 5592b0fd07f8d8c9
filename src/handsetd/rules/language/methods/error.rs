//! The errors of methods.

use std::borrow::Cow;

use minijinja::{Error, ErrorKind};

/// Returns the error of a value that a method refuses.
pub(super) fn invalid(text: impl Into<Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}
