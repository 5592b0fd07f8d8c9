//! The `[cucm]` section: Cisco's call manager, for Extension Mobility.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::check::Check;
use super::secret::Written;
use super::tree::Node;

/// Where the Extension Mobility service is, and who handsetd is there.
#[derive(Clone, Debug)]
pub struct Cucm {
    /// The service.
    pub url: Url,
    /// The application's user id.
    pub app_id: String,
    /// Its password.
    pub password: Option<SecretString>,
    /// How requests are sent.
    pub encoding: Encoding,
}

/// How a request travels in HTTP.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// As a form.
    #[default]
    Form,
    /// As a part of several.
    Multipart,
    /// In the URL.
    Query,
}

/// Reads the section, if there is one.
pub(super) fn read(root: &mut Node, check: &mut Check) -> Option<Cucm> {
    root.child("cucm")?;
    check.notice("[cucm]: read, but this version does not speak to a call manager yet");
    let mut node = check.table(root, "cucm");
    let raw: Raw = super::read::read(&mut node, &mut check.faults)?;
    let written = Written {
        name: "password",
        secret: raw.password,
        file: raw.password_file,
    };
    let password = check.secret(&node, written, &["cucm.password".to_owned()]);
    let url = Url::parse(&raw.url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(url) = url else {
        let text = format!("{:?} is no http or https URL", raw.url);
        check.fault(&node, "url", text);
        return None;
    };
    Some(Cucm {
        url,
        app_id: raw.app_id,
        password,
        encoding: raw.encoding,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    url: String,
    app_id: String,
    password: Option<SecretString>,
    password_file: Option<PathBuf>,
    #[serde(default)]
    encoding: Encoding,
}
