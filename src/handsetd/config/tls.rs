//! The `tls` table of phones and of the call manager: the pin of a certificate.

use handset_net::pin::Pin;
use serde::Deserialize;

use super::setting::Setting;
use super::validator::Validator;

/// How a server with a self-signed certificate is recognised.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    pin: String,
}

impl Tls {
    /// Parses the pin, and reports it as an error of `section` if it is invalid.
    pub(super) fn pin(&self, section: &Setting, validator: &mut Validator) -> Option<Pin> {
        let pin = self.pin.parse().ok();
        if pin.is_none() {
            let text = "invalid pin; use sha256: and 64 hexadecimal digits";
            validator.reject(section, "tls", text);
        }
        pin
    }
}
