use proptest::collection::vec;
use proptest::prelude::*;
use quick_xml::events::Event;

use super::*;
use crate::action::NotifyTarget;

/// Interprets the `Variable` headers of an action as Asterisk does: splits each at its commas, removes
/// quotes and backslashes, counts brackets, splits at the first `=`, and joins the `Content`.
fn as_asterisk_parses(action: &Action) -> (Vec<(String, String)>, String) {
    let mut headers = Vec::new();
    let mut content: Vec<String> = Vec::new();
    for (_, line) in action.headers().filter(|(name, _)| *name == "Variable") {
        for argument in split(line) {
            let (name, value) = argument.split_once('=').unwrap_or((&argument, ""));
            if name.eq_ignore_ascii_case("Content") {
                content.push(value.to_owned());
            } else {
                headers.push((name.to_owned(), value.to_owned()));
            }
        }
    }
    (headers, content.join("\r\n"))
}

fn split(line: &str) -> Vec<String> {
    let (mut arguments, mut current) = (Vec::new(), String::new());
    let (mut quoted, mut round, mut square) = (false, 0_usize, 0_usize);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => current.extend(characters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted && round == 0 && square == 0 => {
                arguments.push(std::mem::take(&mut current));
            }
            other => {
                match other {
                    '(' => round += 1,
                    ')' => round = round.saturating_sub(1),
                    '[' => square += 1,
                    ']' => square = square.saturating_sub(1),
                    _ => (),
                }
                current.push(other);
            }
        }
    }
    arguments.push(current);
    arguments
}

fn action(text: &str) -> Result<Action, InvalidNotify> {
    let notify = Notify {
        event: "xml".into(),
        headers: vec![("X-Note".into(), "a,b(c)".into())],
        body: Some(Body {
            content_type: "application/xml".into(),
            text: text.into(),
        }),
    };
    Action::pjsip_notify(&NotifyTarget::Endpoint("1001".into()), &notify)
}

fn received(text: &str) -> String {
    let (headers, content) = as_asterisk_parses(&action(text).unwrap());
    let expected = [
        ("Event", "xml"),
        ("X-Note", "a,b(c)"),
        ("Content-Type", "application/xml"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(headers, expected);
    content
}

/// Parses a document without the white space between its tags.
fn significant(xml: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut events = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return events,
            Event::Text(text) if text.trim_ascii().is_empty() => (),
            Event::Start(tag) | Event::Empty(tag) => {
                events.push(format!("<{:?}", tag.name()));
                events.extend(
                    tag.attributes()
                        .map(|attribute| format!("{:?}", attribute.unwrap())),
                );
            }
            other => events.push(format!("{other:?}")),
        }
    }
}

#[test]
fn special_characters_arrive_unchanged() {
    for text in [
        r#"<a b="1,2">c, "d" \ (e) [f] ; %20 = $</a>"#,
        "\\\\\"",
        "))]][[((",
        "Gr\u{fc}\u{df}e, \u{1f4de}",
        "  leading and trailing spaces  ",
    ] {
        assert_eq!(received(text), text);
    }
}

#[test]
fn line_breaks_of_the_body_arrive_as_crlf() {
    assert_eq!(received("a\nb\r\nc\rd\n"), "a\r\nb\r\nc\r\nd");
}

#[test]
fn long_line_is_split_between_tags_and_between_attributes() {
    let item = |n: usize| {
        format!(
            "<Item name=\"{}\" kind='{n}'><Empty></Empty></Item>",
            "n".repeat(n)
        )
    };
    let document: String = (0..100).map(item).collect();
    let arrived = received(&document);
    assert!(arrived.contains("\r\n"));
    assert!(!arrived.contains("<Empty>\r\n"));
    assert_eq!(significant(&arrived), significant(&document));
    let attributes: Vec<_> = (0..300).map(|n| format!(" a{n}=\"x y\"")).collect();
    let attributes = attributes.concat();
    let document = format!("<T{attributes}/>");
    assert_eq!(significant(&received(&document)), significant(&document));
}

#[test]
fn text_is_never_split() {
    for stretch in ["word ".repeat(300), "x".repeat(1005), "(".repeat(503)] {
        for document in [
            stretch.clone(),
            format!("<a>{stretch}</a>"),
            format!("<a b=\"{stretch}\"/>"),
            format!("<a><![CDATA[{stretch}]]></a>"),
            format!("<a><!-- {stretch} --></a>"),
        ] {
            let error = action(&document).unwrap_err();
            assert!(matches!(error, InvalidNotify::Unsplittable(_)), "{error}");
        }
    }
    assert!(action(&"x".repeat(1004)).is_ok());
    assert!(action(&"(".repeat(502)).is_ok());
}

#[test]
fn edges_of_a_cdata_section_are_not_split() {
    let (x, y) = ("x".repeat(500), "y".repeat(600));
    let document = format!("<a><![CDATA[{x}]]><b c=\"{y}\"/></a>");
    assert_eq!(received(&document), document.replace("<b c", "<b\r\nc"));
    assert!(action(&format!("<a><![CDATA[{x}]]><![CDATA[{y}]]></a>")).is_err());
}

#[test]
fn body_with_too_many_lines_shares_lines() {
    let document = "<a/>,\n".repeat(600);
    assert!(action(&document).unwrap().headers().count() <= 126);
    assert_eq!(
        received(&document),
        document.trim_end().replace('\n', "\r\n")
    );
}

#[test]
fn body_that_cannot_fit_is_rejected() {
    let error = action(&"<a>some text</a>\n".repeat(20_000)).unwrap_err();
    assert!(
        matches!(
            error,
            InvalidNotify::Action(InvalidAction::TooManyLines { .. })
        ),
        "{error}"
    );
}

#[test]
fn invalid_headers_and_content_types_are_rejected() {
    let notify = |name: &str, content_type: &str| Notify {
        event: "x".into(),
        headers: vec![(name.into(), "y".into())],
        body: Some(Body {
            content_type: content_type.into(),
            text: "z".into(),
        }),
    };
    let build = |notify: Notify| Action::sip_notify("2001", &notify);
    assert!(build(notify("X-A", "text/plain;charset=utf-8")).is_ok());
    assert!(build(notify("subscription-state", "text/plain")).is_err());
    assert!(build(notify("A b", "text/plain")).is_err());
    assert!(build(notify("A=b", "text/plain")).is_err());
    assert!(build(notify("X-A", "text")).is_err());
    assert!(build(notify("X-A", "text/")).is_err());
    assert_eq!(build(Notify::default()), Err(InvalidNotify::NoEvent));
    let injected = Notify {
        event: "x\r\nAction: Logoff".into(),
        ..Notify::default()
    };
    assert!(build(injected).is_err());
}

proptest! {
    #[test]
    fn any_document_keeps_its_meaning(root in arb_element()) {
        prop_assert_eq!(significant(&received(&root)), significant(&root));
    }

    #[test]
    fn any_line_arrives_unchanged(text in "[ -~\u{e4}\u{20ac}]{1,400}") {
        prop_assert_eq!(received(&text), text);
    }

    #[test]
    fn garbage_never_panics(text in "[<>/!?\\[\\]A-C\"'= \r\n-]{0,3000}") {
        let _ = action(&text);
    }
}

/// Elements with attributes that contain text or further elements.
fn arb_element() -> impl Strategy<Value = String> {
    let attribute = ("[a-z]{1,8}", "[ -!#-%'-;=?-~]{0,60}");
    let attributes = vec(attribute, 0..6).prop_map(|attributes| {
        let named: std::collections::BTreeMap<_, _> = attributes.into_iter().collect();
        named
            .iter()
            .map(|(name, value)| format!(" {name}=\"{value}\""))
            .collect::<Vec<_>>()
            .concat()
    });
    let leaf = (
        "[A-Z][a-z]{0,9}",
        attributes.clone(),
        "[!-%'-;=?-~][ -%'-;=?-~]{0,300}|",
    )
        .prop_map(|(name, attributes, text)| format!("<{name}{attributes}>{text}</{name}>"));
    leaf.prop_recursive(4, 60, 12, move |inner| {
        ("[A-Z][a-z]{0,9}", attributes.clone(), vec(inner, 0..12)).prop_map(
            |(name, attributes, children)| {
                format!("<{name}{attributes}>{}</{name}>", children.concat())
            },
        )
    })
}
