//! Screens as `SnomIPPhone…` documents for the minibrowser.

use url::Url;

use crate::documents::{Documents, StoredContent, page_url};
use crate::phone::Phone;
use crate::screen::{Body, Entry, Input, InputKind, Item, Screen, SoftKey, Submit, Target};
use crate::vendor::pagination::paginate;
use crate::vendor::{Image, Plan, PlanError, PreparedContent};
use crate::verb::Priority;
use crate::xml::Node;

/// The `Content-Type` of the documents.
pub(super) const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// Publishes a screen for the phone to fetch. Returns the URL of its first page.
pub(super) fn publish(
    screen: &Screen,
    image: Option<&Image>,
    documents: &Documents,
) -> Result<Url, PlanError> {
    let document = write(screen, image, documents)?;
    Ok(documents.publish_first(StoredContent::new(CONTENT_TYPE, document)))
}

/// Writes the first page of a screen and publishes the others.
pub(super) fn write(
    screen: &Screen,
    image: Option<&Image>,
    documents: &Documents,
) -> Result<String, PlanError> {
    let view = View { screen, documents };
    match &screen.body {
        Body::Text(text) => view.text(text),
        Body::Menu(items) => view.menu(items),
        Body::Directory(entries) => view.directory(entries),
        Body::Form { submit, inputs } => view.form(submit, inputs),
        Body::Image(_) => {
            let Some(Image::File(image)) = image else {
                return Err(PlanError::unsupported("the image has no URL"));
            };
            let node = view
                .head("SnomIPPhoneImageFile")
                .child(Node::with_text("URL", image.as_str()));
            view.finish(node, None)
        }
    }
}

/// Adds caveats for what the phone ignores of a push.
pub(super) fn with_notes(mut plan: Plan, content: &PreparedContent, priority: Priority) -> Plan {
    if matches!(content, PreparedContent::Screen(screen, _) if screen.beep == Some(true)) {
        plan = plan.with_note("Snom screens do not beep");
    }
    if priority != Priority::Now {
        plan = plan.with_note("Snom phones show screens at once and ignore the priority");
    }
    plan
}

/// Writes a document that redirects to a URL.
pub(super) fn fetching(url: &str) -> String {
    Node::new("SnomIPPhoneText")
        .child(Node::with_text("Text", "…"))
        .child(Node::with_text("fetch", url).attribute("mil", "10"))
        .to_document()
}

/// Writes a document that shows nothing and opens a URL. Phones require both attributes.
pub(super) fn silent(url: &str) -> String {
    Node::new("SnomIPPhoneSilent")
        .attribute("state", "relevant")
        .attribute("document_id", "handsetd")
        .child(Node::with_text("fetch", url).attribute("mil", "10"))
        .to_document()
}

/// Returns whether the phone supports documents that show nothing.
pub(super) fn knows_silent(phone: &Phone) -> bool {
    !phone.firmware.is_older_than(&[10, 1, 82, 0])
}

/// Writes a document that closes whatever is shown, including itself.
pub(super) fn closing(phone: &Phone) -> String {
    if knows_silent(phone) {
        silent(EXIT)
    } else {
        fetching(EXIT)
    }
}

struct View<'a> {
    screen: &'a Screen,
    documents: &'a Documents,
}

impl View<'_> {
    /// Starts a document with its title. The minibrowser has no place for a prompt, so it joins the
    /// title.
    fn head(&self, name: &'static str) -> Node {
        let (title, prompt) = (self.screen.title.as_deref(), self.screen.prompt.as_deref());
        let title = match (title, prompt) {
            (Some(title), Some(prompt)) => Some(format!("{title}: {prompt}")),
            (title, prompt) => title.or(prompt).map(ToOwned::to_owned),
        };
        Node::new(name).optional(
            "Title",
            title
                .map(|title| self.label("title", &title, MAX_TITLE))
                .as_deref(),
        )
    }

    fn text(&self, text: &str) -> Result<String, PlanError> {
        let screen = Screen {
            prompt: None,
            ..self.screen.clone()
        };
        let head = View {
            screen: &screen,
            ..*self
        }
        .head("SnomIPPhoneText");
        let text = match &self.screen.prompt {
            Some(prompt) => format!("{text}\n\n{prompt}"),
            None => text.to_owned(),
        };
        let text = self.documents.cuts().text("text", &text, MAX_TEXT);
        self.finish(head.child(lines("Text", &disarm(&text))), None)
    }

    fn menu(&self, items: &[Item]) -> Result<String, PlanError> {
        let limit = |page: &[Item], more: bool| page.len() + usize::from(more) <= MAX_ITEMS;
        let mut first: Option<String> = None;
        for page in paginate(items, limit).into_iter().rev() {
            let next = first.take().map(|document| self.publish(document));
            let line = |label: &str, url: &str| {
                Node::new("MenuItem")
                    .child(Node::with_text(
                        "Name",
                        &self.label("item", label, MAX_LABEL),
                    ))
                    .child(Node::with_text("URL", url))
            };
            let items = page
                .iter()
                .map(|item| line(&item.label, &self.target_url(&item.target)));
            let more = next.as_ref().map(|url| line("More…", url.as_str()));
            let node = self.head("SnomIPPhoneMenu").children(items).children(more);
            first = Some(self.finish(node, None)?);
        }
        first.ok_or_else(|| PlanError::Invalid("item: a menu needs at least one item".to_owned()))
    }

    fn directory(&self, entries: &[Entry]) -> Result<String, PlanError> {
        let limit = |page: &[Entry], _: bool| page.len() <= MAX_ITEMS;
        let mut first: Option<String> = None;
        for page in paginate(entries, limit).into_iter().rev() {
            let next = first.take().map(|document| self.publish(document));
            let line = |entry: &Entry| {
                Node::new("DirectoryEntry")
                    .child(Node::with_text(
                        "Name",
                        &self.label("entry", &entry.name, MAX_LABEL),
                    ))
                    .child(Node::with_text("Telephone", entry.number.as_str()))
            };
            let node = self
                .head("SnomIPPhoneDirectory")
                .children(page.iter().map(line));
            first = Some(self.finish(node, next.as_ref())?);
        }
        first.ok_or_else(|| {
            PlanError::Invalid("entry: a directory needs at least one entry".to_owned())
        })
    }

    /// Writes a form of one field, the most that a phone shows. handsetd asks for the others when it gets
    /// the first.
    fn form(&self, submit: &Submit, inputs: &[Input]) -> Result<String, PlanError> {
        let ((Submit::Handsetd, [input, ..]) | (Submit::Url(_), [input])) = (submit, inputs) else {
            let many = inputs.len();
            let why = format!(
                "input: Snom forms have one field, not {many}; use one form per field, or omit \
                 submit, so that handsetd asks for one after the other"
            );
            return Err(PlanError::Unsupported(why));
        };
        let submit = self.documents.submit_url(submit);
        let item = Node::new("InputItem")
            .child(Node::with_text(
                "DisplayName",
                &self.label("input", &input.label, MAX_LABEL),
            ))
            .child(Node::with_text("QueryStringParam", &input.parameter))
            .child(Node::new("DefaultValue"))
            .child(Node::with_text("InputFlags", flags(input.kind)));
        let node = self
            .head("SnomIPPhoneInput")
            .child(Node::with_text("URL", submit.as_str()));
        self.finish(node.child(item), None)
    }

    fn label(&self, what: &'static str, text: &str, max: usize) -> String {
        disarm(&self.documents.cuts().line(what, text, max))
    }

    fn target_url(&self, target: &Target) -> String {
        match target {
            Target::Dial(number) => format!("{EXIT}#numberdial={}", encoded(number.as_str())),
            Target::Exit => EXIT.to_owned(),
            Target::Key(key) => format!("{STAY}#key={}", encoded(key.as_str())),
            Target::Page(link) => page_url(self.documents.base_url(), link).to_string(),
            Target::Url(url) => url.to_string(),
        }
    }

    fn publish(&self, document: String) -> Url {
        self.documents
            .publish_screen(StoredContent::new(CONTENT_TYPE, document))
    }

    /// Writes a document, with its soft keys, the one to the next page, and its end.
    fn finish(&self, node: Node, next: Option<&Url>) -> Result<String, PlanError> {
        let own = self.screen.softkeys.iter();
        let mut keys: Vec<_> = own
            .map(|SoftKey { label, target }| (label.as_str(), self.target_url(target)))
            .collect();
        keys.extend(next.map(|url| ("More…", url.to_string())));
        if keys.len() > SOFTKEYS.len() {
            let (most, many) = (SOFTKEYS.len(), keys.len());
            let why =
                format!("softkey: Snom phones have {most} soft keys, and the screen needs {many}");
            return Err(PlanError::Unsupported(why));
        }
        let key = |((label, url), name): ((&str, String), &&'static str)| {
            Node::new("SoftKeyItem")
                .child(Node::with_text("Name", name))
                .child(Node::with_text(
                    "Label",
                    &self.label("softkey", label, MAX_LABEL),
                ))
                .child(Node::with_text("URL", &url))
        };
        let mut node = node.children(keys.into_iter().zip(&SOFTKEYS).map(key));
        if let Some(timeout) = self.screen.timeout.filter(|timeout| !timeout.is_zero()) {
            let millis = timeout.as_millis().to_string();
            node = node.child(Node::with_text("fetch", EXIT).attribute("mil", &millis));
        }
        Ok(node.to_document())
    }
}

/// Writes a text whose lines are ended by the minibrowser's own `<br/>`.
fn lines(name: &'static str, text: &str) -> Node {
    let mut node = Node::new(name);
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            node = node.child(Node::new("br"));
        }
        node = node.text(line);
    }
    node
}

/// Disables the functions of the minibrowser, `$(set:…)` and `$[…]`, in a text.
fn disarm(text: &str) -> String {
    text.replace("$(", "$ (").replace("$[", "$ [")
}

/// Encodes the characters of a number that would end it, or be read as a space.
pub(super) fn encoded(text: &str) -> String {
    text.replace('#', "%23").replace('+', "%2B")
}

fn flags(kind: InputKind) -> &'static str {
    match kind {
        InputKind::Lower => "l",
        InputKind::Number => "n",
        InputKind::Password => "p",
        InputKind::Phone => "t",
        InputKind::Text => "a",
        InputKind::Upper => "u",
    }
}

/// Closes the minibrowser.
pub(super) const EXIT: &str = "snom://mb_exit";
/// Does nothing except the commands in its fragment.
pub(super) const STAY: &str = "snom://mb_nop";

/// The keys below the display.
const SOFTKEYS: [&str; 4] = ["F1", "F2", "F3", "F4"];

// Snom documents no limits for lengths.
const MAX_ITEMS: usize = 100;
const MAX_LABEL: usize = 64;
const MAX_TEXT: usize = 4000;
const MAX_TITLE: usize = 64;
