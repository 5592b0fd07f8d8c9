//! The `[phones]` section, and what follows from it: who may fetch, and who gets a vendor's password.

use handset_net::allow_list::AllowList;
use handset_phones::phone::{AuthPolicy, Directory, Vendor, VendorDefaultsMap};
use url::{Host, Url};

use super::setting::Setting;
use super::validator::Validator;
use crate::phone_http;
use crate::phone_networks::Config;

/// Reads the section. Without a network in the list, only phones of a `[[phone]]` are contacted.
pub(super) fn read(root: &mut Setting, validator: &mut Validator) -> Config {
    validator.section(root, "phones").0
}

/// Lets phones that no `[[phone]]` names have the passwords of their vendors, if the networks are
/// written.
pub(super) fn share_passwords(
    phones: &Config,
    vendors: &mut VendorDefaultsMap,
    validator: &mut Validator,
) {
    for (vendor, defaults) in vendors {
        defaults.for_unlisted = phones.is_written();
        if defaults.credentials.is_none() {
            continue;
        }
        if !phones.is_written() {
            validator.warn(format!(
                "vendor.{vendor}.password is sent only to phones that a [[phone]] lists: \
                 phones.networks is not set"
            ));
        } else if defaults.auth == AuthPolicy::Any && !phones.effective().is_empty() {
            let instead = match vendor {
                // Phones that ask their authentication URL never ask for Digest.
                Vendor::Cisco => ", or no password, since each push then has its own,",
                Vendor::Generic | Vendor::Snom | Vendor::Yealink => "",
            };
            validator.warn(format!(
                "any SIP account that registers from phones.networks can learn \
                 vendor.{vendor}.password; auth = \"digest\"{instead} prevents it"
            ));
        }
    }
}

/// Warns of a URL that leads phones to themselves instead of handsetd.
pub(super) fn check_url(http: &phone_http::Config, validator: &mut Validator) {
    let leads_to_itself = |url: &&Url| match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if let Some(url) = http.url.as_ref().filter(leads_to_itself)
        && http
            .allow
            .networks()
            .any(|network| !network.addr().is_loopback())
    {
        validator.warn(format!(
            "http.url is {url}, where each phone finds itself and not handsetd; write this machine's address \
             as phones reach it"
        ));
    }
}

/// Warns of lists that admit no address, which are probably a mistake.
pub(super) fn check_empty_lists(
    phones: &Config,
    agi: &AllowList,
    admin: &AllowList,
    validator: &mut Validator,
) {
    let is_empty = [
        (
            phones.is_written() && phones.effective().is_empty(),
            "phones.networks is empty: only phones that a [[phone]] lists are contacted",
        ),
        (
            agi.is_empty(),
            "agi.allow is empty: no Asterisk can connect, so no dialplan can use handsetd",
        ),
        (
            admin.is_empty(),
            "admin.allow is empty: no host can connect to the API and the page, nor can handsetd send",
        ),
    ];
    for (_, text) in is_empty.into_iter().filter(|(is_empty, _)| *is_empty) {
        validator.warn(text);
    }
}

/// Returns the networks from which the phone-facing server accepts connections; `written` is
/// `http.allow`.
pub(super) fn phone_server_allow(
    written: Option<AllowList>,
    phones: &Config,
    directory: &Directory,
    validator: &mut Validator,
) -> AllowList {
    let listed = directory.entries().iter().filter_map(|entry| {
        let ip = entry.address.as_ref()?.ip()?;
        Some((&entry.name, ip))
    });
    let Some(allow) = written else {
        let mut allow = phones.effective();
        allow.add_all(listed.map(|(_, ip)| ip));
        return allow;
    };
    if allow.is_empty() {
        validator.warn("http.allow is empty: no phone can fetch anything, or report events");
    }
    for (name, ip) in listed.filter(|(_, ip)| !allow.contains(*ip)) {
        validator.warn(format!(
            "phone {name} at {ip} may not fetch: its address is not in http.allow"
        ));
    }
    allow
}
