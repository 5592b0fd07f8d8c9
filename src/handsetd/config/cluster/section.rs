//! Reads the section.

use std::net::IpAddr;
use std::path::PathBuf;

use handset_cluster::{Config, DaemonName, Login, Prefix, Replicas, ServerUrl, TlsSettings};
use secrecy::SecretString;
use serde::Deserialize;
use url::{Host, Url};

use crate::config::secret::SecretSource;
use crate::config::setting::Setting;
use crate::config::validator::Validator;

/// Reads the section; `None` if there is none.
pub(in crate::config) fn read(root: &mut Setting, validator: &mut Validator) -> Option<Config> {
    if !root.has(SECTION) {
        return None;
    }
    let (raw, section) = validator.section::<Raw>(root, SECTION);
    let urls = read_urls(&raw.nats, &section, validator);
    check_tls(raw.tls.as_ref(), &section, validator);
    let has_user = urls.iter().any(|(url, _)| url_has_user(url));
    let login = read_login(&raw, has_user, &section, validator);
    let is_secret_sent = has_user || !matches!(login, Login::None);
    let open = urls
        .iter()
        .find(|(url, _)| raw.tls.is_none() && url.scheme() != "tls" && is_remote(url));
    if let Some((_, server)) = open
        && is_secret_sent
    {
        validator.warn(format!(
            "[cluster] nats: unless {server} requires TLS, the login goes over the network unencrypted; add tls \
             = {{ ca_file = \"...\" }}, or write tls:// instead of nats://"
        ));
    }
    let prefix = raw.prefix.as_deref().map(str::parse::<Prefix>);
    let prefix = prefix.transpose().unwrap_or_else(|error| {
        validator.reject(&section, "prefix", error.to_string());
        None
    });
    let replicas = Replicas::try_from(raw.replicas).unwrap_or_else(|error| {
        validator.reject(&section, "replicas", error.to_string());
        Replicas::default()
    });
    let name = read_name(raw.name.as_deref(), &section, validator)?;
    let nats = urls.into_iter().map(|(_, server)| server).collect();
    Some(Config {
        replicas,
        prefix: prefix.unwrap_or_default(),
        login,
        tls: raw.tls,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Config::new(nats, name)
    })
}

/// Reads the addresses of the servers.
fn read_urls(
    texts: &[String],
    section: &Setting,
    validator: &mut Validator,
) -> Vec<(Url, ServerUrl)> {
    if texts.is_empty() && !section.mentions("nats") {
        let text = "missing; write for example nats = [\"nats://10.0.0.1:4222\"]";
        validator.reject(section, "nats", text);
    } else if texts.is_empty() && section.get("nats").is_some() {
        let text = "must not be empty; write for example [\"nats://10.0.0.1:4222\"]";
        validator.reject(section, "nats", text);
    }
    let mut urls = Vec::new();
    for text in texts {
        // The error message of one does not contain its password.
        match text.parse::<ServerUrl>() {
            Ok(server) => urls.extend(Url::parse(text).ok().map(|url| (url, server))),
            Err(error) => validator.reject(section, "nats", error.to_string()),
        }
    }
    urls
}

/// Returns how to log in.
fn read_login(raw: &Raw, has_user: bool, section: &Setting, validator: &mut Validator) -> Login {
    let source = SecretSource::new("token", raw.token.clone(), raw.token_file.clone());
    let token = validator.secret(section, source, &["cluster.token".to_owned()]);
    let file = raw.credentials_file.as_deref().and_then(|path| {
        let location = section.location_of("credentials_file");
        match validator.secrets.find_file(&location, path) {
            Ok(path) => Some(path),
            Err(reason) => {
                validator.reject(section, "credentials_file", reason);
                None
            }
        }
    });
    match (token, file) {
        (Some(_), Some(_)) => {
            let text = "conflicts with the token; keep one";
            validator.reject(section, "credentials_file", text);
            Login::None
        }
        (Some(token), None) => {
            if has_user {
                let text = "conflicts with the user in a URL of cluster.nats; keep one";
                validator.reject(section, "token", text);
            }
            Login::Token(token)
        }
        (None, Some(path)) => {
            if has_user {
                let text = "conflicts with the user in a URL of cluster.nats; keep one";
                validator.reject(section, "credentials_file", text);
            }
            Login::CredentialsFile(path)
        }
        (None, None) => Login::None,
    }
}

/// Returns the name of this daemon: that of the host, unless there is another.
fn read_name(
    written: Option<&str>,
    section: &Setting,
    validator: &mut Validator,
) -> Option<DaemonName> {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy();
    let name = written.unwrap_or(&host).parse::<DaemonName>();
    name.map_err(|error| {
        let text = match written {
            Some(_) => error.to_string(),
            None => format!("the name of this host is of no use here: {error}"),
        };
        validator.reject(section, "name", text);
    })
    .ok()
}

/// Checks that the certificate and its key are both there, and what cannot be seen later.
fn check_tls(tls: Option<&TlsSettings>, section: &Setting, validator: &mut Validator) {
    let Some(tls) = tls else { return };
    let missing = match (&tls.certificate_file, &tls.key_file) {
        (Some(_), None) => Some("key_file"),
        (None, Some(_)) => Some("certificate_file"),
        _ => None,
    };
    if let Some(missing) = missing {
        let text = format!("{missing} is missing; a certificate and its key belong together");
        validator.reject(section, "tls", text);
    }
    let files = [&tls.ca_file, &tls.certificate_file, &tls.key_file];
    for file in files.into_iter().flatten() {
        if !file.is_absolute() {
            let file = file.display().to_string();
            let text = format!("{file:?} is not an absolute path; it must begin with /");
            validator.reject(section, "tls", text);
        }
    }
}

fn url_has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Returns whether the connection leaves this machine.
fn is_remote(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => !ip.is_loopback(),
        Some(Host::Ipv6(ip)) => !ip.to_canonical().is_loopback(),
        // The host of a URL of this scheme is not parsed further.
        Some(Host::Domain(name)) => {
            let ip = name.parse::<IpAddr>();
            name != "localhost" && !ip.is_ok_and(|ip| ip.to_canonical().is_loopback())
        }
        None => false,
    }
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    nats: Vec<String>,
    name: Option<String>,
    replicas: u64,
    tls: Option<TlsSettings>,
    credentials_file: Option<PathBuf>,
    token: Option<SecretString>,
    token_file: Option<PathBuf>,
    prefix: Option<String>,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            nats: Vec::new(),
            name: None,
            replicas: 1,
            tls: None,
            credentials_file: None,
            token: None,
            token_file: None,
            prefix: None,
        }
    }
}

/// The name of the section.
const SECTION: &str = "cluster";
