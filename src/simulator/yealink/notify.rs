//! NOTIFYs: action URIs, documents, and the order to read the configuration again.
//!
//! The answer to a NOTIFY says nothing; what the phone refuses shows in its log of exchanges.

use bytes::Bytes;

use super::Yealink;
use super::model::release;
use crate::state::{Direction, Exchange};

impl Yealink {
    /// Does what a NOTIFY says; the error says in words why not.
    pub(crate) fn receive_notify(
        &self,
        event: &str,
        content_type: &str,
        body: &str,
    ) -> Result<(), String> {
        let done = match (event, content_type) {
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
            _ => Err(format!("a NOTIFY of {event} with {content_type}")),
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
            refusal: done.clone().err(),
        });
        done
    }

    fn action_notify(&self, body: &str) -> Result<(), String> {
        if release(&self.device.options().firmware) < 71 {
            return Err("an action URI by NOTIFY, which V70 does not know".to_owned());
        }
        self.admit_notify()?;
        if body.contains(['\r', '\n', '%']) {
            return Err("a line end or a percent sign in the body".to_owned());
        }
        if body.starts_with("number=") {
            let (number, from) = match body.split_once('&') {
                None => (body, None),
                Some((number, more)) => {
                    let from = more.strip_prefix("outgoing_uri=sip:");
                    (
                        number,
                        Some(from.ok_or_else(|| format!("the parameter {more}"))?),
                    )
                }
            };
            return self.press_all(&[number.to_owned()], from, true);
        }
        let keys = body
            .strip_prefix("key=")
            .ok_or("a body that begins neither key= nor number=")?;
        let keys: Vec<String> = keys.split(';').map(ToOwned::to_owned).collect();
        self.press_all(&keys, None, true)
    }
}
