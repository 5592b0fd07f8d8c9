//! Address of the call manager, and the account of handsetd.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use handset_net::pin::Pin;

/// Cisco's call manager, as far as Extension Mobility needs it.
#[derive(Clone, Debug)]
pub struct CallManager {
    /// URL of the Extension Mobility service.
    pub url: Url,
    /// User id of the application.
    pub app_id: String,
    /// Password of the application.
    pub password: SecretString,
    /// How requests are sent.
    pub encoding: Encoding,
    /// Pinned certificate of the service; `None` without TLS.
    pub pin: Option<Pin>,
}

impl PartialEq for CallManager {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
            && self.app_id == other.app_id
            && self.password.expose_secret() == other.password.expose_secret()
            && self.encoding == other.encoding
            && self.pin == other.pin
    }
}

/// How the XML is sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// As a field of a form.
    #[default]
    Form,
    /// As a part of a multipart body.
    Multipart,
    /// As a query parameter.
    Query,
}
