//! The `[[phone]]` and `[[group]]` sections: settings of individual phones.

use std::collections::HashMap;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use ::config::{Value, ValueKind};
use handset_phones::phone::{
    Address, AuthPolicy, Credentials, CstaCalls, Directory, Endpoint, Firmware, Listing,
    MacAddress, PhoneEntry, ServerName, Vendor,
};
use handset_phones::verb::Via;
use secrecy::SecretString;
use serde::Deserialize;

use super::csta::Csta;
use super::secret::SecretSource;
use super::setting::{Setting, Step};
use super::tls::Tls;
use super::unique_names::UniqueNames;
use super::validator::Validator;
use super::vendors::{Account, Accounts};

/// Reads the sections; `servers` are the names of the `[[asterisk]]` sections. If this daemon `has_others`, they
/// may know members of groups.
pub(super) fn read(
    root: &mut Setting,
    accounts: &Accounts,
    servers: &[ServerName],
    has_others: bool,
    validator: &mut Validator,
) -> Directory {
    // One by one: there may be thousands.
    let elements = validator.elements(root, "phone");
    let count = elements.len();
    let mut names = UniqueNames::with_capacity("[[phone]] or [[group]]", count);
    let mut endpoints = UniqueNames::with_capacity("[[phone]]", count);
    let mut users = UniqueNames::new("[[phone]]");
    let mut entries = Vec::with_capacity(count);
    let mut completed_vendors = Vec::new();
    for element in elements {
        let Some((raw, section)) = validator.element::<Phone>("phone", element) else {
            continue;
        };
        let raw = with_server(raw, servers);
        let server = server(&raw, &section, servers, validator);
        let is_new = names.register_of(server.as_ref(), &section, &raw.name, validator);
        let name = &raw.name;
        let csta = raw.csta.as_ref();
        let csta = csta.and_then(|csta| csta.account(name, &section, &mut users, validator));
        let (entry, completed) = entry(raw, &section, accounts, validator);
        let entry = PhoneEntry {
            server,
            csta,
            ..entry
        };
        if let Some(endpoint) = entry.endpoint.as_ref().filter(|_| is_new) {
            let of = entry.server.as_ref();
            endpoints.register_value(of, &section, "endpoint", &endpoint.to_string(), validator);
        }
        warn_of_several_servers(&entry, servers, validator);
        completed_vendors.extend(completed);
        entries.push(entry);
    }
    drop(endpoints);
    warn_of_shared_macs(&entries, validator);
    for (vendor, (account, section)) in accounts {
        if let Some((present, missing)) = account.half()
            && !completed_vendors.contains(vendor)
            && !mentions(section, missing)
        {
            let text = format!("requires {missing}, which no [[phone]] sets either");
            validator.reject(section, present, text);
        }
    }
    let groups = validator.list::<Group>(root, "group");
    for (group, section) in &groups {
        names.register(section, &group.name, validator);
        if group.members.is_empty() {
            validator.reject(
                section,
                "members",
                "must not be empty; name at least one phone",
            );
        }
    }
    directory(entries, groups, (servers, has_others), validator)
}

/// Splits a name such as `berlin/1001` into server and name.
fn with_server(raw: Phone, servers: &[ServerName]) -> Phone {
    let split = servers.iter().find_map(|server| {
        let name = server.strip(&raw.name).filter(|name| !name.is_empty())?;
        Some((server.to_string(), name.to_owned()))
    });
    match split {
        Some((server, name)) if raw.server.is_none() => Phone {
            server: Some(server),
            name,
            ..raw
        },
        _ => raw,
    }
}

/// Returns the server of a phone, which must be one of the `[[asterisk]]` sections.
fn server(
    raw: &Phone,
    section: &Setting,
    servers: &[ServerName],
    validator: &mut Validator,
) -> Option<ServerName> {
    let name = raw.server.as_deref()?;
    let known = servers.iter().find(|server| server.as_str() == name);
    if known.is_none() {
        let names: Vec<_> = servers.iter().map(ServerName::as_str).collect();
        let text = if names.is_empty() {
            format!("unknown server {name:?}; no [[asterisk]] is configured")
        } else {
            let names = names.join(", ");
            format!("unknown server {name:?}; expected the name of an [[asterisk]]: {names}")
        };
        validator.reject(section, "server", text);
    }
    known.cloned()
}

/// Warns of a phone with an address that does not say of which of several servers it is.
fn warn_of_several_servers(entry: &PhoneEntry, servers: &[ServerName], validator: &mut Validator) {
    let is_one = entry.address.is_some() || entry.mac.is_some();
    if let (Some(endpoint), true) = (&entry.endpoint, servers.len() > 1)
        && entry.server.is_none()
        && is_one
    {
        validator.warn(format!(
            "[[phone]] {}: several [[asterisk]] are configured, and server is missing; where more than \
             one of them has {endpoint}, requests to this phone are refused",
            entry.name
        ));
    }
}

/// Warns of phones that have one hardware address: it means the first of them.
fn warn_of_shared_macs(entries: &[PhoneEntry], validator: &mut Validator) {
    let mut first = HashMap::with_capacity(entries.len());
    for entry in entries {
        let Some(mac) = entry.mac else { continue };
        let known: &mut &str = first.entry(mac).or_insert(&entry.name);
        if *known != entry.name {
            validator.warn(format!(
                "[[phone]] {known} and [[phone]] {} have the same mac, {mac}; as the name of a phone, it means \
                 {known}",
                entry.name
            ));
        }
    }
}

/// Builds an entry; also returns the vendor whose half of the credentials it completes.
fn entry(
    raw: Phone,
    section: &Setting,
    accounts: &Accounts,
    validator: &mut Validator,
) -> (PhoneEntry, Option<Vendor>) {
    let vendor: Option<Vendor> = parse(section, "vendor", raw.vendor.as_deref(), "", validator);
    let firmware = raw.firmware.and_then(|text| {
        let firmware = Firmware::new(&text);
        let is_valid = !text.is_empty() && firmware.as_str() == text;
        if !is_valid {
            let text = format!("invalid firmware version {text:?}; use the form 8.7.3.19");
            validator.reject(section, "firmware", text);
        }
        is_valid.then_some(firmware)
    });
    let address = "; use a host such as 192.0.2.21 or phone.example.com:8080";
    let address: Option<Address> = parse(
        section,
        "address",
        raw.address.as_deref(),
        address,
        validator,
    );
    let mac = "; use the form 00:00:5E:00:53:01";
    let mac: Option<MacAddress> = parse(section, "mac", raw.mac.as_deref(), mac, validator);
    let endpoint = match raw.endpoint.as_deref() {
        Some(text) => parse(
            section,
            "endpoint",
            Some(text),
            "; use the form PJSIP/1001",
            validator,
        ),
        // A phone whose name cannot be that of an endpoint has none.
        None if raw.name.contains(char::is_whitespace) => None,
        None => raw.name.parse::<Endpoint>().ok(),
    };
    let pin = raw.tls.and_then(|tls| tls.pin(section, validator));
    let password = SecretSource::new("password", raw.password, raw.password_file);
    let path = format_args!("phone.{}", raw.name);
    let own = Account::read(section, path, raw.username, password, validator);
    let shared = vendor.and_then(|vendor| accounts.get(&vendor));
    let mut completed = None;
    let credentials = match (own.half(), shared) {
        (None, _) => own.join(&Account::default()),
        (Some(half), shared) => {
            completed = vendor;
            let joined = shared.and_then(|(shared, _)| own.join(shared));
            joined.or_else(|| incomplete(section, half, validator))
        }
    };
    let entry = PhoneEntry {
        name: raw.name,
        endpoint,
        vendor,
        model: raw.model,
        firmware,
        address,
        mac,
        credentials,
        auth: raw.auth,
        via: raw.via,
        pin,
        csta: None,
        csta_calls: raw.csta_calls,
        server: None,
        listing: Listing::Listed,
    };
    (entry, completed)
}

fn incomplete(
    section: &Setting,
    (present, missing): (&str, &str),
    validator: &mut Validator,
) -> Option<Credentials> {
    if !mentions(section, missing) {
        let text =
            format!("requires {missing}, here or in the [vendor.…] section of the phone's vendor");
        validator.reject(section, present, text);
    }
    None
}

/// Returns whether a key without a valid value is set, and so has a diagnostic of its own.
fn mentions(section: &Setting, key: &str) -> bool {
    section.mentions(key) || section.mentions(&format!("{key}_file"))
}

fn parse<T>(
    section: &Setting,
    key: &str,
    text: Option<&str>,
    advice: &str,
    validator: &mut Validator,
) -> Option<T>
where
    T: FromStr,
    T::Err: Display,
{
    match text?.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            validator.reject(section, key, format!("{error}{advice}"));
            None
        }
    }
}

/// Builds the directory; unknown members of groups are reported and left out.
fn directory(
    entries: Vec<PhoneEntry>,
    groups: Vec<(Group, Setting)>,
    (servers, has_others): (&[ServerName], bool),
    validator: &mut Validator,
) -> Directory {
    let mut sections = HashMap::new();
    let mut members = HashMap::new();
    for (group, section) in groups {
        members.insert(group.name.clone(), group.members);
        sections.insert(group.name, section);
    }
    let create = if has_others {
        Directory::one_of_several
    } else {
        Directory::lenient
    };
    let (directory, unknown) = create(entries, members, servers.to_vec());
    for error in unknown {
        if let Some(section) = sections.get(&error.group) {
            let path = member(section, &error.member);
            let diagnostic = section.diagnostic_at(&path, error.to_string());
            validator.diagnostics.push(diagnostic);
        }
    }
    for group in directory.groups_without_phones() {
        if let Some(section) = sections.get(group) {
            let reason = "no phone is in it: its members are groups that contain only each other; add a \
                          [[phone]] or an endpoint";
            validator.reject(section, "members", reason.to_owned());
        }
    }
    directory
}

/// Returns the path to one member of a group.
fn member(group: &Setting, name: &str) -> Vec<Step> {
    let mut path = vec![Step::Key("members".to_owned())];
    if let Some(ValueKind::Array(members)) = group.get("members").map(|members| &members.kind) {
        let is_it =
            |member: &Value| matches!(&member.kind, ValueKind::String(text) if text == name);
        let mut valid = members.iter().filter(|value| value.kind != ValueKind::Nil);
        path.extend(valid.position(is_it).map(Step::Element));
    }
    path
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Phone {
    name: String,
    endpoint: Option<String>,
    server: Option<String>,
    vendor: Option<String>,
    model: Option<String>,
    firmware: Option<String>,
    address: Option<String>,
    mac: Option<String>,
    username: Option<String>,
    password: Option<SecretString>,
    password_file: Option<PathBuf>,
    auth: Option<AuthPolicy>,
    via: Option<Via>,
    tls: Option<Tls>,
    csta: Option<Csta>,
    csta_calls: Option<CstaCalls>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    members: Vec<String>,
}
