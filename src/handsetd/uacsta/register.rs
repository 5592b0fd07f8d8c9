//! What becomes of a REGISTER whose sender has proved who it is. No I/O.

use std::net::SocketAddr;

use jiff::{SignedDuration, Timestamp};

use super::binding::Binding;

/// A REGISTER, as far as it matters here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Register {
    pub(super) call_id: String,
    pub(super) cseq: u32,
    pub(super) contacts: Contacts,
    /// The header `Expires`, in seconds.
    pub(super) expires: Option<u32>,
    pub(super) user_agent: String,
    pub(super) source: Source,
}

/// The header `Contact`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Contacts {
    /// `*`: all bindings.
    All,
    /// URIs with their parameters `expires`, in seconds.
    Listed(Vec<(String, Option<u32>)>),
}

/// Where a request came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Source {
    /// `udp`, `tcp` or `tls`.
    pub(super) transport: String,
    /// The address of the phone.
    pub(super) peer: SocketAddr,
}

/// What a REGISTER does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Change {
    /// It replaces the binding.
    Bind(Binding),
    /// It asks which binding there is.
    Query,
    /// It removes the binding.
    Remove,
}

/// Why a REGISTER does nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    /// It contradicts itself (400).
    Malformed(&'static str),
    /// It is older than the one that made the binding (500).
    OutOfOrder,
    /// It wants to come again too often (423).
    TooBrief,
}

impl Register {
    /// Decides what the REGISTER does to the binding that there is, if any.
    pub(super) fn decide(
        &self,
        current: Option<&Binding>,
        now: Timestamp,
    ) -> Result<Change, Refusal> {
        let is_old = |known: &&Binding| known.call_id == self.call_id && self.cseq <= known.cseq;
        let is_old = current.as_ref().is_some_and(is_old);
        let listed = match &self.contacts {
            Contacts::All if self.expires != Some(0) => {
                return Err(Refusal::Malformed("Contact: * requires Expires: 0"));
            }
            Contacts::All if is_old => return Err(Refusal::OutOfOrder),
            Contacts::All => return Ok(Change::Remove),
            Contacts::Listed(listed) => listed,
        };
        if listed.is_empty() {
            return Ok(Change::Query);
        }
        if is_old {
            return Err(Refusal::OutOfOrder);
        }
        let wanted = |(uri, own): &(String, Option<u32>)| {
            let seconds = own.or(self.expires).unwrap_or(DEFAULT_EXPIRES);
            (uri.clone(), seconds)
        };
        // A phone removes its old contact and adds its new one in a single request.
        let Some((contact, seconds)) = listed.iter().map(wanted).find(|(_, wanted)| *wanted > 0)
        else {
            return Ok(Change::Remove);
        };
        if seconds < MIN_EXPIRES {
            return Err(Refusal::TooBrief);
        }
        if contact.len() > MAX_CONTACT {
            return Err(Refusal::Malformed("the Contact is too long"));
        }
        let granted = SignedDuration::from_secs(seconds.min(MAX_EXPIRES).into());
        Ok(Change::Bind(Binding {
            contact,
            transport: self.source.transport.clone(),
            peer: self.source.peer,
            call_id: self.call_id.clone(),
            cseq: self.cseq,
            user_agent: self.user_agent.clone(),
            registered: now,
            expires: now.saturating_add(granted).unwrap_or(now),
        }))
    }
}

impl Binding {
    /// Returns whether the phone has restarted, or is elsewhere: not merely that it has come again.
    pub(super) fn is_changed(&self, new: &Self) -> bool {
        let same = |binding: &Self| {
            (
                binding.contact.clone(),
                binding.transport.clone(),
                binding.peer,
                binding.call_id.clone(),
                binding.user_agent.clone(),
            )
        };
        same(self) != same(new)
    }
}

/// The shortest time that is granted, in seconds: what lies below is more traffic than it is worth.
pub(super) const MIN_EXPIRES: u32 = 60;

/// The longest time that is granted, in seconds: a phone that was switched off is forgotten after it.
pub(super) const MAX_EXPIRES: u32 = 3600;

/// The time of a phone that names none, in seconds; the default of RFC 3261 10.2.
const DEFAULT_EXPIRES: u32 = 3600;

/// The longest URI of a contact, in bytes; it is kept, and stands in every request to the phone.
const MAX_CONTACT: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    const CONTACT: &str = "sip:1001-csta@192.0.2.21:5060;line=q7";

    fn now() -> Timestamp {
        "2026-11-27T10:00:00Z".parse().unwrap()
    }

    fn register(contacts: &[(&str, Option<u32>)], expires: Option<u32>) -> Register {
        let listed = contacts
            .iter()
            .map(|(uri, expires)| ((*uri).to_owned(), *expires));
        Register {
            call_id: "a".to_owned(),
            cseq: 2,
            contacts: Contacts::Listed(listed.collect()),
            expires,
            user_agent: "snomD785/10.1.1.1".to_owned(),
            source: Source {
                transport: "udp".to_owned(),
                peer: "192.0.2.21:5060".parse().unwrap(),
            },
        }
    }

    fn bound(register: &Register) -> Binding {
        match register.decide(None, now()).unwrap() {
            Change::Bind(binding) => binding,
            other => panic!("{other:?}"),
        }
    }

    fn granted(own: Option<u32>, header: Option<u32>) -> i64 {
        let binding = bound(&register(&[(CONTACT, own)], header));
        binding.expires.duration_since(binding.registered).as_secs()
    }

    #[test]
    fn time_is_that_of_the_contact_else_of_the_header_and_has_a_limit() {
        assert_eq!(granted(None, None), 3600);
        assert_eq!(granted(None, Some(300)), 300);
        assert_eq!(granted(Some(120), Some(300)), 120);
        assert_eq!(granted(Some(60), None), 60);
        assert_eq!(granted(Some(u32::MAX), None), 3600);
        for (own, header) in [(Some(59), Some(300)), (None, Some(1))] {
            let brief = register(&[(CONTACT, own)], header);
            assert_eq!(brief.decide(None, now()), Err(Refusal::TooBrief));
        }
    }

    #[test]
    fn zero_removes_and_no_contact_asks() {
        let current = bound(&register(&[(CONTACT, None)], None));
        let decide = |contacts: Contacts, expires| {
            let later = Register {
                cseq: 3,
                contacts,
                ..register(&[], expires)
            };
            later.decide(Some(&current), now())
        };
        let listed = |own| Contacts::Listed(vec![(CONTACT.to_owned(), own)]);
        assert_eq!(decide(listed(Some(0)), Some(300)), Ok(Change::Remove));
        assert_eq!(decide(listed(None), Some(0)), Ok(Change::Remove));
        assert_eq!(decide(Contacts::All, Some(0)), Ok(Change::Remove));
        for expires in [None, Some(60)] {
            let refused = decide(Contacts::All, expires);
            assert!(matches!(refused, Err(Refusal::Malformed(_))), "{refused:?}");
        }
        assert_eq!(
            decide(Contacts::Listed(Vec::new()), None),
            Ok(Change::Query)
        );
    }

    #[test]
    fn new_contact_beside_an_old_one_that_is_removed_is_taken() {
        let new = "sip:1001-csta@192.0.2.22:5060";
        let both = register(&[(CONTACT, Some(0)), (new, Some(600))], None);
        assert_eq!(bound(&both).contact, new);
    }

    #[test]
    fn delayed_request_of_the_same_registration_changes_nothing() {
        let current = bound(&register(&[(CONTACT, None)], None));
        for cseq in [1, 2] {
            for (contacts, expires) in [
                (Contacts::All, Some(0)),
                (Contacts::Listed(vec![(CONTACT.to_owned(), Some(0))]), None),
                (Contacts::Listed(vec![(CONTACT.to_owned(), None)]), None),
            ] {
                let old = Register {
                    cseq,
                    contacts,
                    ..register(&[], expires)
                };
                assert_eq!(old.decide(Some(&current), now()), Err(Refusal::OutOfOrder));
            }
        }
        // After a restart, the phone starts counting again and has another Call-ID.
        let restarted = Register {
            call_id: "b".to_owned(),
            cseq: 1,
            ..register(&[(CONTACT, None)], None)
        };
        let new = restarted.decide(Some(&current), now());
        assert!(matches!(new, Ok(Change::Bind(_))), "{new:?}");
    }

    #[test]
    fn phone_that_merely_comes_again_is_not_changed() {
        let first = register(&[(CONTACT, None)], None);
        let again = Register {
            cseq: 3,
            ..first.clone()
        };
        assert!(!bound(&first).is_changed(&bound(&again)));
        let restarted = Register {
            call_id: "b".to_owned(),
            ..first.clone()
        };
        assert!(bound(&first).is_changed(&bound(&restarted)));
        let mut moved = first.clone();
        moved.source.peer = "192.0.2.21:5061".parse().unwrap();
        assert!(bound(&first).is_changed(&bound(&moved)));
    }

    #[test]
    fn long_contact_is_refused() {
        let long = format!("sip:{}@192.0.2.21", "a".repeat(600));
        let refused = register(&[(&long, None)], None).decide(None, now());
        assert!(matches!(refused, Err(Refusal::Malformed(_))), "{refused:?}");
    }
}
