//! Commands of the program on a terminal.

use std::process::Output;

use tokio::process::Command;

/// Runs handsetd on a pseudo-terminal. Both outputs end up in the standard output.
pub(crate) async fn on_a_terminal(arguments: &[&str]) -> Output {
    run(&command_line(arguments)).await
}

/// Like [`on_a_terminal`], with that number of columns.
pub(crate) async fn on_a_terminal_of(columns: u16, arguments: &[&str]) -> Output {
    let line = command_line(arguments);
    run(&format!("stty columns {columns}; {line}")).await
}

fn command_line(arguments: &[&str]) -> String {
    let quoted = arguments.iter().map(|argument| format!("'{argument}'"));
    let quoted = quoted.collect::<Vec<_>>().join(" ");
    format!("'{}' {quoted}", env!("CARGO_BIN_EXE_handsetd"))
}

async fn run(line: &str) -> Output {
    // Part of util-linux, which is always installed on Debian.
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", line, "/dev/null"]);
    command.output().await.unwrap()
}
