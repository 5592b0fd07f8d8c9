//! The templates, which are part of the program.

use std::sync::LazyLock;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use minijinja::{Environment, UndefinedBehavior, Value};
use tracing::error;

/// Renders a template as an answer.
pub(super) fn html(name: &str, values: Value) -> Response {
    match text(name, values) {
        Ok(text) => ([(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response(),
        Err(error) => {
            error!(template = name, %error, "The page can't be made.");
            let told = "the page can't be made; see the log";
            (StatusCode::INTERNAL_SERVER_ERROR, told).into_response()
        }
    }
}

/// Renders a template. Payload stands in its values is escaped, wherever it comes from.
pub(super) fn text(name: &str, values: Value) -> Result<String, minijinja::Error> {
    TEMPLATES.get_template(name)?.render(values)
}

/// Returns `text` as it may stand in HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
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

const SOURCES: [(&str, &str); 9] = [
    ("deliveries.html", include_str!("deliveries.html")),
    ("events.html", include_str!("events.html")),
    ("fields.html", include_str!("fields.html")),
    ("home.html", include_str!("home.html")),
    ("login.html", include_str!("login.html")),
    ("phones.html", include_str!("phones.html")),
    ("preview.html", include_str!("preview.html")),
    ("rules.html", include_str!("rules.html")),
    ("screen.html", include_str!("screen.html")),
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
        let wrong = text("login.html", context! { wrong => true }).unwrap();
        assert!(wrong.contains("role=\"alert\""));
        let csrf = "\"><script>";
        let names: [&str; 0] = [];
        let page = context! { csrf, verbs => names, names, version => "1" };
        assert!(!text("home.html", page).unwrap().contains("<script>"));
    }

    #[test]
    fn nothing_comes_from_elsewhere_and_nothing_stands_in_line() {
        for (name, source) in SOURCES {
            for word in [
                "http://", "https://", "style=", "onclick", "<style", "<script>",
            ] {
                assert!(!source.contains(word), "{name}: {word}");
            }
        }
    }
}
