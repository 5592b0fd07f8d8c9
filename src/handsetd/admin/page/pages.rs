//! Shows the pages of the configuration in the manner of a vendor.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use handset_phones::phone::Vendor;
use minijinja::{Value, context};

use super::{render, screen};
use crate::admin::state::AppState;

/// Handles `GET /page/pages`: each page as a phone of `vendor` and `model` shows it that requests it with
/// `query`.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Query(form): Query<Vec<(String, String)>>,
) -> Response {
    let value = |name: &str| {
        let found = form.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    };
    let vendor: Option<Vendor> = value("vendor").parse().ok();
    let query: Vec<(String, String)> = form_urlencoded::parse(value("query").as_bytes())
        .into_owned()
        .collect();
    let mut pages = Vec::new();
    for (name, preview) in state.services.pages.previews(&query) {
        let (screen, error) = match preview {
            Ok(pairs) => (
                screen::render(vendor, value("model"), &pairs),
                String::new(),
            ),
            Err(error) => (Value::from(""), error),
        };
        pages.push(context! { name => name.as_str(), screen, error });
    }
    render::html("pages.html", context! { pages })
}
