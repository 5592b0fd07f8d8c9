//! The settings of deliveries.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::mobility::CallManager;
use crate::phone_networks::PhoneNetworks;

/// How phones reach handsetd, and where media come from.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Base URL of the phone-facing HTTP server; `None` takes the local address of the route to each
    /// phone.
    pub url: Option<Url>,
    /// Port of the phone-facing HTTP server, if `url` is `None`.
    pub port: u16,
    /// How long a pushed screen can be fetched.
    pub screen_lifetime: Duration,
    /// How long tones and backgrounds can be fetched; phones fetch some of them again when they
    /// restart.
    pub media_lifetime: Duration,
    /// Where phones are contacted that no `[[phone]]` names.
    pub networks: PhoneNetworks,
    /// The only directories that pictures, tones and templates are read from.
    pub folders: Vec<PathBuf>,
    /// The hosts, as `HOST` or `HOST:PORT`, whose pictures and tones handsetd fetches and converts.
    pub hosts: Vec<String>,
    /// Directory for tones and backgrounds; `None` keeps them in memory only.
    pub media_dir: Option<PathBuf>,
    /// The call manager for Extension Mobility.
    pub call_manager: Option<CallManager>,
    /// Whether deliveries to a phone that does not respond fail at once for a while.
    pub circuit_breaker: bool,
}
