//! Renders the templates, which are part of the program.

use std::sync::LazyLock;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use minijinja::{Environment, UndefinedBehavior, Value};
use tracing::error;

/// Renders a template as a response.
pub(super) fn html(name: &str, values: Value) -> Response {
    match text(name, values) {
        Ok(text) => ([(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response(),
        Err(error) => {
            error!(template = name, %error, "Cannot render a template.");
            let reason = "cannot render the page; see the log";
            (StatusCode::INTERNAL_SERVER_ERROR, reason).into_response()
        }
    }
}

/// Renders a template; all values are escaped but those marked as safe.
pub(super) fn text(name: &str, values: Value) -> Result<String, minijinja::Error> {
    TEMPLATES.get_template(name)?.render(values)
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in SOURCES {
        templates
            .add_template(name, source)
            .expect("a test has compiled every template");
    }
    templates
});

const SOURCES: [(&str, &str); 14] = [
    ("cancelled.html", include_str!("cancelled.html")),
    ("deliveries.html", include_str!("deliveries.html")),
    ("dry_run.html", include_str!("dry_run.html")),
    ("events.html", include_str!("events.html")),
    ("fields.html", include_str!("fields.html")),
    ("home.html", include_str!("home.html")),
    ("login.html", include_str!("login.html")),
    ("pages.html", include_str!("pages.html")),
    ("phones.html", include_str!("phones.html")),
    ("preview.html", include_str!("preview.html")),
    ("report.html", include_str!("report.html")),
    ("rules.html", include_str!("rules.html")),
    ("screen.html", include_str!("screen.html")),
    ("screenshot.html", include_str!("screenshot.html")),
];

#[cfg(test)]
mod tests {
    use minijinja::context;

    use super::*;

    #[test]
    fn every_template_compiles_and_values_are_escaped() {
        for (name, _) in SOURCES {
            TEMPLATES.get_template(name).unwrap();
        }
        let wrong = text("login.html", context! { error => "Wrong token." }).unwrap();
        assert!(wrong.contains("role=\"alert\""));
        let csrf_token = "\"><script>";
        let names: [&str; 0] = [];
        let page = |can_send: bool| {
            let (user, role) = ("<script>", "send");
            let verbs = names;
            let all_verbs = names;
            let version = "1";
            let page = context! {
                csrf_token, user, role, can_send, all_verbs, verbs, names, version,
                has_pages => true, vendors => ["snom"]
            };
            text("home.html", page).unwrap()
        };
        assert!(!page(true).contains("<script>"));
        assert!(page(true).contains("/page/preview") && !page(false).contains("/page/preview"));
    }

    #[test]
    fn templates_load_nothing_from_elsewhere_and_have_no_inline_code() {
        for (name, source) in SOURCES {
            for word in [
                "http://", "https://", "style=", "onclick", "<style", "<script>",
            ] {
                assert!(!source.contains(word), "{name}: {word}");
            }
        }
    }
}
