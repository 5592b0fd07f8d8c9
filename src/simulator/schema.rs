//! Schemas of phone documents as tables, and their validation.
//!
//! A table says less than an XSD: enough to refuse what a phone refuses, with a message that names
//! the element and the limit.

use crate::document::{Element, Node};

/// The attributes and content of an element.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) attributes: &'static [Attribute],
    pub(crate) content: ContentModel,
}

/// An optional or required attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
    pub(crate) required: bool,
}

/// The content of an element.
#[derive(Debug)]
pub(crate) enum ContentModel {
    /// Elements.
    Elements(&'static [Child]),
    /// Text with `<br/>` in it.
    Mixed,
    /// A value.
    Value(Value),
}

/// A child element, with the number of times that it may occur.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) rule: &'static Rule,
    pub(crate) min: usize,
    pub(crate) max: usize,
}

/// A type of value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// Hexadecimal digits of at most that many bytes.
    Hex(usize),
    /// An integer from the first to the second.
    Number(i64, i64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A text with a number of characters from the first to the second.
    Text(usize, usize),
    /// A boolean: yes, no, true, false, on or off.
    YesNo,
}

/// The strictness of a vendor's parser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strictness {
    /// Elements must have the order of the table.
    pub(crate) ordered: bool,
    /// Names are case-sensitive.
    pub(crate) case: bool,
}

impl Rule {
    /// Describes an element with a value and without attributes.
    pub(crate) const fn value(name: &'static str, value: Value) -> Self {
        Self {
            name,
            attributes: &[],
            content: ContentModel::Value(value),
        }
    }

    /// Describes an element with child elements and without attributes.
    pub(crate) const fn elements(name: &'static str, children: &'static [Child]) -> Self {
        Self {
            name,
            attributes: &[],
            content: ContentModel::Elements(children),
        }
    }

    /// Describes an element with attributes and child elements.
    pub(crate) const fn with(
        name: &'static str,
        attributes: &'static [Attribute],
        children: &'static [Child],
    ) -> Self {
        Self {
            name,
            attributes,
            content: ContentModel::Elements(children),
        }
    }

    /// Validates an element; the error is human-readable.
    pub(crate) fn validate(&self, element: &Element, strictness: Strictness) -> Result<(), String> {
        self.validate_attributes(element, strictness)?;
        match &self.content {
            ContentModel::Elements(children) => {
                if element.nodes.iter().any(is_text) {
                    return Err(format!("unexpected text in {}", self.name));
                }
                self.validate_children(element, children, strictness)
            }
            ContentModel::Mixed => match element.children().find(|child| child.name != "br") {
                Some(child) => Err(format!(
                    "element {} in the text of {}",
                    child.name, self.name
                )),
                None => Ok(()),
            },
            ContentModel::Value(value) => {
                if let Some(child) = element.children().next() {
                    return Err(format!(
                        "element {} in the value of {}",
                        child.name, self.name
                    ));
                }
                value.validate(self.name, &element.text())
            }
        }
    }

    fn validate_attributes(&self, element: &Element, strictness: Strictness) -> Result<(), String> {
        for (name, value) in &element.attributes {
            let known = self
                .attributes
                .iter()
                .find(|known| matches(known.name, name, strictness));
            let known =
                known.ok_or_else(|| format!("unknown attribute {name} of {}", self.name))?;
            known
                .value
                .validate(&format!("{name} of {}", self.name), value)?;
        }
        for required in self
            .attributes
            .iter()
            .filter(|attribute| attribute.required)
        {
            if element.attribute(required.name).is_none() {
                return Err(format!("{} without {}", self.name, required.name));
            }
        }
        Ok(())
    }

    fn validate_children(
        &self,
        element: &Element,
        allowed: &[Child],
        strictness: Strictness,
    ) -> Result<(), String> {
        let mut last = 0;
        for child in element.children() {
            let known = allowed
                .iter()
                .position(|known| matches(known.rule.name, &child.name, strictness))
                .ok_or_else(|| format!("unknown element {} in {}", child.name, self.name))?;
            if strictness.ordered && known < last {
                return Err(format!(
                    "element {} of {} is out of order",
                    child.name, self.name
                ));
            }
            last = known;
            if let Some(known) = allowed.get(known) {
                known.rule.validate(child, strictness)?;
            }
        }
        for Child { rule, min, max } in allowed {
            let count = element.named(rule.name).count();
            if count < *min {
                return Err(format!("{} without {}", self.name, rule.name));
            }
            if count > *max {
                return Err(format!(
                    "{count} {} in {}; at most {max}",
                    rule.name, self.name
                ));
            }
        }
        Ok(())
    }
}

impl Child {
    /// Allows up to `max` elements.
    pub(crate) const fn repeated(rule: &'static Rule, max: usize) -> Self {
        Self { rule, min: 0, max }
    }

    /// Allows at most one element.
    pub(crate) const fn optional(rule: &'static Rule) -> Self {
        Self {
            rule,
            min: 0,
            max: 1,
        }
    }

    /// Requires exactly one element.
    pub(crate) const fn required(rule: &'static Rule) -> Self {
        Self {
            rule,
            min: 1,
            max: 1,
        }
    }
}

impl Attribute {
    /// Describes an optional attribute.
    pub(crate) const fn optional(name: &'static str, value: Value) -> Self {
        Self {
            name,
            value,
            required: false,
        }
    }

    /// Describes a required attribute.
    pub(crate) const fn required(name: &'static str, value: Value) -> Self {
        Self {
            name,
            value,
            required: true,
        }
    }
}

impl Value {
    fn validate(self, name: &str, text: &str) -> Result<(), String> {
        match self {
            Self::Hex(max) => {
                let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
                if !digits || !text.len().is_multiple_of(2) {
                    return Err(format!("{name} is not hexadecimal"));
                }
                if text.len() / 2 > max {
                    return Err(format!("{name} has more than {max} bytes"));
                }
            }
            Self::Number(min, max) => {
                if !text
                    .parse::<i64>()
                    .is_ok_and(|number| (min..=max).contains(&number))
                {
                    return Err(format!("{name} is `{text}`; expected {min} to {max}"));
                }
            }
            Self::OneOf(words) => {
                if !words.contains(&text) {
                    return Err(format!(
                        "{name} is `{text}`; expected one of {}",
                        words.join(" ")
                    ));
                }
            }
            Self::Text(min, max) => {
                let length = text.chars().count();
                if !(min..=max).contains(&length) {
                    return Err(format!(
                        "{name} has {length} characters; expected {min} to {max}"
                    ));
                }
            }
            Self::YesNo => {
                let known = ["yes", "no", "true", "false", "on", "off"];
                if !known.contains(&text) {
                    return Err(format!("{name} is `{text}`; expected yes or no"));
                }
            }
        }
        Ok(())
    }
}

fn is_text(node: &Node) -> bool {
    matches!(node, Node::Text(text) if !text.trim().is_empty())
}

fn matches(known: &str, name: &str, strictness: Strictness) -> bool {
    if strictness.case {
        known == name
    } else {
        known.eq_ignore_ascii_case(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: Rule = Rule::value("Name", Value::Text(0, 4));
    const SIZE: Rule = Rule::value("Size", Value::Number(-1, 9));
    const DATA: Rule = Rule::value("Data", Value::Hex(2));
    const TEXT: Rule = Rule {
        name: "Text",
        attributes: &[],
        content: ContentModel::Mixed,
    };
    const ROOT: Rule = Rule::with(
        "Root",
        &[
            Attribute::required("kind", Value::OneOf(&["a", "b"])),
            Attribute::optional("beep", Value::YesNo),
        ],
        &[
            Child::required(&NAME),
            Child::repeated(&SIZE, 2),
            Child::optional(&DATA),
            Child::optional(&TEXT),
        ],
    );

    fn validate(text: &str, strictness: Strictness) -> Result<(), String> {
        ROOT.validate(&Element::parse(text.as_bytes()).unwrap(), strictness)
    }

    #[test]
    fn violations_of_a_table_are_refused() {
        let strict = Strictness {
            ordered: true,
            case: true,
        };
        for (text, reason) in [
            ("<Root><Name/></Root>", "Root without kind"),
            (
                "<Root kind=\"c\"><Name/></Root>",
                "kind of Root is `c`; expected one of a b",
            ),
            (
                "<Root kind=\"a\" beep=\"maybe\"><Name/></Root>",
                "expected yes or no",
            ),
            (
                "<Root kind=\"a\" more=\"\"><Name/></Root>",
                "unknown attribute more of Root",
            ),
            ("<Root kind=\"a\"/>", "Root without Name"),
            (
                "<Root kind=\"a\"><Name/><Name/></Root>",
                "2 Name in Root; at most 1",
            ),
            (
                "<Root kind=\"a\"><Name>abcde</Name></Root>",
                "Name has 5 characters",
            ),
            (
                "<Root kind=\"a\"><Size>1</Size><Name/></Root>",
                "element Name of Root is out of order",
            ),
            (
                "<Root kind=\"a\"><Name/><Size>10</Size></Root>",
                "Size is `10`; expected -1",
            ),
            (
                "<Root kind=\"a\"><Name/><Data>abc</Data></Root>",
                "Data is not hexadecimal",
            ),
            (
                "<Root kind=\"a\"><Name/><Data>aabbcc</Data></Root>",
                "more than 2 bytes",
            ),
            (
                "<Root kind=\"a\"><Name/><Other/></Root>",
                "unknown element Other in Root",
            ),
            (
                "<Root kind=\"a\"><name/></Root>",
                "unknown element name in Root",
            ),
            (
                "<Root kind=\"a\"><Name><Size/></Name></Root>",
                "element Size in the value of Name",
            ),
            (
                "<Root kind=\"a\"><Name/>words</Root>",
                "unexpected text in Root",
            ),
            (
                "<Root kind=\"a\"><Name/><Text><b/></Text></Root>",
                "element b in the text of Text",
            ),
        ] {
            let refused = validate(text, strict).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }

    #[test]
    fn lenient_parsers_ignore_order_and_case() {
        let lenient = Strictness {
            ordered: false,
            case: false,
        };
        validate(
            "<Root KIND=\"a\"><size>1</size><name>abcd</name></Root>",
            lenient,
        )
        .unwrap();
    }
}
