//! Schemas of phone documents as tables, and the one validate that reads them.
//!
//! A table says less than an XSD: enough to refuse what a phone refuses, in words that name the
//! element and the limit.

use crate::document::{Element, Node};

/// What an element may carry.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) name: &'static str,
    pub(crate) attributes: &'static [Attribute],
    pub(crate) content: ContentModel,
}

/// An attribute that an element may or must carry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
    pub(crate) required: bool,
}

/// What is between the tags of an element.
#[derive(Debug)]
pub(crate) enum ContentModel {
    /// Elements.
    Elements(&'static [Child]),
    /// Text with `<br/>` in it.
    Mixed,
    /// A value.
    Value(Value),
}

/// An element that may or must be in another.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) rule: &'static Rule,
    pub(crate) min: usize,
    pub(crate) max: usize,
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// Hexadecimal digits, two for each of at max so many bytes.
    Hex(usize),
    /// A whole number.
    Number(i64, i64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// So many characters.
    Text(usize, usize),
    /// A truth value, as the vendor writes it.
    YesNo,
}

/// How strict a vendor's parser is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strictness {
    /// Elements come in the order of the table.
    pub(crate) ordered: bool,
    /// Names are told apart by case.
    pub(crate) case: bool,
}

impl Rule {
    /// Describes an element without attributes that holds a value.
    pub(crate) const fn value(name: &'static str, value: Value) -> Self {
        Self {
            name,
            attributes: &[],
            content: ContentModel::Value(value),
        }
    }

    /// Describes an element without attributes that holds elements.
    pub(crate) const fn elements(name: &'static str, children: &'static [Child]) -> Self {
        Self {
            name,
            attributes: &[],
            content: ContentModel::Elements(children),
        }
    }

    /// Describes an element that holds elements.
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

    /// Judges an element; the error says in words what is wrong.
    pub(crate) fn validate(&self, element: &Element, strictness: Strictness) -> Result<(), String> {
        self.validate_attributes(element, strictness)?;
        match &self.content {
            ContentModel::Elements(children) => {
                if element.nodes.iter().any(is_text) {
                    return Err(format!("text directly in {}", self.name));
                }
                self.validate_children(element, children, strictness)
            }
            ContentModel::Mixed => match element.children().find(|child| child.name != "br") {
                Some(child) => Err(format!("{} in the text of {}", child.name, self.name)),
                None => Ok(()),
            },
            ContentModel::Value(value) => {
                if let Some(child) = element.children().next() {
                    return Err(format!(
                        "{} in {}, which holds a value",
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
                .find(|known| same(known.name, name, strictness));
            let known =
                known.ok_or_else(|| format!("the unknown attribute {name} of {}", self.name))?;
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
        let mut place = 0;
        for child in element.children() {
            let known = allowed
                .iter()
                .position(|known| same(known.rule.name, &child.name, strictness))
                .ok_or_else(|| format!("the unknown element {} in {}", child.name, self.name))?;
            if strictness.ordered && known < place {
                return Err(format!(
                    "{} in the wrong order in {}",
                    child.name, self.name
                ));
            }
            place = known;
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
                    "{count} {} in {}, {max} at the max",
                    rule.name, self.name
                ));
            }
        }
        Ok(())
    }
}

impl Child {
    /// Allows as many as one likes, up to `max`.
    pub(crate) const fn repeated(rule: &'static Rule, max: usize) -> Self {
        Self { rule, min: 0, max }
    }

    /// Allows one or none.
    pub(crate) const fn optional(rule: &'static Rule) -> Self {
        Self {
            rule,
            min: 0,
            max: 1,
        }
    }

    /// Access for exactly one.
    pub(crate) const fn required(rule: &'static Rule) -> Self {
        Self {
            rule,
            min: 1,
            max: 1,
        }
    }
}

impl Attribute {
    /// Allows an attribute.
    pub(crate) const fn optional(name: &'static str, value: Value) -> Self {
        Self {
            name,
            value,
            required: false,
        }
    }

    /// Access for an attribute.
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
                    return Err(format!("{name}, which is no hexadecimal data"));
                }
                if text.len() / 2 > max {
                    return Err(format!("{name} of more than {max} bytes"));
                }
            }
            Self::Number(min, max) => {
                if !text
                    .parse::<i64>()
                    .is_ok_and(|number| (min..=max).contains(&number))
                {
                    return Err(format!("{name} `{text}`, which is not from {min} to {max}"));
                }
            }
            Self::OneOf(words) => {
                if !words.contains(&text) {
                    return Err(format!(
                        "{name} `{text}`, which is none of {}",
                        words.join(" ")
                    ));
                }
            }
            Self::Text(min, max) => {
                let length = text.chars().count();
                if !(min..=max).contains(&length) {
                    return Err(format!(
                        "{name} of {length} characters, which are not {min} to {max}"
                    ));
                }
            }
            Self::YesNo => {
                let known = ["yes", "no", "true", "false", "on", "off"];
                if !known.contains(&text) {
                    return Err(format!("{name} `{text}`, which is neither yes nor no"));
                }
            }
        }
        Ok(())
    }
}

fn is_text(node: &Node) -> bool {
    matches!(node, Node::Text(text) if !text.trim().is_empty())
}

fn same(known: &str, name: &str, strictness: Strictness) -> bool {
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
    fn a_table_refuses_what_it_does_not_allow() {
        let strict = Strictness {
            ordered: true,
            case: true,
        };
        for (text, reason) in [
            ("<Root><Name/></Root>", "Root without kind"),
            (
                "<Root kind=\"c\"><Name/></Root>",
                "kind of Root `c`, which is none of a b",
            ),
            (
                "<Root kind=\"a\" beep=\"maybe\"><Name/></Root>",
                "neither yes nor no",
            ),
            (
                "<Root kind=\"a\" more=\"\"><Name/></Root>",
                "the unknown attribute more of Root",
            ),
            ("<Root kind=\"a\"/>", "Root without Name"),
            (
                "<Root kind=\"a\"><Name/><Name/></Root>",
                "2 Name in Root, 1 at the max",
            ),
            (
                "<Root kind=\"a\"><Name>abcde</Name></Root>",
                "Name of 5 characters",
            ),
            (
                "<Root kind=\"a\"><Size>1</Size><Name/></Root>",
                "Name in the wrong order in Root",
            ),
            (
                "<Root kind=\"a\"><Name/><Size>10</Size></Root>",
                "Size `10`, which is not from -1",
            ),
            (
                "<Root kind=\"a\"><Name/><Data>abc</Data></Root>",
                "no hexadecimal data",
            ),
            (
                "<Root kind=\"a\"><Name/><Data>aabbcc</Data></Root>",
                "more than 2 bytes",
            ),
            (
                "<Root kind=\"a\"><Name/><Other/></Root>",
                "the unknown element Other in Root",
            ),
            (
                "<Root kind=\"a\"><name/></Root>",
                "the unknown element name in Root",
            ),
            (
                "<Root kind=\"a\"><Name><Size/></Name></Root>",
                "Size in Name",
            ),
            (
                "<Root kind=\"a\"><Name/>words</Root>",
                "text directly in Root",
            ),
            (
                "<Root kind=\"a\"><Name/><Text><b/></Text></Root>",
                "b in the text of Text",
            ),
        ] {
            let refused = validate(text, strict).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }

    #[test]
    fn strictness_in_order_and_case_is_the_vendors() {
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
