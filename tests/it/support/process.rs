//! A child process whose output is watched line by line.
//!
//! It knows nothing about the program; the module that starts it does.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use handset_net::testing;
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
    /// Disconnects when both outputs have ended.
    ended: mpsc::Receiver<()>,
}

impl Process {
    /// Starts `command` without standard input and begins to read its outputs.
    pub(crate) fn start(name: &str, command: &mut Command) -> Self {
        Self::start_reading(name, command, Stdio::null())
    }

    /// Starts `command` as [`start`](Self::start) does, with `input` as its standard input.
    pub(crate) fn start_reading(name: &str, command: &mut Command, input: Stdio) -> Self {
        let started = command
            .stdin(input)
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

    /// Waits for a line, past or future, for which `find` returns a value.
    pub(crate) async fn line<T>(&self, what: &str, mut find: impl FnMut(&str) -> Option<T>) -> T {
        let mut output = self.output.clone();
        let mut seen = 0;
        let mut found = None;
        let waiting = output.wait_for(|lines| {
            found = lines.iter().skip(seen).find_map(|line| find(line));
            seen = lines.len();
            found.is_some()
        });
        // An error means that the output has ended, perhaps after the line.
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

    /// Returns how many lines contain `pattern` so far.
    pub(crate) fn count(&self, pattern: &str) -> usize {
        let log = self.log();
        log.lines().filter(|line| line.contains(pattern)).count()
    }

    /// Waits until the program has exited by itself.
    pub(crate) async fn exit(&mut self) -> ExitStatus {
        let mut output = self.output.clone();
        // Fails once both readers are gone, that is, when the program has exited.
        let ended = async { while output.changed().await.is_ok() {} };
        soon(&format!("the end of {}", self.name), ended).await;
        self.child.wait().unwrap()
    }

    /// Sends SIGTERM, as the init system would.
    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        // It may have exited meanwhile.
        let _ = Command::new("kill")
            .arg(&pid)
            .stderr(Stdio::null())
            .status();
    }

    /// Sends SIGHUP, to reload the configuration.
    pub(crate) fn hang_up(&self) {
        self.signal("-HUP");
    }

    /// Sends SIGINT, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        self.signal("-INT");
    }

    /// Suspends the program: connections stay open, but it sends nothing.
    pub(crate) async fn freeze(&self) {
        testing::suspend(self.pid()).await.unwrap();
    }

    /// Resumes the program after [`freeze`](Self::freeze).
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Returns the process ID.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the program, as a crash would.
    pub(crate) async fn kill(&mut self) {
        // It may have exited meanwhile.
        let _ = self.child.kill();
        self.exit().await;
    }

    /// Returns all lines of output so far.
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

/// Prints to the captured output of the test, which is shown if it fails.
#[expect(
    clippy::print_stderr,
    reason = "the log belongs to the report of a failed test"
)]
pub(crate) fn print_log(name: &str, log: &str) {
    eprintln!("---- {name}\n{log}\n---- end of {name}");
}

/// Appends each line of `source` to `lines` until the end; invalid UTF-8 is replaced.
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

/// How long a program may take to exit after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);
