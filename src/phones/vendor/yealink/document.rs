//! Screens as `YealinkIPPhone…` documents of up to 10,000 bytes, the limit of the phones.

use std::sync::LazyLock;
use std::time::Duration;

use url::Url;

use crate::documents::{Documents, StoredContent, page_url};
use crate::screen::{Body, Entry, Input, InputKind, Item, Screen, SoftKey, Target};
use crate::vendor::pagination::paginate;
use crate::vendor::{Image, PlanError};
use crate::xml::Node;

/// Writes the first page of a screen and publishes the others.
///
/// With `with_ok`, the OK key closes a text or an image. Some phones with that key show "Invalid URI"
/// if the document does not define it.
pub(super) fn write(
    screen: &Screen,
    image: Option<&Image>,
    documents: &Documents,
    with_ok: bool,
) -> Result<String, PlanError> {
    if screen.softkeys.len() > MAX_SOFTKEYS {
        let count = screen.softkeys.len();
        let why = format!(
            "softkey: Yealink phones have {MAX_SOFTKEYS} soft keys, and the screen has {count}"
        );
        return Err(PlanError::Unsupported(why));
    }
    let is_plain = matches!(screen.body, Body::Image(_) | Body::Text(_));
    let done = (with_ok && is_plain).then(|| put(documents, blank()));
    let view = View {
        screen,
        documents,
        done,
    };
    match &screen.body {
        Body::Text(text) => Ok(view.text(text)),
        Body::Menu(items) => view.menu(items),
        Body::Directory(entries) => view.directory(entries),
        Body::Form { submit, inputs } => Ok(view.form(&documents.submit_url(submit), inputs)),
        Body::Image(_) => {
            let image = image.ok_or_else(|| PlanError::unsupported("the image has no URL"))?;
            Ok(view.image(image))
        }
    }
}

/// Writes an empty screen with a timeout of one second, which replaces the current one.
pub(super) fn blank() -> String {
    // Most pushes publish it.
    static BLANK: LazyLock<String> = LazyLock::new(|| {
        Node::new("YealinkIPPhoneTextScreen")
            .attribute("Beep", "no")
            .attribute("Timeout", "1")
            .child(Node::with_text("Title", " "))
            .child(Node::with_text("Text", " "))
            .to_document()
    });
    BLANK.clone()
}

/// Writes phone settings, `parameter = value` each.
pub(super) fn configuration(items: &[(&str, &str)]) -> String {
    let item = |(parameter, value): &(&str, &str)| {
        Node::with_text("Item", &format!("{parameter} = {value}"))
    };
    Node::new("YealinkIPPhoneConfiguration")
        .attribute("Beep", "no")
        .children(items.iter().map(item))
        .to_document()
}

/// Commands without a screen.
#[derive(Debug)]
pub(super) struct Execute(Node);

impl Execute {
    pub(super) fn new() -> Self {
        Self(Node::new("YealinkIPPhoneExecute").attribute("Beep", "no"))
    }

    pub(super) fn uri(self, uri: &str) -> Self {
        Self(self.0.child(Node::new("ExecuteItem").attribute("URI", uri)))
    }

    pub(super) fn to_document(&self) -> String {
        self.0.to_document()
    }
}

struct View<'a> {
    screen: &'a Screen,
    documents: &'a Documents,
    /// The URL that the OK key opens.
    done: Option<Url>,
}

impl View<'_> {
    /// Starts a document: attributes and title. Documents have no prompt, so it is appended to the
    /// title.
    fn head(&self, name: &'static str, prompt: bool) -> Node {
        let (title, own) = (self.screen.title.as_deref(), self.screen.prompt.as_deref());
        let title = match (title, own.filter(|_| prompt)) {
            (Some(title), Some(prompt)) => format!("{title}: {prompt}"),
            (title, prompt) => title.or(prompt).unwrap_or(" ").to_owned(),
        };
        self.start(name).child(
            Node::with_text("Title", &self.cut("title", &title, MAX_TITLE))
                .attribute("wrap", "yes"),
        )
    }

    /// Starts a document without a title, as images have none.
    fn start(&self, name: &'static str) -> Node {
        // 0 means no timeout, so less than a second becomes one.
        let whole = |timeout: Duration| timeout.as_secs().max(u64::from(!timeout.is_zero()));
        let timeout = self.screen.timeout.map_or(0, whole).to_string();
        let beep = if self.screen.beep == Some(true) {
            "yes"
        } else {
            "no"
        };
        let node = Node::new(name)
            .attribute("Beep", beep)
            .attribute("Timeout", &timeout);
        match &self.done {
            Some(done) => node.attribute("doneAction", done.as_str()),
            None => node,
        }
    }

    fn text(&self, text: &str) -> String {
        let text = match &self.screen.prompt {
            Some(prompt) => format!("{text}\n\n{prompt}"),
            None => text.to_owned(),
        };
        let page = |text: &str| {
            let node = self
                .head("YealinkIPPhoneTextScreen", false)
                .child(Node::with_text("Text", text));
            node.children(self.softkeys(None)).to_document()
        };
        // Most texts fit, and then they are written once.
        let whole = page(&text);
        if whole.len() <= MAX_DOCUMENT {
            return whole;
        }
        let fits = |text: &str| page(text).len() <= MAX_DOCUMENT;
        page(&self.documents.cuts().longest("text", &text, fits))
    }

    fn menu(&self, items: &[Item]) -> Result<String, PlanError> {
        // Only soft keys support SoftKey:Exit; items open an empty screen that closes itself.
        let has_exit = items.iter().any(|item| item.target == Target::Exit);
        let exit = has_exit.then(|| put(self.documents, blank()));
        let page = |items: &[Item], next: Option<&str>| {
            let line = |label: &str, uri: &str| {
                Node::new("MenuItem")
                    .child(Node::with_text(
                        "Prompt",
                        &self.cut("item", label, MAX_LABEL),
                    ))
                    .child(Node::with_text("URI", uri))
            };
            let lines = items.iter().map(|item| match (&item.target, &exit) {
                (Target::Exit, Some(exit)) => line(&item.label, exit.as_str()),
                (target, _) => line(&item.label, &self.uri(target)),
            });
            let more = next.map(|uri| line("More…", uri));
            let node = self
                .head("YealinkIPPhoneTextMenu", true)
                .children(lines)
                .children(more);
            node.children(self.softkeys(None)).to_document()
        };
        let limit = |items: &[Item], more: bool| {
            items.len() + usize::from(more) <= MAX_ITEMS
                && page(items, more.then_some(LONG_ADDRESS)).len() <= MAX_DOCUMENT
        };
        let written =
            paginate(items, limit)
                .into_iter()
                .rev()
                .fold(None, |next: Option<String>, items| {
                    let next = next.map(|document| put(self.documents, document));
                    Some(page(items, next.as_ref().map(Url::as_str)))
                });
        written.ok_or_else(|| PlanError::Invalid("item: a menu needs at least one item".to_owned()))
    }

    /// Writes a directory. Its entries are numbers to dial, so a soft key opens the next page.
    fn directory(&self, entries: &[Entry]) -> Result<String, PlanError> {
        let page = |entries: &[Entry], next: Option<&str>| {
            let line = |entry: &Entry| {
                Node::new("MenuItem")
                    .child(Node::with_text(
                        "Prompt",
                        &self.cut("entry", &entry.name, MAX_LABEL),
                    ))
                    .child(Node::with_text("URI", entry.number.as_str()))
            };
            let node = self.head("YealinkIPPhoneDirectory", true);
            node.children(entries.iter().map(line))
                .children(self.softkeys(next))
                .to_document()
        };
        let limit = |entries: &[Entry], more: bool| {
            entries.len() <= MAX_ITEMS
                && page(entries, more.then_some(LONG_ADDRESS)).len() <= MAX_DOCUMENT
        };
        let all = paginate(entries, limit);
        if all.len() > 1 && self.screen.softkeys.len() >= MAX_SOFTKEYS {
            return Err(PlanError::unsupported(
                "softkey: a directory of several pages needs one soft key for the next page",
            ));
        }
        let written = all
            .into_iter()
            .rev()
            .fold(None, |next: Option<String>, entries| {
                let next = next.map(|document| put(self.documents, document));
                Some(page(entries, next.as_ref().map(Url::as_str)))
            });
        written.ok_or_else(|| {
            PlanError::Invalid("entry: a directory needs at least one entry".to_owned())
        })
    }

    fn form(&self, submit: &Url, inputs: &[Input]) -> String {
        let field = |input: &Input| {
            let (kind, password) = match input.kind {
                InputKind::Number | InputKind::Phone => ("number", "no"),
                InputKind::Password => ("string", "yes"),
                InputKind::Lower | InputKind::Text | InputKind::Upper => ("string", "no"),
            };
            Node::new("InputField")
                .attribute("type", kind)
                .attribute("password", password)
                .child(Node::with_text(
                    "Prompt",
                    &self.cut("input", &input.label, MAX_LABEL),
                ))
                .child(Node::with_text("Parameter", &input.parameter))
                .child(Node::new("Default"))
        };
        self.head("YealinkIPPhoneInputScreen", true)
            .child(Node::with_text("URL", submit.as_str()))
            .children(inputs.iter().map(field))
            .children(self.softkeys(None))
            .to_document()
    }

    fn uri(&self, target: &Target) -> String {
        match target {
            Target::Dial(number) => format!("Dial:{number}"),
            Target::Exit => EXIT.to_owned(),
            Target::Key(key) => format!("Key:{}", key.as_str()),
            Target::Page(link) => page_url(self.documents.base_url(), link).to_string(),
            Target::Url(url) => url.to_string(),
        }
    }

    fn cut(&self, what: &'static str, text: &str, max: usize) -> String {
        self.documents.cuts().line(what, text, max)
    }

    fn image(&self, image: &Image) -> String {
        let image = match image {
            Image::File(url) => Node::with_text("Image", url.as_str()),
            Image::Pixels {
                width,
                height,
                data,
            } => Node::with_text("Image", data)
                .attribute("height", &height.to_string())
                .attribute("width", &width.to_string()),
        };
        self.start("YealinkIPPhoneImageScreen")
            .child(image)
            .children(self.softkeys(None))
            .to_document()
    }

    /// Writes the soft keys. Custom soft keys replace the phone's default ones, so these are added
    /// again.
    fn softkeys(&self, next: Option<&str>) -> Vec<Node> {
        let own = self.screen.softkeys.iter();
        let mut keys: Vec<(String, String)> = own
            .map(|SoftKey { label, target }| (label.clone(), self.uri(target)))
            .collect();
        keys.extend(next.map(|next| ("More".to_owned(), next.to_owned())));
        let defaults = match self.screen.body {
            _ if keys.is_empty() => &[][..],
            Body::Directory(_) => &[("Dial", "SoftKey:Dial"), ("Exit", EXIT)],
            Body::Form { .. } => &[("Submit", "SoftKey:Submit"), ("Exit", EXIT)],
            Body::Menu(_) => &[("Select", "SoftKey:Select"), ("Exit", EXIT)],
            Body::Image(_) | Body::Text(_) => &[("Exit", EXIT)],
        };
        for (label, uri) in defaults {
            if keys.len() < MAX_SOFTKEYS && !keys.iter().any(|(_, known)| known == uri) {
                keys.push(((*label).to_owned(), (*uri).to_owned()));
            }
        }
        let node = |(at, (label, uri)): (usize, (String, String))| {
            Node::new("SoftKey")
                .attribute("index", &at.saturating_add(1).to_string())
                .child(Node::with_text(
                    "Label",
                    &self.cut("softkey", &label, MAX_LABEL),
                ))
                .child(Node::with_text("URI", &uri))
        };
        keys.into_iter().enumerate().map(node).collect()
    }
}

fn put(documents: &Documents, document: String) -> Url {
    documents.publish_screen(StoredContent::new(CONTENT_TYPE, document))
}

pub(super) const CONTENT_TYPE: &str = "text/xml; charset=utf-8";
/// The most bytes of a document, according to the developer's guide.
pub(super) const MAX_DOCUMENT: usize = 10_000;
const EXIT: &str = "SoftKey:Exit";

/// Placeholder for the URL of the next page while pages are measured.
const LONG_ADDRESS: &str = "http://a-host-name-of-usual-length.branch.example.com:65535/a/path/screen/0123456789abcdef0123456789abcdef";

const MAX_ITEMS: usize = 30;
const MAX_LABEL: usize = 64;
const MAX_SOFTKEYS: usize = 4;
const MAX_TITLE: usize = 64;
