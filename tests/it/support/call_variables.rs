//! The channel variables after a FastAGI call.

use std::collections::HashMap;
use std::net::SocketAddr;

use serde_json::Value;

use super::agi_call::agi_call;

/// The variables that a call has set.
pub(crate) struct CallVariables(HashMap<String, String>);

impl CallVariables {
    /// Calls `verb` with arguments.
    pub(crate) async fn of(agi: SocketAddr, verb: &str, arguments: &[&str]) -> Self {
        Self(agi_call(agi, verb, arguments).await)
    }

    /// Returns `HANDSET_RESULT` as JSON; null if it is empty.
    pub(crate) fn result(&self) -> Value {
        serde_json::from_str(self.get("RESULT")).unwrap_or_default()
    }

    /// Asserts the status and returns the reason.
    pub(crate) fn expect(&self, status: &str) -> &str {
        let reason = self.get("REASON");
        assert_eq!(self.get("STATUS"), status, "{reason}");
        reason
    }

    /// Returns `HANDSET_NAME`; empty if it was not set.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0
            .get(&format!("HANDSET_{name}"))
            .map_or("", String::as_str)
    }
}
