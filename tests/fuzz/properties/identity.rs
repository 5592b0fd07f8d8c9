//! What phones say they are, and where Asterisk says they are: User-Agents and SIP contacts.

use handset_ami::Event;
use handset_phones::phone::{Address, Identity, MacAddress, sip_host};
use handsetd::roster::Contact;

/// Takes a text for each of them.
pub fn check(bytes: &[u8]) {
    let text = &*String::from_utf8_lossy(bytes);
    for identity in [
        Identity::of_user_agent(text),
        Identity::of_skinny_type(text),
    ] {
        let Some(identity) = identity else { continue };
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_+.".contains(c);
        let (model, firmware) = (&identity.model, identity.firmware.as_str());
        assert!(!model.is_empty() && model.len() <= WORD, "{model:?}");
        assert!(model.chars().all(fits), "{model:?}");
        assert!(
            firmware.len() <= WORD && firmware.chars().all(fits),
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

/// Reads an item of a list of contacts, whose headers the phone chose in part.
fn contact(bytes: &[u8]) {
    let Some(event) = Event::parse(bytes) else {
        return;
    };
    let Some(contact) = Contact::of_pjsip(&event) else {
        return;
    };
    assert!(contact.user_agent.chars().count() <= AGENT);
    assert!(contact.call_id.as_ref().is_none_or(|id| id.len() <= CALL));
    let name = contact.endpoint.name();
    assert!(!name.contains(['\r', '\n', ',', '&']), "{name:?}");
    if contact.behind_nat().is_some() {
        assert!(contact.address.is_some());
    }
    let _ = contact.identity();
}

/// The longest model or firmware.
const WORD: usize = 40;

/// The longest User-Agent that is kept, in characters.
const AGENT: usize = 256;

/// The longest `Call-ID` that is kept, in bytes.
const CALL: usize = 255;
