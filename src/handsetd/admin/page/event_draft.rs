//! `POST /page/rule-draft`: drafts a rule that fires on a recent event.

use std::sync::Arc;

use axum::extract::{Form, State};
use axum::response::Response;
use minijinja::context;

use super::{fields, render};
use crate::admin::daemons::TIMEOUT;
use crate::admin::question::LocalQuestion;
use crate::admin::recent_events::DraftRule;
use crate::admin::state::AppState;

/// Handles `POST /page/rule-draft`.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Form(form): Form<Vec<(String, String)>>,
) -> Response {
    let mut draft = None;
    if let Ok(number) = fields::value(&form, "number").parse() {
        let daemon = fields::value(&form, "daemon");
        let drafted = DraftRule { number }
            .at(daemon, TIMEOUT, &state.services)
            .await;
        draft = drafted.ok().and_then(|drafted| drafted.rule);
    }
    render::html("event_draft.html", context! { draft })
}
