//! `POST /CGI/Execute`: what fits into one, and how it is written.
//!
//! An Execute holds three items at the most, of which one may be an http URL; the whole stays below
//! 512 characters of XML, which the tools in the field keep to. Only what is fetched can wait until
//! the phone is idle; URIs are done at once.

use std::sync::Arc;
use std::time::Duration;

use form_urlencoded::Serializer;
use url::Url;

use super::answer::{self, Asked};
use super::family::Family;
use super::redirect::{self, Read};
use super::uri::{self, Uri};
use crate::phone::Phone;
use crate::vendor::xml::Node;
use crate::vendor::{Auth, Plan, PlanError, Request};
use crate::verb::{Priority, VendorUri};

/// One item of an Execute.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// Something that the phone fetches.
    Page(String, Priority),
    /// Something that the phone does itself, at once whatever the priority says.
    Uri(Uri, Priority),
}

impl Item {
    /// Creates an item that the phone does itself.
    pub(super) fn uri(uri: Uri) -> Self {
        Self::Uri(uri, Priority::Now)
    }

    /// Creates an item that the phone fetches.
    pub(super) fn url(url: &str, priority: Priority) -> Result<Self, PlanError> {
        fits(url)?;
        Ok(Self::Page(url.to_owned(), priority))
    }

    fn url_text(&self) -> &str {
        match self {
            Self::Page(url, _) => url,
            Self::Uri(uri, _) => uri.as_str(),
        }
    }
}

/// Refuses an address that is longer than any place for one in Cisco's documents.
pub(super) fn fits(url: &str) -> Result<(), PlanError> {
    if url.chars().count() > MAX_URL {
        let why =
            format!("a Cisco phone takes addresses of {MAX_URL} characters, and {url} is longer");
        return Err(PlanError::Unsupported(why));
    }
    Ok(())
}

/// Says how `phone` is told to do `items`, all at once.
pub(super) fn plan(phone: &Phone, items: &[Item]) -> Result<Plan, PlanError> {
    let family = Family::of(phone);
    let mut notes = Vec::new();
    for item in items {
        if let Item::Uri(uri, _) = item {
            notes.extend(uri.check(family)?);
        }
    }
    let node = |item: &Item| {
        let (Item::Page(_, priority) | Item::Uri(_, priority)) = item;
        let priority = match priority {
            Priority::Idle => "1",
            Priority::OnlyIdle => "2",
            Priority::Now => "0",
        };
        Node::new("ExecuteItem")
            .with("URL", item.url_text())
            .with("Priority", priority)
    };
    let document = Node::new("CiscoIPPhoneExecute").children(items.iter().map(node));
    let asked = Asked(
        items
            .iter()
            .map(|item| item.url_text().to_owned())
            .collect(),
    );
    let plan = post(phone, &document, Arc::new(move |reply| asked.read(reply)))?;
    Ok(notes.into_iter().fold(plan, Plan::with_note))
}

/// Says how `phone` is told to run URIs in the asker's own words, all at once.
pub(super) fn run(phone: &Phone, uris: &[VendorUri]) -> Result<Plan, PlanError> {
    let family = Family::of(phone);
    let (mut items, mut notes) = (Vec::new(), Vec::new());
    for asked in uris {
        let text = asked.as_str();
        if text.starts_with("http://") || text.starts_with("https://") {
            let good = Url::parse(text).is_ok_and(|url| url.has_host()) && !text.contains(' ');
            if !good {
                return Err(PlanError::Invalid(format!("uri: {text} is no URL")));
            }
            items.push(Item::url(text, asked.priority())?);
            continue;
        }
        if asked.priority() != Priority::Now {
            let note = "a phone does its own URIs at once; only an http URL waits (@1, @2)";
            notes.push(note.to_owned());
        }
        let (uri, note) = uri::read(family, text)?;
        notes.extend(note);
        items.push(Item::Uri(uri, asked.priority()));
    }
    let pages = items.iter().filter(|item| matches!(item, Item::Page(..)));
    if pages.count() > 1 {
        return Err(PlanError::Invalid(
            "uri: a phone takes one http URL at a time".to_owned(),
        ));
    }
    let plays = uris.iter().any(|asked| asked.as_str().starts_with("Play:"));
    let plan = notes
        .into_iter()
        .fold(plan(phone, &items)?, Plan::with_note);
    Ok(if plays {
        plan.with_patience(PLAY)
    } else {
        plan
    })
}

/// Says how `phone` is told to change its background.
pub(super) fn set_background(phone: &Phone, image: &str, icon: &str) -> Result<Plan, PlanError> {
    let background = Node::new("background")
        .child(Node::text("image", image))
        .child(Node::text("icon", icon));
    let document = Node::new("setBackground").child(background);
    post(phone, &document, Arc::new(answer::read))
}

/// Says how `phone` is told to change its ring tone.
pub(super) fn set_ring_tone(phone: &Phone, url: &str) -> Result<Plan, PlanError> {
    let document = Node::new("setRingTone").child(Node::text("ringTone", url));
    post(phone, &document, Arc::new(answer::read))
}

/// Says how a command is posted, and how the answer is read.
pub(super) fn post(phone: &Phone, command: &Node, read: Read) -> Result<Plan, PlanError> {
    let xml = command.document();
    if xml.chars().count() > MAX_COMMAND {
        return Err(PlanError::unsupported(format!(
            "a Cisco phone takes commands of {MAX_COMMAND} characters, and this one has more; \
             shorter addresses help"
        )));
    }
    let body = Serializer::new(String::new())
        .append_pair("XML", &xml)
        .finish();
    let post = Request::post("/CGI/Execute", "application/x-www-form-urlencoded", body);
    let request = Request {
        auth: auth(phone),
        ..post
    };
    Ok(Plan::of(redirect::exchange(phone, request, read)))
}

/// Phones with multi-platform firmware ask for Digest; the others never ask.
pub(super) fn auth(phone: &Phone) -> Auth {
    if Family::of(phone).is_multiplatform() {
        Auth::OnChallenge
    } else {
        Auth::PreemptiveBasic
    }
}

/// A tone plays to its end before the phone answers, and not before it has stopped ringing.
pub(super) const PLAY: Duration = Duration::from_mins(1);

const MAX_COMMAND: usize = 512;
const MAX_URL: usize = 256;
