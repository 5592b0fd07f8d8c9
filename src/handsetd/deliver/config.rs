//! What deliveries need to know of the configuration.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::mobility::CallManager;

/// How phones reach us, and where what they fetch comes from.
#[derive(Clone, Debug)]
pub struct Config {
    /// How phones reach our door; `None` is by the address that the route to each phone has.
    pub url: Option<Url>,
    /// The port of our door, for addresses that are found by the route.
    pub port: u16,
    /// How long a pushed screen can be fetched.
    pub screen_lifetime: Duration,
    /// How long tones and backgrounds can be fetched; phones fetch some of them again when they
    /// restart.
    pub media_lifetime: Duration,
    /// The only places that pictures, tones and templates come from.
    pub folders: Vec<PathBuf>,
    /// The hosts that pictures and tones are fetched from, to be converted.
    pub hosts: Vec<String>,
    /// Where tones and backgrounds are kept for as long as they can be fetched; `None` keeps them
    /// in memory only.
    pub keep: Option<PathBuf>,
    /// Who does Extension Mobility, if anybody does.
    pub call_manager: Option<CallManager>,
    /// Whether a phone that gives no sign of life is spared for a while, so that deliveries to it
    /// fail at once.
    pub spare_the_silent: bool,
}
