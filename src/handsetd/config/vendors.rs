//! The `[vendor.…]` sections: what is the same for all phones of a vendor.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::check::Check;
use super::secret::Written;
use super::tree::{Content, Node};
use handset_phones::phone::{Credentials, Vendor, VendorDefaults};

/// What is the same for all phones of a vendor.
#[derive(Clone, Debug, Default)]
pub struct Vendors(BTreeMap<Vendor, VendorDefaults>);

impl Vendors {
    /// Returns what is the same for all phones of `vendor`.
    pub fn defaults(&self, vendor: Vendor) -> VendorDefaults {
        self.0.get(&vendor).cloned().unwrap_or_default()
    }
}

/// One half of credentials or both, and the section that says so.
#[derive(Default)]
pub(super) struct Account {
    pub(super) username: Option<String>,
    pub(super) password: Option<SecretString>,
}

impl Account {
    /// Reads the user name and the password of a section whose full name is `path`.
    pub(super) fn read(
        node: &Node,
        path: &str,
        username: Option<String>,
        written: Written,
        check: &mut Check,
    ) -> Self {
        let is_sent = |name: &str| !name.contains(':') && !name.chars().any(char::is_control);
        if let Some(name) = username.as_deref().filter(|name| !is_sent(name)) {
            let text =
                format!("{name:?} holds a colon or a control character, which HTTP can't send");
            check.fault(node, "username", text);
        }
        let credentials = [format!("{path}.{}", written.name)];
        Self {
            username,
            password: check.secret(node, written, &credentials),
        }
    }

    /// Returns the credentials, if both halves are there; what is missing is taken from `other`.
    pub(super) fn join(&self, other: &Self) -> Option<Credentials> {
        let username = self.username.as_ref().or(other.username.as_ref())?;
        let password = self.password.as_ref().or(other.password.as_ref())?;
        Some(Credentials::new(username, password.clone()))
    }

    /// Returns the half that is there and the half that is missing, if there is just one.
    pub(super) fn half(&self) -> Option<(&'static str, &'static str)> {
        match (&self.username, &self.password) {
            (Some(_), None) => Some(("username", "password")),
            (None, Some(_)) => Some(("password", "username")),
            _ => None,
        }
    }
}

/// The accounts of the sections and where they are, for phones that name only one half of theirs.
pub(super) type Accounts = BTreeMap<Vendor, (Account, Node)>;

/// Reads the sections.
pub(super) fn read(root: &mut Node, check: &mut Check) -> (Vendors, Accounts) {
    let mut table = check.table(root, "vendor");
    let mut vendors = Vendors::default();
    let mut accounts = Accounts::new();
    for vendor in Vendor::ALL {
        let (raw, node) = check.section::<Raw>(&mut table, vendor.name());
        let written = Written {
            name: "password",
            secret: raw.password,
            file: raw.password_file,
        };
        let account = Account::read(&node, &node.key, raw.username, written, check);
        let defaults = VendorDefaults {
            credentials: account.join(&Account::default()),
            port: raw.port.map(NonZeroU16::get),
        };
        if defaults.credentials.is_some() || defaults.port.is_some() {
            vendors.0.insert(vendor, defaults);
        }
        accounts.insert(vendor, (account, node));
    }
    if let Content::Table(rest) = &table.content {
        for (name, node) in rest {
            let error = name.parse::<Vendor>().err();
            let text = error.map_or_else(
                || format!("{name:?} is written in lower case"),
                |error| error.to_string(),
            );
            check.faults.push(node.fault(text));
        }
    }
    (vendors, accounts)
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    username: Option<String>,
    password: Option<SecretString>,
    password_file: Option<PathBuf>,
    port: Option<NonZeroU16>,
}
