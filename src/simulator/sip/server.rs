//! Server transactions (RFC 3261, section 17.2): a request that arrives again gets the same response
//! again, and a final response to an INVITE is repeated until it is acknowledged.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::message::Message;

/// The requests that were received lately.
#[derive(Debug, Default)]
pub(super) struct ServerTransactions {
    entries: Mutex<HashMap<String, Entry>>,
    /// Cancelled when the ACK arrives, by Call-ID and sequence number of the INVITE.
    unacknowledged: Mutex<HashMap<String, CancellationToken>>,
}

#[derive(Debug)]
struct Entry {
    response: Option<String>,
    until: Instant,
}

/// How a request relates to those before it.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Begun {
    New,
    /// It was received before; the response, if there is one by now.
    Again(Option<String>),
}

impl ServerTransactions {
    /// Begins the transaction of a request that is not an ACK.
    pub(super) fn begin(&self, request: &Message) -> Begun {
        let now = Instant::now();
        let mut entries = self.entries.lock();
        let key = key(request);
        if let Some(entry) = entries.get(&key).filter(|entry| entry.until > now) {
            return Begun::Again(entry.response.clone());
        }
        if entries.len() >= MAX_TRANSACTIONS {
            entries.retain(|_, entry| entry.until > now);
        }
        if entries.len() < MAX_TRANSACTIONS {
            let entry = Entry {
                response: None,
                until: now + LIFETIME,
            };
            entries.insert(key, entry);
        }
        Begun::New
    }

    /// Stores a response for retransmissions of its request.
    pub(super) fn respond(&self, request: &Message, response: &Message) {
        if let Some(entry) = self.entries.lock().get_mut(&key(request)) {
            entry.response = Some(response.to_string());
            entry.until = Instant::now() + LIFETIME;
        }
    }

    /// Returns the token that the ACK of an INVITE cancels.
    pub(super) fn await_acknowledgement(&self, invite: &Message) -> CancellationToken {
        let token = CancellationToken::new();
        let mut unacknowledged = self.unacknowledged.lock();
        if unacknowledged.len() < MAX_TRANSACTIONS {
            unacknowledged.insert(invite_key(invite), token.clone());
        }
        token
    }

    /// Handles an ACK.
    pub(super) fn acknowledge(&self, ack: &Message) {
        if let Some(token) = self.unacknowledged.lock().remove(&invite_key(ack)) {
            token.cancel();
        }
    }

    /// Forgets an INVITE whose ACK has not arrived.
    pub(super) fn give_up(&self, invite: &Message) {
        self.unacknowledged.lock().remove(&invite_key(invite));
    }
}

/// Identifies a transaction (RFC 3261, section 17.2.3).
fn key(request: &Message) -> String {
    let via = request.header("Via").unwrap_or_default();
    let sent_by = via.split(';').next().unwrap_or_default();
    let branch = request.branch().unwrap_or_default();
    let method = request.method().unwrap_or_default();
    format!("{method} {branch} {sent_by}")
}

/// Identifies an INVITE and its ACK.
fn invite_key(message: &Message) -> String {
    let call_id = message.header("Call-ID").unwrap_or_default();
    let number = message.sequence_number().unwrap_or_default();
    format!("{number} {call_id}")
}

/// How long retransmissions are expected: 64 times T1.
pub(super) const LIFETIME: Duration = Duration::from_secs(32);

/// Maximum number of transactions; requests beyond them are handled once for each time that they arrive.
const MAX_TRANSACTIONS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, branch: &str) -> Message {
        Message::new(format!("{method} sip:a@b SIP/2.0"))
            .with("Via", format!("SIP/2.0/UDP c;branch={branch}"))
            .with("Call-ID", "x")
            .with("CSeq", format!("1 {method}"))
    }

    #[tokio::test(start_paused = true)]
    async fn retransmissions_get_the_response_for_32_seconds() {
        let transactions = ServerTransactions::default();
        let info = request("INFO", "z9hG4bK1");
        assert_eq!(transactions.begin(&info), Begun::New);
        assert_eq!(transactions.begin(&info), Begun::Again(None));
        assert_eq!(transactions.begin(&request("BYE", "z9hG4bK1")), Begun::New);
        let response = info.response("200 OK", "1");
        transactions.respond(&info, &response);
        let again = Begun::Again(Some(response.to_string()));
        assert_eq!(transactions.begin(&info), again);
        tokio::time::advance(LIFETIME).await;
        assert_eq!(transactions.begin(&info), Begun::New);
    }

    #[test]
    fn acknowledgements_belong_to_their_invite() {
        let transactions = ServerTransactions::default();
        let token = transactions.await_acknowledgement(&request("INVITE", "z9hG4bK1"));
        let mut other = request("ACK", "z9hG4bK2");
        "2 ACK".clone_into(&mut other.headers[2].1);
        transactions.acknowledge(&other);
        assert!(!token.is_cancelled());
        transactions.acknowledge(&request("ACK", "z9hG4bK2"));
        assert!(token.is_cancelled());
    }
}
