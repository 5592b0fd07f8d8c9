//! Screens as `CiscoIPPhone…` objects, within the limits of Cisco's schema (version 3.3.4).
//!
//! Elements come in the schema's order, which is stricter than phones are, so that documents can be
//! checked against it.

use url::Url;

use super::execute::fits;
use super::family::Family;
use super::{keys, uri};
use crate::documents::{Documents, StoredContent};
use crate::phone::Phone;
use crate::screen::{Body, Entry, Input, InputKind, Item, Screen, SoftKey, Target};
use crate::vendor::page::pages;
use crate::vendor::xml::{Node, cut};
use crate::vendor::{Image, PlanError};

/// What phones want their documents to be called.
pub(super) const CONTENT_TYPE: &str = "text/xml; charset=UTF-8";

/// Lays a screen out for the phone to fetch; returns the address of its first page.
pub(super) fn lay_out(
    phone: &Phone,
    screen: &Screen,
    image: Option<&Image>,
    documents: &Documents,
) -> Result<Url, PlanError> {
    let view = View {
        phone,
        screen,
        documents,
    };
    match &screen.body {
        Body::Text(text) => {
            let node = view.head("CiscoIPPhoneText", &[("Exit", "SoftKey:Exit")])?;
            Ok(view.put(&node.child(Node::text("Text", &cut(text, MAX_TEXT)))))
        }
        Body::Menu(items) => view.menu(items),
        Body::Directory(entries) => view.directory(entries),
        Body::Form { submit, inputs } => view.form(submit, inputs),
        Body::Image(_) => view.image(image),
    }
}

struct View<'a> {
    phone: &'a Phone,
    screen: &'a Screen,
    documents: &'a Documents,
}

impl View<'_> {
    /// Starts an object: title, prompt, and soft keys: those asked for, then the usual ones.
    ///
    /// Any soft key of one's own takes the usual ones away, so they are given again.
    fn head(&self, name: &'static str, usual: &[(&str, &str)]) -> Result<Node, PlanError> {
        let title = self
            .screen
            .title
            .as_deref()
            .map(|title| cut(title, MAX_TITLE));
        let prompt = self
            .screen
            .prompt
            .as_deref()
            .map(|prompt| cut(prompt, MAX_PROMPT));
        let node = Node::new(name)
            .maybe("Title", title.as_deref())
            .maybe("Prompt", prompt.as_deref());
        Ok(node.children(self.softkeys(usual)?))
    }

    fn softkeys(&self, usual: &[(&str, &str)]) -> Result<Vec<Node>, PlanError> {
        let own = &self.screen.softkeys;
        if own.is_empty() && usual.iter().all(|(_, url)| url.starts_with("SoftKey:")) {
            return Ok(Vec::new());
        }
        if own.len() > MAX_SOFTKEYS {
            let many = own.len();
            let why = format!("a Cisco phone has {MAX_SOFTKEYS} soft keys, not {many}");
            return Err(PlanError::Unsupported(why));
        }
        let mut keys = Vec::new();
        for SoftKey { label, target } in own {
            keys.push((cut(label, MAX_SOFTKEY), self.softkey_url(target)?));
        }
        for (label, url) in usual {
            if !keys.iter().any(|(_, known)| known == url) && keys.len() < MAX_SOFTKEYS {
                keys.push(((*label).to_owned(), (*url).to_owned()));
            }
        }
        let node = |(at, (label, url)): (usize, (String, String))| {
            Node::new("SoftKeyItem")
                .child(Node::text("Name", &label))
                .child(Node::text("Position", &at.saturating_add(1).to_string()))
                .child(Node::text("URL", &url))
        };
        Ok(keys.into_iter().enumerate().map(node).collect())
    }

    fn menu(&self, items: &[Item]) -> Result<Url, PlanError> {
        let usual = [("Select", "SoftKey:Select"), ("Exit", "SoftKey:Exit")];
        let limit = |page: &[Item], more: bool| page.len() + usize::from(more) <= MAX_ITEMS;
        let mut next: Option<Url> = None;
        // From the last page to the first, since each page names the one after it.
        for page in pages(items, limit).into_iter().rev() {
            let mut nodes = Vec::new();
            for Item { label, target } in page {
                nodes.push(item(label, &self.item_url(target)?));
            }
            nodes.extend(next.as_ref().map(|url| item("More…", url.as_str())));
            next = Some(self.put(&self.head("CiscoIPPhoneMenu", &usual)?.children(nodes)));
        }
        next.ok_or_else(|| PlanError::Invalid("item: a menu needs one at least".to_owned()))
    }

    fn directory(&self, entries: &[Entry]) -> Result<Url, PlanError> {
        let limit = |page: &[Entry], _: bool| page.len() <= MAX_ENTRIES;
        let mut next: Option<Url> = None;
        for page in pages(entries, limit).into_iter().rev() {
            let mut nodes = Vec::new();
            for Entry { name, number } in page {
                if number.as_str().len() > MAX_TELEPHONE {
                    let why = format!(
                        "a Cisco directory takes numbers of {MAX_TELEPHONE} characters, and {number} is longer"
                    );
                    return Err(PlanError::Unsupported(why));
                }
                let entry = Node::new("DirectoryEntry")
                    .child(Node::text("Name", &cut(name, MAX_NAME)))
                    .child(Node::text("Telephone", number.as_str()));
                nodes.push(entry);
            }
            let more = next.as_ref().map(|url| ("Next", url.as_str()));
            let usual = [
                Some(("Dial", "SoftKey:Dial")),
                more,
                Some(("Exit", "SoftKey:Exit")),
            ];
            let usual: Vec<_> = usual.into_iter().flatten().collect();
            next = Some(self.put(&self.head("CiscoIPPhoneDirectory", &usual)?.children(nodes)));
        }
        next.ok_or_else(|| PlanError::Invalid("entry: a directory needs one at least".to_owned()))
    }

    fn form(&self, submit: &Url, inputs: &[Input]) -> Result<Url, PlanError> {
        if inputs.len() > MAX_INPUTS {
            let many = inputs.len();
            let why = format!("a Cisco form has {MAX_INPUTS} fields at the most, not {many}");
            return Err(PlanError::Unsupported(why));
        }
        fits(submit.as_str())?;
        let usual = [
            ("Submit", "SoftKey:Submit"),
            ("<<", "SoftKey:<<"),
            ("Exit", "SoftKey:Exit"),
        ];
        let field = |input: &Input| {
            Node::new("InputItem")
                .child(Node::text("DisplayName", &cut(&input.label, MAX_NAME)))
                .child(Node::text("QueryStringParam", &input.parameter))
                .child(Node::text("InputFlags", flags(input.kind)))
        };
        let node = self.head("CiscoIPPhoneInput", &usual)?;
        let node = node.child(Node::text("URL", submit.as_str()));
        Ok(self.put(&node.children(inputs.iter().map(field))))
    }

    fn image(&self, image: Option<&Image>) -> Result<Url, PlanError> {
        let head = |name| self.head(name, &[("Exit", "SoftKey:Exit")]);
        // -1 is the middle.
        let place = |node: Node| {
            node.child(Node::text("LocationX", "-1"))
                .child(Node::text("LocationY", "-1"))
        };
        let node = match image {
            None => return Err(PlanError::unsupported("the picture has no address")),
            Some(Image::File(url)) => {
                fits(url.as_str())?;
                place(head("CiscoIPPhoneImageFile")?).child(Node::text("URL", url.as_str()))
            }
            Some(Image::Pixels {
                width,
                height,
                data,
            }) => place(head("CiscoIPPhoneImage")?)
                .child(Node::text("Width", &width.to_string()))
                .child(Node::text("Height", &height.to_string()))
                .child(Node::text("Depth", "2"))
                .child(Node::text("Data", data)),
        };
        Ok(self.put(&node))
    }

    fn item_url(&self, target: &Target) -> Result<String, PlanError> {
        match (target, Family::of(self.phone).close()) {
            (Target::Exit, Some(close)) => Ok(close.to_owned()),
            _ => self.softkey_url(target),
        }
    }

    fn softkey_url(&self, target: &Target) -> Result<String, PlanError> {
        let url = match target {
            Target::Dial(number) => uri::Uri::dial(number)?.as_str().to_owned(),
            Target::Exit => "SoftKey:Exit".to_owned(),
            Target::Key(key) => {
                let key = keys::find(Family::of(self.phone), key.as_str())?;
                uri::Uri::key(&key.name).as_str().to_owned()
            }
            Target::Url(url) => url.to_string(),
        };
        fits(&url)?;
        Ok(url)
    }

    /// Lays a document out. A screen that ends by itself leads on, by `Refresh`, to a document that
    /// closes it.
    fn put(&self, node: &Node) -> Url {
        let mut content = StoredContent::new(CONTENT_TYPE, node.document());
        let timeout = self.screen.timeout.filter(|timeout| !timeout.is_zero());
        if let Some((timeout, close)) = timeout.zip(Family::of(self.phone).close()) {
            let close = Node::new("CiscoIPPhoneExecute").child(
                Node::new("ExecuteItem")
                    .with("URL", close)
                    .with("Priority", "0"),
            );
            let url = self
                .documents
                .publish_screen(StoredContent::new(CONTENT_TYPE, close.document()));
            content.refresh = Some(format!("{}; url={url}", timeout.as_secs().max(1)));
        }
        tracing::trace!(phone = %self.phone.name, document = %node.fragment(), "Laid out.");
        self.documents.publish_screen(content)
    }
}

fn item(label: &str, url: &str) -> Node {
    Node::new("MenuItem")
        .child(Node::text("Name", &cut(label, MAX_LABEL)))
        .child(Node::text("URL", url))
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
