//! Writes lines on a thread of its own, so that nothing waits for the journal, a pipe or a terminal.
//!
//! Lines wait in a queue, which is bounded: if it is full, the log is read more slowly than it is written, and
//! the lines that do not fit are left out and counted. A line says how many they were, as soon as lines are
//! written again. Lines that come together are written together.
//!
//! This is not `tracing-appender`, whose queue is bounded in lines instead of bytes, keeps no room for errors, and
//! can be flushed only by ending it, which gives up on a full queue after 100 ms.

mod queue;

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::time::Instant;
use tracing::{Level, Metadata, error, warn};
use tracing_subscriber::fmt::MakeWriter;

use queue::{LeftOut, Priority, Queue};

/// Takes lines for the thread that writes them. Clones share the queue.
#[derive(Clone, Debug, Default)]
pub(super) struct Output(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Wakes the thread.
    work: Condvar,
    /// Notifies those that flush that something was written.
    progress: Condvar,
}

#[derive(Debug, Default)]
struct State {
    queue: Queue,
    /// What the thread does.
    thread: Activity,
    /// How many blocks were written, or could not be.
    finished: u64,
    /// Number of callers that wait for the thread.
    flushing: usize,
    /// When it was last reported that lines were left out.
    reported_at: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Activity {
    /// It waits for a line.
    #[default]
    Waiting,
    /// It has written what there was, and lets lines collect.
    Pausing,
    Writing,
}

impl Output {
    /// Starts the thread, which writes to standard error.
    pub(super) fn start() -> io::Result<Self> {
        // Of its own, since the thread would hold the lock of `io::stderr` as long as a write takes.
        let to = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        Self::start_to(to)
    }

    fn start_to(to: impl Write + Send + 'static) -> io::Result<Self> {
        let output = Self::default();
        let shared = Arc::clone(&output.0);
        let thread = thread::Builder::new().name("log".to_owned());
        thread.spawn(move || shared.run(to))?;
        Ok(output)
    }

    /// Waits until all lines so far are written, unless nothing can be written any more.
    pub(super) fn flush(&self) {
        let mut state = self.0.state.lock();
        let last = state.queue.last();
        state.flushing += 1;
        self.0.work.notify_one();
        while state.finished < last {
            let finished = state.finished;
            let waited = self.0.progress.wait_for(&mut state, STALL);
            if waited.timed_out() && state.finished == finished {
                break;
            }
        }
        state.flushing -= 1;
    }
}

impl<'a> MakeWriter<'a> for Output {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter {
            shared: &self.0,
            priority: Priority::Normal,
        }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> LineWriter<'a> {
        let priority = match *metadata.level() {
            Level::ERROR | Level::WARN if metadata.target() == REPORT_TARGET => Priority::Report,
            Level::ERROR | Level::WARN => Priority::Problem,
            _ => Priority::Normal,
        };
        LineWriter {
            shared: &self.0,
            priority,
        }
    }
}

/// Takes one line.
#[derive(Debug)]
pub(super) struct LineWriter<'a> {
    shared: &'a Shared,
    priority: Priority,
}

impl Write for LineWriter<'_> {
    /// Takes all of the line, or leaves out all of it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.shared.state.lock();
        let is_taken = state.queue.push(line, self.priority);
        let is_awaited = match state.thread {
            Activity::Waiting => true,
            Activity::Pausing => state.queue.is_long(),
            Activity::Writing => false,
        };
        drop(state);
        if !is_taken {
            LINES_LEFT_OUT.fetch_add(1, Ordering::Relaxed);
        }
        if is_awaited {
            self.shared.work.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    /// Writes lines; never returns.
    fn run(&self, mut to: impl Write) {
        // A line was written in part, and not ended.
        let mut is_cut = false;
        loop {
            let block = self.next_block();
            let is_ready = !is_cut || write(&mut to, b"\n").is_empty();
            let rest = if is_ready {
                write(&mut to, &block)
            } else {
                &block[..]
            };
            if is_ready {
                let written = block.strip_suffix(rest).unwrap_or_default();
                is_cut = !written.is_empty() && !written.ends_with(b"\n");
            }
            let left_out = self.take_due_report(rest);
            if let Some(left_out) = left_out {
                report(left_out);
            }
            // Only now, so that a second flush has the report as well.
            let mut state = self.state.lock();
            state.finished += 1;
            state.queue.recycle(block);
            drop(state);
            self.progress.notify_all();
        }
    }

    /// Waits for lines, and takes the first of them.
    fn next_block(&self) -> Vec<u8> {
        let mut state = self.state.lock();
        if state.queue.is_empty() {
            state.thread = Activity::Pausing;
            let is_idle = |state: &mut State| !state.queue.is_long() && state.flushing == 0;
            self.work.wait_while_for(&mut state, is_idle, PAUSE);
        }
        loop {
            if let Some(block) = state.queue.take() {
                state.thread = Activity::Writing;
                return block;
            }
            state.thread = Activity::Waiting;
            self.work.wait(&mut state);
        }
    }

    /// Returns which lines were left out if that is to be reported now: where lines can be written, and not
    /// each time that a few of them could.
    fn take_due_report(&self, unwritten: &[u8]) -> Option<LeftOut> {
        let mut state = self.state.lock();
        if !unwritten.is_empty() {
            LINES_LEFT_OUT.fetch_add(state.queue.leave_out(unwritten), Ordering::Relaxed);
            return None;
        }
        let has_waited = |at: Instant| at.elapsed() >= REPORT_INTERVAL;
        let is_due = state.queue.is_empty() || state.reported_at.is_none_or(has_waited);
        let left_out = is_due.then(|| state.queue.take_left_out()).flatten()?;
        state.reported_at = Some(Instant::now());
        Some(left_out)
    }
}

/// Writes lines; returns what could not be written.
#[expect(clippy::disallowed_methods, reason = "the thread may sleep")]
fn write<'a>(to: &mut impl Write, mut lines: &'a [u8]) -> &'a [u8] {
    while !lines.is_empty() {
        match to.write(lines) {
            Ok(0) => break,
            Ok(count) => lines = lines.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Another process may have set the file so, which it shares.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(PAUSE),
            Err(_) => break,
        }
    }
    lines
}

/// Returns how many lines of this process were left out, since they did not fit or could not be written.
pub(crate) fn lines_left_out() -> u64 {
    LINES_LEFT_OUT.load(Ordering::Relaxed)
}

/// Logs that lines were left out, at the level that shows it whenever it shows those.
fn report(left_out: LeftOut) {
    let LeftOut {
        lines,
        has_problems,
    } = left_out;
    if has_problems {
        error!(lines, "{LEFT_OUT}");
    } else {
        warn!(lines, "{LEFT_OUT}");
    }
}

/// Not in [`Output`], since there is one log, and all lines reach it without being passed one.
static LINES_LEFT_OUT: AtomicU64 = AtomicU64::new(0);

const LEFT_OUT: &str =
    "Lines of the log were left out, since it is read too slowly or cannot be written.";

/// The target of the report, which is never left out.
const REPORT_TARGET: &str = module_path!();

/// For how long lines collect after others were written: a burst costs few system calls, and what a kill may
/// lose is short.
const PAUSE: Duration = Duration::from_millis(5);

/// How long a flush waits without anything being written.
const STALL: Duration = Duration::from_secs(1);

/// The least time between two reports while the queue is never empty.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
