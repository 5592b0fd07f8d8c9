//! Panics as lines of the log, in its format and in order.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};
use std::thread;

use tracing::{Level, enabled, error};

use super::output::Output;

/// Logs panics from now on, and waits until they are written, since some end the process.
pub(super) fn log_to(output: Output) {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if enabled!(Level::ERROR) {
            write(panic);
        }
        output.flush();
        if !enabled!(Level::ERROR) {
            previous(panic);
        }
    }));
}

fn write(panic: &PanicHookInfo<'_>) {
    let thread = thread::current();
    let thread = thread.name().unwrap_or_default();
    let at = panic.location().map(ToString::to_string);
    let message = panic.payload_as_str().unwrap_or_default();
    error!(thread, at, "A thread panicked: {message}");
    // As RUST_BACKTRACE says.
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        for line in backtrace.to_string().lines() {
            error!("{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::telemetry;

    /// Hooks are the process's, so the panic is in one of its own: this test once more.
    #[test]
    fn panic_is_a_line_of_the_log() {
        const IS_CHILD: &str = "HANDSETD_TEST_OF_PANICS";
        if std::env::var_os(IS_CHILD).is_some() {
            let log = telemetry::start(telemetry::Config::default()).unwrap();
            let task = thread::Builder::new().name("task".to_owned());
            let panics = task.spawn(|| panic!("a bug\u{1b}[31m")).unwrap();
            assert!(panics.join().is_err());
            // As after an abort, nothing else is written.
            std::mem::forget(log);
            return;
        }
        let own = std::env::current_exe().unwrap();
        let output = Command::new(own)
            .args([
                "--exact",
                "telemetry::panics::tests::panic_is_a_line_of_the_log",
                "--nocapture",
            ])
            .env(IS_CHILD, "yes")
            .env_remove("HANDSETD_LOG")
            .env_remove("RUST_LOG")
            .env_remove("RUST_BACKTRACE")
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let expected = "ERROR handsetd::telemetry::panics: A thread panicked: a bug\\u{1b}[31m thread=\"task\" at=\"src/";
        assert!(text.contains(expected), "{text}");
    }
}
