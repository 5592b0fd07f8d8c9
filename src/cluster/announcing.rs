//! Publishing what this daemon announces, and reading what others do.

use std::sync::Arc;

use crate::session::Session;
use crate::shared::Shared;

/// Begins to publish and to read, as long as the connection lasts.
pub(crate) fn start(_shared: &Arc<Shared>, _session: &Session) {}
