//! The configuration: files, `conf.d` and environment, merged and validated.
//!
//! The `config` crate merges the sources. Each of ours attaches to every value where it was set, and
//! a deserializer of ours reads the result, so that every error is reported at once, with file, line
//! and key, before anything starts; the crate's own stops at the first and converts what it reads.
//!
//! [`Config`] only collects the settings of the components, which define them. Nothing is reloaded,
//! bound or connected to here.

mod admin;
mod agi;
mod asterisk;
mod cluster;
mod csta;
mod cucm;
mod deserialize;
mod diagnostic;
mod environment;
mod explain;
mod header_notices;
mod http;
mod layer;
mod media;
mod networks;
mod node;
mod origin;
mod page;
mod phones;
mod rule;
mod rule_notices;
mod secret;
mod secret_line;
mod sections;
mod setting;
mod sources;
mod state;
mod syntax_advice;
mod tls;
mod toml_pieces;
mod toml_source;
mod uacsta;
mod unique_names;
mod validator;
mod vendors;
mod written;

#[cfg(test)]
mod tests;

pub(crate) use cluster::Cluster;
pub use diagnostic::{Diagnostic, Location};
pub(crate) use diagnostic::{Diagnostics, Warning};
pub(crate) use media::Media;
pub use sources::Sources;
pub(crate) use sources::{DEFAULT_FILE, Overlay};
pub(crate) use state::State;
pub(crate) use written::Written;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use handset_agi as agi_server;
use handset_ami as ami;
use handset_phones::phone::{Directory, ServerName, VendorDefaultsMap};

use crate::deliver::CallManager;
use crate::pages::config::PageConfig;
use crate::rules::config::Rule;
use crate::rules::{Moment, RulePart};
use crate::{
    admin as admin_server, dialplan, history, phone_http, phone_networks, telemetry,
    uacsta as uacsta_sessions,
};
use rule::RuleLocations;
use secret::SecretReader;
use setting::Setting;
use validator::Validator;

/// Every setting.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The Asterisk servers to connect to.
    pub asterisk: Vec<ami::Config>,
    /// The FastAGI server.
    pub agi: agi_server::Config,
    /// How long calls may be held.
    pub dialplan: dialplan::Config,
    /// The phone-facing HTTP server.
    pub http: phone_http::Config,
    /// The admin API and page.
    pub admin: admin_server::Config,
    /// How long deliveries are recorded.
    pub history: history::Config,
    /// What survives a restart.
    pub state: State,
    /// Where phones live.
    pub phones: phone_networks::Config,
    /// Settings for all phones of a vendor.
    pub vendors: VendorDefaultsMap,
    /// The phones and groups.
    pub directory: Arc<Directory>,
    /// Where images and ring tones may come from.
    pub media: Media,
    /// Cisco's call manager, if there is one.
    pub cucm: Option<CallManager>,
    /// CSTA sessions over SIP, if there are any.
    pub uacsta: Option<uacsta_sessions::Config>,
    /// The other daemons, if there are any.
    pub cluster: Option<Cluster>,
    /// The pages, in the order of the configuration.
    pub pages: Vec<PageConfig>,
    /// The rules, in the order of the configuration.
    pub rules: Vec<Rule>,
    /// The log.
    pub log: telemetry::Config,
    rule_locations: Vec<RuleLocations>,
    files: Vec<Arc<Path>>,
    warnings: Vec<Warning>,
    written: Written,
}

impl Config {
    /// Reads the configuration from `sources`, or returns everything that is wrong with it.
    pub fn load(sources: &Sources) -> Result<Self, Diagnostics> {
        Self::load_with(sources, None)
    }

    /// Reads the configuration as it would be if a file had another text.
    pub(crate) fn load_with(
        sources: &Sources,
        overlay: Option<&Overlay>,
    ) -> Result<Self, Diagnostics> {
        let credentials = environment::value(&sources.variables, "CREDENTIALS_DIRECTORY");
        let mut validator = Validator::new(SecretReader::new(credentials.map(PathBuf::from)));
        let (diagnostics, warnings) = (&mut validator.diagnostics, &mut validator.warnings);
        let contents = sources::read(sources, overlay, diagnostics, warnings);
        let merged = contents.merge(diagnostics, warnings);
        let mut config = Self::read(merged.root, &mut validator);
        if let Some(diagnostics) = Diagnostics::from_unsorted(validator.diagnostics) {
            return Err(diagnostics);
        }
        validator.warnings.extend(validator.secrets.warnings());
        config.files = merged.files;
        config.written = Written::new(contents, validator.secrets.into_keys());
        config.warnings = validator.warnings;
        Ok(config)
    }

    /// Reads how the daemon of this machine is reached, as far as faults elsewhere permit: a faulty section
    /// counts as absent.
    pub(crate) fn load_admin(sources: &Sources) -> (admin_server::Config, State) {
        let credentials = environment::value(&sources.variables, "CREDENTIALS_DIRECTORY");
        let mut validator = Validator::new(SecretReader::new(credentials.map(PathBuf::from)));
        let (mut faults, mut warnings) = (Vec::new(), Vec::new());
        let contents = sources::read(sources, None, &mut faults, &mut warnings);
        let mut root = contents.merge(&mut faults, &mut warnings).root;
        let admin = admin::read(&mut root, &mut validator);
        (admin, state::read(&mut root, &mut validator))
    }

    /// Returns the files that were read, in order.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(AsRef::as_ref)
    }

    /// Returns what an administrator should know although it prevents nothing.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Returns what an administrator should know of a rule, by its index, although it prevents nothing.
    pub fn rule_warnings(&self, index: usize) -> impl Iterator<Item = &Warning> {
        let warnings = self.warnings.iter();
        warnings.filter(move |warning| warning.is_of_rule(index))
    }

    /// Creates a warning about a part of a rule, by the index of the rule.
    pub(crate) fn rule_warning(&self, index: usize, part: &RulePart, text: &str) -> Warning {
        let locations = self.rule_locations.get(index);
        locations.map_or_else(
            || Warning::new(text),
            |locations| locations.warning(index, part, text),
        )
    }

    /// Returns the settings as they are written in the sources.
    pub(crate) fn written(&self) -> &Written {
        &self.written
    }

    /// Runs the tests of all rules; a failed test is an error.
    pub fn test_rules(&self, now: Moment) -> Result<(), Diagnostics> {
        rule::run_tests(&self.rules, &self.rule_locations, now)
    }

    fn read(mut root: Setting, validator: &mut Validator) -> Self {
        let root = &mut root;
        let phones = networks::read(root, validator);
        let (mut vendors, accounts) = vendors::read(root, validator);
        networks::share_passwords(&phones, &mut vendors, validator);
        let asterisk = asterisk::read(root, validator);
        let servers = asterisk
            .iter()
            .filter_map(|server| server.name.parse().ok());
        let servers: Vec<ServerName> = servers.collect();
        // Also one with faults, which are reported once.
        let has_others = root.has("cluster");
        let directory = phones::read(root, &accounts, &servers, has_others, validator);
        let (pages, page_names) = page::read(root, validator);
        let media = media::read(root, validator);
        let (rules, rule_locations) = rule::read(root, &servers, &page_names, &media, validator);
        let (agi, dialplan) = agi::read(root, validator);
        let (mut http, allow) = http::read(root, validator);
        http.allow = networks::phone_server_allow(allow, &phones, &directory, validator);
        networks::check_url(&http, validator);
        let uacsta = uacsta::read(root, &phones, &http, &directory, validator);
        let config = Self {
            asterisk,
            agi,
            dialplan,
            http,
            admin: admin::read(root, validator),
            history: sections::history(root, validator),
            state: state::read(root, validator),
            phones,
            vendors,
            directory: Arc::new(directory),
            media,
            cucm: cucm::read(root, validator),
            uacsta,
            cluster: cluster::read(root, validator),
            pages,
            rules,
            rule_locations,
            log: validator.section(root, "log").0,
            files: Vec::new(),
            warnings: Vec::new(),
            written: Written::default(),
        };
        let (agi, admin) = (&config.agi.allow, &config.admin.allow);
        networks::check_empty_lists(&config.phones, agi, admin, validator);
        let mut events = config.rules.iter().flat_map(|rule| &rule.on);
        if config.asterisk.is_empty() && events.any(|on| rule_notices::is_of_asterisk(on)) {
            validator.warn("[[rule]]: no [[asterisk]] is configured, so no Asterisk event arrives");
        }
        validator.reject_unknown(root, &sections::SECTIONS);
        config
    }
}
