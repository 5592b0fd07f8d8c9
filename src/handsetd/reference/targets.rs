//! What menu items and soft keys do: the targets.

use super::document::{Document, Term};
use super::example;

pub(super) fn document() -> Document {
    let mut document = Document::default();
    document.paragraph(
        "The target of `item=Label|TARGET` and `softkey=Label|TARGET` says what happens when the item \
         or the key is pressed. handsetd writes it in the form of each vendor.",
    );
    let terms = TARGETS.iter().map(|target| {
        let text = format!("{} Example: `{}`.", target.meaning, target.example);
        Term::new(target.syntax, text)
    });
    document.terms(["target", "effect"], terms);
    document.heading(1, "Examples");
    document.code(EXAMPLES.map(|pairs| example::dialplan("push", pairs)));
    document
}

struct Target {
    syntax: &'static str,
    meaning: &'static str,
    example: &'static str,
}

const TARGETS: [Target; 5] = [
    Target {
        syntax: "dial:NUMBER",
        meaning: "The phone calls the number.",
        example: "dial:201",
    },
    Target {
        syntax: "key:NAME",
        meaning: "The phone acts as if one of its keys were pressed; the names are those of the verb \
                  `key`.",
        example: "key:L1",
    },
    Target {
        syntax: "page:NAME",
        meaning: "The phone shows a `[[page]]` of the configuration. `page:NAME?KEY=VALUE` passes \
                  values to its templates, as `query.KEY`.",
        example: "page:order?meal=soup",
    },
    Target {
        syntax: "exit",
        meaning: "The screen closes.",
        example: "exit",
    },
    Target {
        syntax: "URL",
        meaning: "The phone fetches its next screen from an http or https URL, in the format of its \
                  vendor.",
        example: "http://192.0.2.30/menu.xml",
    },
];

const EXAMPLES: [&[(&str, &str)]; 2] = [
    &[
        ("title", "Lunch"),
        ("item", "Soup|dial:201"),
        ("item", "More|page:order"),
    ],
    &[
        ("text", "Door"),
        ("softkey", "Open|dial:*99"),
        ("softkey", "Close|exit"),
    ],
];

#[cfg(test)]
mod tests {
    use handset_phones::screen;
    use handset_phones::verb::Request;

    use super::*;

    #[test]
    fn examples_are_valid_targets() {
        for target in TARGETS {
            let parsed = target.example.parse::<screen::Target>();
            assert!(parsed.is_ok(), "{}: {parsed:?}", target.example);
        }
        for pairs in EXAMPLES {
            let request = Request::parse("push", pairs.iter().copied());
            assert!(request.is_ok(), "{request:?}");
        }
    }

    #[test]
    fn every_form_of_a_target_is_there() {
        let refusal = "nonsense"
            .parse::<screen::Target>()
            .unwrap_err()
            .to_string();
        // The refusal lists all forms.
        for target in TARGETS {
            let name = target
                .syntax
                .trim_end_matches("NUMBER")
                .trim_end_matches("NAME");
            assert!(refusal.contains(name), "{refusal}");
        }
        let forms = refusal.split_once("use ").unwrap().1;
        assert_eq!(forms.split([',']).count() + 1, TARGETS.len(), "{refusal}");
    }
}
