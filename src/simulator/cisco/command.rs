//! The documents that a push may hold.

use super::{Cisco, Refusal, schema};
use crate::document::Element;
use crate::request::Response;

impl Cisco {
    /// Executes a pushed document.
    pub(super) async fn command(&self, xml: &str) -> Result<Response, Refusal> {
        let document = Element::parse(xml.as_bytes()).map_err(Refusal::parse)?;
        let is_command = schema::COMMANDS.contains(&document.name.as_str());
        if is_command && xml.chars().count() > MAX_COMMAND {
            return Err(Refusal::parse(format!(
                "command of more than {MAX_COMMAND} characters"
            )));
        }
        schema::validate(&document).map_err(Refusal::parse)?;
        match document.name.as_str() {
            "CiscoIPPhoneExecute" => self.execute(&document).await,
            "setBackground" => self.set_background(&document).await,
            "setRingTone" => self.set_ring_tone(&document).await,
            "startMedia" | "stopMedia" => Ok(self.media(&document)),
            _ => {
                let screen = self.present(&document, xml, None).await;
                screen
                    .map(|()| success(&document.name))
                    .map_err(Refusal::parse)
            }
        }
    }
}

/// Creates the response to a document that succeeded.
pub(super) fn success(name: &str) -> Response {
    super::execute::response(&[super::execute::ResponseItem {
        url: name.to_owned(),
        status: 0,
        data: "Success",
    }])
}

/// Maximum length of a command in characters, before encoding.
const MAX_COMMAND: usize = 512;
