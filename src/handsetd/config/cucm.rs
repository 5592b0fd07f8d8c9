//! The `[cucm]` section: Cisco's call manager, for Extension Mobility.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::check::Check;
use super::phones::Tls;
use super::secret::Written;
use super::tree::Node;
use crate::deliver::{CallManager, Encoding};

/// Reads the section, if there is one.
pub(super) fn read(root: &mut Node, check: &mut Check) -> Option<CallManager> {
    root.child("cucm")?;
    let mut node = check.table(root, "cucm");
    let raw: Raw = super::read::read(&mut node, &mut check.faults)?;
    let url = Url::parse(&raw.url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(url) = url else {
        let text = format!("{:?} is no http or https URL", raw.url);
        check.fault(&node, "url", text);
        return None;
    };
    let faults = check.faults.len();
    let written = Written {
        name: "password",
        secret: raw.password,
        file: raw.password_file,
    };
    let password = check.secret(&node, written, &["cucm.password".to_owned()]);
    if password.is_none() && check.faults.len() == faults {
        let text = "is missing; write password or password_file, or give systemd's credential \
                    cucm.password";
        check.fault(&node, "password", text);
    }
    let is_pinned = raw.tls.is_some();
    let pin = raw.tls.and_then(|tls| tls.pin(&node, check));
    match (url.scheme(), is_pinned) {
        ("https", false) => {
            let text = "https needs tls = { pin = \"sha256:...\" } beside it, the certificate of \
                        the call manager";
            check.fault(&node, "url", text);
        }
        ("http", true) => check.fault(&node, "tls", "is of no use where url is http"),
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
