//! The phone asks its authentication URL about a push before it responds.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use super::Cisco;
use crate::fetch::{Fetch, Resource};
use crate::options::AuthenticationMethod;
use crate::request::Request;

impl Cisco {
    /// Asks whether the sender of a push is authorized; the error is human-readable.
    pub(super) async fn authenticate(&self, request: &Request) -> Result<(), String> {
        let options = self.device.options();
        let Some(url) = &options.authentication_url else {
            return Ok(());
        };
        let (user, password) = credentials(request)?;
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("UserID", &user)
            .append_pair("Password", &password)
            .append_pair("devicename", &format!("SEP{}", self.device.mac()))
            .finish();
        let mut headers = self.request_headers();
        let mut url = url.clone();
        let form = match options.authentication_method {
            AuthenticationMethod::Get => {
                let query = match url.query() {
                    Some(before) => format!("{before}&{query}"),
                    None => query,
                };
                url.set_query(Some(&query));
                None
            }
            AuthenticationMethod::Post => {
                let form = "application/x-www-form-urlencoded";
                headers.push(("Content-Type".to_owned(), form.to_owned()));
                Some(query)
            }
        };
        let fetch = Fetch {
            url: &url,
            headers,
            form: form.as_deref(),
            max_bytes: MAX_ANSWER,
        };
        let checked = self.device.fetch(fetch, check_answer).await;
        checked.map_err(|failure| format!("authentication URL: {failure}"))
    }
}

/// Accepts the ten bytes `AUTHORIZED` and nothing else.
fn check_answer(response: &Resource) -> Result<(), String> {
    if response.header("transfer-encoding").is_some() {
        return Err("chunked response".to_owned());
    }
    if response.body.as_ref() == b"AUTHORIZED" {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&response.body);
    Err(format!("response {text:?}; expected exactly AUTHORIZED"))
}

fn credentials(request: &Request) -> Result<(String, String), String> {
    let header = request
        .header("authorization")
        .ok_or("no Authorization header")?;
    let encoded = header
        .strip_prefix("Basic ")
        .ok_or("Authorization is not Basic")?;
    let decoded = STANDARD
        .decode(encoded.trim())
        .map_err(|_| "Authorization is not Base64")?;
    let decoded = String::from_utf8(decoded).map_err(|_| "Authorization is not UTF-8")?;
    let (user, password) = decoded
        .split_once(':')
        .ok_or("Authorization has no colon")?;
    Ok((user.to_owned(), password.to_owned()))
}

/// Maximum size of an answer that are read; ten of them may be right in bytes.
const MAX_ANSWER: usize = 1024;
