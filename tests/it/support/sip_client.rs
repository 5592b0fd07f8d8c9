//! A real SIP client, `SIPp`, that plays a desk phone: it registers, and it dials.
//!
//! Signalling only, without audio. The scenarios are in `tests/asterisk/sipp`.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use tokio::net::UdpSocket;

use super::loopback::Loopback;
use super::process::{Process, print_log};

/// A phone with an address of its own.
#[derive(Debug)]
pub(crate) struct SipPhone {
    user: String,
    user_agent: String,
    /// The registered user: by default its own name.
    aor: String,
    registrar: SocketAddr,
    address: Loopback,
}

/// The course of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Course {
    /// Asterisk answers and hangs up.
    Answered,
    /// The caller cancels before the answer, on [`Call::hang_up`].
    Cancelled,
    /// Asterisk answers, and the caller hangs up, on [`Call::hang_up`].
    HungUp,
    /// Asterisk ends the call as busy, without an answer.
    Rejected,
}

impl SipPhone {
    /// Creates a phone that is not registered.
    pub(crate) fn new(user: &str, user_agent: &str, registrar: SocketAddr) -> Self {
        Self::at(Loopback::claim(), user, user_agent, registrar)
    }

    /// Creates a phone at an address that the test has claimed.
    pub(crate) fn at(
        address: Loopback,
        user: &str,
        user_agent: &str,
        registrar: SocketAddr,
    ) -> Self {
        Self {
            user: user.to_owned(),
            user_agent: user_agent.to_owned(),
            aor: user.to_owned(),
            registrar,
            address,
        }
    }

    /// Sets the registered user.
    pub(crate) fn registering(self, aor: &str) -> Self {
        Self {
            aor: aor.to_owned(),
            ..self
        }
    }

    /// Returns the address of the phone, where its other servers can listen too.
    pub(crate) fn address(&self) -> &Loopback {
        &self.address
    }

    /// Registers, for longer than any test takes.
    pub(crate) async fn register(&self) {
        let scenario = include_str!("../../asterisk/sipp/register.xml");
        self.start(scenario, "nobody").end().await;
    }

    /// Dials `extension`. The call runs concurrently; [`Call::end`] waits for its end.
    pub(crate) fn dial(&self, extension: &str, course: Course) -> Call {
        let scenario = match course {
            Course::Answered => include_str!("../../asterisk/sipp/answered.xml"),
            Course::Cancelled => include_str!("../../asterisk/sipp/cancelled.xml"),
            Course::HungUp => include_str!("../../asterisk/sipp/hung-up.xml"),
            Course::Rejected => include_str!("../../asterisk/sipp/refused.xml"),
        };
        self.start(scenario, extension)
    }

    fn start(&self, scenario: &str, extension: &str) -> Call {
        let files = tempfile::tempdir().unwrap();
        fs::write(files.path().join("scenario.xml"), scenario).unwrap();
        let address = self.address.port(SIP_PORT);
        // Random, so that Asterisk does not take it for a retransmission.
        let id = files
            .path()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let mut command = Command::new("sipp");
        command
            .current_dir(files.path())
            .arg(self.registrar.to_string())
            .args(["-sf", "scenario.xml", "-m", "1", "-nostdin"])
            .args([
                "-i",
                &address.ip().to_string(),
                "-p",
                &address.port().to_string(),
            ])
            .args(["-s", extension, "-cid_str", &id])
            .args([
                "-key",
                "user",
                &self.user,
                "-key",
                "user_agent",
                &self.user_agent,
            ])
            .args(["-key", "aor", &self.aor])
            .args(["-timeout", "25s", "-timeout_error"])
            .args(["-trace_msg", "-message_file", "messages.log"])
            .args(["-trace_err", "-error_file", "errors.log"]);
        let process = Process::start("SIPp", &mut command);
        Call {
            process,
            files,
            id,
            address,
        }
    }
}

/// A call.
#[derive(Debug)]
pub(crate) struct Call {
    process: Process,
    files: TempDir,
    id: String,
    address: SocketAddr,
}

impl Call {
    /// Makes the caller hang up.
    pub(crate) async fn hang_up(&self) {
        // SIPp identifies a call by its Call-ID alone, so a message of ours can be its cue.
        let cue = format!(
            "INFO sip:caller@{address} SIP/2.0\r\n\
             Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-cue-{id}\r\n\
             From: <sip:test@127.0.0.1>;tag=cue\r\n\
             To: <sip:caller@{address}>;tag={id}\r\n\
             Call-ID: {id}\r\n\
             CSeq: 1 INFO\r\n\
             Content-Length: 0\r\n\r\n",
            address = self.address,
            id = self.id,
        );
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.send_to(cue.as_bytes(), self.address).await.unwrap();
    }

    /// Waits for the end of the call and asserts that it followed its course.
    pub(crate) async fn end(mut self) {
        let status = self.process.exit().await;
        if !status.success() {
            print_messages(self.files.path());
            panic!("the call did not go as it should: SIPp ended with {status}");
        }
    }
}

/// Prints the messages, and the complaints of `SIPp`.
fn print_messages(files: &Path) {
    for name in ["messages.log", "errors.log"] {
        let text = fs::read(files.join(name)).unwrap_or_default();
        print_log(name, &String::from_utf8_lossy(&text));
    }
}

/// The SIP port of phones.
const SIP_PORT: u16 = 5060;
