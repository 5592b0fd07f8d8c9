//! The channels between the parts of the daemon.

use tokio::sync::{mpsc, watch};

use crate::events::{FactTap, ServerEvents, TappedFacts, fact_tap};
use crate::phone_http::{EventReceiver, EventSender, event_queue};
use crate::rules::{Engine, Fact, Schedules};
use crate::uacsta::Report;

/// The sending halves.
pub(super) struct Senders {
    /// Events of new connections to Asterisk, for the rules.
    pub(super) servers: mpsc::Sender<ServerEvents>,
    /// Action URLs that phones request.
    pub(super) action_urls: EventSender,
    /// Events other than Asterisk's.
    pub(super) facts: mpsc::Sender<Fact>,
    /// What CSTA sessions report.
    pub(super) reports: mpsc::Sender<Report>,
    /// Every event that rules have received.
    pub(super) event_tap: FactTap,
    /// Recompiled rules.
    pub(super) engines: mpsc::Sender<Engine>,
    /// Schedules of the rules.
    pub(super) schedules: watch::Sender<Schedules>,
}

/// The receiving halves.
pub(super) struct Receivers {
    pub(super) servers: mpsc::Receiver<ServerEvents>,
    pub(super) action_urls: EventReceiver,
    pub(super) facts: mpsc::Receiver<Fact>,
    pub(super) reports: mpsc::Receiver<Report>,
    pub(super) event_tap: TappedFacts,
    pub(super) engines: mpsc::Receiver<Engine>,
    pub(super) schedules: watch::Receiver<Schedules>,
}

/// Creates all channels.
pub(super) fn channels() -> (Senders, Receivers) {
    let servers = mpsc::channel(MAX_CLIENTS);
    let action_urls = event_queue();
    let facts = mpsc::channel(MAX_FACTS);
    let reports = mpsc::channel(MAX_REPORTS);
    let event_tap = fact_tap();
    let engines = mpsc::channel(1);
    let schedules = watch::channel(Schedules::default());
    let senders = Senders {
        servers: servers.0,
        action_urls: action_urls.0,
        facts: facts.0,
        reports: reports.0,
        event_tap: event_tap.0,
        engines: engines.0,
        schedules: schedules.0,
    };
    let receivers = Receivers {
        servers: servers.1,
        action_urls: action_urls.1,
        facts: facts.1,
        reports: reports.1,
        event_tap: event_tap.1,
        engines: engines.1,
        schedules: schedules.1,
    };
    (senders, receivers)
}

/// How many new connections may wait for the rules.
const MAX_CLIENTS: usize = 64;

/// How many events other than Asterisk's may wait for the rules. Action URLs wait in a queue of their own.
const MAX_FACTS: usize = 64;

/// How many reports of CSTA sessions may wait; beyond it, the phones wait for the answers to their next ones.
const MAX_REPORTS: usize = 1024;
