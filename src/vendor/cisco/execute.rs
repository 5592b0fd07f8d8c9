//! `POST /CGI/Execute`: what fits into one, and how it is written.
//!
//! An Execute holds three items at the most, of which one may be an http URL; the whole stays below
//! 512 characters of XML, which the tools in the field keep to.

use std::time::Duration;

use form_urlencoded::Serializer;

use super::answer;
use crate::phone::Phone;
use crate::vendor::xml::Node;
use crate::vendor::{Auth, Plan, Refused, Request};
use crate::verb::Priority;

/// One item of an Execute.
#[derive(Clone, Debug)]
pub(super) struct Item {
    url: String,
    priority: Priority,
}

impl Item {
    /// Creates an item that the phone does itself; these are always done at once.
    pub(super) fn uri(uri: &str) -> Self {
        Self {
            url: uri.to_owned(),
            priority: Priority::Now,
        }
    }

    /// Creates an item that the phone fetches.
    pub(super) fn url(url: &str, priority: Priority) -> Result<Self, Refused> {
        fits(url)?;
        Ok(Self {
            url: url.to_owned(),
            priority,
        })
    }
}

/// Refuses an address that is longer than any place for one in Cisco's documents.
pub(super) fn fits(url: &str) -> Result<(), Refused> {
    if url.chars().count() > MAX_URL {
        let why =
            format!("a Cisco phone takes addresses of {MAX_URL} characters, and {url} is longer");
        return Err(Refused::Unsupported(why));
    }
    Ok(())
}

/// Says how `phone` is told to do `items`.
pub(super) fn plan(phone: &Phone, items: &[Item]) -> Result<Plan, Refused> {
    let node = |item: &Item| {
        let priority = match item.priority {
            Priority::Now => "0",
            Priority::Idle => "1",
            Priority::OnlyIdle => "2",
        };
        Node::new("ExecuteItem")
            .with("URL", &item.url)
            .with("Priority", priority)
    };
    post(
        phone,
        &Node::new("CiscoIPPhoneExecute").children(items.iter().map(node)),
    )
}

/// Says how `phone` is told to change its background.
pub(super) fn set_background(phone: &Phone, image: &str, icon: &str) -> Result<Plan, Refused> {
    let background = Node::new("background")
        .child(Node::text("image", image))
        .child(Node::text("icon", icon));
    post(phone, &Node::new("setBackground").child(background))
}

/// Says how `phone` is told to change its ring tone.
pub(super) fn set_ring_tone(phone: &Phone, url: &str) -> Result<Plan, Refused> {
    post(
        phone,
        &Node::new("setRingTone").child(Node::text("ringTone", url)),
    )
}

fn post(phone: &Phone, command: &Node) -> Result<Plan, Refused> {
    let xml = command.document();
    if xml.chars().count() > MAX_COMMAND {
        return Err(Refused::unsupported(format!(
            "a Cisco phone takes commands of {MAX_COMMAND} characters, and this one has more; \
             shorter addresses help"
        )));
    }
    let body = Serializer::new(String::new())
        .append_pair("XML", &xml)
        .finish();
    let post = Request::post("/CGI/Execute", "application/x-www-form-urlencoded", body);
    // Phones with multi-platform firmware ask for Digest; the others never ask.
    let auth = if is_multiplatform(phone) {
        Auth::Challenge
    } else {
        Auth::Basic
    };
    Ok(Plan::of(Request { auth, ..post }.read_by(answer::read)))
}

/// Returns whether the phone has 3PCC (MPP) or SPA firmware, which authenticates by itself.
pub(super) fn is_multiplatform(phone: &Phone) -> bool {
    let model = phone.model.to_ascii_uppercase();
    model.contains("3PCC") || model.starts_with("SPA")
}

/// A tone plays to its end before the phone answers, and not before it has stopped ringing.
pub(super) const PLAY: Duration = Duration::from_mins(1);

const MAX_COMMAND: usize = 512;
const MAX_URL: usize = 256;
