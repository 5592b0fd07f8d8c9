//! The live daemons and those lost recently, so that a page can name the missing ones.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use handset_cluster::Members;
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::fleet::Peer;

/// The daemons that have been members since this one started. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct SeenDaemons(Arc<Mutex<BTreeMap<String, Seen>>>);

/// The state of a daemon.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// When it was lost; `None` while it is live.
    gone: Option<SystemTime>,
}

impl SeenDaemons {
    /// Tracks the members until the receiver closes.
    pub(super) async fn follow(self, mut members: watch::Receiver<Arc<Members>>) {
        loop {
            let live: Vec<String> = members
                .borrow_and_update()
                .iter()
                .map(|member| member.name.to_string())
                .collect();
            self.note(&live, SystemTime::now());
            if members.changed().await.is_err() {
                return;
            }
        }
    }

    fn note(&self, live: &[String], now: SystemTime) {
        let mut seen = self.0.lock();
        for (name, known) in &mut *seen {
            if live.contains(name) {
                known.gone = None;
            } else {
                known.gone.get_or_insert(now);
            }
        }
        for name in live {
            if seen.len() < MAX_SEEN {
                seen.entry(name.clone()).or_insert(Seen { gone: None });
            }
        }
        seen.retain(|_, known| {
            let age = known
                .gone
                .map(|gone| now.duration_since(gone).unwrap_or_default());
            age.is_none_or(|age| age <= REMEMBERED)
        });
    }

    /// Returns the daemons other than `own`, ordered by name. `alone` is the reason why none can be asked.
    pub(super) fn others(&self, live: &[String], alone: Option<&str>, own: &str) -> Vec<Peer> {
        let mut names: BTreeMap<String, Option<SystemTime>> = self
            .0
            .lock()
            .iter()
            .map(|(name, seen)| (name.clone(), seen.gone))
            .collect();
        names.extend(live.iter().map(|name| (name.clone(), None)));
        names.remove(own);
        let others = names.into_iter().map(|(name, gone)| {
            let absence = match (alone, gone) {
                (Some(alone), _) => Some(alone.to_owned()),
                (None, None) => None,
                (None, Some(_)) if live.contains(&name) => None,
                (None, Some(gone)) => {
                    let gone = humantime::format_rfc3339_seconds(gone);
                    Some(format!("it has not been in the cluster since {gone}"))
                }
            };
            Peer { name, absence }
        });
        others.collect()
    }
}

/// Maximum number of remembered daemons.
const MAX_SEEN: usize = 1000;

/// How long a lost daemon is named: long enough to be noticed, but not forever if it was removed for good.
const REMEMBERED: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_gone_is_named_for_a_day() {
        let seen = SeenDaemons::default();
        let at = |hours| SystemTime::UNIX_EPOCH + Duration::from_hours(hours);
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (all, some) = (names(&["a", "b", "c"]), names(&["a", "b"]));
        seen.note(&all, at(0));
        seen.note(&some, at(1));
        seen.note(&some, at(2));
        let others = |live: &[String], alone: Option<&str>| {
            let others = seen.others(live, alone, "a").into_iter();
            let shown =
                others.map(|peer| format!("{} {}", peer.name, peer.absence.unwrap_or_default()));
            shown.collect::<Vec<_>>()
        };
        let gone = "c it has not been in the cluster since 1970-01-01T01:00:00Z";
        assert_eq!(others(&some, None), ["b ", gone]);
        assert_eq!(
            others(&some, Some("NATS is away")),
            ["b NATS is away", "c NATS is away"]
        );
        // It is back before its loss is recorded.
        assert_eq!(others(&all, None), ["b ", "c "]);
        seen.note(&some, at(26));
        assert_eq!(others(&some, None), ["b "]);
    }
}
