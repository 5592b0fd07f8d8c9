//! The live daemons.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::names::DaemonName;

/// The live daemons of the cluster, including this one once it has joined.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Members(BTreeMap<DaemonName, Member>);

/// A live daemon.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Member {
    /// Its name.
    pub name: DaemonName,
    /// Its identifier that survives restarts.
    pub instance: String,
    /// Its identifier that is new at each start.
    pub incarnation: String,
    /// Its version.
    pub version: String,
    /// When it joined, by the clock of NATS.
    pub since: SystemTime,
}

impl Members {
    /// Returns the daemons in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Member> {
        self.0.values()
    }

    /// Returns a daemon by its name.
    pub fn get(&self, name: &DaemonName) -> Option<&Member> {
        self.0.get(name)
    }

    /// Returns whether a daemon is live and still has that incarnation.
    pub fn has(&self, name: &DaemonName, incarnation: &str) -> bool {
        self.get(name)
            .is_some_and(|member| member.incarnation == incarnation)
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Member> for Members {
    fn from_iter<I: IntoIterator<Item = Member>>(members: I) -> Self {
        let keyed = members
            .into_iter()
            .map(|member| (member.name.clone(), member));
        Self(keyed.collect())
    }
}

/// The value of a member's entry.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct MemberValue {
    pub(crate) instance: String,
    pub(crate) incarnation: String,
    pub(crate) version: String,
    /// Milliseconds since 1970.
    pub(crate) since: u64,
}
