//! `POST /CGI/Execute`: its limits and its encoding.
//!
//! An Execute holds up to three items, one of which may be an http URL, in up to 512 characters of
//! XML, a limit that other tools observe as well. Only documents to fetch can wait until the phone is
//! idle; internal URIs run at once.

use std::sync::Arc;

use form_urlencoded::Serializer;
use url::Url;

use super::answer::{ExecuteReply, Replies};
use super::family::Family;
use super::redirect::{self, Parse};
use super::timing::PLAY_TIMEOUT;
use super::uri::{self, Uri};
use crate::phone::{Endpoint, Phone, Technology};
use crate::vendor::{Auth, Plan, PlanError, Request};
use crate::verb::{Priority, VendorUri};
use crate::xml::Node;

/// An item of an Execute.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A document that the phone fetches.
    Page(String, Priority),
    /// An internal URI, which runs at once regardless of its priority.
    Uri(Uri, Priority),
}

impl Item {
    /// Creates an item that runs an internal URI.
    pub(super) fn uri(uri: Uri) -> Self {
        Self::Uri(uri, Priority::Now)
    }

    /// Creates an item that the phone fetches. Fails if the URL is too long.
    pub(super) fn url(url: &str, priority: Priority) -> Result<Self, PlanError> {
        check_length(url)?;
        Ok(Self::Page(url.to_owned(), priority))
    }

    fn url_text(&self) -> &str {
        match self {
            Self::Page(url, _) => url,
            Self::Uri(uri, _) => uri.as_str(),
        }
    }
}

/// Refuses a URL that is too long for Cisco's XML objects.
pub(super) fn check_length(url: &str) -> Result<(), PlanError> {
    if url.chars().count() > MAX_URL {
        return Err(PlanError::Unsupported(format!(
            "Cisco phones accept URLs of up to {MAX_URL} characters, and {url} is longer"
        )));
    }
    Ok(())
}

/// Plans one Execute of all `items`.
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
            .attribute("URL", item.url_text())
            .attribute("Priority", priority)
    };
    let document = Node::new("CiscoIPPhoneExecute").children(items.iter().map(node));
    let urls = items.iter().map(|item| item.url_text().to_owned());
    let expected = ExecuteReply::new(Replies::of(phone), urls.collect());
    let parse = Arc::new(move |reply: &_| expected.parse(reply));
    let plan = post(phone, &document, "cisco Execute", parse)?;
    Ok(notes.into_iter().fold(plan, Plan::with_note))
}

/// Plans one Execute of the URIs in a request.
pub(super) fn run(phone: &Phone, uris: &[VendorUri]) -> Result<Plan, PlanError> {
    let family = Family::of(phone);
    let (mut items, mut notes) = (Vec::new(), Vec::new());
    for uri in uris {
        let text = uri.as_str();
        if text.starts_with("http://") || text.starts_with("https://") {
            let is_url = Url::parse(text).is_ok_and(|url| url.has_host()) && !text.contains(' ');
            if !is_url {
                return Err(PlanError::Invalid(format!("uri: invalid URL {text}")));
            }
            items.push(Item::url(text, uri.priority())?);
            continue;
        }
        let priority = uri.priority();
        if priority != Priority::Now {
            let note = "internal URIs run at once; only http URLs honour @1 and @2";
            notes.push(note.to_owned());
        }
        let (uri, note) = uri::parse(family, text)?;
        notes.extend(note);
        items.push(Item::Uri(uri, priority));
    }
    let pages = items.iter().filter(|item| matches!(item, Item::Page(..)));
    if pages.count() > 1 {
        return Err(PlanError::Invalid(
            "uri: a Cisco phone accepts one http URL at a time".to_owned(),
        ));
    }
    let plays = uris.iter().any(|uri| uri.as_str().starts_with("Play:"));
    let plan = notes
        .into_iter()
        .fold(plan(phone, &items)?, Plan::with_note);
    Ok(if plays {
        plan.with_timeout(PLAY_TIMEOUT)
    } else {
        plan
    })
}

/// Plans a change of the background.
pub(super) fn set_background(phone: &Phone, image: &str, icon: &str) -> Result<Plan, PlanError> {
    let background = Node::new("background")
        .child(Node::with_text("image", image))
        .child(Node::with_text("icon", icon));
    let document = Node::new("setBackground").child(background);
    let plan = post(phone, &document, "cisco status", any_object(phone))?;
    Ok(personalized(plan, phone, "setBackground", [image, icon]))
}

/// Plans a change of the ring tone.
pub(super) fn set_ring_tone(phone: &Phone, url: &str) -> Result<Plan, PlanError> {
    let document = Node::new("setRingTone").child(Node::with_text("ringTone", url));
    let plan = post(phone, &document, "cisco status", any_object(phone))?;
    Ok(personalized(plan, phone, "setRingTone", [url, url]))
}

fn any_object(phone: &Phone) -> Parse {
    let replies = Replies::of(phone);
    Arc::new(move |reply| replies.parse_any_object(reply))
}

/// Notes what no source proves about `command`: other tools send it to phones with enterprise firmware from
/// the 7941 on, and documents before 2025 allow http URLs only.
fn personalized(plan: Plan, phone: &Phone, command: &str, urls: [&str; 2]) -> Plan {
    let family = Family::of(phone);
    let plan = if family.is_multiplatform() || family.is_before_7941() {
        let title = family.title;
        plan.with_note(format!("unverified on real phones: {command} on {title}"))
    } else {
        plan
    };
    if urls.iter().any(|url| url.starts_with("https:")) {
        plan.with_note(format!(
            "unverified on real phones: {command} with an https URL"
        ))
    } else {
        plan
    }
}

/// Plans the POST of one command. `name` is that of the reply parser.
pub(super) fn post(
    phone: &Phone,
    command: &Node,
    name: &'static str,
    parse: Parse,
) -> Result<Plan, PlanError> {
    let xml = command.to_document();
    if xml.chars().count() > MAX_COMMAND {
        return Err(PlanError::unsupported(format!(
            "the command exceeds the {MAX_COMMAND} characters that Cisco phones accept; use shorter \
             URLs"
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
    let plan = Plan::single(redirect::exchange(phone, request, name, parse));
    // The sources that push to these phones use SCCP.
    let has_sip_firmware = |endpoint: &Endpoint| endpoint.technology != Technology::Sccp;
    if Family::of(phone).is_before_7941() && phone.endpoint.as_ref().is_some_and(has_sip_firmware) {
        return Ok(
            plan.with_note("unverified on real phones: pushes to a 7940 or 7960 with SIP firmware")
        );
    }
    Ok(plan)
}

/// Multiplatform phones ask for Digest; the others never send a challenge.
pub(super) fn auth(phone: &Phone) -> Auth {
    if Family::of(phone).is_multiplatform() {
        Auth::OnChallenge
    } else {
        Auth::PreemptiveBasic
    }
}

const MAX_COMMAND: usize = 512;
const MAX_URL: usize = 256;
