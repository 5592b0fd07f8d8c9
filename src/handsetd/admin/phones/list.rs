//! The list of phones: narrowed and sorted by each daemon, then merged.

mod sort;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use handset_phones::Given;
use handset_phones::phone::{PhoneNames, Target};
use serde::{Deserialize, Serialize};

use self::sort::sort;
use super::row::{PhoneRow, known_phones};
use super::shown::Shown;
use crate::admin::daemons::{Gathered, Missing, Question, Wanted};
use crate::admin::question::LocalQuestion;
use crate::admin::state::Services;
use crate::history::{Record, Search};
use crate::outcome::Status;

/// Asks for phones. Empty criteria match all; without `sort`, they are in the order of the configuration.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::admin) struct ListPhones {
    /// Part of a name, a model or an address.
    pub(in crate::admin) text: String,
    /// What they are doing: a key of [`Shown`].
    pub(in crate::admin) state: String,
    pub(in crate::admin) vendor: String,
    pub(in crate::admin) group: String,
    /// The column to sort by.
    pub(in crate::admin) sort: Option<String>,
    /// How many are wanted at most.
    pub(in crate::admin) limit: Option<usize>,
    /// Whether the last push of each is wanted.
    pub(in crate::admin) has_pushes: bool,
}

/// The phones of a daemon.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct PhoneList {
    rows: Vec<PhoneRow>,
    /// Why phones are missing.
    errors: Vec<String>,
    #[serde(flatten)]
    summary: Summary,
}

/// What the list is made from.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct Summary {
    /// How many phones there are.
    pub(in crate::admin) total: usize,
    /// How many of them match the criteria.
    pub(in crate::admin) found: usize,
    /// How many there are for each key of [`Shown`].
    pub(in crate::admin) states: BTreeMap<String, usize>,
    pub(in crate::admin) vendors: Vec<String>,
    pub(in crate::admin) groups: Vec<String>,
    /// Whether any can have a CSTA session.
    pub(in crate::admin) has_csta: bool,
}

/// The phones of all daemons.
#[derive(Debug, Default)]
pub(in crate::admin) struct Merged {
    /// With the daemon of each; `None` without `[cluster]`.
    pub(in crate::admin) rows: Vec<(Option<Arc<str>>, PhoneRow)>,
    pub(in crate::admin) errors: Vec<String>,
    pub(in crate::admin) missing: Vec<Missing>,
    pub(in crate::admin) summary: Summary,
}

impl Question for ListPhones {
    const NAME: &'static str = "phones";
    type Answer = PhoneList;

    fn shorten(list: &mut PhoneList) -> bool {
        list.rows.truncate(list.rows.len() / 2);
        !list.rows.is_empty()
    }
}

impl LocalQuestion for ListPhones {
    async fn here(self, services: &Services) -> PhoneList {
        let (phones, errors) = known_phones(services).await;
        // Another daemon lists the phones of a server that it answers for.
        let own = phones
            .into_iter()
            .filter(|phone| services.daemons.answers_for(&phone.server));
        let mut rows: Vec<PhoneRow> = own.map(|phone| PhoneRow::of(services, phone)).collect();
        let mut summary = Summary::of(&rows);
        summary.groups = services.resolver.groups();
        summary.groups.truncate(MAX_GROUPS);
        let members = members(services, &self.group);
        rows.retain(|row| self.matches(row, members.as_ref()));
        summary.found = rows.len();
        if let Some(column) = &self.sort {
            sort(&mut rows, column, |row| row);
        }
        rows.truncate(self.limit.unwrap_or(usize::MAX));
        if self.has_pushes {
            let pushes = last_pushes(services);
            for row in &mut rows {
                row.push = pushes.get(&row.phone.name).cloned();
            }
        }
        PhoneList {
            rows,
            errors,
            summary,
        }
    }
}

impl ListPhones {
    fn matches(&self, row: &PhoneRow, members: Option<&HashSet<String>>) -> bool {
        let phone = &row.phone;
        let text = self.text.to_lowercase();
        let texts = [
            &phone.name,
            &phone.vendor,
            &phone.model,
            &phone.address,
            &phone.mac,
            &phone.endpoint,
        ];
        let is = |wanted: &str, value: &str| wanted.is_empty() || wanted == value;
        texts.iter().any(|of| of.to_lowercase().contains(&text))
            && is(&self.state, row.shown.key())
            && is(&self.vendor, &phone.vendor)
            && members.is_none_or(|members| members.contains(&phone.name))
    }
}

impl Summary {
    fn of(rows: &[PhoneRow]) -> Self {
        let mut states = BTreeMap::new();
        for row in rows {
            let count: &mut usize = states.entry(row.shown.key().to_owned()).or_default();
            *count = count.saturating_add(1);
        }
        let mut vendors: Vec<String> = rows.iter().map(|row| row.phone.vendor.clone()).collect();
        vendors.sort_unstable();
        vendors.dedup();
        vendors.retain(|vendor| !vendor.is_empty());
        Self {
            total: rows.len(),
            found: 0,
            states,
            vendors,
            groups: Vec::new(),
            has_csta: rows.iter().any(|row| row.phone.csta.is_some()),
        }
    }

    fn add(&mut self, other: Self) {
        self.total = self.total.saturating_add(other.total);
        self.found = self.found.saturating_add(other.found);
        for (key, count) in other.states {
            let sum = self.states.entry(key).or_default();
            *sum = sum.saturating_add(count);
        }
        for (own, others) in [
            (&mut self.vendors, other.vendors),
            (&mut self.groups, other.groups),
        ] {
            own.extend(others);
            own.sort_unstable();
            own.dedup();
        }
        self.has_csta |= other.has_csta;
    }

    /// Returns how many phones are in a state.
    pub(in crate::admin) fn count(&self, shown: Shown) -> usize {
        self.states.get(shown.key()).copied().unwrap_or_default()
    }
}

/// Returns the phones of the wanted daemons.
pub(in crate::admin) async fn merged(
    services: &Services,
    wanted: &Wanted,
    question: ListPhones,
) -> Merged {
    let lists = question.clone().of(wanted, services).await;
    let mut merged = merge(lists);
    let own = services.daemons.own().cloned();
    qualify(&mut merged.rows, own.as_deref(), |name| {
        services.resolver.describe(name, None).is_some()
    });
    if let Some(column) = &question.sort {
        sort(&mut merged.rows, column, |(_, row)| row);
    }
    merged.rows.truncate(question.limit.unwrap_or(usize::MAX));
    merged
}

/// Puts the lists one after the other; a phone that several daemons have is in the list once.
fn merge(lists: Gathered<PhoneList>) -> Merged {
    let mut merged = Merged {
        missing: lists.missing,
        ..Merged::default()
    };
    let mut known = HashSet::new();
    for part in lists.parts {
        let errors = part.answer.errors.into_iter();
        merged.errors.extend(errors.map(|error| match &part.daemon {
            Some(daemon) => format!("{daemon}: {error}"),
            None => error,
        }));
        merged.summary.add(part.answer.summary);
        let mut own = Vec::new();
        for row in part.answer.rows {
            let identity = row.identity();
            let identity = identity.map(|(a, b, c)| [a, b, c].map(ToOwned::to_owned));
            if identity
                .as_ref()
                .is_none_or(|identity| !known.contains(identity))
            {
                own.extend(identity);
                merged.rows.push((part.daemon.clone(), row));
            }
        }
        // Those of one daemon are all different, also if nothing distinguishes them.
        known.extend(own);
    }
    merged
}

/// Adds the name of its server to that of a phone of another daemon, where the name alone means a phone of
/// this one or several phones.
fn qualify(
    rows: &mut [(Option<Arc<str>>, PhoneRow)],
    own: Option<&str>,
    is_known_here: impl Fn(&str) -> bool,
) {
    let Some(own) = own else { return };
    let mut daemons: HashMap<String, HashSet<Option<Arc<str>>>> = HashMap::new();
    for (daemon, row) in &*rows {
        let of_name = daemons.entry(row.phone.name.clone()).or_default();
        of_name.insert(daemon.clone());
    }
    for (daemon, row) in rows {
        let phone = &mut row.phone;
        let is_shared = daemons.get(&phone.name).is_some_and(|of| 1 < of.len());
        if daemon.as_deref() != Some(own)
            && !phone.server.is_empty()
            && !phone.name.contains('/')
            && (is_shared || is_known_here(&phone.name))
        {
            phone.name = format!("{}/{}", phone.server, phone.name);
        }
    }
}

/// Returns the names of the phones in a group; `None` without a group.
fn members(services: &Services, group: &str) -> Option<HashSet<String>> {
    if group.is_empty() {
        return None;
    }
    let resolver = &services.resolver;
    // Another daemon may have a group of a name that nothing has here.
    if !resolver.groups().iter().any(|known| known == group) {
        return Some(HashSet::new());
    }
    let names = PhoneNames::parse(Given::written(group)).ok()?;
    let targets = resolver.targets(&names, None);
    let name = |target: &Target| match target.entry() {
        Some(entry) => resolver.named(entry).name,
        None => target.name().to_owned(),
    };
    Some(targets.iter().map(name).collect())
}

/// Returns the last push to each phone whose screen has not been cleared since.
fn last_pushes(services: &Services) -> HashMap<String, Arc<Record>> {
    let search = Search {
        status: Some(Status::Ok),
        ..Search::default()
    };
    let records = services.history.find(&search, MAX_DELIVERIES);
    let mut last: HashMap<String, Arc<Record>> = HashMap::new();
    for record in records {
        if matches!(record.verb.as_str(), "push" | "clear") {
            last.entry(record.phone.clone()).or_insert(record);
        }
    }
    last.retain(|_, record| record.verb == "push");
    last
}

/// How many groups a list has; any other can be written in the form for requests.
const MAX_GROUPS: usize = 1000;

/// How many recent deliveries are searched for pushes.
const MAX_DELIVERIES: usize = 5000;

#[cfg(test)]
mod tests;
