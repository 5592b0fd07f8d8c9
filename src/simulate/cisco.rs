//! A Cisco phone with enterprise firmware: `POST /CGI/Execute` and the XML objects.
//!
//! Of two things no document tells what the phone answers: `setBackground` and `setRingTone`.
//! Here they are answered once the phone has fetched what they name, with a
//! `CiscoIPPhoneResponse` or, if the phone can't use it, with `CiscoIPPhoneError` 6. A wrong
//! `Content-Type` of a push, which real phones let pass, is refused. There is no TFTP server:
//! `Play:` accepts any file name that is well formed, and lasts for a while.

mod authentication;
mod command;
mod execute;
mod model;
mod object;
mod page;
mod personal;
mod schema;
#[cfg(test)]
mod tests;

use self::model::Model;
use super::device::Device;
use super::error::Error;
use super::form;
use super::request::{Answer, Request};

/// A Cisco phone. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Cisco {
    device: Device,
    model: &'static Model,
}

impl Cisco {
    pub(super) fn new(device: &Device) -> Result<Self, Error> {
        let model = Model::find(&device.options().model)?;
        Ok(Self {
            device: device.clone(),
            model,
        })
    }

    pub(super) fn display(&self) -> (u32, u32) {
        self.model.screen()
    }

    /// Answers a request to the phone's web server; the path is told apart by case.
    pub(super) async fn answer(&self, request: &Request) -> Answer {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/CGI/Execute") => self.pushed(request).await,
            (_, "/CGI/Execute") => Answer::empty(405)
                .header("Allow", "POST")
                .refusing("a method other than POST"),
            ("GET", "/DeviceInformationX") => self.device_information(),
            _ => Answer::empty(404).refusing("no such page"),
        }
    }

    async fn pushed(&self, request: &Request) -> Answer {
        if request.media_type() != "application/x-www-form-urlencoded" {
            return Answer::empty(415).refusing("a Content-Type that is no form");
        }
        if let Err(reason) = self.authenticate(request).await {
            let status = if self.model.is_old { 401 } else { 200 };
            let answer = error(status, AUTHENTICATION_ERROR).refusing(reason);
            return if self.model.is_old {
                answer.header("WWW-Authenticate", "Basic realm=\"user\"")
            } else {
                answer
            };
        }
        let answer = match form_field(request) {
            Ok(xml) => self.command(&xml).await,
            Err(reason) => Err(Refusal::parse(reason)),
        };
        answer.unwrap_or_else(|Refusal { number, reason }| error(200, number).refusing(reason))
    }

    fn device_information(&self) -> Answer {
        let options = self.device.options();
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DeviceInformation>\
             <MACAddress>{mac}</MACAddress><HostName>SEP{mac}</HostName>\
             <versionID>{firmware}</versionID><modelNumber>CP-{model}</modelNumber>\
             </DeviceInformation>\n",
            mac = self.device.mac(),
            firmware = options.firmware,
            model = options.model,
        );
        Answer::with_body(200, "text/xml", body)
    }
}

/// Why a push is not done, and the number that stands for it.
#[derive(Debug)]
struct Refusal {
    number: u8,
    reason: String,
}

impl Refusal {
    /// The document is not what the phone understands.
    fn parse(reason: impl Into<String>) -> Self {
        Self {
            number: PARSE_ERROR,
            reason: reason.into(),
        }
    }

    /// The document is fine, and what it names is not.
    fn unusable(reason: impl Into<String>) -> Self {
        Self {
            number: UNUSABLE_ERROR,
            reason: reason.into(),
        }
    }
}

/// Returns the one form field of a push, whose name is told apart by case.
fn form_field(request: &Request) -> Result<String, String> {
    if request.body.len() > MAX_POST {
        return Err(format!("a body of more than {MAX_POST} bytes"));
    }
    let body = std::str::from_utf8(&request.body).map_err(|_| "bytes that are no UTF-8")?;
    let fields = form::fields(body)?;
    let field = fields.into_iter().find(|(name, _)| name == "XML");
    field
        .map(|(_, xml)| xml)
        .ok_or_else(|| "no form field XML".to_owned())
}

/// Answers with the phone's error document, blank before the slash as phones send it.
fn error(status: u16, number: u8) -> Answer {
    xml(status, format!("<CiscoIPPhoneError Number=\"{number}\" />"))
}

/// Answers with an XML document and the headers of the phone's web server.
fn xml(status: u16, body: String) -> Answer {
    Answer::with_body(status, "text/xml", body)
        .header("Cache-Control", "no-cache")
        .header("Expires", "Thu, 26 Oct 1995 00:00:00 GMT")
        .header("Server", "Allegro-Software-RomPager/4.34")
}

/// The number of an error in the document.
const PARSE_ERROR: u8 = 1;

/// The number of an authentication error.
const AUTHENTICATION_ERROR: u8 = 4;

/// The number that this phone gives if a picture or a ring tone is of no use.
const UNUSABLE_ERROR: u8 = 6;

/// The most bytes of a push.
const MAX_POST: usize = 40 * 1024;
