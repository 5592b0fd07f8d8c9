//! A dialog that the other side has opened with an INVITE (RFC 3261, section 12).

use std::net::SocketAddr;

use super::message::{Message, tag, uri};
use crate::digest::random_hex;

/// A dialog, as its called side sees it.
#[derive(Clone, Debug)]
pub(crate) struct Dialog {
    call_id: String,
    /// Our address with our tag.
    local: String,
    /// The address of the other side with its tag.
    remote: String,
    target: String,
    routes: Vec<String>,
    /// The sequence number of the last request that was received.
    remote_sequence: u32,
    /// The sequence number of the last request that was sent.
    local_sequence: u32,
    /// Where the INVITE came from.
    peer: SocketAddr,
}

/// Why a request does not fit a dialog: a status line, and the reason.
pub(crate) type Misfit = (&'static str, String);

impl Dialog {
    /// Creates the dialog of an INVITE that is about to be accepted.
    pub(crate) fn new(invite: &Message, peer: SocketAddr) -> Self {
        let header = |name: &'static str| invite.header(name).unwrap_or_default().to_owned();
        Self {
            call_id: header("Call-ID"),
            local: format!("{};tag={}", header("To"), random_hex()),
            remote: header("From"),
            target: uri(invite.header("Contact").unwrap_or_default()).to_owned(),
            routes: invite.all("Record-Route").map(ToOwned::to_owned).collect(),
            remote_sequence: invite.sequence_number().unwrap_or_default(),
            local_sequence: 0,
            peer,
        }
    }

    /// Returns our tag.
    pub(crate) fn tag(&self) -> &str {
        tag(&self.local).unwrap_or_default()
    }

    /// Returns where the INVITE came from.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Checks the tags and the sequence number of a request; a new sequence number is remembered.
    pub(crate) fn admit(&mut self, request: &Message) -> Result<(), Misfit> {
        self.check_tags(request)?;
        let number = request.sequence_number().unwrap_or_default();
        if number <= self.remote_sequence {
            let last = self.remote_sequence;
            let reason = format!("CSeq {number} is not greater than {last}, which came before");
            return Err(("500 Server Internal Error", reason));
        }
        self.remote_sequence = number;
        Ok(())
    }

    /// Checks the tags of a request.
    pub(crate) fn check_tags(&self, request: &Message) -> Result<(), Misfit> {
        let of = |name: &'static str| request.header(name).and_then(tag);
        for (name, expected) in [("From", &self.remote), ("To", &self.local)] {
            if of(name) != tag(expected) {
                let reason = format!("the tag in {name} is not that of the dialog");
                return Err(("481 Call/Transaction Does Not Exist", reason));
            }
        }
        Ok(())
    }

    /// Takes over the Contact of a request that refreshes its target.
    pub(crate) fn refresh_target(&mut self, request: &Message, peer: SocketAddr) {
        if let Some(contact) = request.header("Contact") {
            uri(contact).clone_into(&mut self.target);
        }
        self.peer = peer;
    }

    /// Completes a request of ours whose `Via`, `Max-Forwards` and `Contact` are there: adds what all
    /// requests of the dialog have in common.
    pub(super) fn complete(&mut self, method: &str, request: Message) -> Message {
        self.local_sequence += 1;
        let request = request
            .with("From", &self.local)
            .with("To", &self.remote)
            .with("Call-ID", &self.call_id)
            .with("CSeq", format!("{} {method}", self.local_sequence));
        self.routes
            .iter()
            .fold(request, |request, route| request.with("Route", route))
    }

    /// Returns the URI of requests.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// Returns where datagrams go: to the address in the Contact, which need not be that of the INVITE.
    pub(super) fn destination(&self) -> SocketAddr {
        host_and_port(&self.target).unwrap_or(self.peer)
    }
}

/// Returns the address in a SIP URI; `None` for a host name.
fn host_and_port(uri: &str) -> Option<SocketAddr> {
    let rest = uri.split_once(':')?.1;
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let host = rest.split([';', '?']).next().unwrap_or_default();
    let with_port = || format!("{host}:{PORT}").parse();
    host.parse().or_else(|_| with_port()).ok()
}

/// The port of SIP.
const PORT: u16 = 5060;

#[cfg(test)]
mod tests {
    use super::*;

    fn dialog() -> Dialog {
        let invite = Message::new("INVITE sip:1001@127.0.0.1 SIP/2.0")
            .with("From", "<sip:a@b>;tag=1")
            .with("To", "<sip:1001@127.0.0.1>")
            .with("Call-ID", "x")
            .with("CSeq", "7 INVITE")
            .with("Contact", "<sip:a@127.0.0.1:6060>");
        Dialog::new(&invite, "127.0.0.1:9".parse().unwrap())
    }

    fn info(dialog: &Dialog, number: u32) -> Message {
        Message::new("INFO sip:1001@127.0.0.1 SIP/2.0")
            .with("From", "<sip:a@b>;tag=1")
            .with("To", format!("<sip:1001@127.0.0.1>;tag={}", dialog.tag()))
            .with("CSeq", format!("{number} INFO"))
    }

    #[test]
    fn requests_need_the_tags_and_a_greater_number() {
        let mut dialog = dialog();
        let status = |result: Result<(), Misfit>| result.unwrap_err().0;
        let old = info(&dialog, 7);
        assert!(status(dialog.admit(&old)).starts_with("500"));
        let new = info(&dialog, 8);
        dialog.admit(&new).unwrap();
        assert!(status(dialog.admit(&new)).starts_with("500"));
        for header in [0, 1] {
            let mut foreign = info(&dialog, 9);
            foreign.headers[header].1.push('x');
            assert!(status(dialog.admit(&foreign)).starts_with("481"));
        }
    }

    #[test]
    fn requests_of_ours_count_from_one_and_go_to_the_contact() {
        let mut dialog = dialog();
        for number in [1, 2] {
            let request = dialog.complete("INFO", Message::new("INFO x SIP/2.0"));
            assert_eq!(request.sequence_number(), Some(number));
            assert_eq!(request.header("To"), Some("<sip:a@b>;tag=1"));
        }
        assert_eq!(dialog.destination(), "127.0.0.1:6060".parse().unwrap());
        dialog.target = "sip:handsetd.example".to_owned();
        assert_eq!(dialog.destination(), "127.0.0.1:9".parse().unwrap());
        dialog.target = "sip:a@127.0.0.2;transport=udp".to_owned();
        assert_eq!(dialog.destination(), "127.0.0.2:5060".parse().unwrap());
    }
}
