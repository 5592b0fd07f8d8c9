//! Bodies of messages.

use bytes::Bytes;

use super::text::Value;

/// A body with its type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Body {
    /// `Content-Type`.
    pub content_type: Value,
    /// `Content-Disposition`.
    pub disposition: Option<Value>,
    /// The content, in any encoding.
    pub bytes: Bytes,
}
