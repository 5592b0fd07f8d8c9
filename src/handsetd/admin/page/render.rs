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

/// Renders a template as a value for another; a template that fails leaves its place empty.
pub(super) fn safe(name: &str, values: Value) -> Value {
    match text(name, values) {
        Ok(text) => Value::from_safe_string(text),
        Err(error) => {
            error!(template = name, %error, "Cannot render a template.");
            Value::from("cannot render this; see the log")
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

const SOURCES: [(&str, &str); 30] = [
    ("cancelled.html", include_str!("cancelled.html")),
    ("chart.html", include_str!("chart.html")),
    ("csta.html", include_str!("csta.html")),
    ("daemon_select.html", include_str!("daemon_select.html")),
    (
        "deliveries_table.html",
        include_str!("deliveries_table.html"),
    ),
    ("dry_run.html", include_str!("dry_run.html")),
    ("event_draft.html", include_str!("event_draft.html")),
    ("favourites.html", include_str!("favourites.html")),
    ("fields.html", include_str!("fields.html")),
    ("last_reload.html", include_str!("last_reload.html")),
    ("login.html", include_str!("login.html")),
    ("missing.html", include_str!("missing.html")),
    ("not_found.html", include_str!("not_found.html")),
    ("preview.html", include_str!("preview.html")),
    ("progress.html", include_str!("progress.html")),
    ("report.html", include_str!("report.html")),
    ("screen.html", include_str!("screen.html")),
    ("screenshot.html", include_str!("screenshot.html")),
    ("shell.html", include_str!("shell.html")),
    (
        "views/deliveries.html",
        include_str!("views/deliveries.html"),
    ),
    ("views/events.html", include_str!("views/events.html")),
    ("views/health.html", include_str!("views/health.html")),
    ("views/overview.html", include_str!("views/overview.html")),
    ("views/pages.html", include_str!("views/pages.html")),
    ("views/phone.html", include_str!("views/phone.html")),
    ("views/phones.html", include_str!("views/phones.html")),
    ("views/rule.html", include_str!("views/rule.html")),
    ("views/rules.html", include_str!("views/rules.html")),
    ("views/send.html", include_str!("views/send.html")),
    ("why.html", include_str!("why.html")),
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
        let login = context! { error => "Wrong token.", wanted => "/\"><script>" };
        let login = text("login.html", login).unwrap();
        assert!(login.contains("role=\"alert\"") && !login.contains("<script>"));
        let csrf_token = "\"><script>";
        let (user, role, version, title) = ("<script>", "send", "1", "<script>");
        let navigation = [context! { path => "/", title => "Overview", current => "page" }];
        let (position, content) = ("<script>", "<script>");
        let shell =
            context! { csrf_token, user, role, version, title, navigation, position, content };
        let shell = text("shell.html", shell).unwrap();
        assert!(!shell.contains("<script>"), "{shell}");
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
