//! Queries Asterisk for a phone, through the channel of the call.
//!
//! One expression queries several values at once. They are separated by a random mark, generated for
//! each query, since a User-Agent may contain any text that its sender chooses.

use std::net::IpAddr;

use handset_agi::{Channel, Error};
use handset_phones::phone::{Endpoint, RegistrationInfo, Technology, sip_host};

/// Queries the phone of the call of this channel; several if the call does not show which it is. At
/// least one is returned. `known` are the contacts of its endpoint, if the roster has any.
pub(super) async fn caller(
    channel: &mut Channel,
    endpoint: &Endpoint,
    known: Vec<RegistrationInfo>,
) -> Result<Vec<RegistrationInfo>, Error> {
    let mut info = RegistrationInfo {
        endpoint: Some(endpoint.clone()),
        ..RegistrationInfo::default()
    };
    match endpoint.technology {
        Technology::Pjsip => {
            let expressions = [
                "${CHANNEL(pjsip,remote_addr)}",
                "${PJSIP_HEADER(read,User-Agent)}",
            ]
            .map(str::to_owned);
            let [address, user_agent] = query(channel, expressions).await?;
            info.record_address("CHANNEL(pjsip,remote_addr)", &address);
            info.record_user_agent("User-Agent", &user_agent);
        }
        Technology::Sip => {
            let expressions = ["${CHANNEL(recvip)}", "${CHANNEL(useragent)}"].map(str::to_owned);
            let [address, user_agent] = query(channel, expressions).await?;
            info.record_address("CHANNEL(recvip)", &address);
            info.record_user_agent("CHANNEL(useragent)", &user_agent);
        }
        Technology::Sccp => {
            let expressions = [
                "${SCCPDevice(current,recvip)}",
                "${SCCPDevice(current,skinny_type)}",
            ];
            let [address, model] = query(channel, expressions.map(str::to_owned)).await?;
            info.record_address("SCCPDevice(current,recvip)", &address);
            info.record_skinny_type("SCCPDevice(current,skinny_type)", &model);
        }
    }
    if info.address.is_some() && info.identity.is_some() {
        return Ok(vec![info]);
    }
    // Both are empty on a call that Asterisk places, some phones send no User-Agent with a call, and
    // softphones are not desk phones. A contact has what the phone sent when it registered.
    let contacts = if known.is_empty() {
        self::endpoint(channel, endpoint).await?
    } else {
        known
    };
    Ok(info.or_contacts(contacts))
}

/// Queries the phones of an endpoint, one for each of its contacts; returns at least one.
pub(super) async fn endpoint(
    channel: &mut Channel,
    endpoint: &Endpoint,
) -> Result<Vec<RegistrationInfo>, Error> {
    let name = endpoint.name();
    let mut info = RegistrationInfo {
        endpoint: Some(endpoint.clone()),
        ..RegistrationInfo::default()
    };
    match endpoint.technology {
        Technology::Pjsip => return contacts(channel, info, name).await,
        Technology::Sip => {
            let expressions = [
                format!("${{SIPPEER({name},ip)}}"),
                format!("${{SIPPEER({name},useragent)}}"),
            ];
            let [address, user_agent] = query(channel, expressions).await?;
            info.record_address(&format!("SIPPEER({name},ip)"), &address);
            info.record_user_agent(&format!("SIPPEER({name},useragent)"), &user_agent);
        }
        Technology::Sccp => return sccp_devices(channel, info, name).await,
    }
    Ok(vec![info])
}

/// Queries which of `chan_sip` and chan-sccp are loaded. Without them, `SIPPEER` and `SCCPLine` are
/// errors in the log of Asterisk.
pub(super) async fn other_technologies(channel: &mut Channel) -> Result<Vec<Technology>, Error> {
    let modules = ["chan_sip", "chan_sccp"].map(|name| format!("${{IFMODULE({name}.so)}}"));
    let loaded = query(channel, modules).await?;
    let technologies = [Technology::Sip, Technology::Sccp].into_iter().zip(loaded);
    let loaded = technologies.filter(|(_, loaded)| loaded == "1");
    Ok(loaded.map(|(technology, _)| technology).collect())
}

/// Queries the devices of an SCCP line, which may have none yet where the call is not placed.
async fn sccp_devices(
    channel: &mut Channel,
    mut info: RegistrationInfo,
    line: &str,
) -> Result<Vec<RegistrationInfo>, Error> {
    let [devices] = query(channel, [format!("${{SCCPLine({line},devices)}}")]).await?;
    let mut found = Vec::new();
    for device in list_of_devices(&devices).take(MAX_CONTACTS) {
        let field = |field: &str| format!("${{SCCPDevice({device},{field})}}");
        let [address, model] = query(channel, [field("recvip"), field("skinny_type")]).await?;
        let mut info = info.clone();
        info.record_address(&format!("SCCPDevice({device},recvip)"), &address);
        info.record_skinny_type(&format!("SCCPDevice({device},skinny_type)"), &model);
        info.device = Some(device.to_owned());
        found.push(info);
    }
    if found.is_empty() {
        info.is_known = !devices.is_empty();
        info.sources
            .push(format!("SCCPLine({line},devices) {devices:?}"));
        found.push(info);
    }
    Ok(found)
}

/// Returns the names of the devices in `[ SEP00005E005301\,SEP00005E005302 ]`, as chan-sccp writes
/// them.
fn list_of_devices(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split(|c: char| !c.is_ascii_alphanumeric());
    names.filter(|name| !name.is_empty())
}

/// Queries the contacts of a PJSIP endpoint: its AORs, and their contacts.
async fn contacts(
    channel: &mut Channel,
    info: RegistrationInfo,
    name: &str,
) -> Result<Vec<RegistrationInfo>, Error> {
    let [aors] = query(channel, [format!("${{PJSIP_ENDPOINT({name},aors)}}")]).await?;
    let contacts = list(&aors)
        .take(MAX_AORS)
        .map(|aor| format!("${{PJSIP_AOR({aor},contact)}}"));
    let contacts = query_all(channel, &contacts.collect::<Vec<_>>()).await?;
    let ids = contacts.iter().flat_map(|contacts| list(contacts));
    let fields = ids.take(MAX_CONTACTS).flat_map(|id| {
        ["uri", "via_addr", "user_agent"].map(|field| format!("${{PJSIP_CONTACT({id},{field})}}"))
    });
    let fields = query_all(channel, &fields.collect::<Vec<_>>()).await?;
    let mut found = Vec::new();
    for contact in fields.as_chunks().0 {
        let [uri, via, user_agent] = contact;
        let mut info = info.clone();
        // The contact has the phone's own address; behind a proxy the topmost Via does not.
        let address = [sip_host(uri), via.as_str()]
            .into_iter()
            .find(|text| text.parse::<IpAddr>().is_ok());
        info.record_address(&format!("contact {uri}"), address.unwrap_or_default());
        info.record_user_agent(&format!("contact of {name}, User-Agent"), user_agent);
        found.push(info);
    }
    if found.is_empty() {
        let mut info = info;
        info.is_known = list(&aors).next().is_some();
        info.sources
            .push(format!("contacts of PJSIP/{name}: none is registered"));
        found.push(info);
    }
    Ok(found)
}

/// Evaluates a few expressions in one round trip.
async fn query<const N: usize>(
    channel: &mut Channel,
    expressions: [String; N],
) -> Result<[String; N], Error> {
    let mut values = query_all(channel, &expressions).await?.into_iter();
    Ok(std::array::from_fn(|_| values.next().unwrap_or_default()))
}

/// Evaluates any number of expressions, as many in each round trip as fit into a command; returns as
/// many values.
async fn query_all(channel: &mut Channel, expressions: &[String]) -> Result<Vec<String>, Error> {
    let mut values = Vec::with_capacity(expressions.len());
    let mut rest = expressions;
    while !rest.is_empty() {
        let mut room = MAX_EXPRESSION;
        let fitting = rest.iter().take_while(|expression| {
            let length = expression.len() + MARK;
            let fits = length <= room;
            room = room.saturating_sub(length);
            fits
        });
        let (together, later) = rest.split_at(fitting.count().max(1));
        values.extend(query_together(channel, together).await?);
        rest = later;
    }
    Ok(values)
}

async fn query_together(
    channel: &mut Channel,
    expressions: &[String],
) -> Result<Vec<String>, Error> {
    let mark = format!("~{}~", handset_net::random::hex_token::<MARK_BYTES>());
    let reply = channel
        .full_variable(&expressions.join(&mark))
        .await?
        .unwrap_or_default();
    let mut values: Vec<_> = reply
        .split(mark.as_str())
        .map(|value| value.trim().to_owned())
        .collect();
    if values.len() != expressions.len() {
        // Not an Asterisk: it does not evaluate several expressions in one text.
        values.clear();
        for expression in expressions {
            let value = channel.full_variable(expression).await?.unwrap_or_default();
            values.push(value.trim().to_owned());
        }
    }
    Ok(values)
}

/// Returns the names of a list that are safe between the parentheses of a dialplan function.
fn list(text: &str) -> impl Iterator<Item = &str> {
    let is_safe = |c: char| c.is_alphanumeric() || "-_.+@#*~!:;/= '&".contains(c);
    text.split(',')
        .map(str::trim)
        .filter(move |name| !name.is_empty() && name.chars().all(is_safe))
}

/// Maximum length of the expressions of one command, in bytes, with a margin for what is escaped:
/// Asterisk reads about 2000.
const MAX_EXPRESSION: usize = 1500;

/// Random bytes of the mark between two expressions.
const MARK_BYTES: usize = 6;

/// Length of the mark.
const MARK: usize = 2 * MARK_BYTES + 2;

const MAX_AORS: usize = 8;
const MAX_CONTACTS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_of_a_contact_is_extracted() {
        let check = |uri: &str, expected: &str| assert_eq!(sip_host(uri), expected, "{uri}");
        check("sip:1001@192.0.2.21:5060;transport=udp", "192.0.2.21");
        check("sip:192.0.2.21", "192.0.2.21");
        check("sip:ä@b@192.0.2.21;line=x", "192.0.2.21");
        check("sips:1001@[2001:db8::1]:5061", "2001:db8::1");
        check("", "");
    }

    #[test]
    fn devices_of_a_line_are_read_as_chan_sccp_writes_them() {
        let names = |text| list_of_devices(text).collect::<Vec<_>>();
        assert_eq!(names("[ SEP00005E005301 ]"), ["SEP00005E005301"]);
        let two = names("[ SEP00005E005301\\,ATA00005E005302 ]");
        assert_eq!(two, ["SEP00005E005301", "ATA00005E005302"]);
        assert!(names("[  ]").is_empty() && names("").is_empty());
    }

    #[test]
    fn names_that_could_escape_a_function_are_skipped() {
        let names: Vec<_> = list("1001;@0a1b, b ,c),${X},").collect();
        assert_eq!(names, ["1001;@0a1b", "b"]);
    }
}
