//! Asterisk's side of one FastAGI call, for tests that need no channel.

use std::collections::HashMap;
use std::fmt::Write;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::{agi_variables, soon};

/// Calls `script` with arguments, answers no look-up, and returns the variables that are set.
pub(crate) async fn agi_call(
    server: SocketAddr,
    script: &str,
    arguments: &[&str],
) -> HashMap<String, String> {
    let mut stream = BufReader::new(TcpStream::connect(server).await.unwrap());
    let mut block = format!(
        "agi_network: yes\nagi_network_script: {script}\nagi_request: agi://{server}/{script}\n\
         agi_channel: Local/test@nowhere-00000001;1\nagi_threadid: 1\n"
    );
    for (at, argument) in arguments.iter().enumerate() {
        writeln!(block, "agi_arg_{}: {argument}", at + 1).unwrap();
    }
    block.push('\n');
    stream.write_all(block.as_bytes()).await.unwrap();
    let mut variables = HashMap::new();
    loop {
        let mut line = String::new();
        let read = soon("an AGI command", stream.read_line(&mut line)).await;
        if read.unwrap() == 0 {
            return variables;
        }
        let reply = match agi_variables::set_by(line.trim_end_matches('\n')) {
            Some((set, reply)) => {
                variables.extend(set);
                reply
            }
            None => "200 result=0\n",
        };
        stream.write_all(reply.as_bytes()).await.unwrap();
    }
}
