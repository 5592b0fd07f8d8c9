//! NOTIFY: action URIs, documents, and `check-sync`.
//!
//! The response to a NOTIFY carries no result; the recorded exchange says why it was refused.

use bytes::Bytes;

use super::Yealink;
use super::model::release;
use crate::state::{Direction, Exchange};

impl Yealink {
    /// Handles a NOTIFY; the error is human-readable.
    pub(crate) fn receive_notify(
        &self,
        event: &str,
        content_type: &str,
        body: &str,
    ) -> Result<(), String> {
        let result = match (event, content_type) {
            ("ACTION-URI", "message/sipfrag") => self.action_notify(body),
            ("Yealink-xml", "application/xml") => self.document_notify(body),
            ("check-sync;reboot=true", _) => {
                self.press_key("Reboot", true);
                Ok(())
            }
            ("check-sync;reboot=false", _) => {
                self.press_key("AutoP", true);
                Ok(())
            }
            _ => Err(format!(
                "unsupported NOTIFY: event {event}, Content-Type {content_type}"
            )),
        };
        self.device.record(Exchange {
            direction: Direction::Received,
            peer: "SIP".to_owned(),
            method: "NOTIFY".to_owned(),
            target: event.to_owned(),
            headers: vec![("Content-Type".to_owned(), content_type.to_owned())],
            body: Bytes::copy_from_slice(body.as_bytes()),
            status: None,
            response_headers: Vec::new(),
            response_body: Bytes::new(),
            refusal: result.clone().err(),
        });
        result
    }

    fn action_notify(&self, body: &str) -> Result<(), String> {
        if release(&self.device.options().firmware) < 71 {
            return Err("V70 and earlier do not support action URIs by NOTIFY".to_owned());
        }
        self.authorize_notify()?;
        if body.contains(['\r', '\n', '%']) {
            return Err("line break or percent sign in the body".to_owned());
        }
        if body.starts_with("number=") {
            let (number, from) = match body.split_once('&') {
                None => (body, None),
                Some((number, more)) => {
                    let from = more.strip_prefix("outgoing_uri=sip:");
                    (
                        number,
                        Some(from.ok_or_else(|| format!("unknown parameter {more}"))?),
                    )
                }
            };
            return self.press_all(&[number.to_owned()], from, true);
        }
        let keys = body
            .strip_prefix("key=")
            .ok_or("body begins with neither key= nor number=")?;
        let keys: Vec<String> = keys.split(';').map(ToOwned::to_owned).collect();
        self.press_all(&keys, None, true)
    }
}
