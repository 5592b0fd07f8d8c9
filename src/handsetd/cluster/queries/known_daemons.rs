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
pub(super) struct KnownDaemons(Arc<Mutex<BTreeMap<String, KnownDaemon>>>);

/// The state of a daemon.
#[derive(Clone, Copy, Debug)]
struct KnownDaemon {
    /// When it was lost; `None` while it is live.
    lost_at: Option<SystemTime>,
}

impl KnownDaemons {
    /// Tracks the members until the receiver closes.
    pub(super) async fn follow(self, mut members: watch::Receiver<Arc<Members>>) {
        loop {
            let live: Vec<String> = members
                .borrow_and_update()
                .iter()
                .map(|member| member.name.to_string())
                .collect();
            self.update(&live, SystemTime::now());
            if members.changed().await.is_err() {
                return;
            }
        }
    }

    /// Records which daemons are live.
    fn update(&self, live: &[String], now: SystemTime) {
        let mut daemons = self.0.lock();
        for (name, known) in &mut *daemons {
            if live.contains(name) {
                known.lost_at = None;
            } else {
                known.lost_at.get_or_insert(now);
            }
        }
        for name in live {
            if daemons.len() < MAX_KNOWN {
                daemons
                    .entry(name.clone())
                    .or_insert(KnownDaemon { lost_at: None });
            }
        }
        daemons.retain(|_, known| {
            let age = known
                .lost_at
                .map(|lost_at| now.duration_since(lost_at).unwrap_or_default());
            age.is_none_or(|age| age <= ABSENCE_TTL)
        });
    }

    /// Returns the daemons other than `own`, ordered by name. `alone` is the reason why none can be asked.
    pub(super) fn others(&self, live: &[String], alone: Option<&str>, own: &str) -> Vec<Peer> {
        let mut names: BTreeMap<String, Option<SystemTime>> = self
            .0
            .lock()
            .iter()
            .map(|(name, known)| (name.clone(), known.lost_at))
            .collect();
        names.extend(live.iter().map(|name| (name.clone(), None)));
        names.remove(own);
        let others = names.into_iter().map(|(name, lost_at)| {
            let absence = match (alone, lost_at) {
                (Some(alone), _) => Some(alone.to_owned()),
                (None, None) => None,
                (None, Some(_)) if live.contains(&name) => None,
                (None, Some(lost_at)) => {
                    let lost_at = humantime::format_rfc3339_seconds(lost_at);
                    Some(format!("it has not been in the cluster since {lost_at}"))
                }
            };
            Peer { name, absence }
        });
        others.collect()
    }
}

/// Maximum number of remembered daemons.
const MAX_KNOWN: usize = 1000;

/// How long a lost daemon is named: long enough to be noticed, but not forever if it was removed for good.
const ABSENCE_TTL: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_daemons_are_named_for_a_day() {
        let daemons = KnownDaemons::default();
        let at = |hours| SystemTime::UNIX_EPOCH + Duration::from_hours(hours);
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (all, some) = (names(&["a", "b", "c"]), names(&["a", "b"]));
        daemons.update(&all, at(0));
        daemons.update(&some, at(1));
        daemons.update(&some, at(2));
        let others = |live: &[String], alone: Option<&str>| {
            let others = daemons.others(live, alone, "a").into_iter();
            let shown =
                others.map(|peer| format!("{} {}", peer.name, peer.absence.unwrap_or_default()));
            shown.collect::<Vec<_>>()
        };
        let lost_at = "c it has not been in the cluster since 1970-01-01T01:00:00Z";
        assert_eq!(others(&some, None), ["b ", lost_at]);
        assert_eq!(
            others(&some, Some("NATS is away")),
            ["b NATS is away", "c NATS is away"]
        );
        // It is back before its loss is recorded.
        assert_eq!(others(&all, None), ["b ", "c "]);
        daemons.update(&some, at(26));
        assert_eq!(others(&some, None), ["b "]);
    }
}
