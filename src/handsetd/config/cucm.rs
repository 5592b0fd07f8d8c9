//! The `[cucm]` section: Cisco's call manager, for Extension Mobility.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::deserialize;
use super::secret::SecretSource;
use super::setting::Setting;
use super::tls::Tls;
use super::validator::Validator;
use crate::deliver::{CallManager, Encoding};

/// Reads the section, if there is one.
pub(super) fn read(root: &mut Setting, validator: &mut Validator) -> Option<CallManager> {
    if !root.has("cucm") {
        return None;
    }
    let mut section = validator.table(root, "cucm");
    let raw: Raw = deserialize::read(&mut section, &mut validator.diagnostics)?;
    let url = Url::parse(&raw.url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(url) = url else {
        let text = format!("{:?} is not an http or https URL", raw.url);
        validator.reject(&section, "url", text);
        return None;
    };
    let source = SecretSource::new("password", raw.password, raw.password_file);
    let credentials = ["cucm.password".to_owned()];
    let password = validator.required_secret(&section, source, &credentials);
    let is_pinned = raw.tls.is_some();
    let pin = raw.tls.and_then(|tls| tls.pin(&section, validator));
    match (url.scheme(), is_pinned) {
        ("https", false) => {
            let text = "https requires the pin of the call manager's certificate; add \
                        tls = { pin = \"sha256:...\" }";
            validator.reject(&section, "url", text);
        }
        ("http", true) => {
            validator.reject(&section, "tls", "has no effect unless url is https");
        }
        _ => {}
    }
    Some(CallManager {
        url,
        app_id: raw.app_id,
        password: password?,
        encoding: raw.encoding,
        pin,
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
    tls: Option<Tls>,
}
