//! Where the call manager is, and who handsetd is there.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use handset_net::pin::Pin;

/// Cisco's call manager, as far as Extension Mobility needs it.
#[derive(Clone, Debug)]
pub struct CallManager {
    /// The service.
    pub url: Url,
    /// The application's user id.
    pub app_id: String,
    /// Its password.
    pub password: SecretString,
    /// How requests are sent.
    pub encoding: Encoding,
    /// The service's certificate, if it speaks TLS.
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
