//! A Cisco phone: `POST /CGI/Execute`, the XML objects, the pages that tell of it.
//!
//! One with enterprise firmware asks its authentication URL about a push; one with multi-platform
//! or small business firmware asks for a digest, and answers with nothing but a status. A 7940 or
//! 7960 answers with the address of the answer. What a model takes of URIs and keys is in
//! [`capabilities`].
//!
//! Of two things no document tells what the phone answers: `setBackground` and `setRingTone`.
//! Here they are answered once the phone has fetched what they name, with a
//! `CiscoIPPhoneResponse` or, if the phone can't use it, with `CiscoIPPhoneError` 6. A wrong
//! `Content-Type` of a push, which real phones let pass, is refused. There is no TFTP server:
//! `Play:` accepts any file name that is well formed, and lasts for a while.

mod authentication;
mod capabilities;
mod command;
mod execute;
mod media;
mod model;
mod object;
mod page;
mod personalization;
mod schema;
#[cfg(test)]
mod tests;
mod web;

use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use parking_lot::Mutex;

use self::capabilities::Capabilities;
use self::model::Model;
use crate::device::Device;
use crate::error::Error;
use crate::form;
use crate::login_guard::{Denial, LoginGuard};
use crate::request::{Request, Response};

/// A Cisco phone. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Cisco {
    device: Device,
    model: &'static Model,
    capabilities: Capabilities,
    login: LoginGuard,
    /// The answers that wait to be fetched (7940, 7960), oldest first.
    deferred: Arc<Mutex<Vec<(u32, Response)>>>,
    /// Counts answers and streams.
    next: Arc<AtomicU32>,
}

impl Cisco {
    pub(crate) fn new(device: &Device) -> Result<Self, Error> {
        let model = Model::find(&device.options().model)?;
        Ok(Self {
            device: device.clone(),
            model,
            capabilities: Capabilities::of(&device.options().model),
            login: LoginGuard::new("user"),
            deferred: Arc::default(),
            next: Arc::default(),
        })
    }

    pub(crate) fn display(&self) -> (u32, u32) {
        self.model.screen()
    }

    /// Answers a request to the phone's web server; the path is told apart by case.
    pub(crate) async fn respond(&self, request: &Request) -> Response {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/CGI/Execute") => {
                let answer = self.pushed(request).await;
                // Who is not let in is told so at once.
                if self.model.is_old && answer.status == 200 {
                    self.defer(answer)
                } else {
                    answer
                }
            }
            (_, "/CGI/Execute") => Response::empty(405)
                .header("Allow", "POST")
                .refusing("a method other than POST"),
            ("GET", _) => self.page(request).await,
            _ => Response::empty(404).refusing("no such page"),
        }
    }

    async fn pushed(&self, request: &Request) -> Response {
        if request.media_type() != "application/x-www-form-urlencoded" {
            return Response::empty(415).refusing("a Content-Type that is no form");
        }
        if let Err(answer) = self.authorize(request).await {
            return answer;
        }
        let answer = match form_field(request) {
            Ok(xml) => self.command(&xml).await,
            Err(reason) => Err(Refusal::parse(reason)),
        };
        let answer =
            answer.unwrap_or_else(|Refusal { number, reason }| error(200, number).refusing(reason));
        if self.capabilities.is_multiplatform {
            // No response and no error object, whatever came of it.
            return Response {
                body: bytes::Bytes::new(),
                ..answer
            };
        }
        answer
    }

    /// Lets a request pass, or answers it.
    async fn authorize(&self, request: &Request) -> Result<(), Response> {
        if self.capabilities.is_multiplatform {
            let options = self.device.options();
            return self
                .login
                .check(request, options)
                .map_err(|denied| match denied {
                    Denial::Challenge(answer) => answer,
                    Denial::WrongCredentials(answer) => {
                        self.device.change(|state| state.bad_credentials += 1);
                        answer
                    }
                });
        }
        let Err(reason) = self.authenticate(request).await else {
            return Ok(());
        };
        let status = if self.model.is_old { 401 } else { 200 };
        let answer = error(status, AUTHENTICATION_ERROR).refusing(reason);
        Err(if self.model.is_old {
            answer.header("WWW-Authenticate", "Basic realm=\"user\"")
        } else {
            answer
        })
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
fn error(status: u16, number: u8) -> Response {
    xml(status, format!("<CiscoIPPhoneError Number=\"{number}\" />"))
}

/// Answers with an XML document and the headers of the phone's web server.
fn xml(status: u16, body: String) -> Response {
    Response::with_body(status, "text/xml", body)
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
