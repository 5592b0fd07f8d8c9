//! CSTA requests as documents, in the dialect that the firmware speaks.

use std::borrow::Cow;

use super::answer::{self, Answer};
use crate::phone::{CstaCalls, Firmware, Phone};
use crate::vendor::xml::Node;
use crate::vendor::{PlanError, ReplyOutcome, Step};
use crate::verb::{Element, ElementContent};

/// How a phone expects requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    generation: Generation,
    calls: CstaCalls,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Generation {
    /// Before 8.7: SOAP, and eight requests.
    Old,
    /// Since 8.7.3.
    New,
}

impl Dialect {
    /// The dialect of current firmware.
    pub(super) const NEW: Self = Self {
        generation: Generation::New,
        calls: CstaCalls::Nested,
    };

    const OLD: Self = Self {
        generation: Generation::Old,
        calls: CstaCalls::Flat,
    };

    /// Returns the dialect of the phone's firmware, with call IDs as the configuration says.
    pub(super) fn of(phone: &Phone) -> Result<Self, PlanError> {
        let dialect = Self::of_firmware(&phone.firmware)?;
        Ok(Self {
            calls: phone.csta_calls.unwrap_or(dialect.calls),
            ..dialect
        })
    }

    fn of_firmware(firmware: &Firmware) -> Result<Self, PlanError> {
        if firmware.is_older_than(&[7, 3, 4]) {
            return Err(PlanError::Unsupported(format!(
                "firmware {firmware} does not support CSTA; 7.3.4 and later do"
            )));
        }
        if firmware.is_older_than(&[8, 7]) {
            return Ok(Self::OLD);
        }
        if firmware.is_older_than(&[8, 7, 3]) {
            return Err(PlanError::Unsupported(format!(
                "firmware {firmware} does not support CSTA over HTTP; 8.7.3 and later do"
            )));
        }
        Ok(Self::NEW)
    }

    /// Returns whether the firmware is older than 8.7.
    pub(super) fn is_old(self) -> bool {
        self.generation == Generation::Old
    }

    /// Refuses requests that the firmware does not support.
    pub(super) fn check_support(self, request: &str) -> Result<(), PlanError> {
        if self.is_old() && !OLD.contains(&request) {
            return Err(PlanError::Unsupported(format!(
                "the CSTA request {request} requires firmware 8.7.3 or later"
            )));
        }
        Ok(())
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    name: Cow<'static, str>,
    parts: Vec<Part>,
}

/// An element of a request.
#[derive(Clone, Debug)]
pub(super) struct Part {
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
struct Style {
    /// Whether an envelope is around it.
    soap: bool,
    /// The edition of ECMA-323.
    edition: u8,
    /// Whether the id of a call is an element of its own.
    nested: bool,
}

impl Request {
    pub(super) fn new(name: impl Into<Cow<'static, str>>, parts: Vec<Part>) -> Self {
        let name = name.into();
        Self { name, parts }
    }

    /// Creates one of Snom's own requests.
    pub(super) fn own(name: &'static str, parts: Vec<Part>) -> Self {
        Self::new(name, parts)
    }

    /// Returns the step that sends the request in the dialect of the firmware.
    pub(super) fn step(
        &self,
        dialect: Dialect,
        read: impl Fn(Result<Answer, ReplyOutcome>) -> ReplyOutcome + Send + Sync + 'static,
    ) -> Result<Step, PlanError> {
        let is_own = OWN.contains(&self.name.as_ref());
        if !is_own {
            dialect.check_support(&self.name)?;
        }
        let style = match dialect.generation {
            _ if is_own => SAMPLE,
            // As in Snom's only sample.
            Generation::New if self.name == "RequestSystemStatus" => Style { edition: 3, ..BARE },
            Generation::New => BARE,
            Generation::Old => FLAT,
        };
        let style = Style {
            nested: is_own || dialect.calls == CstaCalls::Nested,
            ..style
        };
        let document = self.document(style).ok_or_else(|| {
            PlanError::Invalid(format!("request: {} is not a valid XML name", self.name))
        })?;
        Ok(posted(document, read))
    }

    /// Returns the step of one of Snom's own requests, which are the same for all firmware.
    pub(super) fn step_of_own(
        &self,
        read: impl Fn(Result<Answer, ReplyOutcome>) -> ReplyOutcome + Send + Sync + 'static,
    ) -> Step {
        posted(self.document(SAMPLE).unwrap_or_default(), read)
    }

    fn document(&self, style: Style) -> Option<String> {
        let namespace = format!(
            "http://www.ecma-international.org/standards/ecma-323/csta/ed{}",
            style.edition
        );
        let prefix = if style.soap { "csta:" } else { "" };
        let node = Node::named(prefix, &self.name)?;
        let node = self.parts.iter().try_fold(node, |node, part| {
            Some(node.child(part.node(prefix, style.nested)?))
        })?;
        if !style.soap {
            return Some(node.attribute("xmlns", &namespace).to_document());
        }
        let envelope = Node::new("SOAP-ENV:Envelope")
            .attribute(
                "xmlns:SOAP-ENV",
                "http://schemas.xmlsoap.org/soap/envelope/",
            )
            .attribute("xmlns:csta", &namespace);
        Some(
            envelope
                .child(Node::new("SOAP-ENV:Body").child(node))
                .to_document(),
        )
    }
}

impl Part {
    pub(super) fn text(name: &'static str, text: &str) -> Self {
        let content = PartContent::Text(text.to_owned());
        Self {
            name: name.into(),
            content,
        }
    }

    pub(super) fn parts(name: &'static str, parts: Vec<Self>) -> Self {
        let content = PartContent::Parts(parts);
        Self {
            name: name.into(),
            content,
        }
    }

    /// Creates an element that names a call.
    pub(super) fn call(name: &'static str, id: &str) -> Self {
        Self::parts(name, vec![Self::text(ID, id)])
    }

    /// Creates an element as given in the request.
    pub(super) fn of(element: &Element) -> Self {
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

    fn node(&self, prefix: &'static str, nested: bool) -> Option<Node> {
        let node = Node::named(prefix, &self.name)?;
        match &self.content {
            PartContent::Text(text) => Some(node.text(text)),
            PartContent::Parts(parts) => {
                let id = parts.iter().find(|part| part.name == ID);
                if let (
                    false,
                    Some(Self {
                        content: PartContent::Text(id),
                        ..
                    }),
                ) = (nested, id)
                {
                    return Some(node.text(id));
                }
                parts.iter().try_fold(node, |node, part| {
                    Some(node.child(part.node(prefix, nested)?))
                })
            }
        }
    }
}

/// Interprets a response without data.
pub(super) fn done(answer: Result<Answer, ReplyOutcome>) -> ReplyOutcome {
    match answer {
        Ok(_) => ReplyOutcome::Done,
        Err(refused) => refused,
    }
}

fn posted(
    document: String,
    read: impl Fn(Result<Answer, ReplyOutcome>) -> ReplyOutcome + Send + Sync + 'static,
) -> Step {
    let mut request = crate::vendor::Request::post("/csta", "text/xml", document);
    request.transport = "csta";
    Step::Http(request.parse_with("snom CSTA", move |reply| read(answer::read(reply))))
}

const BARE: Style = Style {
    soap: false,
    edition: 5,
    nested: true,
};

const FLAT: Style = Style {
    soap: true,
    edition: 4,
    nested: false,
};

/// How Snom's own requests are written in Snom's samples.
const SAMPLE: Style = Style {
    soap: true,
    edition: 4,
    nested: true,
};

/// The element with the id of a call.
const ID: &str = "callID";

/// The requests of the old dialect.
const OLD: [&str; 8] = [
    "AnswerCall",
    "ClearCall",
    "ClearConnection",
    "HoldCall",
    "MakeCall",
    "RetrieveCall",
    "SingleStepTransferCall",
    "TransferCall",
];

/// The requests of Snom's own.
const OWN: [&str; 4] = ["FireTest", "GetSettings", "SetSettings", "XmlPush"];
