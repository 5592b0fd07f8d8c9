//! How a simulated call manager is configured.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

/// How a simulated call manager is configured.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Name and password of the one application that may send requests.
    pub application: (String, String),
    /// Device names that users can log in at (`SEP` and the MAC address).
    pub devices: Vec<String>,
    /// Device profiles by user id; the first profile of each user is the default.
    pub users: BTreeMap<String, Vec<String>>,
    /// Number of requests to answer with error 26 (busy) before the first one is processed.
    pub busy: usize,
    /// Whether the query for device profiles has the name in the DTD (`deviceProfileQuery`) rather
    /// than the one in the documentation's example (`userDeviceProfileQuery`).
    pub follows_dtd: bool,
}

impl Default for Options {
    fn default() -> Self {
        let profiles = |user: &str| (user.to_owned(), vec![format!("{user}-profile")]);
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            application: ("MobilityManagerUser".to_owned(), "secret".to_owned()),
            devices: vec!["SEP00005E005301".to_owned()],
            users: ["john", "em@example.com"].map(profiles).into(),
            busy: 0,
            follows_dtd: false,
        }
    }
}
