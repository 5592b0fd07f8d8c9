//! What Asterisk knows of a phone, asked through the channel of the call.
//!
//! One expression asks several things at once. Their values are told apart by a mark made up for
//! each question, since a User-Agent may hold any other text that its sender likes.

use std::net::IpAddr;

use handset_agi::{Channel, Error};
use handset_phones::phone::{Endpoint, Identity, RegistrationInfo, Technology, sip_host};

/// Asks for the phone that placed the call of this channel.
pub(super) async fn caller(
    channel: &mut Channel,
    endpoint: &Endpoint,
) -> Result<RegistrationInfo, Error> {
    let mut facts = RegistrationInfo {
        endpoint: Some(endpoint.clone()),
        ..RegistrationInfo::default()
    };
    match endpoint.technology {
        Technology::Pjsip => {
            let asked = [
                "${CHANNEL(pjsip,remote_addr)}",
                "${PJSIP_HEADER(read,User-Agent)}",
            ]
            .map(str::to_owned);
            let [address, user_agent] = ask(channel, asked).await?;
            facts.record_address("CHANNEL(pjsip,remote_addr)", &address);
            facts.record_user_agent("User-Agent", &user_agent);
            // On a call that Asterisk placed both are empty; some phones send no User-Agent with a
            // call; and the contact tells what the phone said when it registered.
            if facts.address.is_none() || facts.identity.is_none() {
                let contacts = self::endpoint(channel, endpoint).await?;
                facts.fill_from_contacts(contacts);
            }
        }
        Technology::Sip => {
            let asked = ["${CHANNEL(recvip)}", "${CHANNEL(useragent)}"].map(str::to_owned);
            let [address, user_agent] = ask(channel, asked).await?;
            facts.record_address("CHANNEL(recvip)", &address);
            facts.record_user_agent("CHANNEL(useragent)", &user_agent);
        }
        Technology::Sccp => {
            let asked = [
                "${SCCPDevice(current,recvip)}",
                "${SCCPDevice(current,skinny_type)}",
            ];
            let [address, model] = ask(channel, asked.map(str::to_owned)).await?;
            facts.record_address("SCCPDevice(current,recvip)", &address);
            facts
                .tried
                .push(format!("SCCPDevice(current,skinny_type) {model:?}"));
            facts.identity = Identity::of_skinny_type(&model);
        }
    }
    Ok(facts)
}

/// Asks for the phones of an endpoint, one for each of its contacts; there is always one.
pub(super) async fn endpoint(
    channel: &mut Channel,
    endpoint: &Endpoint,
) -> Result<Vec<RegistrationInfo>, Error> {
    let name = endpoint.name();
    let mut facts = RegistrationInfo {
        endpoint: Some(endpoint.clone()),
        ..RegistrationInfo::default()
    };
    match endpoint.technology {
        Technology::Pjsip => return contacts(channel, facts, name).await,
        Technology::Sip => {
            let asked = [
                format!("${{SIPPEER({name},ip)}}"),
                format!("${{SIPPEER({name},useragent)}}"),
            ];
            let [address, user_agent] = ask(channel, asked).await?;
            facts.record_address(&format!("SIPPEER({name},ip)"), &address);
            facts.record_user_agent(&format!("SIPPEER({name},useragent)"), &user_agent);
        }
        Technology::Sccp => {
            facts
                .tried
                .push("an SCCP line, which does not tell its device".to_owned());
        }
    }
    Ok(vec![facts])
}

/// Asks for the contacts of a PJSIP endpoint: its AORs, their contacts, and what each says.
async fn contacts(
    channel: &mut Channel,
    facts: RegistrationInfo,
    name: &str,
) -> Result<Vec<RegistrationInfo>, Error> {
    let [aors] = ask(channel, [format!("${{PJSIP_ENDPOINT({name},aors)}}")]).await?;
    let mut ids = Vec::new();
    for aor in list(&aors).take(MAX_AORS) {
        let [contacts] = ask(channel, [format!("${{PJSIP_AOR({aor},contact)}}")]).await?;
        ids.extend(list(&contacts).map(str::to_owned));
    }
    let mut found = Vec::new();
    for id in ids.iter().take(MAX_CONTACTS) {
        let field = |field: &str| format!("${{PJSIP_CONTACT({id},{field})}}");
        let asked = [field("uri"), field("via_addr"), field("user_agent")];
        let [uri, via, user_agent] = ask(channel, asked).await?;
        let mut facts = facts.clone();
        // The contact holds the phone's own address; behind a proxy the topmost Via does not.
        let address = [sip_host(&uri), via.as_str()]
            .into_iter()
            .find(|text| text.parse::<IpAddr>().is_ok());
        facts.record_address(&format!("contact {uri}"), address.unwrap_or_default());
        facts.record_user_agent(&format!("contact of {name}, User-Agent"), &user_agent);
        found.push(facts);
    }
    if found.is_empty() {
        let mut facts = facts;
        facts
            .tried
            .push(format!("contacts of PJSIP/{name}: none is registered"));
        found.push(facts);
    }
    Ok(found)
}

/// Asks for several expressions in one round trip.
async fn ask<const N: usize>(
    channel: &mut Channel,
    expressions: [String; N],
) -> Result<[String; N], Error> {
    let mark = format!("~{}~", handset_net::random::hex_token::<6>());
    let answer = channel
        .full_variable(&expressions.join(&mark))
        .await?
        .unwrap_or_default();
    let mut values: Vec<_> = answer
        .split(mark.as_str())
        .map(|value| value.trim().to_owned())
        .collect();
    if values.len() != N {
        // Whoever answers does not put several expressions into one text, as Asterisk does.
        values.clear();
        for expression in &expressions {
            let value = channel.full_variable(expression).await?.unwrap_or_default();
            values.push(value.trim().to_owned());
        }
    }
    let mut values = values.into_iter();
    Ok(std::array::from_fn(|_| values.next().unwrap_or_default()))
}

/// Returns the names of a list that can stand between the parentheses of a function.
fn list(text: &str) -> impl Iterator<Item = &str> {
    let harmless = |c: char| c.is_alphanumeric() || "-_.+@#*~!:;/=".contains(c);
    text.split(',')
        .map(str::trim)
        .filter(move |name| !name.is_empty() && name.chars().all(harmless))
}

const MAX_AORS: usize = 8;
const MAX_CONTACTS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use handset_phones::phone::Vendor;

    #[test]
    fn the_host_of_a_contact_is_found() {
        let check = |uri: &str, expected: &str| assert_eq!(sip_host(uri), expected, "{uri}");
        check("sip:1001@192.0.2.21:5060;transport=udp", "192.0.2.21");
        check("sip:192.0.2.21", "192.0.2.21");
        check("sip:ä@b@192.0.2.21;line=x", "192.0.2.21");
        check("sips:1001@[2001:db8::1]:5061", "2001:db8::1");
        check("", "");
    }

    #[test]
    fn names_that_could_leave_a_function_are_passed_over() {
        let names: Vec<_> = list("1001;@0a1b, b ,c),${X},").collect();
        assert_eq!(names, ["1001;@0a1b", "b"]);
    }

    #[test]
    fn the_contact_at_the_callers_address_is_the_callers() {
        let contact = |ip: &str, user_agent: &str| RegistrationInfo {
            address: ip.parse().ok(),
            identity: Identity::of_user_agent(user_agent),
            ..RegistrationInfo::default()
        };
        let contacts = vec![
            contact("192.0.2.1", "snom320/8.7.5.35"),
            contact("192.0.2.2", "Yealink SIP-T46G 28.83.0.50"),
        ];
        let mut caller = contact("192.0.2.2", "");
        caller.fill_from_contacts(contacts.clone());
        assert_eq!(caller.identity.unwrap().vendor, Vendor::Yealink);
        let mut called = contact("", "");
        called.fill_from_contacts(contacts);
        assert_eq!(called.address, "192.0.2.1".parse().ok());
    }
}
