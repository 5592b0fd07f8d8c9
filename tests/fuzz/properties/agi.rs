//! AGI: the environment, replies, and the verb and keys of a call.
//!
//! An input is an environment followed by replies, separated by lines `--`. A reply is sent after each
//! command.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use handset_agi::{Channel, Command, Config, Reply, Request};
use handsetd::fuzzing::read_arguments;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Runs the same conversation with reads of different sizes.
pub fn check(bytes: &[u8]) {
    let mut parts = parts(bytes);
    let environment = parts.pop_front().unwrap_or_default();
    if let Ok(request) = Request::parse(&environment) {
        let lines = environment.split(|byte| *byte == b'\n').count();
        assert!(request.arguments().count() <= lines);
        verb(&request);
    }
    for part in &parts {
        reply(part);
    }
    for read_size in [1, 7, usize::MAX] {
        converse(Peer::new(&environment, &parts, read_size));
    }
}

/// Parses the verb and its keys.
fn verb(request: &Request) {
    let _ = (request.caller_id(), request.caller_name(), request.kind());
    let message = match read_arguments(request) {
        Ok((verb, pairs)) => match handset_phones::verb::Request::parse(verb.name(), pairs) {
            Ok(_) => return,
            Err(refusal) => refusal.to_string(),
        },
        Err(refusal) => refusal.to_string(),
    };
    assert!(!message.is_empty(), "a refusal has no message");
}

/// Parses a single reply.
fn reply(bytes: &[u8]) {
    let Ok(reply) = Reply::parse(bytes) else {
        return;
    };
    assert!((100..600).contains(&reply.code()), "{}", reply.code());
    assert_eq!(reply.is_provisional(), reply.code() < 200);
    // What is not UTF-8 is read as Windows-1252, line by line, so only the other parts are compared.
    let text = String::from_utf8_lossy(bytes);
    for part in [reply.result(), reply.value()].into_iter().flatten() {
        let is_other = !part.is_ascii();
        assert!(
            is_other || text.contains(part),
            "{part:?} is not in {text:?}"
        );
    }
}

/// Runs a script that sends back the text of replies, which must not leave the line of its command.
fn converse(peer: Peer) {
    let written = Arc::clone(&peer.written);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O can be built");
    let sent = runtime.block_on(async {
        let Ok((request, mut channel)) = Channel::open(peer, &Config::default()).await else {
            return 0;
        };
        let mut sent = 0;
        let mut text = request
            .variable("calleridname")
            .unwrap_or_default()
            .to_owned();
        while !channel.hung_up() && sent < MAX_COMMANDS {
            let command = match sent % 3 {
                0 => Command::get_full_variable("${CHANNEL(name)}"),
                1 => Command::new("EXEC", &["NoOp", &text]),
                _ => Command::set_variable("HANDSET_REASON", &text),
            };
            let Ok(command) = command else { break };
            sent += 1;
            match channel.command(&command).await {
                Ok(reply) => reply
                    .value()
                    .unwrap_or_else(|| reply.text())
                    .clone_into(&mut text),
                Err(error) => text = error.to_string(),
            }
        }
        sent
    });
    let written = written.lock().expect("no panic while locked");
    let lines = written.split(|byte| *byte == b'\n').count() - 1;
    assert!(lines <= sent, "{sent} commands are {lines} lines");
}

/// An Asterisk that sends one part after each command.
struct Peer {
    available: VecDeque<u8>,
    replies: VecDeque<Vec<u8>>,
    read_size: usize,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Peer {
    fn new(environment: &[u8], replies: &VecDeque<Vec<u8>>, read_size: usize) -> Self {
        Self {
            available: environment.iter().copied().collect(),
            replies: replies.clone(),
            read_size,
            written: Arc::default(),
        }
    }
}

impl AsyncRead for Peer {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.available.is_empty() && !self.replies.is_empty() {
            // It waits for a command. No wake-up is needed, because the channel reads after writing.
            return Poll::Pending;
        }
        let length = self
            .read_size
            .min(buffer.remaining())
            .min(self.available.len());
        let bytes: Vec<u8> = self.available.drain(..length).collect();
        buffer.put_slice(&bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Peer {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.contains(&b'\n') {
            let next = self.replies.pop_front().unwrap_or_default();
            self.available.extend(next);
        }
        let mut written = self.written.lock().expect("no panic while locked");
        written.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Splits at lines `--`.
fn parts(bytes: &[u8]) -> VecDeque<Vec<u8>> {
    let mut parts = VecDeque::from([Vec::new()]);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line == b"--\n" {
            parts.push_back(Vec::new());
        } else if let Some(part) = parts.back_mut() {
            part.extend_from_slice(line);
        }
    }
    parts
}

/// Maximum number of commands of the script.
const MAX_COMMANDS: usize = 16;
