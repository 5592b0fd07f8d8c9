//! Limits how many lines of one kind are written.
//!
//! Most lines are caused by what a peer sends, and a peer can send eighty thousand requests a second.
//! So every line is limited, unless its module is listed here: of each kind of line, that is, of each
//! place in the source, the first ones of a minute are written, both per peer and in total; how many
//! were left out is one line at the end of the minute.

mod counts;
mod limits;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tracing::{Event, Level, Subscriber, debug, error, info, trace, warn};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use counts::{Counts, LeftOut, Source};
use limits::Limits;

/// Decides which lines are written, and counts the others. Clones share the counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Throttle(Arc<Mutex<Counts>>);

impl Throttle {
    /// Writes at the end of each minute how many lines were left out; never returns.
    pub(crate) async fn report(&self) {
        let mut ticks = interval(REPORT_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let left_out = self.0.lock().take_ended(Instant::now());
            left_out.iter().for_each(write);
        }
    }

    /// Writes how many lines were left out since the last report.
    pub(crate) fn flush(&self) {
        let left_out = self.0.lock().take_all();
        left_out.iter().for_each(write);
    }
}

impl<S: Subscriber> Layer<S> for Throttle {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let Some(limits) = Limits::of(event.metadata()) else {
            return true;
        };
        let source = Source::of(event);
        self.0.lock().admit(event, source, limits, Instant::now())
    }
}

/// Writes the line that stands for those that were left out, at their level.
fn write(left_out: &LeftOut) {
    let LeftOut {
        metadata,
        count,
        peer,
        message,
    } = left_out;
    let count = grouped(*count);
    let module = metadata.module_path().unwrap_or_default();
    // A macro's level is part of its place in the source.
    match *metadata.level() {
        Level::ERROR => {
            error!(
                module,
                peer, "{count} more like this in the last minute: {message}"
            );
        }
        Level::WARN => {
            warn!(
                module,
                peer, "{count} more like this in the last minute: {message}"
            );
        }
        Level::INFO => {
            info!(
                module,
                peer, "{count} more like this in the last minute: {message}"
            );
        }
        Level::DEBUG => {
            debug!(
                module,
                peer, "{count} more like this in the last minute: {message}"
            );
        }
        Level::TRACE => {
            trace!(
                module,
                peer, "{count} more like this in the last minute: {message}"
            );
        }
    }
}

/// Returns a number with its thousands separated: `81,532`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How often is looked for kinds of lines whose minute has ended.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
