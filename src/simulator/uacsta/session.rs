//! A session: its dialog, its monitor, its timer, and what it performs.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::body;
use super::events::Event;
use super::outbox::Document;
use super::profile::Profile;
use super::reply::Reply;
use crate::document::{Element, Node};
use crate::sip::{Dialog, Message};

/// A session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) dialog: Arc<Mutex<Dialog>>,
    pub(super) documents: mpsc::Sender<Document>,
    /// The id of the monitor, while there is one.
    pub(super) monitor: Option<u32>,
    /// Whether a request is in progress.
    pub(super) is_busy: bool,
    /// When the session ends unless it is refreshed.
    pub(super) expires: Option<Instant>,
}

/// The outcome of a request of CSTA: the content of the response, or the error code.
pub(super) type Outcome = Result<String, &'static str>;

impl Session {
    /// Performs a request.
    pub(super) fn perform(&mut self, request: &Element, profile: &Profile) -> Outcome {
        match request.name.as_str() {
            "RequestSystemStatus" => Ok("<systemStatus>normal</systemStatus>".to_owned()),
            "MonitorStart" => self.start_monitor(request, profile),
            "MonitorStop" => {
                let id = request.text_of("monitorCrossRefID").parse().ok();
                if id.is_none() || self.monitor != id {
                    return Err("invalidCrossRefID");
                }
                self.monitor = None;
                Ok(String::new())
            }
            _ => profile.perform(request),
        }
    }

    fn start_monitor(&mut self, request: &Element, profile: &Profile) -> Outcome {
        let object = request
            .child("monitorObject")
            .ok_or("invalidMonitorObject")?;
        let device = object.text_of("deviceObject");
        // A device is known if there can be a snapshot of it.
        let known = profile.perform(&snapshot_of(&device));
        known.map_err(|_| "invalidMonitorObject")?;
        if self.monitor.is_some() {
            return Err("overallMonitorLimitExceeded");
        }
        self.monitor = Some(MONITOR);
        let existing = if profile.monitors_existing_calls() {
            "<monitorExistingCalls>true</monitorExistingCalls>"
        } else {
            ""
        };
        Ok(format!(
            "<monitorCrossRefID>{MONITOR}</monitorCrossRefID>{existing}"
        ))
    }

    /// Sends an event, if the session monitors the phone; returns whether it had to be dropped.
    pub(super) fn send_event(&self, event: &Event, edition: u8) -> bool {
        let Some(monitor) = self.monitor else {
            return false;
        };
        let inside = format!(
            "<monitorCrossRefID>{monitor}</monitorCrossRefID>{}",
            event.inside
        );
        let document = body::document(event.name, edition, &inside);
        self.documents
            .try_send((event.name.to_owned(), document))
            .is_err()
    }

    /// Starts the session timer as an `INVITE` or `UPDATE` asks (RFC 4028); returns the headers of the
    /// response.
    pub(super) fn start_timer(&mut self, seconds: Option<u32>) -> Vec<(&'static str, String)> {
        let interval = seconds.map(|seconds| Duration::from_secs(u64::from(seconds)));
        self.expires = interval.map(|interval| Instant::now() + interval);
        match seconds {
            Some(seconds) => vec![
                ("Session-Expires", format!("{seconds};refresher=uac")),
                ("Require", "timer".to_owned()),
            ],
            None => Vec::new(),
        }
    }
}

/// Returns the interval of the session timer that a request asks for; fails if it is too small.
pub(super) fn session_expires(request: &Message) -> Result<Option<u32>, Reply> {
    let Some(header) = request.header("Session-Expires") else {
        return Ok(None);
    };
    let seconds = header.split(';').next().unwrap_or_default().trim();
    match seconds.parse() {
        Ok(seconds) if seconds >= MIN_SESSION => Ok(Some(seconds)),
        Ok(_) => {
            let reply = Reply::refusing("422 Session Interval Too Small", "a short session");
            Err(reply.with("Min-SE", &MIN_SESSION.to_string()))
        }
        Err(_) => Err(Reply::refusing(
            "400 Bad Request",
            "Session-Expires is not a number",
        )),
    }
}

fn snapshot_of(device: &str) -> Element {
    let object = Element {
        name: "snapshotObject".to_owned(),
        nodes: vec![Node::Text(device.to_owned())],
        ..Element::default()
    };
    Element {
        name: "SnapshotDevice".to_owned(),
        nodes: vec![Node::Element(object)],
        ..Element::default()
    }
}

/// The id of the monitor; each session has one at most.
const MONITOR: u32 = 7;

/// The shortest session in seconds (RFC 4028, section 4).
const MIN_SESSION: u32 = 90;
