//! The soak test: a large site for a long time. It fails if a guarantee is violated; see `README.md`.

#![expect(clippy::unwrap_used, reason = "a run that cannot unwrap should fail")]

#[expect(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "most of it is used by other tests only"
)]
#[path = "../it"]
mod it {
    pub(crate) mod support;
}

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use it::support::load::{self, Load};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let number = |name: &str, default: usize| {
        let at = arguments.iter().position(|argument| argument == name);
        let value = at.and_then(|at| arguments.get(at + 1));
        value.map_or(default, |value| value.parse().expect(name))
    };
    let minutes = u64::try_from(number("--minutes", 10)).unwrap();
    let load = Load {
        phones: number("--phones", 10_000),
        listed: number("--listed", 2000),
        sessions: number("--sessions", 1000),
        events: number("--events", 5000),
        answer: Duration::from_millis(2500),
        time: Duration::from_mins(minutes),
        beat: Duration::from_secs(10),
    };
    print(&format!("{load:?}"));
    let violations = load::run(load, |line| print(&line)).await;
    for violation in &violations {
        print(&format!("VIOLATED: {violation}"));
    }
    if violations.is_empty() {
        print("All guarantees hold.");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print(line: &str) {
    // An error means that the output is closed.
    let _ = writeln!(std::io::stdout(), "{line}");
}
