//! The phone asks its authentication URL about a push, while the push waits.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded;

use super::Cisco;
use crate::fetch::{Fetch, Resource};
use crate::options::AuthenticationMethod;
use crate::request::Request;

impl Cisco {
    /// Access whether the sender of a push may push; the error says in words why not.
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
        checked.map_err(|failure| format!("the authentication URL: {failure}"))
    }
}

/// Accepts ten bytes and nothing else.
fn check_answer(answer: &Resource) -> Result<(), String> {
    if answer.header("transfer-encoding").is_some() {
        return Err("a chunked answer".to_owned());
    }
    if answer.body.as_ref() == b"AUTHORIZED" {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&answer.body);
    Err(format!(
        "the answer {words:?}, which is not AUTHORIZED to the byte"
    ))
}

fn credentials(request: &Request) -> Result<(String, String), String> {
    let header = request.header("authorization").ok_or("no Authorization")?;
    let encoded = header
        .strip_prefix("Basic ")
        .ok_or("an Authorization that is not Basic")?;
    let decoded = STANDARD
        .decode(encoded.trim())
        .map_err(|_| "an Authorization in no Base64")?;
    let decoded = String::from_utf8(decoded).map_err(|_| "an Authorization in no UTF-8")?;
    let (user, password) = decoded
        .split_once(':')
        .ok_or("an Authorization without a colon")?;
    Ok((user.to_owned(), password.to_owned()))
}

/// The most bytes of an answer that are read; ten of them may be right.
const MAX_ANSWER: usize = 1024;
