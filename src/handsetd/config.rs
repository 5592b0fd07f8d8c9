//! The configuration: files, `conf.d`, environment, put together and checked.
//!
//! [`Config`] only collects: what a section means is known where it is used. Every fault is found
//! and told with file, line and key before anything starts. Nothing is reloaded here, and nothing
//! is bound or connected to.
//!
//! Loading lays trees of values over each other. The crates for that know no lines, and replace
//! lists of tables where `[[phone]]` must add up; so the trees are our own.

mod admin;
mod agi;
mod asterisk;
mod check;
mod cucm;
mod environment;
mod fault;
mod hint;
mod load;
mod locate;
mod media;
mod names;
mod phones;
mod read;
mod rule;
mod secret;
mod state;
mod tree;
mod vendors;

#[cfg(test)]
mod tests;

pub use fault::{Fault, Faults, Notice, Origin};
pub use load::{DEFAULT_FILE, Sources};
pub use media::Media;
pub use state::State;
pub use vendors::Vendors;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use check::Check;
use secret::Safe;
use tree::Node;

use crate::deliver::CallManager;
use crate::rules::config::Rule;
use crate::{dialplan, history, phone_http, telemetry};
use handset_ami as ami;
use handset_phones::phone::Directory;

/// Everything that an administrator can decide.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The servers whose manager interface is to be used.
    pub asterisk: Vec<ami::Config>,
    /// The server that dialplans call.
    pub agi: handset_agi::Config,
    /// How long calls may be held.
    pub dialplan: dialplan::Config,
    /// The server that phones talk to.
    pub http: phone_http::Config,
    /// The administrator's door.
    pub admin: crate::admin::Config,
    /// What is remembered of deliveries.
    pub history: history::Config,
    /// What must outlast the daemon.
    pub state: State,
    /// What is the same for all phones of a vendor.
    pub vendors: Vendors,
    /// The phones and groups.
    pub directory: Directory,
    /// Where pictures and tones may come from.
    pub media: Media,
    /// Cisco's call manager, if there is one.
    pub cucm: Option<CallManager>,
    /// What is to be done when something happens.
    pub rules: Vec<Rule>,
    /// The log.
    pub log: telemetry::Config,
    /// Where the tests of each rule publisher.
    rule_tests: Vec<Vec<Origin>>,
    files: Vec<Arc<Path>>,
    notices: Vec<Notice>,
}

impl Config {
    /// Reads the configuration of `sources`, or tells everything that is wrong with it.
    pub fn load(sources: &Sources) -> Result<Self, Faults> {
        let credentials = environment::value(&sources.variables, "CREDENTIALS_DIRECTORY");
        let mut check = Check {
            faults: Vec::new(),
            notices: Vec::new(),
            safe: Safe::new(credentials.map(PathBuf::from)),
            doors: Vec::new(),
        };
        let loaded = load::load(sources, &mut check.faults, &mut check.notices);
        let mut config = sections(loaded.root, &mut check);
        if let Some(faults) = Faults::of(check.faults) {
            return Err(faults);
        }
        check.notices.extend(check.safe.notices());
        config.files = loaded.files;
        config.notices = check.notices;
        Ok(config)
    }

    /// Returns the files that were read, in order.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(AsRef::as_ref)
    }

    /// Returns what an administrator should know although it hinders nothing, such as sections that
    /// this version does not act on.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }
}

fn sections(mut root: Node, check: &mut Check) -> Config {
    let root = &mut root;
    let (vendors, accounts) = vendors::read(root, check);
    let (rules, rule_tests) = rule::read(root, check);
    let (agi, dialplan) = agi::read(root, check);
    let config = Config {
        asterisk: asterisk::read(root, check),
        agi,
        dialplan,
        http: read_http(root, check),
        admin: admin::read(root, check),
        history: read_history(root, check),
        state: state::read(root, check),
        vendors,
        directory: phones::read(root, &accounts, check),
        media: media::read(root, check),
        cucm: cucm::read(root, check),
        rules,
        rule_tests,
        log: check.section(root, "log").0,
        files: Vec::new(),
        notices: Vec::new(),
    };
    if !config.rules.is_empty() && config.asterisk.is_empty() {
        check.notice("[[rule]]: no [[asterisk]] is configured, so no event of one comes");
    }
    check.leftovers(root, &SECTIONS);
    config
}

fn read_http(root: &mut Node, check: &mut Check) -> phone_http::Config {
    let (http, node) = check.section::<phone_http::Config>(root, "http");
    check.duration(&node, "screen_lifetime", http.screen_lifetime);
    check.duration(&node, "media_lifetime", http.media_lifetime);
    check.count(&node, "max_connections", http.max_connections);
    check.count(&node, "max_connections_each", http.max_connections_each);
    check.door(&node, http.listen);
    http
}

fn read_history(root: &mut Node, check: &mut Check) -> history::Config {
    let (history, node) = check.section::<history::Config>(root, "history");
    check.duration(&node, "time", history.time);
    check.count(&node, "count", history.count);
    if history.count > MAX_HISTORY {
        let text = format!(
            "{} is too many to hold; at most {MAX_HISTORY}",
            history.count
        );
        check.fault(&node, "count", text);
    }
    history
}

/// The most deliveries that are kept in memory: a few hundred megabytes at the worst.
const MAX_HISTORY: usize = 100_000;

/// The sections, as [`Config`] has them.
const SECTIONS: [&str; 13] = [
    "asterisk", "agi", "http", "admin", "history", "state", "vendor", "phone", "group", "media",
    "cucm", "rule", "log",
];
