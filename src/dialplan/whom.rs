//! Whose phone a call means: the caller's own, or those that `phone=` names.

use std::time::Duration;

use tokio::time::timeout;

use super::asterisk;
use crate::agi::{self, Channel};
use crate::outcome::{Outcome, Status};
use crate::phone::{Directory, Endpoint, Entry, Facts, Phone, Target, Vendor, VendorDefaults};
use crate::verb::Request;

/// Finds phones, asking the channel where the configuration does not suffice.
pub(super) struct Finder<'a, D> {
    pub(super) directory: &'a Directory,
    pub(super) defaults: &'a D,
}

impl<D: Fn(Vendor) -> VendorDefaults> Finder<'_, D> {
    /// Returns the phones that are meant; for each that can't be found, why not.
    pub(super) async fn find(
        &self,
        request: &Request,
        call: &agi::Request,
        channel: &mut Channel,
    ) -> Vec<Result<Phone, Outcome>> {
        let Some(names) = &request.phone else {
            return self.caller(call, channel).await;
        };
        let mut found = Vec::new();
        for target in self.directory.find(names) {
            match target {
                Target::Listed(entry) | Target::Unlisted(entry) => {
                    found.extend(self.entry(&entry, call, channel).await);
                }
                Target::Unknown(name) => {
                    let reason = format!("no [[phone]] has the name or address {name}");
                    found.push(Err(Outcome::at(&name, None, Status::NotFound, reason)));
                }
            }
        }
        if found.is_empty() {
            found.push(Err(Outcome::new(
                Status::Invalid,
                "phone: it names no phone",
            )));
        }
        found
    }

    async fn caller(
        &self,
        call: &agi::Request,
        channel: &mut Channel,
    ) -> Vec<Result<Phone, Outcome>> {
        let Some(endpoint) = Endpoint::of_channel(call.channel()) else {
            let reason = format!(
                "channel {} is none of a phone (PJSIP, SIP, SCCP); name one with phone=",
                call.channel()
            );
            return vec![Err(Outcome::new(Status::NotFound, reason))];
        };
        let entry = self.directory.of_endpoint(&endpoint);
        self.entry(&entry, call, channel).await
    }

    /// Returns the phone of an entry; several, where an endpoint that no address is configured for
    /// has several contacts.
    async fn entry(
        &self,
        entry: &Entry,
        call: &agi::Request,
        channel: &mut Channel,
    ) -> Vec<Result<Phone, Outcome>> {
        if entry.is_complete() {
            return vec![self.resolve(entry, &Facts::default())];
        }
        let facts = match &entry.endpoint {
            None => vec![Facts::default()],
            Some(endpoint) => {
                let is_caller = Endpoint::of_channel(call.channel()).as_ref() == Some(endpoint);
                let asking = async {
                    if is_caller {
                        Ok(vec![asterisk::caller(channel, endpoint).await?])
                    } else {
                        asterisk::endpoint(channel, endpoint).await
                    }
                };
                let asked: Result<_, agi::Error> = match timeout(ASKING, asking).await {
                    Ok(asked) => asked,
                    Err(_) => Err(agi::Error::ReplyTimeout {
                        command: "GET FULL VARIABLE".to_owned(),
                        after: ASKING,
                    }),
                };
                // The configuration may still suffice.
                asked.unwrap_or_else(|error| {
                    let tried = vec![format!("asking Asterisk: {error}")];
                    vec![Facts {
                        tried,
                        ..Facts::default()
                    }]
                })
            }
        };
        // With a configured address there is one phone, however many contacts.
        let count = if entry.address.is_some() {
            1
        } else {
            facts.len()
        };
        facts
            .iter()
            .take(count)
            .map(|facts| self.resolve(entry, facts))
            .collect()
    }

    fn resolve(&self, entry: &Entry, facts: &Facts) -> Result<Phone, Outcome> {
        entry.resolve(facts, self.defaults).map_err(|unresolved| {
            Outcome::at(
                &entry.name,
                entry.vendor,
                Status::NotFound,
                unresolved.to_string(),
            )
        })
    }
}

/// How long Asterisk may take to tell of one phone.
const ASKING: Duration = Duration::from_secs(2);
