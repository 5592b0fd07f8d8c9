//! Commands of the program on a terminal.

use std::process::Output;

use tokio::process::Command;

/// Runs handsetd on a pseudo-terminal. Both outputs end up in the standard output.
pub(crate) async fn on_a_terminal(arguments: &[&str]) -> Output {
    let quoted = arguments.iter().map(|argument| format!("'{argument}'"));
    let line = format!(
        "'{}' {}",
        env!("CARGO_BIN_EXE_handsetd"),
        quoted.collect::<Vec<_>>().join(" ")
    );
    // Part of util-linux, which is always installed on Debian.
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    command.output().await.unwrap()
}
