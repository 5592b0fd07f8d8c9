//! The documents that a plan wants a phone to fetch.
//!
//! Planning stores nothing: it collects documents here and refers to them by their future URLs. Who
//! carries the plan out stores them first.

mod cuts;

use std::cell::{Cell, RefCell};

use bytes::Bytes;
use url::Url;

use crate::screen::{PageLink, PageName, Submit};

pub(crate) use cuts::Cuts;

/// A document, picture or tone as a phone fetches it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredContent {
    /// The `Content-Type`.
    pub media_type: &'static str,
    /// The body.
    pub body: Bytes,
    /// The `Refresh` header, for a phone that should load another document by itself.
    pub refresh: Option<String>,
}

impl StoredContent {
    /// Creates content without a `Refresh` header.
    pub fn new(media_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            media_type,
            body: body.into(),
            refresh: None,
        }
    }
}

/// Collects the documents of one plan.
#[derive(Debug)]
pub struct Documents {
    base: Url,
    token: String,
    items: RefCell<Vec<Document>>,
    cuts: Cuts,
    form: FormUrl,
}

/// Where a form that handsetd evaluates is sent.
#[derive(Debug)]
enum FormUrl {
    /// To a URL of its own, which is known beforehand.
    Fixed(Url),
    /// To the token of the collection; whether a document says so.
    Token(Cell<bool>),
}

/// One collected document and the token under which the phone will ask for it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Document {
    /// The last segment of its URL.
    pub token: String,
    /// What the phone gets.
    pub content: StoredContent,
    /// Whether the push makes the phone fetch it at once, rather than by a link.
    pub is_first: bool,
}

impl Documents {
    /// Creates an empty collection. URLs start with `base`; their last segments start with `token`,
    /// which must be unguessable.
    pub fn new(base: Url, token: String) -> Self {
        Self {
            base,
            token,
            items: RefCell::default(),
            cuts: Cuts::default(),
            form: FormUrl::Token(Cell::new(false)),
        }
    }

    /// Has forms that handsetd evaluates sent to `url`.
    #[must_use]
    pub fn with_form_url(self, url: Url) -> Self {
        Self {
            form: FormUrl::Fixed(url),
            ..self
        }
    }

    /// Returns the token of the form that a document sends to handsetd, if there is one without a URL of
    /// its own.
    pub fn form_token(&self) -> Option<&str> {
        match &self.form {
            FormUrl::Token(is_used) if is_used.get() => Some(&self.token),
            FormUrl::Fixed(_) | FormUrl::Token(_) => None,
        }
    }

    /// Returns the URL that a form is sent to.
    pub(crate) fn submit_url(&self, submit: &Submit) -> Url {
        match (submit, &self.form) {
            (Submit::Url(url), _) | (Submit::Handsetd, FormUrl::Fixed(url)) => url.clone(),
            (Submit::Handsetd, FormUrl::Token(is_used)) => {
                is_used.set(true);
                form_url(&self.base, &self.token)
            }
        }
    }

    /// Returns the URL that all others start with.
    pub fn base_url(&self) -> &Url {
        &self.base
    }

    /// Adds a document and returns the URL at which the phone will find it.
    pub fn publish_screen(&self, content: StoredContent) -> Url {
        let mut items = self.items.borrow_mut();
        let token = format!("{}{}", self.token, items.len());
        let url = screen_url(&self.base, &token);
        items.push(Document {
            token,
            content,
            is_first: false,
        });
        url
    }

    /// Cuts texts to what the phone shows, and remembers which for the note of the plan.
    pub(crate) fn cuts(&self) -> &Cuts {
        &self.cuts
    }

    /// Adds the document that the push makes the phone fetch at once.
    pub(crate) fn publish_first(&self, content: StoredContent) -> Url {
        let url = self.publish_screen(content);
        if let Some(document) = self.items.borrow_mut().last_mut() {
            document.is_first = true;
        }
        url
    }

    /// Marks the document at `url` as the one that the push makes the phone fetch at once.
    pub(crate) fn mark_first(&self, url: &Url) {
        let mut items = self.items.borrow_mut();
        let token = url.path_segments().and_then(Iterator::last);
        let mut found = items
            .iter_mut()
            .filter(|document| Some(document.token.as_str()) == token);
        if let Some(document) = found.next() {
            document.is_first = true;
        }
    }

    /// Returns the document of that token.
    #[cfg(test)]
    pub(crate) fn content(&self, token: &str) -> Option<StoredContent> {
        let items = self.items.borrow();
        let found = items.iter().find(|document| document.token == token);
        found.map(|document| document.content.clone())
    }

    /// Returns what was collected.
    pub fn into_items(self) -> Vec<Document> {
        self.items.into_inner()
    }
}

/// Returns the URL to which a pushed form is sent.
pub fn form_url(base: &Url, token: &str) -> Url {
    extend(base, &["form", token])
}

/// Returns the URL of a page.
pub fn page_url(base: &Url, link: &PageLink) -> Url {
    let mut url = extend(base, &["page", link.name.as_str()]);
    if !link.query.is_empty() {
        url.query_pairs_mut().extend_pairs(&link.query);
    }
    url
}

/// Returns the URL to which the form of a page is sent. `state` is what the form is to remember, in
/// letters, digits, `-` and `_`; it may be empty.
pub fn page_form_url(base: &Url, page: &PageName, state: &str) -> Url {
    with_state(extend(base, &["page", page.as_str(), "form"]), state)
}

/// Extends the URL to which a form is sent by what the form is to remember; see [`page_form_url`].
pub fn with_state(url: Url, state: &str) -> Url {
    if state.is_empty() {
        url
    } else {
        extend(&url, &[state])
    }
}

/// Returns the URL of a document.
pub fn screen_url(base: &Url, token: &str) -> Url {
    extend(base, &["screen", token])
}

/// Returns the URL of a picture or tone; it ends with `name`, since some phones name the file after it.
pub fn media_url(base: &Url, token: &str, name: &str) -> Url {
    extend(base, &["media", token, name])
}

fn extend(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    // An http URL always has a path that can be extended.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(base: &str) -> Documents {
        Documents::new(base.parse().unwrap(), "a1b2".to_owned())
    }

    #[test]
    fn each_document_has_its_own_url() {
        let documents = documents("http://pbx.example.com/handsetd/");
        let first = documents.publish_screen(StoredContent::new("text/xml", "<a/>"));
        let second = documents.publish_screen(StoredContent::new("text/xml", "<b/>"));
        assert_eq!(
            first.as_str(),
            "http://pbx.example.com/handsetd/screen/a1b20"
        );
        assert_eq!(
            second.as_str(),
            "http://pbx.example.com/handsetd/screen/a1b21"
        );
        let items = documents.into_items();
        assert_eq!(
            (items[1].token.as_str(), items[1].content.body.as_ref()),
            ("a1b21", &b"<b/>"[..])
        );
    }

    #[test]
    fn urls_of_pages_and_forms_encode_their_queries() {
        let documents = documents("http://pbx.example.com/handsetd/");
        let link = PageLink {
            name: "order".parse().unwrap(),
            query: vec![("meal".to_owned(), "soup & ä".to_owned())],
        };
        assert_eq!(
            page_url(documents.base_url(), &link).as_str(),
            "http://pbx.example.com/handsetd/page/order?meal=soup+%26+%C3%A4"
        );
        assert_eq!(
            page_form_url(documents.base_url(), &link.name, "c3RhdGU").path(),
            "/handsetd/page/order/form/c3RhdGU"
        );
        assert_eq!(documents.form_token(), None);
        let url = documents.submit_url(&Submit::Handsetd);
        assert_eq!(url.as_str(), "http://pbx.example.com/handsetd/form/a1b2");
        assert_eq!(documents.form_token(), Some("a1b2"));
        let foreign = Url::parse("http://192.0.2.9/a").unwrap();
        assert_eq!(documents.submit_url(&Submit::Url(foreign.clone())), foreign);
    }

    #[test]
    fn media_urls_end_with_the_file_name() {
        let base = "http://192.0.2.10:8090".parse().unwrap();
        assert_eq!(
            media_url(&base, "a1", "bell.raw").as_str(),
            "http://192.0.2.10:8090/media/a1/bell.raw"
        );
    }
}
