//! The program as somebody at a terminal runs it.

use std::process::Output;

use tokio::process::Command;

/// Runs handsetd on a pseudo-terminal; what it says to either output is in the standard output.
pub(crate) async fn on_a_terminal(arguments: &[&str]) -> Output {
    let quoted = arguments.iter().map(|argument| format!("'{argument}'"));
    let line = format!(
        "'{}' {}",
        env!("CARGO_BIN_EXE_handsetd"),
        quoted.collect::<Vec<_>>().join(" ")
    );
    // Of util-linux, which every Debian has.
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
    command.output().await.unwrap()
}
