//! Names that only one section may have.

use std::collections::HashMap;

use super::check::Check;
use super::fault::Origin;
use super::tree::Node;

/// The names that were given so far, and where.
pub(super) struct Names {
    of: &'static str,
    given: HashMap<String, Origin>,
}

impl Names {
    /// Creates an empty register of the names of `of`, such as `[[phone]]`.
    pub(super) fn new(of: &'static str) -> Self {
        Self {
            of,
            given: HashMap::new(),
        }
    }

    /// Gives `name` to the section `node`, unless it is taken or cannot be used; returns whether
    /// the section got it.
    pub(super) fn claim(&mut self, node: &Node, name: &str, check: &mut Check) -> bool {
        let reason = if name.is_empty() || name.trim() != name {
            "is empty or has blanks at its ends"
        } else if name.contains('&') || name.chars().any(char::is_control) {
            "holds `&`, which separates names, or a control character"
        } else {
            return self.claim_as(node, "name", name, check);
        };
        check.fault(node, "name", format!("{name:?} {reason}"));
        false
    }

    /// Gives the value of the key `key` to the section `node`, unless another has it; returns
    /// whether the section got it.
    pub(super) fn claim_as(
        &mut self,
        node: &Node,
        key: &str,
        value: &str,
        check: &mut Check,
    ) -> bool {
        let own = node.child(key).unwrap_or(node).origin.clone();
        if let Some(other) = self.given.get(value) {
            let of = self.of;
            let text = format!("{value:?} is already the {key} of the {of} at {other}; keep one");
            check.fault(node, key, text);
            return false;
        }
        self.given.insert(value.to_owned(), own);
        true
    }
}
