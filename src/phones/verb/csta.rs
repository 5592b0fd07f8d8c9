//! A CSTA request as written by the requester: the name of an element and its child elements.

use crate::invalid_value::InvalidValue;

/// A request of ECMA-323.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Csta {
    request: String,
    elements: Vec<Element>,
}

/// An element of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Element {
    name: String,
    content: ElementContent,
}

/// The content of an element.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ElementContent {
    /// Child elements.
    Elements(Vec<Element>),
    /// Text.
    Text(String),
}

impl Csta {
    /// Builds a request from its name and from paths (`callToBeAnswered.callID`) with texts, in order.
    /// Consecutive paths with a common start share their elements.
    pub(super) fn new(request: &str, pairs: Vec<(String, String)>) -> Result<Self, InvalidValue> {
        if !is_name(request) {
            let hint = "use the name of an element, such as MakeCall";
            return Err(InvalidValue::malformed("CSTA request", request, hint));
        }
        let mut elements = Vec::new();
        for (path, text) in pairs {
            insert(&mut elements, &path, text)?;
        }
        Ok(Self {
            request: request.to_owned(),
            elements,
        })
    }

    /// Returns the name of the request element.
    pub fn request(&self) -> &str {
        &self.request
    }

    /// Returns the child elements.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }
}

impl Element {
    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the content.
    pub fn content(&self) -> &ElementContent {
        &self.content
    }
}

fn insert(elements: &mut Vec<Element>, path: &str, text: String) -> Result<(), InvalidValue> {
    let Some((name, rest)) = path.split_once('.') else {
        elements.push(Element {
            name: path.to_owned(),
            content: ElementContent::Text(text),
        });
        return Ok(());
    };
    if let Some(last) = elements.last_mut().filter(|last| last.name == name) {
        return match &mut last.content {
            ElementContent::Elements(children) => insert(children, rest, text),
            ElementContent::Text(_) => Err(InvalidValue::MixedContent {
                element: name.to_owned(),
            }),
        };
    }
    let mut children = Vec::new();
    insert(&mut children, rest, text)?;
    elements.push(Element {
        name: name.to_owned(),
        content: ElementContent::Elements(children),
    });
    Ok(())
}

/// Returns whether a key can be the path of an element.
pub(super) fn is_path(text: &str) -> bool {
    text.len() <= MAX_PATH && text.split('.').all(is_name)
}

fn is_name(text: &str) -> bool {
    text.len() <= MAX_PATH
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
}

const MAX_PATH: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn format(elements: &[Element]) -> String {
        let each = elements.iter().map(|element| match element.content() {
            ElementContent::Text(text) => format!("{}={text}", element.name()),
            ElementContent::Elements(children) => {
                format!("{}({})", element.name(), format(children))
            }
        });
        each.collect::<Vec<_>>().join(" ")
    }

    fn csta(pairs: &[(&str, &str)]) -> Result<String, InvalidValue> {
        let owned = pairs
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()));
        Ok(format(Csta::new("X", owned.collect())?.elements()))
    }

    #[test]
    fn dots_nest_and_the_order_is_kept() {
        let pairs = [
            ("heldCall.callID", "-18"),
            ("heldCall.deviceID", "sip:21@pbx"),
            ("activeCall.callID", "2"),
            ("b", ""),
            ("b", "1"),
        ];
        assert_eq!(
            csta(&pairs).unwrap(),
            "heldCall(callID=-18 deviceID=sip:21@pbx) activeCall(callID=2) b= b=1"
        );
    }

    #[test]
    fn element_has_text_or_children() {
        let error = csta(&[("a", "1"), ("a.b", "2")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "element a cannot have both text and child elements"
        );
    }

    #[test]
    fn names_are_element_names() {
        assert!(is_path("callToBeAnswered.callID"));
        for text in ["", ".", "a.", "1a", "a b", "a<b", "csta:a", "a..b"] {
            assert!(!is_path(text), "{text}");
        }
        for text in ["", "a.b", "Make Call", "<x/>"] {
            assert!(Csta::new(text, Vec::new()).is_err(), "{text}");
        }
    }
}
