//! A phone that takes an `INVITE` for a call: it rings until that is cancelled.

use std::net::SocketAddr;

use super::{Line, MAX_SESSIONS};
use crate::sip::Message;
use crate::uacsta::reply::{Reply, TAG};

impl Line {
    /// Rings until the server cancels.
    pub(super) async fn ring(&mut self, invite: Message, peer: SocketAddr) {
        self.change_state(|state| state.csta.rung += 1);
        let ringing = Reply::refusing("180 Ringing", "taken for a call");
        self.reply(&invite, peer, ringing.with(TAG, "ringing"))
            .await;
        let call_id = invite.header("Call-ID").unwrap_or_default().to_owned();
        if self.ringing.len() < MAX_SESSIONS {
            self.ringing.insert(call_id, (invite, peer));
        }
    }

    /// Stops ringing; returns the response to the CANCEL.
    pub(super) async fn cancel(&mut self, cancel: &Message) -> Reply {
        let call_id = cancel.header("Call-ID").unwrap_or_default();
        let fits = |(invite, _): &(Message, SocketAddr)| invite.branch() == cancel.branch();
        let ringing = self.ringing.get(call_id).is_some_and(fits);
        let Some((invite, peer)) = self.ringing.remove(call_id).filter(|_| ringing) else {
            let status = "481 Call/Transaction Does Not Exist";
            return Reply::refusing(status, "nothing rings for this CANCEL");
        };
        self.change_state(|state| state.csta.cancelled += 1);
        let terminated = Reply::refusing("487 Request Terminated", "it was cancelled");
        self.reply(&invite, peer, terminated.with(TAG, "ringing"))
            .await;
        Reply::accepting(String::new())
    }
}
