//! The login form.

use axum::response::Response;
use minijinja::context;

use super::render;

/// Returns the login form, which leads back to the address `wanted`.
pub(super) fn login_form(wanted: &str, error: &str) -> Response {
    render::html("login.html", context! { error, wanted })
}
