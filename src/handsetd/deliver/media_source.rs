//! Reading pictures, tones and templates: from the configured folders, and from the configured
//! hosts.

mod addresses;
mod error;
mod folders;

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect::Policy;
use url::Url;

use super::failure::root_cause;
use super::look_up::{LookUp, look_up};
use crate::http_client;
use addresses::GuardedResolver;

pub(super) use error::Error;

/// The media folders and hosts.
#[derive(Debug)]
pub(crate) struct MediaSource {
    folders: Vec<PathBuf>,
    hosts: Vec<String>,
    /// `None` without hosts: it reads the certificate authorities of the system, which takes longer than the
    /// rest of a start.
    http: Option<reqwest::Client>,
}

impl MediaSource {
    /// Creates a source of these folders and hosts.
    ///
    /// # Panics
    ///
    /// Panics if no TLS provider is installed for the process.
    pub(crate) fn new(folders: Vec<PathBuf>, hosts: Vec<String>) -> Self {
        Self::with_look_up(folders, hosts, look_up)
    }

    fn with_look_up(folders: Vec<PathBuf>, hosts: Vec<String>, look_up: LookUp) -> Self {
        let http = (!hosts.is_empty()).then(|| new_client(look_up));
        Self {
            folders,
            hosts,
            http,
        }
    }

    /// Reads a file. Blocks; symbolic links are followed, and must not lead out of the folders.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let file = folders::open(&self.folders, name)?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| Error::Unreadable {
                name: name.to_owned(),
                source,
            })?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(Error::TooLong(name.to_owned()));
        }
        Ok(bytes)
    }

    /// Returns whether handsetd itself fetches from the host of `url`.
    pub(super) fn fetches(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let with_port = url.port().map(|port| format!("{host}:{port}"));
        self.hosts
            .iter()
            .any(|known| known.eq_ignore_ascii_case(host) || Some(known) == with_port.as_ref())
    }

    /// Fetches a file from one of the hosts.
    pub(super) async fn fetch(&self, url: &Url) -> Result<Vec<u8>, Error> {
        let failed = |why: String| Error::Fetch {
            url: without_password(url),
            why,
        };
        if addresses::is_forbidden_literal(url) {
            return Err(failed(addresses::FORBIDDEN.to_owned()));
        }
        let http = self.http.as_ref();
        let http = http.ok_or_else(|| failed("media.hosts is empty".to_owned()))?;
        let sent = http.get(url.clone()).send().await;
        let mut response = sent.map_err(|error| failed(root_cause(&error)))?;
        if response.status().is_redirection() {
            return Err(failed(
                "the host redirects, and redirects are not followed".to_owned(),
            ));
        }
        if !response.status().is_success() {
            return Err(failed(format!(
                "the host replied with HTTP {}",
                response.status().as_u16()
            )));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| failed(root_cause(&error)))?
        {
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > MAX_FILE {
                return Err(Error::TooLong(without_password(url).to_string()));
            }
        }
        Ok(bytes)
    }
}

/// # Panics
///
/// Panics if no TLS provider is installed for the process.
fn new_client(look_up: LookUp) -> reqwest::Client {
    let resolver = Arc::new(GuardedResolver(look_up));
    http_client::build(|| {
        reqwest::Client::builder()
            .user_agent(concat!("handsetd/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::none())
            .dns_resolver(Arc::clone(&resolver))
            .timeout(FETCH_TIMEOUT)
    })
}

/// Returns a URL that may be logged.
fn without_password(url: &Url) -> Url {
    let mut url = url.clone();
    // A URL with a host can always be without a password.
    let _ = url.set_password(None);
    url
}

/// How long fetching a file may take.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

const MAX_FILE: u64 = 16 * 1024 * 1024;

#[cfg(test)]
mod tests;
