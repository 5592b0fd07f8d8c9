//! One phone, wherever it is.

use std::sync::Arc;

use handset_phones::Given;
use handset_phones::phone::{PhoneNames, Target};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::row::{PhoneRow, ROSTER_TIMEOUT, known_phones};
use crate::admin::daemons::{Question, Wanted};
use crate::admin::question::LocalQuestion;
use crate::admin::reply::Reply;
use crate::admin::state::Services;
use crate::resolver::PhoneSummary;

/// Asks for a phone.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct FindPhone {
    pub(in crate::admin) name: String,
    /// Whether that is its name in lists, with or without that of its server; not any name that means it.
    pub(in crate::admin) is_exact: bool,
}

/// What a daemon knows of a phone.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct Found {
    /// Its contacts; none if there is no such phone.
    rows: Vec<PhoneRow>,
    /// Whether the name means no one phone.
    is_invalid: bool,
    /// Why there are no contacts.
    reason: String,
}

/// The contacts of a phone, and the daemon that has it; `None` without `[cluster]`.
pub(in crate::admin) type Located = (Option<Arc<str>>, Vec<PhoneRow>);

impl Question for FindPhone {
    const NAME: &'static str = "phone";
    type Answer = Found;
}

impl LocalQuestion for FindPhone {
    async fn here(self, services: &Services) -> Found {
        let found = if self.is_exact {
            exactly(services, &self.name).await
        } else {
            named(services, &self.name).await
        };
        let (phones, is_invalid, reason) = match found {
            Ok(phones) => (phones, false, String::new()),
            Err((is_invalid, reason)) => (Vec::new(), is_invalid, reason),
        };
        let rows = phones.into_iter();
        Found {
            rows: rows.map(|phone| PhoneRow::of(services, phone)).collect(),
            is_invalid,
            reason,
        }
    }
}

/// Finds a phone: here first, since a name that is known here means the phone here.
pub(in crate::admin) async fn locate(
    services: &Services,
    wanted: &Wanted,
    question: FindPhone,
) -> Result<Located, Box<Reply>> {
    let name = question.name.clone();
    let own = services.daemons.own();
    let mut reason = String::new();
    let is_own = |wanted: &str| own.is_none_or(|own| **own == *wanted);
    if match wanted {
        Wanted::All => true,
        Wanted::One(wanted) => is_own(wanted),
    } {
        let here = question.clone().here(services).await;
        if !here.rows.is_empty() {
            return Ok((own.cloned(), here.rows));
        }
        if here.is_invalid {
            return Err(Box::new(Reply::invalid(here.reason)));
        }
        reason = here.reason;
    }
    let here = async { Found::default() };
    let found = services.daemons.gather(wanted, &question, here).await;
    let missing = found.missing;
    let mut located: Vec<Located> = Vec::new();
    for part in found.parts {
        if reason.is_empty() || part.answer.is_invalid {
            reason = part.answer.reason;
        }
        if !part.answer.rows.is_empty() {
            located.push((part.daemon, part.answer.rows));
        }
    }
    one(&name, located).map_err(|several| {
        let reply = match several {
            Some(several) => Reply::invalid(several),
            None => Reply::not_found(reason),
        };
        Box::new(reply.with_missing(&services.daemons, &missing))
    })
}

/// Returns the one phone that was found; else why several are none, or nothing if there is none.
fn one(name: &str, mut located: Vec<Located>) -> Result<Located, Option<String>> {
    let identity = |(_, rows): &Located| {
        let row = rows.first()?;
        row.identity()
            .map(|(server, endpoint, _)| (server.to_owned(), endpoint.to_owned()))
    };
    // Daemons that are connected to the same server have the same phones.
    if let Some(first) = located.first().and_then(identity) {
        let mut is_first = true;
        located.retain(|other| {
            std::mem::take(&mut is_first) || identity(other).as_ref() != Some(&first)
        });
    }
    if located.len() > 1 {
        let names = located.iter().map(|(daemon, rows)| {
            let server = rows.first().map(|row| row.phone.server.as_str());
            match server.filter(|server| !server.is_empty()) {
                Some(server) if !name.contains('/') => format!("{server}/{name}"),
                _ => format!("{name} of {}", daemon.as_deref().unwrap_or_default()),
            }
        });
        let names: Vec<String> = names.collect();
        let names = names.join(", ");
        return Err(Some(format!("{name:?} names more than one phone: {names}")));
    }
    located.pop().ok_or(None)
}

/// Returns the contacts of the phone that lists call so.
async fn exactly(services: &Services, name: &str) -> Result<Vec<PhoneSummary>, (bool, String)> {
    let (mut all, errors) = known_phones(services).await;
    let is_named = |phone: &PhoneSummary| {
        let server = name.strip_suffix(&phone.name);
        let server = server.and_then(|server| server.strip_suffix('/'));
        phone.name == name || server.is_some_and(|server| server == phone.server)
    };
    all.retain(is_named);
    if all.is_empty() {
        let reason = format!("No phone {name:?} is configured or registered.");
        return Err((false, [&[reason], errors.as_slice()].concat().join(" ")));
    }
    Ok(all)
}

/// Returns the phone that a name means; else whether the name is invalid, and why.
async fn named(services: &Services, name: &str) -> Result<Vec<PhoneSummary>, (bool, String)> {
    let names = match PhoneNames::parse(Given::written(name)) {
        Ok(names) => names,
        Err(error) => return Err((true, error.to_string())),
    };
    let resolver = &services.resolver;
    let until = Instant::now() + ROSTER_TIMEOUT;
    resolver.inquire_owners(&names, None, until).await;
    let targets = resolver.targets(&names, None);
    if let [target @ (Target::Ambiguous { .. } | Target::Unplaced { .. })] = targets.as_slice()
        && let Some(Err(refused)) = resolver.not_an_entry(target).into_iter().next()
    {
        // A server that is none here may be one of another daemon.
        let is_elsewhere =
            matches!(target, Target::Unplaced { .. }) && services.daemons.own().is_some();
        return Err((!is_elsewhere, refused.outcome.reason));
    }
    let name_of = |target: &Target| match target.entry() {
        Some(entry) => resolver.named(entry).name,
        None => target.name().to_owned(),
    };
    let names: Vec<String> = targets.iter().map(name_of).collect();
    let (phones, errors) = known_phones(services).await;
    let is_named = |phone: &PhoneSummary| {
        names.iter().any(|name| {
            phone.name == *name || phone.address == *name || phone.mac.eq_ignore_ascii_case(name)
        })
    };
    let Some(phone) = phones.into_iter().find(is_named) else {
        let reason = format!("no phone {name:?} is configured or registered");
        let reasons: Vec<String> = std::iter::once(reason).chain(errors).collect();
        return Err((false, reasons.join("; ")));
    };
    if names.len() > 1 {
        let more = names.len().saturating_sub(MAX_NAMED);
        let mut names: Vec<_> = names.into_iter().take(MAX_NAMED).collect();
        names.extend((more > 0).then(|| format!("{more} more")));
        let names = names.join(", ");
        return Err((true, format!("{name:?} names more than one phone: {names}")));
    }
    Ok(vec![phone])
}

/// How many phones a reason names.
const MAX_NAMED: usize = 5;
