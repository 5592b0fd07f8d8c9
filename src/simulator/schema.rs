//! Schemas of phone documents as tables, and the one judge that reads them.
//!
//! A table says less than an XSD: enough to refuse what a phone refuses, in words that name the
//! element and the limit.

use super::document::{Element, Node};

/// What an element may carry.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) attributes: &'static [Attribute],
    pub(super) content: Contains,
}

/// An attribute that an element may or must carry.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) value: Value,
    pub(super) required: bool,
}

/// What is between the tags of an element.
#[derive(Debug)]
pub(super) enum Contains {
    /// Elements.
    Elements(&'static [Child]),
    /// Text with `<br/>` in it.
    Mixed,
    /// A value.
    Value(Value),
}

/// An element that may or must be in another.
#[derive(Debug)]
pub(super) struct Child {
    pub(super) rule: &'static Rule,
    pub(super) least: usize,
    pub(super) most: usize,
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// Hexadecimal digits, two for each of at most so many bytes.
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
pub(super) struct Strictness {
    /// Elements come in the order of the table.
    pub(super) ordered: bool,
    /// Names are told apart by case.
    pub(super) case: bool,
}

impl Rule {
    /// Describes an element without attributes that holds a value.
    pub(super) const fn value(name: &'static str, value: Value) -> Self {
        Self {
            name,
            attributes: &[],
            content: Contains::Value(value),
        }
    }

    /// Describes an element without attributes that holds elements.
    pub(super) const fn elements(name: &'static str, children: &'static [Child]) -> Self {
        Self {
            name,
            attributes: &[],
            content: Contains::Elements(children),
        }
    }

    /// Describes an element that holds elements.
    pub(super) const fn with(
        name: &'static str,
        attributes: &'static [Attribute],
        children: &'static [Child],
    ) -> Self {
        Self {
            name,
            attributes,
            content: Contains::Elements(children),
        }
    }

    /// Judges an element; the error says in words what is wrong.
    pub(super) fn judge(&self, element: &Element, strictness: Strictness) -> Result<(), String> {
        self.judge_attributes(element, strictness)?;
        match &self.content {
            Contains::Elements(children) => {
                if element.nodes.iter().any(is_words) {
                    return Err(format!("text directly in {}", self.name));
                }
                self.judge_children(element, children, strictness)
            }
            Contains::Mixed => match element.children().find(|child| child.name != "br") {
                Some(child) => Err(format!("{} in the text of {}", child.name, self.name)),
                None => Ok(()),
            },
            Contains::Value(value) => {
                if let Some(child) = element.children().next() {
                    return Err(format!(
                        "{} in {}, which holds a value",
                        child.name, self.name
                    ));
                }
                value.judge(self.name, &element.text())
            }
        }
    }

    fn judge_attributes(&self, element: &Element, strictness: Strictness) -> Result<(), String> {
        for (name, value) in &element.attributes {
            let known = self
                .attributes
                .iter()
                .find(|known| same(known.name, name, strictness));
            let known =
                known.ok_or_else(|| format!("the unknown attribute {name} of {}", self.name))?;
            known
                .value
                .judge(&format!("{name} of {}", self.name), value)?;
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

    fn judge_children(
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
                known.rule.judge(child, strictness)?;
            }
        }
        for Child { rule, least, most } in allowed {
            let count = element.named(rule.name).count();
            if count < *least {
                return Err(format!("{} without {}", self.name, rule.name));
            }
            if count > *most {
                return Err(format!(
                    "{count} {} in {}, {most} at the most",
                    rule.name, self.name
                ));
            }
        }
        Ok(())
    }
}

impl Child {
    /// Allows as many as one likes, up to `most`.
    pub(super) const fn many(rule: &'static Rule, most: usize) -> Self {
        Self {
            rule,
            least: 0,
            most,
        }
    }

    /// Allows one or none.
    pub(super) const fn maybe(rule: &'static Rule) -> Self {
        Self {
            rule,
            least: 0,
            most: 1,
        }
    }

    /// Asks for exactly one.
    pub(super) const fn one(rule: &'static Rule) -> Self {
        Self {
            rule,
            least: 1,
            most: 1,
        }
    }
}

impl Attribute {
    /// Allows an attribute.
    pub(super) const fn maybe(name: &'static str, value: Value) -> Self {
        Self {
            name,
            value,
            required: false,
        }
    }

    /// Asks for an attribute.
    pub(super) const fn one(name: &'static str, value: Value) -> Self {
        Self {
            name,
            value,
            required: true,
        }
    }
}

impl Value {
    fn judge(self, name: &str, text: &str) -> Result<(), String> {
        match self {
            Self::Hex(most) => {
                let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
                if !digits || !text.len().is_multiple_of(2) {
                    return Err(format!("{name}, which is no hexadecimal data"));
                }
                if text.len() / 2 > most {
                    return Err(format!("{name} of more than {most} bytes"));
                }
            }
            Self::Number(least, most) => {
                if !text
                    .parse::<i64>()
                    .is_ok_and(|number| (least..=most).contains(&number))
                {
                    return Err(format!(
                        "{name} `{text}`, which is not from {least} to {most}"
                    ));
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
            Self::Text(least, most) => {
                let length = text.chars().count();
                if !(least..=most).contains(&length) {
                    return Err(format!(
                        "{name} of {length} characters, which are not {least} to {most}"
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

fn is_words(node: &Node) -> bool {
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
        content: Contains::Mixed,
    };
    const ROOT: Rule = Rule::with(
        "Root",
        &[
            Attribute::one("kind", Value::OneOf(&["a", "b"])),
            Attribute::maybe("beep", Value::YesNo),
        ],
        &[
            Child::one(&NAME),
            Child::many(&SIZE, 2),
            Child::maybe(&DATA),
            Child::maybe(&TEXT),
        ],
    );

    fn judge(text: &str, strictness: Strictness) -> Result<(), String> {
        ROOT.judge(&Element::parse(text.as_bytes()).unwrap(), strictness)
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
                "2 Name in Root, 1 at the most",
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
            let refused = judge(text, strict).unwrap_err();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }

    #[test]
    fn strictness_in_order_and_case_is_the_vendors() {
        let lenient = Strictness {
            ordered: false,
            case: false,
        };
        judge(
            "<Root KIND=\"a\"><size>1</size><name>abcd</name></Root>",
            lenient,
        )
        .unwrap();
    }
}
