//! Templates: vendor-specific documents with placeholders for the values of a push.
//!
//! The language is minijinja's. Values are escaped for XML, undefined names are errors, and a
//! template that does not end is stopped.

use minijinja::{AutoEscape, Environment, UndefinedBehavior};

/// Renders a template.
pub(super) fn fill(
    name: &str,
    source: &str,
    values: &[(&'static str, String)],
) -> Result<String, minijinja::Error> {
    let mut environment = Environment::empty();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let context: std::collections::BTreeMap<_, _> = values.iter().cloned().collect();
    environment.render_named_str(name, source, context)
}

/// Maximum instructions for one template, far more than a screen needs.
const FUEL: u64 = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(source: &str) -> Result<String, String> {
        let values = [("title", "A & B".to_owned()), ("text", "1 < 2".to_owned())];
        fill("status.xml", source, &values).map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_escaped() {
        let expected = "<T><A>A &amp; B</A>1 &lt; 2</T>";
        assert_eq!(
            filled("<T><A>{{ title }}</A>{{ text }}</T>").as_deref(),
            Ok(expected)
        );
    }

    #[test]
    fn undefined_names_and_endless_loops_are_errors() {
        assert!(filled("{{ undefined }}").unwrap_err().contains("undefined"));
        assert!(filled("{% if %}").unwrap_err().contains("status.xml"));
        let hundred = format!("[{}]", vec!["0"; 100].join(","));
        let open = ["a", "b", "c"].map(|name| format!("{{% for {name} in {hundred} %}}"));
        let endless = format!("{}-{}", open.concat(), "{% endfor %}".repeat(3));
        assert!(filled(&endless).unwrap_err().contains("fuel"));
    }
}
