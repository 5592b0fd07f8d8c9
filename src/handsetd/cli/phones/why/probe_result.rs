//! What a probe of a transport says.

use std::borrow::Cow;

use serde::Serialize;

/// The result of one probe.
#[derive(Debug, Serialize)]
pub(super) struct ProbeResult {
    #[serde(rename = "way")]
    pub(super) transport: &'static str,
    #[serde(rename = "tried")]
    pub(super) probe: Cow<'static, str>,
    pub(super) status: String,
    pub(super) reason: String,
}
