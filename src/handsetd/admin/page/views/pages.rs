//! `/pages`: the pages of the configuration, in the manner of a vendor.

use std::sync::Arc;

use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use handset_phones::phone::Vendor;
use minijinja::{Value, context};

use crate::admin::page::listing::Filters;
use crate::admin::page::screen;
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::state::AppState;

/// Handles `GET /pages`: each page as a phone of `vendor` and `model` shows it that requests it with
/// `query`.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Response {
    let filters = Filters::parse(query.as_deref());
    let (model, query) = (filters.get("model"), filters.get("query"));
    let vendor: Vendor = filters.get("vendor").parse().unwrap_or(Vendor::Cisco);
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let mut pages = Vec::new();
    for (name, preview) in state.services.pages.previews(&pairs) {
        let (screen, error) = match preview {
            Ok(pairs) => (screen::render(Some(vendor), model, &pairs), String::new()),
            Err(error) => (Value::from(""), error),
        };
        pages.push(context! { name => name.as_str(), screen, error });
    }
    let values = context! {
        pages,
        model,
        query,
        vendor => vendor.name(),
        vendors => Vendor::ALL.map(Vendor::name),
    };
    shell::view(&state, &visitor, View::Pages, "views/pages.html", values)
}
