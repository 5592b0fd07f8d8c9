//! Screens as `CiscoIPPhone…` objects, within the limits of Cisco's schema (version 3.3.4).
//!
//! Elements are written in the order of the schema. Phones are more lenient, but this way documents
//! can be validated.

use url::Url;

use super::execute::check_length;
use super::family::Family;
use super::{key_names, uri};
use crate::documents::{Documents, StoredContent, page_url};
use crate::phone::Phone;
use crate::screen::{Body, Entry, Input, InputKind, Item, Screen, SoftKey, Target};
use crate::vendor::pagination::paginate;
use crate::vendor::{Image, PlanError};
use crate::xml::Node;

/// The `Content-Type` of the documents.
pub(super) const CONTENT_TYPE: &str = "text/xml; charset=UTF-8";

/// Publishes a screen for the phone to fetch. Returns the URL of its first page.
pub(super) fn publish(
    phone: &Phone,
    screen: &Screen,
    image: Option<&Image>,
    documents: &Documents,
) -> Result<Url, PlanError> {
    Ok(documents.publish_screen(write(phone, screen, image, documents)?))
}

/// Writes the first page of a screen and publishes the others.
pub(super) fn write(
    phone: &Phone,
    screen: &Screen,
    image: Option<&Image>,
    documents: &Documents,
) -> Result<StoredContent, PlanError> {
    let writer = Writer {
        phone,
        screen,
        documents,
    };
    match &screen.body {
        Body::Text(text) => {
            let node = writer.start("CiscoIPPhoneText", &[("Exit", "SoftKey:Exit")])?;
            let text = documents.cuts().text("text", text, MAX_TEXT);
            Ok(writer.content(&node.child(Node::with_text("Text", &text))))
        }
        Body::Menu(items) => writer.menu(items),
        Body::Directory(entries) => writer.directory(entries),
        Body::Form { submit, inputs } => writer.form(&documents.submit_url(submit), inputs),
        Body::Image(_) => writer.image(image),
    }
}

struct Writer<'a> {
    phone: &'a Phone,
    screen: &'a Screen,
    documents: &'a Documents,
}

impl Writer<'_> {
    /// Starts an object with title, prompt and soft keys: the screen's own, then the defaults.
    ///
    /// A single custom soft key makes a phone drop its defaults, so they are written out.
    fn start(&self, name: &'static str, defaults: &[(&str, &str)]) -> Result<Node, PlanError> {
        let title = self
            .screen
            .title
            .as_deref()
            .map(|title| self.cut("title", title, MAX_TITLE));
        let prompt = self
            .screen
            .prompt
            .as_deref()
            .map(|prompt| self.cut("prompt", prompt, MAX_PROMPT));
        let node = Node::new(name)
            .optional("Title", title.as_deref())
            .optional("Prompt", prompt.as_deref());
        Ok(node.children(self.softkeys(defaults)?))
    }

    fn softkeys(&self, defaults: &[(&str, &str)]) -> Result<Vec<Node>, PlanError> {
        let own = &self.screen.softkeys;
        if own.is_empty() && defaults.iter().all(|(_, url)| url.starts_with("SoftKey:")) {
            return Ok(Vec::new());
        }
        if own.len() > MAX_SOFTKEYS {
            return Err(PlanError::Unsupported(format!(
                "softkey: Cisco phones have {MAX_SOFTKEYS} soft keys, and the screen has {}",
                own.len()
            )));
        }
        let mut keys = Vec::new();
        for SoftKey { label, target } in own {
            keys.push((
                self.cut("softkey", label, MAX_SOFTKEY),
                self.softkey_url(target)?,
            ));
        }
        for (label, url) in defaults {
            if !keys.iter().any(|(_, known)| known == url) && keys.len() < MAX_SOFTKEYS {
                keys.push(((*label).to_owned(), (*url).to_owned()));
            }
        }
        let node = |(at, (label, url)): (usize, (String, String))| {
            Node::new("SoftKeyItem")
                .child(Node::with_text("Name", &label))
                .child(Node::with_text(
                    "Position",
                    &at.saturating_add(1).to_string(),
                ))
                .child(Node::with_text("URL", &url))
        };
        Ok(keys.into_iter().enumerate().map(node).collect())
    }

    fn menu(&self, items: &[Item]) -> Result<StoredContent, PlanError> {
        let defaults = [("Select", "SoftKey:Select"), ("Exit", "SoftKey:Exit")];
        let limit = |page: &[Item], more: bool| page.len() + usize::from(more) <= MAX_ITEMS;
        let mut first: Option<StoredContent> = None;
        // From the last page to the first, since each page holds the URL of the next.
        for page in paginate(items, limit).into_iter().rev() {
            let next = first.take().map(|page| self.documents.publish_screen(page));
            let mut nodes = Vec::new();
            for Item { label, target } in page {
                nodes.push(self.item(label, &self.item_url(target)?));
            }
            nodes.extend(next.as_ref().map(|url| self.item("More…", url.as_str())));
            let node = self.start("CiscoIPPhoneMenu", &defaults)?.children(nodes);
            first = Some(self.content(&node));
        }
        first.ok_or_else(|| PlanError::Invalid("item: a menu needs at least one item".to_owned()))
    }

    fn directory(&self, entries: &[Entry]) -> Result<StoredContent, PlanError> {
        let limit = |page: &[Entry], _: bool| page.len() <= MAX_ENTRIES;
        let mut first: Option<StoredContent> = None;
        for page in paginate(entries, limit).into_iter().rev() {
            let next = first.take().map(|page| self.documents.publish_screen(page));
            let mut nodes = Vec::new();
            for Entry { name, number } in page {
                if number.as_str().len() > MAX_TELEPHONE {
                    return Err(PlanError::Unsupported(format!(
                        "entry: Cisco directories accept numbers of up to {MAX_TELEPHONE} \
                         characters, and that of {name:?}, {number}, is longer"
                    )));
                }
                let entry = Node::new("DirectoryEntry")
                    .child(Node::with_text("Name", &self.cut("entry", name, MAX_NAME)))
                    .child(Node::with_text("Telephone", number.as_str()));
                nodes.push(entry);
            }
            let more = next.as_ref().map(|url| ("Next", url.as_str()));
            let defaults = [
                Some(("Dial", "SoftKey:Dial")),
                more,
                Some(("Exit", "SoftKey:Exit")),
            ];
            let defaults: Vec<_> = defaults.into_iter().flatten().collect();
            let node = self.start("CiscoIPPhoneDirectory", &defaults)?;
            first = Some(self.content(&node.children(nodes)));
        }
        first.ok_or_else(|| {
            PlanError::Invalid("entry: a directory needs at least one entry".to_owned())
        })
    }

    fn form(&self, submit: &Url, inputs: &[Input]) -> Result<StoredContent, PlanError> {
        if inputs.len() > MAX_INPUTS {
            return Err(PlanError::Unsupported(format!(
                "input: Cisco forms have up to {MAX_INPUTS} fields, not {}",
                inputs.len()
            )));
        }
        check_length(submit.as_str())?;
        let defaults = [
            ("Submit", "SoftKey:Submit"),
            ("<<", "SoftKey:<<"),
            ("Exit", "SoftKey:Exit"),
        ];
        let field = |input: &Input| {
            Node::new("InputItem")
                .child(Node::with_text(
                    "DisplayName",
                    &self.cut("input", &input.label, MAX_NAME),
                ))
                .child(Node::with_text("QueryStringParam", &input.parameter))
                .child(Node::with_text("InputFlags", flags(input.kind)))
        };
        let node = self.start("CiscoIPPhoneInput", &defaults)?;
        let node = node.child(Node::with_text("URL", submit.as_str()));
        Ok(self.content(&node.children(inputs.iter().map(field))))
    }

    fn item(&self, label: &str, url: &str) -> Node {
        Node::new("MenuItem")
            .child(Node::with_text("Name", &self.cut("item", label, MAX_LABEL)))
            .child(Node::with_text("URL", url))
    }

    fn cut(&self, what: &'static str, text: &str, max: usize) -> String {
        self.documents.cuts().line(what, text, max)
    }

    fn image(&self, image: Option<&Image>) -> Result<StoredContent, PlanError> {
        let start = |name| self.start(name, &[("Exit", "SoftKey:Exit")]);
        // -1 centers the image.
        let center = |node: Node| {
            node.child(Node::with_text("LocationX", "-1"))
                .child(Node::with_text("LocationY", "-1"))
        };
        let node = match image {
            None => return Err(PlanError::unsupported("the image has no URL")),
            Some(Image::File(url)) => {
                check_length(url.as_str())?;
                center(start("CiscoIPPhoneImageFile")?).child(Node::with_text("URL", url.as_str()))
            }
            Some(Image::Pixels {
                width,
                height,
                data,
            }) => center(start("CiscoIPPhoneImage")?)
                .child(Node::with_text("Width", &width.to_string()))
                .child(Node::with_text("Height", &height.to_string()))
                .child(Node::with_text("Depth", "2"))
                .child(Node::with_text("Data", data)),
        };
        Ok(self.content(&node))
    }

    fn item_url(&self, target: &Target) -> Result<String, PlanError> {
        match (target, Family::of(self.phone).close_uri()) {
            (Target::Exit, Some(close)) => Ok(close.to_owned()),
            _ => self.softkey_url(target),
        }
    }

    fn softkey_url(&self, target: &Target) -> Result<String, PlanError> {
        let url = match target {
            Target::Dial(number) => uri::Uri::dial(number)?.as_str().to_owned(),
            Target::Exit => "SoftKey:Exit".to_owned(),
            Target::Key(key) => {
                let key = key_names::find(Family::of(self.phone), key.as_str())?;
                uri::Uri::key(&key.name).as_str().to_owned()
            }
            Target::Page(link) => page_url(self.documents.base_url(), link).to_string(),
            Target::Url(url) => url.to_string(),
        };
        check_length(&url)?;
        Ok(url)
    }

    /// Returns a document. If the screen has a timeout, its `Refresh` header leads to a document that
    /// closes it.
    fn content(&self, node: &Node) -> StoredContent {
        let mut content = StoredContent::new(CONTENT_TYPE, node.to_document());
        let timeout = self.screen.timeout.filter(|timeout| !timeout.is_zero());
        if let Some((timeout, close)) = timeout.zip(Family::of(self.phone).close_uri()) {
            let url = self.documents.publish_screen(closing(close));
            content.refresh = Some(format!("{}; url={url}", timeout.as_secs().max(1)));
        }
        tracing::trace!(phone = %self.phone.name, document = %node.to_fragment(), "Wrote a document.");
        content
    }
}

/// Writes a document that runs `close`, a URI that closes the screen.
pub(super) fn closing(close: &str) -> StoredContent {
    let execute = Node::new("CiscoIPPhoneExecute").child(
        Node::new("ExecuteItem")
            .attribute("URL", close)
            .attribute("Priority", "0"),
    );
    StoredContent::new(CONTENT_TYPE, execute.to_document())
}

/// Writes a screen for phones that no URI takes out of it.
pub(super) fn confirmation() -> StoredContent {
    let text = Node::new("CiscoIPPhoneText").child(Node::with_text("Text", "OK"));
    StoredContent::new(CONTENT_TYPE, text.to_document())
}

fn flags(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Lower => "L",
        InputKind::Number => "N",
        InputKind::Password => "AP",
        InputKind::Phone => "T",
        InputKind::Text => "A",
        InputKind::Upper => "U",
    }
}

const MAX_ENTRIES: usize = 32;
const MAX_INPUTS: usize = 5;
const MAX_ITEMS: usize = 100;
const MAX_LABEL: usize = 64;
const MAX_NAME: usize = 32;
const MAX_PROMPT: usize = 32;
const MAX_SOFTKEY: usize = 32;
const MAX_SOFTKEYS: usize = 8;
const MAX_TELEPHONE: usize = 32;
const MAX_TEXT: usize = 4000;
const MAX_TITLE: usize = 32;
