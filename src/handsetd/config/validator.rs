//! Takes sections out of the merged settings, and collects what is wrong with them.

use std::convert::Infallible;
use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Duration;

use handset_net::server_certificate::TlsFiles;
use secrecy::SecretString;
use serde::de::DeserializeOwned;

use super::deserialize::read;
use super::diagnostic::{Diagnostic, Location, Warning};
use super::explain;
use super::secret::{SecretReader, SecretSource};
use super::setting::{self, Elements, Setting};

/// Collects diagnostics and warnings.
pub(super) struct Validator {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) warnings: Vec<Warning>,
    pub(super) secrets: SecretReader,
    /// The addresses to listen on so far, and their keys.
    listeners: Vec<(String, SocketAddr)>,
}

impl Validator {
    pub(super) fn new(secrets: SecretReader) -> Self {
        Self {
            diagnostics: Vec::new(),
            warnings: Vec::new(),
            secrets,
            listeners: Vec::new(),
        }
    }

    /// Reads the section `name`, and returns it to locate its values; an absent one is empty.
    pub(super) fn section<T>(&mut self, root: &mut Setting, name: &str) -> (T, Setting)
    where
        T: DeserializeOwned + Default,
    {
        let mut section = self.table(root, name);
        (self.read(&mut section).unwrap_or_default(), section)
    }

    /// Reads `section`; `None` if something that `T` requires is missing or wrong.
    pub(super) fn read<T: DeserializeOwned>(&mut self, section: &mut Setting) -> Option<T> {
        read(section, &mut self.diagnostics)
    }

    /// Takes the table `name`; an absent one is empty.
    pub(super) fn table(&mut self, root: &mut Setting, name: &str) -> Setting {
        match root.take(name) {
            Some(table) if table.is_table() => table,
            Some(other) => {
                let advice = match other.location() {
                    Location::File { .. } => format!("[{}]", other.key),
                    Location::Variable(name) => format!("{name}__KEY"),
                };
                let kind = setting::kind(&other.value);
                let text = format!("expected a table, found {kind}; use {advice}");
                self.diagnostics.push(other.diagnostic(text));
                root.absent(name)
            }
            None => root.absent(name),
        }
    }

    /// Takes the list of tables `name` and reads each; those that do not fit are left out.
    pub(super) fn list<T: DeserializeOwned>(
        &mut self,
        root: &mut Setting,
        name: &str,
    ) -> Vec<(T, Setting)> {
        let elements = self.elements(root, name);
        let read = |element| self.element(name, element);
        elements.filter_map(read).collect()
    }

    /// Takes the list `name` and returns its elements, which [`element`](Self::element) reads.
    pub(super) fn elements(&mut self, root: &mut Setting, name: &str) -> Elements {
        if let Some(elements) = root.take_elements(name) {
            return elements;
        }
        let Some(list) = root.take(name) else {
            return Elements::default();
        };
        let kind = setting::kind(&list.value);
        let advice = list_advice(&list.location(), name);
        let mismatch =
            list.diagnostic(format!("expected a list of tables, found {kind}; {advice}"));
        list.into_elements().unwrap_or_else(|| {
            self.diagnostics.push(mismatch);
            Elements::default()
        })
    }

    /// Reads an element of the list of tables `name`; `None` if it does not fit.
    pub(super) fn element<T: DeserializeOwned>(
        &mut self,
        name: &str,
        mut element: Setting,
    ) -> Option<(T, Setting)> {
        if element.is_table() {
            let value = self.read(&mut element)?;
            return Some((value, element));
        }
        let kind = setting::kind(&element.value);
        let advice = list_advice(&element.location(), name);
        let text = format!("expected only tables in the list, found {kind}; {advice}");
        self.diagnostics.push(element.diagnostic(text));
        None
    }

    /// Reports every section that nothing took.
    pub(super) fn reject_unknown(&mut self, root: &mut Setting, known: &[&str]) {
        for unknown in root.take_all() {
            let text = explain::unknown_key(&unknown.key, known);
            self.diagnostics.push(unknown.diagnostic(text));
        }
    }

    /// Returns a secret of `section`, or else of the first systemd credential in `credentials`
    /// that exists; `None` if there is none, or if it is invalid.
    pub(super) fn secret(
        &mut self,
        section: &Setting,
        source: SecretSource,
        credentials: &[String],
    ) -> Option<SecretString> {
        let any = |secret| Ok::<_, Infallible>(secret);
        self.parsed_secret(section, source, credentials, any)
    }

    /// Returns a secret as [`secret`](Self::secret) does, parsed by `parse`, whose errors must not
    /// show it.
    pub(super) fn parsed_secret<T, E: Display>(
        &mut self,
        section: &Setting,
        source: SecretSource,
        credentials: &[String],
        parse: impl FnOnce(SecretString) -> Result<T, E>,
    ) -> Option<T> {
        let secret = self.secrets.read(section, source, credentials, parse);
        secret.unwrap_or_else(|diagnostic| {
            self.diagnostics.push(diagnostic);
            None
        })
    }

    /// Returns a secret as [`secret`](Self::secret) does, and reports it if it is missing.
    pub(super) fn required_secret(
        &mut self,
        section: &Setting,
        source: SecretSource,
        credentials: &[String],
    ) -> Option<SecretString> {
        let any = |secret| Ok::<_, Infallible>(secret);
        self.required_parsed_secret(section, source, credentials, any)
    }

    /// Returns a secret as [`parsed_secret`](Self::parsed_secret) does, and reports it if it is
    /// missing.
    pub(super) fn required_parsed_secret<T, E: Display>(
        &mut self,
        section: &Setting,
        source: SecretSource,
        credentials: &[String],
        parse: impl FnOnce(SecretString) -> Result<T, E>,
    ) -> Option<T> {
        let name = source.name;
        let before = self.diagnostics.len();
        let secret = self.parsed_secret(section, source, credentials, parse);
        if secret.is_none() && self.diagnostics.len() == before {
            let credential = credentials.first().map_or(name, String::as_str);
            let text = format!(
                "missing; set {name} or {name}_file, or pass the systemd credential {credential}"
            );
            self.reject(section, name, text);
        }
        secret
    }

    /// Requires the duration `name` of `section` to be longer than 0 s and at most 365 days.
    pub(super) fn check_duration(&mut self, section: &Setting, name: &str, value: Duration) {
        if value.is_zero() {
            self.reject(section, name, "must be longer than 0s");
        } else if value > MAX_DURATION {
            self.reject(section, name, "too long; at most 365 days");
        }
    }

    /// Requires the number `name` of `section` not to be 0.
    pub(super) fn check_count(&mut self, section: &Setting, name: &str, value: usize) {
        if value == 0 {
            self.reject(section, name, "must be at least 1");
        }
    }

    /// Requires that no other section listens on the address `listen` of `section`.
    pub(super) fn check_listen(&mut self, section: &Setting, address: SocketAddr) {
        let other = self
            .listeners
            .iter()
            .find(|(_, other)| overlap(address, *other));
        if let Some((other, _)) = other {
            let text = format!("{address} is already used by {other}; choose another port");
            self.diagnostics.push(section.diagnostic_of("listen", text));
        }
        self.listeners.push((section.key_of("listen"), address));
    }

    /// Requires the paths of the certificate `tls` of `section` to be absolute: what a relative one is
    /// relative to is easily mistaken.
    pub(super) fn check_tls_files(&mut self, section: &Setting, tls: Option<&TlsFiles>) {
        if let Some(file) = tls.and_then(TlsFiles::relative) {
            let file = file.display().to_string();
            let text = format!("{file:?} is not an absolute path; it must begin with /");
            self.reject(section, "tls", text);
        }
    }

    /// Reports the key `name` of `section`.
    pub(super) fn reject(&mut self, section: &Setting, name: &str, text: impl Into<String>) {
        self.diagnostics.push(section.diagnostic_of(name, text));
    }

    pub(super) fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(Warning::new(text));
    }

    /// Warns of something in a rule, by its index.
    pub(super) fn warn_of_rule(&mut self, index: usize, diagnostic: &Diagnostic) {
        let warning = Warning::of_rule(index, diagnostic.to_string());
        self.warnings.push(warning);
    }
}

/// Returns how to write a list of tables called `name`.
fn list_advice(location: &Location, name: &str) -> String {
    match location {
        Location::File { .. } => format!("use [[{name}]]"),
        Location::Variable(_) => format!("use [[{name}]] in a file"),
    }
}

/// Returns whether two servers cannot listen on `a` and `b` at once. Port 0 is any free port.
fn overlap(a: SocketAddr, b: SocketAddr) -> bool {
    let is_wildcard = a.ip().is_unspecified() || b.ip().is_unspecified();
    a.port() != 0 && a.port() == b.port() && (a.ip() == b.ip() || is_wildcard)
}

/// The longest duration; a deadline further away would overflow.
const MAX_DURATION: Duration = Duration::from_hours(365 * 24);
