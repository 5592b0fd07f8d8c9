//! The subjects, streams and buckets of one cluster.

use crate::names::{DaemonName, Prefix, from_token, token};

/// All names on NATS, derived from the prefix.
#[derive(Clone, Debug)]
pub(crate) struct Subjects {
    prefix: String,
}

impl Subjects {
    pub(crate) fn new(prefix: &Prefix) -> Self {
        Self {
            prefix: prefix.as_str().to_owned(),
        }
    }

    /// Returns the bucket of a kind of key.
    pub(crate) fn bucket(&self, kind: &str) -> Bucket {
        Bucket {
            name: format!("{}_{kind}", self.prefix),
        }
    }

    /// Returns the name of the stream of the queue.
    pub(crate) fn queue_stream(&self) -> String {
        format!("{}_outbox", self.prefix)
    }

    pub(crate) fn queue_entries(&self) -> String {
        format!("{}.outbox.*.*", self.prefix)
    }

    pub(crate) fn queue_entries_of(&self, key: &str) -> String {
        format!("{}.outbox.{}.*", self.prefix, token(key))
    }

    pub(crate) fn queue_entry(&self, key: &str, id: &str) -> String {
        format!("{}.outbox.{}.{}", self.prefix, token(key), token(id))
    }

    /// Returns the key and id of an entry from its subject.
    pub(crate) fn entry_of(&self, subject: &str) -> Option<(String, String)> {
        let rest = self.strip(subject, "outbox")?;
        let (key, id) = rest.split_once('.')?;
        Some((from_token(key)?, from_token(id)?))
    }

    pub(crate) fn files(&self) -> String {
        format!("{}_files", self.prefix)
    }

    /// Returns the subject of requests for an operation of a daemon.
    pub(crate) fn peer_request(&self, daemon: &DaemonName, operation: &str) -> String {
        let daemon = token(daemon.as_str());
        format!("{}.peer.{daemon}.{}", self.prefix, token(operation))
    }

    /// Returns the filter for all requests to a daemon.
    pub(crate) fn peer_requests(&self, daemon: &DaemonName) -> String {
        format!("{}.peer.{}.*", self.prefix, token(daemon.as_str()))
    }

    /// Returns the operation of a request from its subject.
    pub(crate) fn operation_of(&self, subject: &str) -> Option<String> {
        let rest = self.strip(subject, "peer")?;
        from_token(rest.split_once('.')?.1)
    }

    /// Returns the subject of an event. Dots of its name separate tokens; other special characters are
    /// encoded.
    pub(crate) fn event(&self, name: &str) -> String {
        let tokens: Vec<String> = name.split('.').map(token).collect();
        format!("{}.events.{}", self.prefix, tokens.join("."))
    }

    /// Returns the filter for bus requests.
    pub(crate) fn verbs(&self) -> String {
        format!("{}.do.*", self.prefix)
    }

    /// Returns the verb of a bus request from its subject.
    pub(crate) fn verb_of(&self, subject: &str) -> Option<String> {
        from_token(self.strip(subject, "do")?)
    }

    /// Returns the queue group, of which one member receives each request.
    pub(crate) fn queue_group(&self) -> String {
        self.prefix.clone()
    }

    /// Returns the rest of a subject after the prefix and `word`.
    fn strip<'a>(&self, subject: &'a str, word: &str) -> Option<&'a str> {
        let rest = subject.strip_prefix(self.prefix.as_str())?;
        rest.strip_prefix('.')?
            .strip_prefix(word)?
            .strip_prefix('.')
    }
}

/// A bucket of keys and values, as a stream.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    name: String,
}

impl Bucket {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn stream(&self) -> String {
        format!("KV_{}", self.name)
    }

    /// Returns the subject of a key; each part is one token.
    pub(crate) fn key(&self, parts: &[&str]) -> String {
        let tokens: Vec<String> = parts.iter().map(|part| token(part)).collect();
        format!("$KV.{}.{}", self.name, tokens.join("."))
    }

    /// Returns the subject filter for all keys that begin with these parts.
    pub(crate) fn keys(&self, parts: &[&str]) -> String {
        let mut subject = format!("$KV.{}", self.name);
        for part in parts {
            subject.push('.');
            subject.push_str(&token(part));
        }
        subject.push_str(".>");
        subject
    }

    /// Returns the parts of the key from its subject.
    pub(crate) fn parts(&self, subject: &str) -> Option<Vec<String>> {
        let rest = subject.strip_prefix("$KV.")?;
        let rest = rest.strip_prefix(self.name.as_str())?.strip_prefix('.')?;
        rest.split('.').map(from_token).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_read_as_they_were_written() {
        let subjects = Subjects::new(&Prefix::default());
        let site: DaemonName = "site.a".parse().unwrap();
        assert_eq!(
            subjects.peer_request(&site, "deliver"),
            "handsetd.peer.site=2Ea.deliver"
        );
        assert_eq!(
            subjects
                .operation_of("handsetd.peer.site=2Ea.deliver")
                .unwrap(),
            "deliver"
        );
        assert_eq!(
            subjects.event("phone.dnd on"),
            "handsetd.events.phone.dnd=20on"
        );
        assert_eq!(subjects.verb_of("handsetd.do.push").unwrap(), "push");
        let entry = subjects.queue_entry("pbx/1001", "id 1");
        assert_eq!(
            subjects.entry_of(&entry).unwrap(),
            ("pbx/1001".to_owned(), "id 1".to_owned())
        );
        let bucket = subjects.bucket("phones");
        let key = bucket.key(&["site.a", "1001"]);
        assert_eq!(key, "$KV.handsetd_phones.site=2Ea.1001");
        assert_eq!(bucket.parts(&key).unwrap(), ["site.a", "1001"]);
        for wrong in [
            "handsetd.do.",
            "handsetd.do.a.b",
            "handsetdx.do.a",
            "do.a",
            "handsetd.do.*",
        ] {
            assert_eq!(subjects.verb_of(wrong), None, "{wrong}");
        }
    }
}
