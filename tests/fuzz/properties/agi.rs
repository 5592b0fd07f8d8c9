//! AGI: the environment, replies, and the words of a call.
//!
//! An input is an environment and then replies, each behind a line `--`; a reply is sent when a command
//! has come.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use handset_agi::{Channel, Command, Config, Reply, Request};
use handsetd::dialplan;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Has the same conversation in pieces of some lengths.
pub fn check(bytes: &[u8]) {
    let mut parts = parts(bytes);
    let environment = parts.pop_front().unwrap_or_default();
    if let Ok(request) = Request::parse(&environment) {
        let lines = environment.split(|byte| *byte == b'\n').count();
        assert!(request.arguments().count() <= lines);
        words(&request);
    }
    for part in &parts {
        reply(part);
    }
    for piece in [1, 7, usize::MAX] {
        talk(Peer::new(&environment, &parts, piece));
    }
}

/// Reads what the call asks for.
fn words(request: &Request) {
    let _ = (request.caller_id(), request.caller_name(), request.kind());
    let told = match dialplan::read(request) {
        Ok((verb, pairs)) => match handset_phones::verb::Request::parse(verb.name(), pairs) {
            Ok(_) => return,
            Err(refusal) => refusal.to_string(),
        },
        Err(refusal) => refusal.to_string(),
    };
    assert!(!told.is_empty(), "a refusal says nothing");
}

/// Reads a reply by itself.
fn reply(bytes: &[u8]) {
    let Ok(reply) = Reply::parse(bytes) else {
        return;
    };
    assert!((100..600).contains(&reply.code()), "{}", reply.code());
    assert_eq!(reply.is_provisional(), reply.code() < 200);
    let text = String::from_utf8_lossy(bytes);
    for part in [reply.result(), reply.value()].into_iter().flatten() {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

/// Runs a script that says back what it heard; nothing of that leaves the line of its command.
fn talk(peer: Peer) {
    let written = Arc::clone(&peer.written);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime needs nothing");
    let asked = runtime.block_on(async {
        let Ok((request, mut channel)) = Channel::open(peer, &Config::default()).await else {
            return 0;
        };
        let mut asked = 0;
        let mut said = request
            .variable("calleridname")
            .unwrap_or_default()
            .to_owned();
        while !channel.hung_up() && asked < COMMANDS {
            let command = match asked % 3 {
                0 => Command::get_full_variable("${CHANNEL(name)}"),
                1 => Command::new("EXEC", &["NoOp", &said]),
                _ => Command::set_variable("HANDSET_REASON", &said),
            };
            let Ok(command) = command else { break };
            asked += 1;
            match channel.command(&command).await {
                Ok(reply) => reply
                    .value()
                    .unwrap_or_else(|| reply.text())
                    .clone_into(&mut said),
                Err(error) => said = error.to_string(),
            }
        }
        asked
    });
    let written = written.lock().expect("nobody panics with it");
    let lines = written.split(|byte| *byte == b'\n').count() - 1;
    assert!(lines <= asked, "{asked} commands are {lines} lines");
}

/// Asterisk, who sends a part after each command.
struct Peer {
    now: VecDeque<u8>,
    later: VecDeque<Vec<u8>>,
    piece: usize,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Peer {
    fn new(environment: &[u8], replies: &VecDeque<Vec<u8>>, piece: usize) -> Self {
        Self {
            now: environment.iter().copied().collect(),
            later: replies.clone(),
            piece,
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
        if self.now.is_empty() && !self.later.is_empty() {
            // It waits for a command; nobody is to be woken, since whoever writes reads again.
            return Poll::Pending;
        }
        let length = self.piece.min(buffer.remaining()).min(self.now.len());
        let piece: Vec<u8> = self.now.drain(..length).collect();
        buffer.put_slice(&piece);
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
            let next = self.later.pop_front().unwrap_or_default();
            self.now.extend(next);
        }
        let mut written = self.written.lock().expect("nobody panics with it");
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

/// How many commands the script gives at most.
const COMMANDS: usize = 16;
