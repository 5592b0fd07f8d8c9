//! A phone in a list: what it is, and what it is doing.

use std::sync::Arc;
use std::time::Duration;

use handset_phones::phone::{PhoneState, ServerName};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::shown::Shown;
use crate::admin::state::Services;
use crate::history::Record;
use crate::resolver::PhoneSummary;

/// A phone as the daemon that has it describes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::admin) struct PhoneRow {
    #[serde(flatten)]
    pub(in crate::admin) phone: PhoneSummary,
    #[serde(default)]
    pub(in crate::admin) state: Activity,
    pub(in crate::admin) shown: Shown,
    /// The last push whose screen has not been cleared since, if lists are to show it.
    #[serde(default, with = "push", skip_serializing_if = "Option::is_none")]
    pub(in crate::admin) push: Option<Arc<Record>>,
}

/// What a phone is doing, in the words of the API.
#[expect(clippy::struct_field_names, reason = "the names are those of the API")]
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct Activity {
    pub(in crate::admin) activity: String,
    pub(in crate::admin) hook: String,
    pub(in crate::admin) dnd: String,
}

impl PhoneRow {
    /// Describes a phone of this daemon.
    pub(super) fn of(services: &Services, phone: PhoneSummary) -> Self {
        let state = phone_state(services, &phone);
        Self {
            shown: shown(services, &phone, state),
            state: Activity {
                activity: state.activity().to_owned(),
                hook: state.hook().to_owned(),
                dnd: state.dnd().to_owned(),
            },
            phone,
            push: None,
        }
    }

    /// Returns the JSON object of the API.
    pub(super) fn to_json(&self, daemon: Option<&str>) -> Value {
        let mut object = json!(self.phone);
        object["state"] = json!(self.state);
        if let Some(daemon) = daemon {
            object["daemon"] = daemon.into();
        }
        object
    }

    /// Returns what distinguishes the phone from others of the cluster; Asterisk servers of the same name are
    /// the same. `None` if another daemon may have another phone of the same name.
    pub(super) fn identity(&self) -> Option<(&str, &str, &str)> {
        let PhoneSummary {
            server,
            endpoint,
            address,
            ..
        } = &self.phone;
        let has_server = !server.is_empty() && !endpoint.is_empty();
        has_server.then_some((server, endpoint, address))
    }
}

/// Returns all phones of this daemon, and the errors of the servers whose phones are missing.
pub(in crate::admin) async fn known_phones(
    services: &Services,
) -> (Vec<PhoneSummary>, Vec<String>) {
    let resolver = &services.resolver;
    let (phones, errors) = resolver.list(Instant::now() + ROSTER_TIMEOUT).await;
    (phones, errors.iter().map(ToString::to_string).collect())
}

/// Returns the activity of a phone: what it reported itself, completed by what Asterisk reports of its
/// endpoint.
fn phone_state(services: &Services, phone: &PhoneSummary) -> PhoneState {
    let server = phone.server.parse::<ServerName>().ok();
    let of = |name: &str| services.states.of(server.as_ref(), name);
    of(&phone.name).or(of(&phone.endpoint))
}

/// Returns what a phone is doing.
fn shown(services: &Services, phone: &PhoneSummary, state: PhoneState) -> Shown {
    let servers = services.health.servers.borrow();
    let is_own = |name: &str| phone.server.is_empty() || phone.server == name;
    let is_followed = !phone.endpoint.is_empty()
        && servers
            .iter()
            .any(|server| is_own(server.name()) && server.state().borrow().is_connected());
    Shown::of(phone, state, is_followed)
}

/// A push in a row.
mod push {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::history::Record;

    #[expect(clippy::ref_option, reason = "serde passes the field so")]
    pub(super) fn serialize<S: Serializer>(
        push: &Option<Arc<Record>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        push.as_deref().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Arc<Record>>, D::Error> {
        let push = Option::<Record>::deserialize(deserializer)?;
        Ok(push.map(Arc::new))
    }
}

/// How long to wait for a server whose registrations are being loaded.
pub(super) const ROSTER_TIMEOUT: Duration = Duration::from_millis(500);
