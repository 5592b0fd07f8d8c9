//! Takes sections out of the tree, and collects what is wrong with them.

use std::net::SocketAddr;
use std::time::Duration;

use secrecy::SecretString;
use serde::de::DeserializeOwned;

use super::fault::{Fault, Notice, Origin};
use super::read::read;
use super::secret::{Safe, Written};
use super::tree::{Content, Node};

/// What was found so far.
pub(super) struct Check {
    pub(super) faults: Vec<Fault>,
    pub(super) notices: Vec<Notice>,
    pub(super) safe: Safe,
    /// The keys of addresses to listen on, and the addresses.
    pub(super) doors: Vec<(String, SocketAddr)>,
}

impl Check {
    /// Reads the section `name`, and returns its node to find its values by; an absent section is
    /// an empty one.
    pub(super) fn section<T>(&mut self, root: &mut Node, name: &str) -> (T, Node)
    where
        T: DeserializeOwned + Default,
    {
        let mut node = self.table(root, name);
        let value = read(&mut node, &mut self.faults);
        (value.unwrap_or_default(), node)
    }

    /// Takes the table `name`; an absent one is an empty one.
    pub(super) fn table(&mut self, root: &mut Node, name: &str) -> Node {
        let empty = Node::table(root.origin.clone(), root.key_of(name));
        match root.take(name) {
            Some(node) if matches!(node.content, Content::Table(_)) => node,
            Some(node) => {
                let hint = match &node.origin {
                    Origin::File { .. } => format!("[{}]", node.key),
                    Origin::Variable(name) => format!("{name}__KEY"),
                };
                let kind = node.content.kind();
                let text = format!("must be a table, not {kind}; write {hint}");
                self.faults.push(node.fault(text));
                empty
            }
            None => empty,
        }
    }

    /// Takes the list of tables `name` and reads each; those that do not fit are left out.
    pub(super) fn list<T: DeserializeOwned>(
        &mut self,
        root: &mut Node,
        name: &str,
    ) -> Vec<(T, Node)> {
        let Some(list) = root.take(name) else {
            return Vec::new();
        };
        let hint = match list.origin {
            Origin::File { .. } => format!("write [[{name}]]"),
            Origin::Variable(_) => format!("write [[{name}]] in a file"),
        };
        let Content::List(nodes) = list.content else {
            let text = format!("must be a list of tables; {hint}");
            self.faults.push(Fault::new(list.origin, list.key, text));
            return Vec::new();
        };
        let mut values = Vec::new();
        for mut node in nodes {
            if !matches!(node.content, Content::Table(_)) {
                let kind = node.content.kind();
                let text = format!("must be a list of tables, and here is {kind}; {hint}");
                self.faults.push(node.fault(text));
            } else if let Some(value) = read(&mut node, &mut self.faults) {
                values.push((value, node));
            }
        }
        values
    }

    /// Complains of all that nobody took.
    pub(super) fn leftovers(&mut self, root: &Node, known: &[&str]) {
        let Content::Table(table) = &root.content else {
            return;
        };
        for (name, node) in table {
            self.faults
                .push(node.fault(super::hint::unknown_key(name, known)));
        }
    }

    /// Opens a secret.
    pub(super) fn secret(
        &mut self,
        table: &Node,
        written: Written,
        credentials: &[String],
    ) -> Option<SecretString> {
        let opened = self.safe.open(table, written, credentials);
        opened.unwrap_or_else(|fault| {
            self.faults.push(fault);
            None
        })
    }

    /// Demands that the duration `name` of `table` is a usable one.
    pub(super) fn duration(&mut self, table: &Node, name: &str, value: Duration) {
        if value.is_zero() {
            self.fault(table, name, "must be longer than 0s");
        } else if value > MAX_DURATION {
            self.fault(table, name, "is too long; at most 365 days");
        }
    }

    /// Demands that the number `name` of `table` is not 0.
    pub(super) fn count(&mut self, table: &Node, name: &str, value: usize) {
        if value == 0 {
            self.fault(table, name, "must be at least 1");
        }
    }

    /// Demands that nothing else listens on the address `listen` of `table`.
    pub(super) fn door(&mut self, table: &Node, address: SocketAddr) {
        let taken = self
            .doors
            .iter()
            .find(|(_, other)| overlap(address, *other));
        if let Some((other, _)) = taken {
            let text = format!("{address} is taken by {other}; choose another port");
            self.faults.push(table.fault_of("listen", text));
        }
        self.doors.push((table.key_of("listen"), address));
    }

    /// Notes a fault of the key `name` of `table`.
    pub(super) fn fault(&mut self, table: &Node, name: &str, text: impl Into<String>) {
        self.faults.push(table.fault_of(name, text));
    }

    /// Notes something worth knowing.
    pub(super) fn notice(&mut self, text: impl Into<String>) {
        self.notices.push(Notice(text.into()));
    }
}

/// Returns whether two servers cannot listen on `a` and `b` at once. Port 0 is any free port.
fn overlap(a: SocketAddr, b: SocketAddr) -> bool {
    let is_everywhere = a.ip().is_unspecified() || b.ip().is_unspecified();
    a.port() != 0 && a.port() == b.port() && (a.ip() == b.ip() || is_everywhere)
}

/// The longest duration; deadlines further away could not be computed with.
const MAX_DURATION: Duration = Duration::from_hours(365 * 24);
