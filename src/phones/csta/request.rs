//! CSTA requests as documents.

use std::borrow::Cow;

use super::edition::Edition;
use crate::phone::CstaCalls;
use crate::verb::{Element, ElementContent};
use crate::xml::Node;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    name: Cow<'static, str>,
    parts: Vec<Part>,
}

/// An element of a request.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    name: Cow<'static, str>,
    content: PartContent,
}

#[derive(Clone, Debug)]
enum PartContent {
    Parts(Vec<Part>),
    Text(String),
}

/// How a document is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Whether a SOAP envelope is around it.
    pub(crate) envelope: bool,
    /// The edition of ECMA-323.
    pub(crate) edition: Edition,
    /// Whether the id of a call is an element of its own.
    pub(crate) calls: CstaCalls,
}

impl Request {
    pub(crate) fn new(name: impl Into<Cow<'static, str>>, parts: Vec<Part>) -> Self {
        let name = name.into();
        Self { name, parts }
    }

    /// Returns the name of the request element.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Writes the document; `None` if a name in it is not one of XML.
    pub(crate) fn document(&self, style: Style) -> Option<String> {
        let namespace = style.edition.namespace();
        let prefix = if style.envelope { "csta:" } else { "" };
        let node = Node::named(prefix, &self.name)?;
        let node = self.parts.iter().try_fold(node, |node, part| {
            Some(node.child(part.node(prefix, style.calls)?))
        })?;
        if !style.envelope {
            return Some(node.attribute("xmlns", namespace).to_document());
        }
        let envelope = Node::new("SOAP-ENV:Envelope")
            .attribute(
                "xmlns:SOAP-ENV",
                "http://schemas.xmlsoap.org/soap/envelope/",
            )
            .attribute("xmlns:csta", namespace);
        Some(
            envelope
                .child(Node::new("SOAP-ENV:Body").child(node))
                .to_document(),
        )
    }
}

impl Part {
    pub(crate) fn text(name: &'static str, text: &str) -> Self {
        let content = PartContent::Text(text.to_owned());
        Self {
            name: name.into(),
            content,
        }
    }

    pub(crate) fn parts(name: &'static str, parts: Vec<Self>) -> Self {
        let content = PartContent::Parts(parts);
        Self {
            name: name.into(),
            content,
        }
    }

    /// Creates an element that names a call.
    pub(crate) fn call(name: &'static str, id: &str) -> Self {
        Self::parts(name, vec![Self::text(ID, id)])
    }

    /// Creates an element that names the end of a call at a device, or the device's only call.
    pub(crate) fn connection(name: &'static str, id: Option<&str>, device: &str) -> Self {
        let id = id.map(|id| Self::text(ID, id));
        let parts = id.into_iter().chain([Self::text("deviceID", device)]);
        Self::parts(name, parts.collect())
    }

    /// Creates an element as given in the request.
    pub(crate) fn of(element: &Element) -> Self {
        let content = match element.content() {
            ElementContent::Elements(elements) => {
                PartContent::Parts(elements.iter().map(Self::of).collect())
            }
            ElementContent::Text(text) => PartContent::Text(text.clone()),
        };
        Self {
            name: element.name().to_owned().into(),
            content,
        }
    }

    fn node(&self, prefix: &'static str, calls: CstaCalls) -> Option<Node> {
        let node = Node::named(prefix, &self.name)?;
        match &self.content {
            PartContent::Text(text) => Some(node.text(text)),
            PartContent::Parts(parts) => {
                let id = parts.iter().find(|part| part.name == ID);
                if let (
                    CstaCalls::Flat,
                    Some(Self {
                        content: PartContent::Text(id),
                        ..
                    }),
                ) = (calls, id)
                {
                    return Some(node.text(id));
                }
                parts.iter().try_fold(node, |node, part| {
                    Some(node.child(part.node(prefix, calls)?))
                })
            }
        }
    }
}

/// The element with the id of a call.
const ID: &str = "callID";
