//! Which names are those of phones here, as far as is known while an Asterisk server is away.

use std::net::IpAddr;

use handset_phones::phone::{Endpoint, PhoneNames, Target, Technology};

use super::PhoneResolver;

impl PhoneResolver {
    /// Returns whether a name, or an IP address, is that of a phone here: it is configured, or a server has
    /// reported it, also over an earlier connection. As long as a server reports, any name may be.
    pub(crate) fn is_own(&self, name: &str) -> bool {
        if self.roster.is_loading() {
            return true;
        }
        let targets = self.targets(&PhoneNames::inserted(name), None);
        targets.iter().any(|target| self.is_known_target(target))
    }

    fn is_known_target(&self, target: &Target) -> bool {
        match target {
            Target::Listed(_)
            | Target::Ambiguous { .. }
            | Target::Group(_)
            | Target::Unplaced { .. } => true,
            Target::NoMatch(_) => false,
            Target::Unlisted(entry) => {
                let endpoint = entry.endpoint.as_ref();
                endpoint.is_some_and(|endpoint| self.roster.has_reported(endpoint))
            }
            Target::Plain(entry) => {
                let technologies = [Technology::Pjsip, Technology::Sip, Technology::Sccp];
                technologies.into_iter().any(|technology| {
                    let endpoint = Endpoint::new(technology, &entry.name);
                    endpoint.is_ok_and(|endpoint| self.roster.has_reported(&endpoint))
                })
            }
            Target::Unknown { text, .. } => text
                .parse::<IpAddr>()
                .is_ok_and(|ip| self.roster.has_reported_address(ip)),
        }
    }
}
