//! How many lines of one kind are written in a minute.

use tracing::{Level, Metadata};

/// The limits of one kind of line, per minute.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Limits {
    /// Maximum for one peer, phone or server; also for all lines that name none.
    pub(super) each: u64,
    /// Maximum for all of them together.
    pub(super) all: u64,
}

impl Limits {
    /// Returns the limits of a line; `None` if it is always written.
    pub(super) fn of(metadata: &Metadata<'_>) -> Option<Self> {
        let module = metadata.module_path().unwrap_or_default();
        let is_close_look = *metadata.level() >= Level::DEBUG;
        match () {
            () if OPERATOR.contains(&module) => None,
            () if is_close_look => Some(Self::DEBUG),
            () if DELIVERIES.contains(&module) => Some(Self::DELIVERY),
            () => Some(Self::LINE),
        }
    }

    /// The common case. Twenty lines show what is going on.
    const LINE: Self = Self { each: 20, all: 200 };

    /// A delivery that was started. A phone takes a few each second at best, and the number of phones is
    /// the administrator's, so only a queue that is full again and again meets this.
    const DELIVERY: Self = Self {
        each: 1_000,
        all: u64::MAX,
    };

    /// The levels debug and trace are for a closer look, so they allow more.
    const DEBUG: Self = Self {
        each: 1_000,
        all: 10_000,
    };
}

/// Modules whose lines only the operator causes: by starting, reloading or stopping.
pub(super) const OPERATOR: &[&str] = &[
    "handsetd::cli::run",
    "handsetd::daemon::ami_clients",
    "handsetd::daemon::bind_admin",
    "handsetd::daemon::outbox_startup",
    "handsetd::daemon::parts",
    "handsetd::daemon::reload",
    "handsetd::daemon::running",
    "handsetd::daemon::settings",
    "handsetd::telemetry",
    "handsetd::telemetry::output",
    "handsetd::telemetry::panics",
    // The lines that stand for those left out.
    "handsetd::telemetry::throttle",
];

/// Modules that write one line for each delivery that was started.
pub(super) const DELIVERIES: &[&str] = &[
    "handsetd::dispatch::outbox",
    "handsetd::dispatch::outbox::ending",
    "handsetd::dispatch::outbox::resume",
    "handsetd::dispatch::outbox::worker",
    "handsetd::dispatch::services",
];
