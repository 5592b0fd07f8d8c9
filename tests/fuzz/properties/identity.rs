//! Models and addresses of phones, from User-Agents and SIP contacts.

use handset_ami::Event;
use handset_phones::phone::{Address, Identity, MacAddress, sip_host};
use handsetd::fuzzing::Contact;

/// Parses a text as each of them.
pub fn check(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    for identity in [
        Identity::of_user_agent(text),
        Identity::of_skinny_type(text),
    ] {
        let Some(identity) = identity else { continue };
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_+.".contains(c);
        let (model, firmware) = (&identity.model, identity.firmware.as_str());
        assert!(!model.is_empty() && model.len() <= MAX_WORD, "{model:?}");
        assert!(model.chars().all(fits), "{model:?}");
        assert!(
            firmware.len() <= MAX_WORD && firmware.chars().all(fits),
            "{firmware:?}"
        );
        let _ = identity.firmware.is_older_than(&[8, 4, 32]);
    }
    if let Ok(mac) = text.parse::<MacAddress>() {
        assert_eq!(mac.to_string().parse(), Ok(mac));
    }
    if let Ok(address) = text.parse::<Address>() {
        assert_eq!(address.authority().parse(), Ok(address));
    }
    assert!(text.contains(sip_host(text)));
    contact(bytes);
}

/// Parses an item of a contact list, some of whose headers the phone controls.
fn contact(bytes: &[u8]) {
    let Some(event) = Event::parse(bytes) else {
        return;
    };
    let Some(contact) = Contact::of_pjsip(&event) else {
        return;
    };
    assert!(contact.user_agent().chars().count() <= MAX_USER_AGENT);
    assert!(
        contact
            .call_id
            .as_ref()
            .is_none_or(|id| id.len() <= MAX_CALL_ID)
    );
    let name = contact.endpoint.name();
    assert!(!name.contains(['\r', '\n', ',', '&']), "{name:?}");
    if contact.behind_nat().is_some() {
        assert!(contact.address.is_some());
    }
    let _ = contact.identity();
}

/// Maximum length of model and firmware.
const MAX_WORD: usize = 40;

/// Maximum length of a stored User-Agent, in characters.
const MAX_USER_AGENT: usize = 256;

/// Maximum length of a stored `Call-ID`, in bytes.
const MAX_CALL_ID: usize = 255;
