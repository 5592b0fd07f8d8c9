//! The `[uacsta]` section: CSTA sessions over SIP.

use std::net::IpAddr;
use std::str::FromStr;

use handset_net::allow_list::AllowList;
use handset_net::server_certificate::TlsFiles;
use handset_phones::phone::{Directory, PhoneEntry, Vendor};
use handset_sip::{Listen, Transport};
use serde::Deserialize;
use url::{Host, Url};

use super::setting::Setting;
use super::validator::Validator;
use crate::uacsta::Config;
use crate::{phone_http, phone_networks};

/// Reads the section; `None` if there is none. Phones receive the host of `http.url` as ours unless the
/// section has an address.
pub(super) fn read(
    root: &mut Setting,
    phones: &phone_networks::Config,
    http: &phone_http::Config,
    directory: &Directory,
    validator: &mut Validator,
) -> Option<Config> {
    let is_there = root.has(SECTION);
    let (raw, section) = validator.section::<Raw>(root, SECTION);
    warn_of_phones(is_there, directory, validator);
    if !is_there {
        return None;
    }
    let listen = read_listen(&raw.listen, &section, validator);
    let has_tls = listen
        .iter()
        .any(|listen| listen.transport == Transport::Tls);
    validator.check_tls_files(&section, raw.tls.as_ref());
    if has_tls && raw.tls.is_none() && section.get("tls").is_none() {
        let text = "tls: requires a certificate; set tls = { certificate_file = \"...\", key_file = \
                    \"...\" }";
        validator.reject(&section, "listen", text);
    }
    if raw.tls.is_some() && !has_tls {
        validator.warn("uacsta.tls has no effect: uacsta.listen has no tls: address");
    }
    let address = raw.address.as_deref().and_then(|text| {
        let address = IpAddr::from_str(text)
            .ok()
            .filter(|ip| !ip.is_unspecified());
        if address.is_none() {
            let text = format!(
                "{text:?} is no IP address of this machine; write it as phones reach it, such as \
                 192.0.2.10"
            );
            validator.reject(&section, "address", text);
        }
        address
    });
    Some(Config {
        listen,
        allow: allow(raw.allow, phones, directory, validator),
        direct: raw.direct,
        address: address.or_else(|| host(http.url.as_ref())),
        tls: raw.tls,
    })
}

/// Reads the addresses to listen on.
fn read_listen(texts: &[String], section: &Setting, validator: &mut Validator) -> Vec<Listen> {
    if texts.is_empty() {
        let text =
            "must not be empty; write for example [\"udp:0.0.0.0:6060\"], or remove the section";
        validator.reject(section, "listen", text);
    }
    let mut listens = Vec::new();
    for text in texts {
        match text.parse::<Listen>() {
            Ok(listen) if listen.transport == Transport::Udp && listens.contains(&listen) => {
                let text = format!("{listen} is there twice; keep one");
                validator.reject(section, "listen", text);
            }
            Ok(listen) => {
                // Other servers listen for connections.
                if listen.transport != Transport::Udp {
                    validator.check_listen(section, listen.address);
                }
                listens.push(listen);
            }
            Err(error) => validator.reject(section, "listen", error.to_string()),
        }
    }
    listens
}

/// Returns the networks whose messages are read.
fn allow(
    written: Option<AllowList>,
    phones: &phone_networks::Config,
    directory: &Directory,
    validator: &mut Validator,
) -> AllowList {
    let Some(allow) = written else {
        let mut allow = phones.effective();
        let listed = of_csta(directory).filter_map(|entry| entry.address.as_ref()?.ip());
        listed.for_each(|ip| allow.add(ip));
        return allow;
    };
    if allow.is_empty() {
        validator.warn("uacsta.allow is empty: no phone can register for CSTA");
    }
    allow
}

/// Returns the host of a URL if it is an address.
fn host(url: Option<&Url>) -> Option<IpAddr> {
    match url?.host()? {
        Host::Ipv4(ip) => Some(ip.into()),
        Host::Ipv6(ip) => Some(ip.into()),
        Host::Domain(_) => None,
    }
}

fn of_csta(directory: &Directory) -> impl Iterator<Item = &PhoneEntry> {
    let entries = directory.entries().iter();
    entries.filter(|entry| entry.csta.is_some())
}

/// Warns where phones and section do not fit together.
fn warn_of_phones(is_there: bool, directory: &Directory, validator: &mut Validator) {
    let names: Vec<&str> = of_csta(directory)
        .map(|entry| entry.name.as_str())
        .collect();
    match names.as_slice() {
        [] if is_there => validator.warn(
            "[uacsta] has no effect: no [[phone]] has csta, so none may register or is called",
        ),
        [first, rest @ ..] if !is_there => {
            let others = match rest.len() {
                0 => String::new(),
                others => format!(" and {others} more"),
            };
            validator.warn(format!(
                "[[phone]] {first}{others}: csta has no effect, since [uacsta] is missing"
            ));
        }
        _ => {}
    }
    for entry in of_csta(directory).filter(|entry| entry.vendor == Some(Vendor::Cisco)) {
        validator.warn(format!(
            "[[phone]] {}: csta: no Cisco phone is known to speak uaCSTA",
            entry.name
        ));
    }
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    listen: Vec<String>,
    allow: Option<AllowList>,
    direct: bool,
    address: Option<String>,
    tls: Option<TlsFiles>,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            listen: DEFAULT_LISTEN.map(ToOwned::to_owned).into(),
            allow: None,
            direct: false,
            address: None,
            tls: None,
        }
    }
}

/// The name of the section.
const SECTION: &str = "uacsta";

/// Where phones register by default: the port that phones of several vendors are shipped with.
const DEFAULT_LISTEN: [&str; 2] = ["udp:0.0.0.0:6060", "tcp:0.0.0.0:6060"];
