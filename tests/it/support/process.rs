//! A child process whose output is watched line by line.
//!
//! It knows nothing of what the program does; that is for the module that starts it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;

use super::soon;

/// A running program. Dropping it ends it: by SIGTERM, and by SIGKILL if that doesn't help.
///
/// If the test has failed, its output is printed then.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
    output: watch::Receiver<Vec<String>>,
    /// Disconnects when the last of the two outputs is at its end.
    ended: mpsc::Receiver<()>,
}

impl Process {
    /// Starts `command` without standard input and begins to read its outputs.
    pub(crate) fn start(name: &str, command: &mut Command) -> Self {
        let started = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) => panic!("cannot start {name}: {error}"),
        };
        let (lines, output) = watch::channel(Vec::new());
        let (end, ended) = mpsc::channel();
        read_lines(child.stdout.take().unwrap(), lines.clone(), end.clone());
        read_lines(child.stderr.take().unwrap(), lines, end);
        Self {
            name: name.to_owned(),
            child,
            output,
            ended,
        }
    }

    /// Waits for a line, old or new, of which `find` makes something.
    pub(crate) async fn line<T>(&self, what: &str, mut find: impl FnMut(&str) -> Option<T>) -> T {
        let mut output = self.output.clone();
        let mut seen = 0;
        let mut found = None;
        let waiting = output.wait_for(|lines| {
            found = lines.iter().skip(seen).find_map(|line| find(line));
            seen = lines.len();
            found.is_some()
        });
        // An error means that the output is at its end, which is no harm if the line was there.
        let _ = soon(what, waiting).await;
        match found {
            Some(found) => found,
            None => panic!("{} ended before {what}", self.name),
        }
    }

    /// Waits for a line that contains `pattern` after `passed` others that do, and returns it.
    pub(crate) async fn line_after(&self, passed: usize, pattern: &str) -> String {
        let mut left = passed;
        let find = |line: &str| {
            let found = line.contains(pattern);
            if found && left > 0 {
                left -= 1;
                return None;
            }
            found.then(|| line.to_owned())
        };
        self.line(&format!("the line {pattern:?}"), find).await
    }

    /// Returns how many lines contain `pattern` by now.
    pub(crate) fn count(&self, pattern: &str) -> usize {
        let log = self.log();
        log.lines().filter(|line| line.contains(pattern)).count()
    }

    /// Waits until the program has ended by itself.
    pub(crate) async fn exit(&mut self) -> ExitStatus {
        let mut output = self.output.clone();
        // Fails as soon as both readers are gone, which is when the program is.
        let ended = async { while output.changed().await.is_ok() {} };
        soon(&format!("the end of {}", self.name), ended).await;
        self.child.wait().unwrap()
    }

    /// Asks the program to end, as the init system would.
    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        // There is nothing to do if it has gone meanwhile.
        let _ = Command::new("kill")
            .arg(&pid)
            .stderr(Stdio::null())
            .status();
    }

    /// Asks the program to read its configuration again.
    pub(crate) fn hang_up(&self) {
        self.signal("-HUP");
    }

    /// Stops the program in its tracks: its connections stay open, and nothing comes from it.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets the program go on after [`freeze`](Self::freeze).
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Returns the number of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the program as a crash would.
    pub(crate) async fn kill(&mut self) {
        // There is nothing to do if it has gone meanwhile.
        let _ = self.child.kill();
        self.exit().await;
    }

    /// Returns everything that the program has said, one line after the other.
    pub(crate) fn log(&self) -> String {
        self.output.borrow().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.terminate();
            if self.ended.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout) {
                let _ = self.child.kill();
            }
            let _ = self.child.wait();
        }
        if thread::panicking() {
            print_log(&self.name, &self.log());
        }
    }
}

/// Prints where the test harness collects the output of a test, to be shown if it fails.
#[expect(
    clippy::print_stderr,
    reason = "the log belongs to the report of a failed test"
)]
pub(crate) fn print_log(name: &str, log: &str) {
    eprintln!("---- {name}\n{log}\n---- end of {name}");
}

/// Appends each line of `source` to `lines`, whatever its bytes are, until the end.
fn read_lines(
    source: impl Read + Send + 'static,
    lines: watch::Sender<Vec<String>>,
    end: mpsc::Sender<()>,
) {
    thread::spawn(move || {
        let mut source = BufReader::new(source);
        let mut line = Vec::new();
        while source
            .read_until(b'\n', &mut line)
            .is_ok_and(|length| length > 0)
        {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            lines.send_modify(|lines| lines.push(text));
            line.clear();
        }
        drop(end);
    });
}

/// How long a program may take to end in good order.
const GRACE: Duration = Duration::from_secs(5);
