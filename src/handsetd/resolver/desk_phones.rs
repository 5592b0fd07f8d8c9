//! The desk phones among the contacts of an endpoint.
//!
//! Many people have a softphone or a browser registered beside the desk phone. Those contacts do not
//! count as long as one is a desk phone, and the reason names them.

use handset_phones::phone::{Address, PhoneEntry, RegistrationInfo};

use super::{PhoneResolver, Resolution};

impl PhoneResolver {
    /// Joins an entry with the contacts of its endpoint: one resolution for each desk phone among them.
    /// Without any, a single one has the reason.
    pub(crate) fn desk_phones(
        &self,
        entry: &PhoneEntry,
        infos: &[RegistrationInfo],
    ) -> Vec<Resolution> {
        if entry.address.is_some() {
            // There is one phone, regardless of the number of contacts.
            let info = at_configured_address(entry, infos);
            return info
                .into_iter()
                .map(|info| self.resolve(entry, info))
                .collect();
        }
        let (phones, others): (Vec<_>, Vec<_>) =
            infos.iter().partition(|info| info.identity.is_some());
        if phones.is_empty() && entry.vendor.is_some() {
            // The configuration says that they are desk phones.
            return infos.iter().map(|info| self.resolve(entry, info)).collect();
        }
        if phones.is_empty() {
            return joined(infos)
                .map(|info| self.resolve(entry, &info))
                .into_iter()
                .collect();
        }
        let mut found: Vec<_> = without_remains(&phones)
            .map(|info| self.resolve(entry, info))
            .collect();
        if let Some(Ok(phone)) = found.iter_mut().find(|found| found.is_ok()) {
            phone.left_out = describe_all(&others);
        }
        found
    }
}

/// Leaves out all but the last of the contacts of one phone: one that restarts, or whose connection broke, may
/// register from another port, and its former contact remains until it expires. Whatever is sent by HTTP would
/// reach it once for each.
fn without_remains<'a>(
    phones: &'a [&'a RegistrationInfo],
) -> impl Iterator<Item = &'a RegistrationInfo> {
    let is_last = |&(index, info): &(usize, &&RegistrationInfo)| {
        let mut later = phones.iter().skip(index + 1);
        !later.any(|later| is_at_same_address(info, later))
    };
    let last = phones.iter().enumerate().filter(is_last);
    last.map(|(_, info)| *info)
}

/// Returns whether two contacts are phones of one kind at the same address, which is not only that of a NAT device.
fn is_at_same_address(one: &RegistrationInfo, other: &RegistrationInfo) -> bool {
    one.address.is_some()
        && one.address == other.address
        && one.behind_nat == other.behind_nat
        && one.identity == other.identity
}

/// Returns the contact at the address that is configured, else a desk phone, else any.
fn at_configured_address<'a>(
    entry: &PhoneEntry,
    infos: &'a [RegistrationInfo],
) -> Option<&'a RegistrationInfo> {
    let ip = entry.address.as_ref().and_then(Address::ip);
    let is_there = |info: &&RegistrationInfo| ip.is_some() && info.address == ip;
    let is_phone = |info: &&RegistrationInfo| info.identity.is_some();
    let mut there = infos.iter().filter(is_there);
    there
        .clone()
        .find(is_phone)
        .or_else(|| there.next())
        .or_else(|| infos.iter().find(is_phone))
        .or_else(|| infos.first())
}

/// Joins contacts none of which is a desk phone, so that one reason names them.
fn joined(infos: &[RegistrationInfo]) -> Option<RegistrationInfo> {
    let mut joined = infos.first()?.clone();
    for info in infos.iter().skip(1).take(MAX_NAMED - 1) {
        joined.sources.extend(info.sources.iter().cloned());
    }
    Some(joined)
}

/// Names contacts that are not desk phones.
fn describe_all(infos: &[&RegistrationInfo]) -> Vec<String> {
    let more = infos.len().saturating_sub(MAX_NAMED);
    let named = infos.iter().take(MAX_NAMED).map(|info| describe(info));
    let more = (more > 0).then(|| format!("and {more} more"));
    named.chain(more).collect()
}

/// Names, by its User-Agent, a contact that is not a desk phone.
fn describe(info: &RegistrationInfo) -> String {
    let mut user_agent = info.user_agent.clone();
    if let Some((end, _)) = user_agent.char_indices().nth(MAX_USER_AGENT) {
        user_agent.truncate(end);
        user_agent.push('…');
    }
    match (user_agent.as_str(), info.address) {
        ("", Some(ip)) => format!("a contact at {ip} without a User-Agent"),
        ("", None) => "a contact without a User-Agent".to_owned(),
        (user_agent, _) => format!("{user_agent:?}"),
    }
}

/// How many contacts a reason describes; `HANDSET_REASON` has room for no more.
const MAX_NAMED: usize = 3;

/// How much of a User-Agent is quoted, in characters.
const MAX_USER_AGENT: usize = 40;

#[cfg(test)]
mod tests;
