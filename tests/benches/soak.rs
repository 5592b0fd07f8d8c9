//! Soak: a large site for a long time. It fails if a promise is broken; see `README.md` here.

#![expect(clippy::unwrap_used, reason = "a run that cannot unwrap should fail")]

#[expect(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "most of it is for other tests"
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
    let number = |name: &str, usual: usize| {
        let at = arguments.iter().position(|argument| argument == name);
        let value = at.and_then(|at| arguments.get(at + 1));
        value.map_or(usual, |value| value.parse().expect(name))
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
    say(&format!("{load:?}"));
    let broken = load::run(load, |line| say(&line)).await;
    for promise in &broken {
        say(&format!("BROKEN: {promise}"));
    }
    if broken.is_empty() {
        say("All promises are kept.");
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn say(line: &str) {
    // Whoever has closed the output wants no more.
    let _ = writeln!(std::io::stdout(), "{line}");
}
