//! What all parts of a user agent share.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use handset_net::allow_list::AllowList;
use handset_net::expiring::ExpiringMap;
use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::clients::Clients;
use super::config::{Config, Limits};
use super::counters::Counters;
use super::error::NotSent;
use super::flow::{Flow, Target};
use super::limiter::Limiter;
use super::servers::{Key, Servers};
use super::timers::TRANSACTION;
use super::wire::envelope::Envelope;
use super::wire::{Request, Value};

/// What all parts of a user agent share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) allow: AllowList,
    pub(crate) address: Option<IpAddr>,
    pub(crate) user: String,
    pub(crate) user_agent: Value,
    pub(crate) limits: Limits,
    pub(crate) messages: Limiter,
    pub(crate) requests: Limiter,
    pub(crate) clients: Clients,
    pub(crate) servers: Servers,
    pub(crate) acks: Acks,
    pub(crate) dialogs: Dialogs,
    pub(crate) connections: Connections,
    pub(crate) counters: Counters,
    pub(crate) tasks: Tasks,
}

/// A request that was received.
#[derive(Debug)]
pub(crate) struct Inbound {
    pub(crate) request: Request,
    pub(crate) envelope: Envelope,
    pub(crate) flow: Flow,
    pub(crate) key: Key,
    /// Its length in bytes.
    pub(crate) size: usize,
}

/// A dialog as the table has it.
pub(crate) trait Recipient: fmt::Debug + Send + Sync {
    /// Handles a request with our tag; its other identifiers were not compared yet.
    fn receive(self: Arc<Self>, inbound: Inbound);
}

/// The dialogs by our tag.
#[derive(Debug, Default)]
pub(crate) struct Dialogs(Mutex<HashMap<String, Weak<dyn Recipient>>>);

/// Acknowledgements of final responses to INVITE, for when the response is repeated, by the branch of
/// the INVITE.
#[derive(Debug)]
pub(crate) struct Acks(Mutex<ExpiringMap<String, (Flow, Bytes)>>);

/// The open connections by the address of their peer.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    next_id: AtomicU64,
    open: Mutex<HashMap<Target, Flow>>,
}

impl Core {
    pub(crate) fn new(config: &Config, tasks: Tasks) -> Self {
        let Config {
            listen: _,
            allow,
            tls: _,
            address,
            user,
            user_agent,
            limits,
        } = config;
        Self {
            allow: allow.clone(),
            address: *address,
            user: user.clone(),
            user_agent: user_agent.clone(),
            limits: *limits,
            messages: Limiter::new(limits.messages_per_second),
            requests: Limiter::new(limits.requests_per_second),
            clients: Clients::default(),
            servers: Servers::new(),
            acks: Acks(Mutex::new(ExpiringMap::new(MAX_ACKS))),
            dialogs: Dialogs::default(),
            connections: Connections::default(),
            counters: Counters::default(),
            tasks,
        }
    }
}

impl Dialogs {
    /// Adds a dialog, of which there may be `limit`.
    pub(crate) fn add(
        &self,
        tag: String,
        dialog: Weak<dyn Recipient>,
        limit: usize,
    ) -> Result<(), NotSent> {
        let mut dialogs = self.0.lock();
        if dialogs.len() >= limit {
            return Err(NotSent::TooMany);
        }
        dialogs.insert(tag, dialog);
        Ok(())
    }

    pub(crate) fn remove(&self, tag: &str) {
        self.0.lock().remove(tag);
    }

    pub(crate) fn get(&self, tag: &str) -> Option<Arc<dyn Recipient>> {
        self.0.lock().get(tag)?.upgrade()
    }

    /// Returns whether there is room for another dialog.
    pub(crate) fn has_room(&self, limit: usize) -> bool {
        self.0.lock().len() < limit
    }
}

impl Acks {
    /// Sends an acknowledgement, and keeps it for repetitions of the response.
    pub(crate) fn send(&self, branch: &str, flow: &Flow, ack: Bytes) {
        // If it is lost, or cannot be sent, the response is repeated.
        let _ = flow.send(ack.clone());
        let entry = (flow.clone(), ack);
        let mut acks = self.0.lock();
        acks.insert(branch.to_owned(), entry, TRANSACTION, Instant::now());
    }

    /// Acknowledges a repeated response; returns whether it was one.
    pub(crate) fn repeat(&self, branch: &str, from: &Flow) -> bool {
        let acks = self.0.lock();
        match acks.get(branch, Instant::now()) {
            Some((flow, ack)) if flow.is_from_same_host(from) => {
                let _ = flow.send(ack.clone());
                true
            }
            _ => false,
        }
    }
}

impl Connections {
    /// Numbers a connection.
    pub(crate) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn get(&self, target: &Target) -> Option<Flow> {
        let open = self.open.lock();
        open.get(target).filter(|flow| flow.is_open()).cloned()
    }

    pub(crate) fn add(&self, flow: &Flow) {
        self.open.lock().insert(flow.target(), flow.clone());
    }

    /// Removes `flow`, but not a later one to the same peer.
    pub(crate) fn remove(&self, flow: &Flow) {
        let mut open = self.open.lock();
        if open.get(&flow.target()) == Some(flow) {
            open.remove(&flow.target());
        }
    }
}

/// Maximum number of acknowledgements. Beyond it, the oldest is forgotten; its peer repeats a response until
/// it gives up.
const MAX_ACKS: usize = 16_384;
