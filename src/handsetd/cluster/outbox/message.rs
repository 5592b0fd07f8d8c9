//! An entry of the outbox as a message in the stream of the cluster.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::fleet::CarriedFile;
use crate::outbox::OutboxEntry;

/// The key of an entry in the stream.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(super) struct Key {
    /// The phone: entries of the same phone are delivered in order.
    pub(super) phone: String,
    /// The delivery: its request id, and a suffix that distinguishes deliveries of one request.
    pub(super) delivery: String,
}

/// A daemon and its incarnation.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Holder {
    pub(super) daemon: String,
    pub(super) incarnation: String,
}

/// A message of the stream.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Message {
    /// Only the holder may deliver the entry.
    pub(super) holder: Holder,
    pub(super) state: State,
    /// The daemon that received the request.
    pub(super) origin: Holder,
    /// The daemon whose configuration and registrations the phone was found in.
    pub(super) home: String,
    pub(super) entry: Entry,
}

/// Whether the entry may have been sent.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    InFlight,
    Pending,
}

/// The delivery.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Entry {
    id: String,
    requester: String,
    verb: String,
    keys: Vec<(String, String)>,
    phone: String,
    pub(super) phone_ref: String,
    /// By the clock of NATS, in milliseconds since 1970.
    at: u64,
    /// In milliseconds.
    keep: u64,
    /// The files that the request names; `None` if they were not read, so that only the daemon that received
    /// the request can deliver it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    files: Option<BTreeMap<String, CarriedFile>>,
}

impl Key {
    /// Returns the key of an entry for the phone with the key `phone`. It is deterministic, so that repeated
    /// appends are detected.
    pub(super) fn of(entry: &OutboxEntry, phone: &str) -> Self {
        let mut hash = Sha256::new();
        for text in [&entry.phone, &entry.phone_ref] {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
        let hash = hash.finalize();
        let digits = hash
            .iter()
            .take(HASH)
            .fold(String::new(), |mut digits, byte| {
                // Writing to a string cannot fail.
                let _ = write!(digits, "{byte:02x}");
                digits
            });
        Self {
            phone: phone.to_owned(),
            delivery: format!("{}-{digits}", entry.id),
        }
    }
}

impl Message {
    /// Parses a message; the error is human-readable.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Texts and numbers always serialize.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl From<&OutboxEntry> for Entry {
    fn from(entry: &OutboxEntry) -> Self {
        let at = entry.at.duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            id: entry.id.clone(),
            requester: entry.requester.clone(),
            verb: entry.verb.clone(),
            keys: entry.keys.clone(),
            phone: entry.phone.clone(),
            phone_ref: entry.phone_ref.clone(),
            at: milliseconds(at),
            keep: milliseconds(entry.keep),
            files: entry.files.clone(),
        }
    }
}

impl Entry {
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Returns the request id and the name of the phone.
    pub(super) fn name(&self) -> (String, String) {
        (self.id.clone(), self.phone.clone())
    }

    /// Returns the entry in the form of the outbox. An impossible time is replaced by `now`.
    pub(super) fn to_outbox(&self, now: SystemTime) -> OutboxEntry {
        let at = UNIX_EPOCH.checked_add(Duration::from_millis(self.at));
        OutboxEntry {
            id: self.id.clone(),
            requester: self.requester.clone(),
            verb: self.verb.clone(),
            keys: self.keys.clone(),
            phone: self.phone.clone(),
            phone_ref: self.phone_ref.clone(),
            at: at.unwrap_or(now),
            keep: Duration::from_millis(self.keep),
            files: self.files.clone(),
        }
    }
}

/// Returns whether only the daemon that received a request can deliver it: it names files that were not read.
pub(super) fn is_bound(entry: &OutboxEntry) -> bool {
    let names_file = |(key, value): &(String, String)| {
        let may_be_file = ["image", "template", "tone"].contains(&key.as_str());
        may_be_file && !value.contains("://")
    };
    entry.files.is_none() && entry.keys.iter().any(names_file)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// How many bytes of the hash distinguish the deliveries of one request.
const HASH: usize = 6;
