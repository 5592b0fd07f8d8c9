//! Settings of phones in general.

use handset_net::allow_list::AllowList;
use serde::Deserialize;

/// The `[phones]` section.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The networks where phones live; `None` is the private ones.
    pub networks: Option<AllowList>,
}

impl Config {
    /// Returns the networks where phones live.
    pub(crate) fn effective(&self) -> AllowList {
        self.networks.clone().unwrap_or_else(AllowList::private)
    }

    /// Returns whether the administrator has written the networks. Only then do phones that no
    /// `[[phone]]` names get the password of their vendor.
    pub(crate) fn is_written(&self) -> bool {
        self.networks.is_some()
    }
}
