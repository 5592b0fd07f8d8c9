//! The `[[phone]]` and `[[group]]` sections: what the configuration knows of single phones.

use std::collections::HashMap;
use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use secrecy::SecretString;
use serde::Deserialize;

use super::check::Check;
use super::names::Names;
use super::secret::Written;
use super::tree::{Content, Node};
use super::vendors::{Account, Accounts};
use handset_net::pin::Pin;
use handset_phones::phone::{
    Address, Credentials, Directory, Endpoint, MacAddress, PhoneEntry, Vendor,
};
use handset_phones::verb::Via;

/// Reads the sections.
pub(super) fn read(root: &mut Node, accounts: &Accounts, check: &mut Check) -> Directory {
    let mut names = Names::new("[[phone]] or [[group]]");
    let mut endpoints = Names::new("[[phone]]");
    let mut entries = Vec::new();
    let mut helped = Vec::new();
    for (raw, node) in check.list::<Phone>(root, "phone") {
        let is_new = names.claim(&node, &raw.name, check);
        let (entry, completed) = entry(raw, &node, accounts, check);
        if let Some(endpoint) = entry.endpoint.as_ref().filter(|_| is_new) {
            endpoints.claim_as(&node, "endpoint", &endpoint.to_string(), check);
        }
        helped.extend(completed);
        entries.push(entry);
    }
    for (vendor, (account, node)) in accounts {
        if let Some((there, missing)) = account.half()
            && !helped.contains(vendor)
            && !is_wrong(node, missing)
        {
            let text = format!("needs {missing} beside it; no [[phone]] has one either");
            check.fault(node, there, text);
        }
    }
    let groups = check.list::<Group>(root, "group");
    for (group, node) in &groups {
        names.claim(node, &group.name, check);
        if group.members.is_empty() {
            check.fault(node, "members", "is empty; name a phone");
        }
    }
    directory(&entries, groups, check)
}

/// Makes an entry; also returns the vendor whose half of the credentials it completes.
fn entry(
    raw: Phone,
    node: &Node,
    accounts: &Accounts,
    check: &mut Check,
) -> (PhoneEntry, Option<Vendor>) {
    let vendor: Option<Vendor> = parse(node, "vendor", raw.vendor.as_deref(), "", check);
    let address = "; write 192.0.2.21 or phone.example.com:8080";
    let address: Option<Address> = parse(node, "address", raw.address.as_deref(), address, check);
    let mac = "; write it as 00:00:5E:00:53:01";
    let mac: Option<MacAddress> = parse(node, "mac", raw.mac.as_deref(), mac, check);
    let endpoint = match raw.endpoint.as_deref() {
        Some(text) => parse(
            node,
            "endpoint",
            Some(text),
            "; write it as PJSIP/1001",
            check,
        ),
        // A name that cannot be an endpoint's belongs to a phone that has none.
        None => raw.name.parse::<Endpoint>().ok(),
    };
    let pin = raw.tls.and_then(|tls| tls.pin(node, check));
    let written = Written {
        name: "password",
        secret: raw.password,
        file: raw.password_file,
    };
    let path = format!("phone.{}", raw.name);
    let own = Account::read(node, &path, raw.username, written, check);
    let shared = vendor.and_then(|vendor| accounts.get(&vendor));
    let mut completed = None;
    let credentials = match (own.half(), shared) {
        (None, _) => own.join(&Account::default()),
        (Some(half), shared) => {
            completed = vendor;
            let joined = shared.and_then(|(shared, _)| own.join(shared));
            joined.or_else(|| incomplete(node, half, check))
        }
    };
    let entry = PhoneEntry {
        name: raw.name,
        endpoint,
        vendor,
        model: raw.model,
        address,
        mac,
        credentials,
        via: raw.via,
        pin,
    };
    (entry, completed)
}

fn incomplete(
    node: &Node,
    (there, missing): (&str, &str),
    check: &mut Check,
) -> Option<Credentials> {
    if !is_wrong(node, missing) {
        let text = format!(
            "needs {missing} beside it, or vendor and a [vendor.…] section that has a {missing}"
        );
        check.fault(node, there, text);
    }
    None
}

/// Returns whether a key that has no value is there all the same, and so has its own fault.
fn is_wrong(node: &Node, key: &str) -> bool {
    node.mentions(key) || node.mentions(&format!("{key}_file"))
}

fn parse<T>(
    node: &Node,
    key: &str,
    text: Option<&str>,
    advice: &str,
    check: &mut Check,
) -> Option<T>
where
    T: FromStr,
    T::Err: Display,
{
    match text?.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            check.fault(node, key, format!("{error}{advice}"));
            None
        }
    }
}

/// Makes the directory; members of groups that are nothing known are told and left out.
fn directory(entries: &[PhoneEntry], groups: Vec<(Group, Node)>, check: &mut Check) -> Directory {
    let mut nodes = HashMap::new();
    let mut members = HashMap::new();
    for (group, node) in groups {
        members.insert(group.name.clone(), group.members);
        nodes.insert(group.name, node);
    }
    loop {
        let error = match Directory::new(entries.to_vec(), members.clone()) {
            Ok(directory) => return directory,
            Err(error) => error,
        };
        let Some(node) = nodes.get(&error.group) else {
            return Directory::default();
        };
        check
            .faults
            .push(member(node, &error.member).fault(error.to_string()));
        if let Some(members) = members.get_mut(&error.group) {
            members.retain(|member| *member != error.member);
        }
    }
}

/// Returns the node of one member of a group.
fn member<'a>(group: &'a Node, name: &str) -> &'a Node {
    let list = group.child("members").unwrap_or(group);
    let Content::List(members) = &list.content else {
        return list;
    };
    let found = members
        .iter()
        .find(|node| matches!(&node.content, Content::Text(text) if text == name));
    found.unwrap_or(list)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Phone {
    name: String,
    endpoint: Option<String>,
    vendor: Option<String>,
    model: Option<String>,
    address: Option<String>,
    mac: Option<String>,
    username: Option<String>,
    password: Option<SecretString>,
    password_file: Option<PathBuf>,
    via: Option<Via>,
    tls: Option<Tls>,
}

/// By what a server with TLS is known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    pin: String,
}

impl Tls {
    /// Reads the pin of the table `node`.
    pub(super) fn pin(&self, node: &Node, check: &mut Check) -> Option<Pin> {
        let pin = self.pin.parse().ok();
        if pin.is_none() {
            let text = "pin must be sha256: and 64 hexadecimal digits";
            check.fault(node, "tls", text);
        }
        pin
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    members: Vec<String>,
}
