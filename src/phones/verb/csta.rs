//! A CSTA request in the asker's own words: the name of an element, and elements inside.

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
    inside: Inside,
}

/// What stands in an element.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Inside {
    /// Other elements.
    Elements(Vec<Element>),
    /// A text.
    Text(String),
}

impl Csta {
    /// Puts a request together from its name and from paths (`callToBeAnswered.callID`) with what
    /// stands there, in order. Paths that begin alike share their elements, as long as nothing else
    /// comes between.
    pub(super) fn parse(request: &str, pairs: Vec<(String, String)>) -> Result<Self, String> {
        if !is_name(request) {
            return Err(format!(
                "{request:?} is no CSTA request; write the element's name, such as MakeCall"
            ));
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

    /// Returns the name of the request's element.
    pub fn request(&self) -> &str {
        &self.request
    }

    /// Returns the elements in it.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }
}

impl Element {
    /// Returns its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns what stands in it.
    pub fn inside(&self) -> &Inside {
        &self.inside
    }
}

fn insert(elements: &mut Vec<Element>, path: &str, text: String) -> Result<(), String> {
    let Some((name, rest)) = path.split_once('.') else {
        elements.push(Element {
            name: path.to_owned(),
            inside: Inside::Text(text),
        });
        return Ok(());
    };
    if let Some(last) = elements.last_mut().filter(|last| last.name == name) {
        return match &mut last.inside {
            Inside::Elements(inside) => insert(inside, rest, text),
            Inside::Text(_) => Err(format!("{name} can't hold both a text and elements")),
        };
    }
    let mut inside = Vec::new();
    insert(&mut inside, rest, text)?;
    elements.push(Element {
        name: name.to_owned(),
        inside: Inside::Elements(inside),
    });
    Ok(())
}

/// Whether a key can be the path of an element.
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

    fn shown(elements: &[Element]) -> String {
        let each = elements.iter().map(|element| match element.inside() {
            Inside::Text(text) => format!("{}={text}", element.name()),
            Inside::Elements(inside) => format!("{}({})", element.name(), shown(inside)),
        });
        each.collect::<Vec<_>>().join(" ")
    }

    fn csta(pairs: &[(&str, &str)]) -> Result<String, String> {
        let owned = pairs
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()));
        Ok(shown(Csta::parse("X", owned.collect())?.elements()))
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
    fn an_element_holds_a_text_or_elements() {
        let refusal = csta(&[("a", "1"), ("a.b", "2")]).unwrap_err();
        assert_eq!(refusal, "a can't hold both a text and elements");
    }

    #[test]
    fn names_are_elements_and_nothing_else() {
        assert!(is_path("callToBeAnswered.callID"));
        for text in ["", ".", "a.", "1a", "a b", "a<b", "csta:a", "a..b"] {
            assert!(!is_path(text), "{text}");
        }
        for text in ["", "a.b", "Make Call", "<x/>"] {
            assert!(Csta::parse(text, Vec::new()).is_err(), "{text}");
        }
    }
}
