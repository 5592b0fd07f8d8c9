//! Client transactions: requests that wait for responses.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::error::NotSent;
use super::flow::Flow;
use super::wire::{Method, Response};

/// The client transactions.
#[derive(Debug, Default)]
pub(crate) struct Clients(Mutex<HashMap<Key, Entry>>);

/// The branch, which we chose, and the method: a CANCEL has the branch of its INVITE.
type Key = (String, Method);

#[derive(Debug)]
struct Entry {
    flow: Flow,
    responses: mpsc::Sender<Response>,
}

/// The receiving end of a transaction, which ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Responses<'a> {
    clients: &'a Clients,
    key: Key,
    receiver: mpsc::Receiver<Response>,
}

impl Clients {
    /// Starts a transaction over `flow`.
    pub(crate) fn start(
        &self,
        flow: &Flow,
        branch: &str,
        method: Method,
    ) -> Result<Responses<'_>, NotSent> {
        let key = (branch.to_owned(), method);
        let (responses, receiver) = mpsc::channel(MAX_RESPONSES);
        let entry = Entry {
            flow: flow.clone(),
            responses,
        };
        let mut entries = self.0.lock();
        if entries.len() >= MAX_CLIENTS {
            return Err(NotSent::TooMany);
        }
        entries.insert(key.clone(), entry);
        Ok(Responses {
            clients: self,
            key,
            receiver,
        })
    }

    /// Hands a response to its transaction; `None` if there is one, otherwise the response.
    pub(crate) fn deliver(
        &self,
        flow: &Flow,
        (branch, method): (&str, &Method),
        response: Response,
    ) -> Option<Response> {
        let entries = self.0.lock();
        let key = (branch.to_owned(), method.clone());
        match entries.get(&key) {
            Some(entry) if entry.flow.is_from_same_host(flow) => {
                // Without room, it is repeated by a peer that still waits for something.
                let _ = entry.responses.try_send(response);
                None
            }
            _ => Some(response),
        }
    }
}

impl Responses<'_> {
    /// Waits for the next response. Cancel safe.
    pub(crate) async fn next(&mut self) -> Response {
        match self.receiver.recv().await {
            Some(response) => response,
            // The sender is in the table as long as `self` exists.
            None => std::future::pending().await,
        }
    }
}

impl Drop for Responses<'_> {
    fn drop(&mut self) {
        self.clients.0.lock().remove(&self.key);
    }
}

/// Maximum number of requests without a final response: more than one for each of 10,000 phones.
const MAX_CLIENTS: usize = 32_768;

/// How many responses may wait until the transaction reads them; more are dropped.
const MAX_RESPONSES: usize = 4;
