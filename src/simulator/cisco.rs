//! A Cisco phone: `POST /CGI/Execute`, the XML objects, and the status pages.
//!
//! Enterprise firmware asks the authentication URL about a push. Multiplatform and small business
//! phones require a digest, and respond with a status alone. A 7940 or 7960 redirects to its
//! response. The URIs and keys of each model are in [`capabilities`].
//!
//! No document describes the responses to `setBackground` and `setRingTone`. Here the phone responds
//! once it has fetched the files: with a `CiscoIPPhoneResponse`, or with `CiscoIPPhoneError` 6 if it
//! cannot use them. A push with a wrong `Content-Type`, which real phones accept, is refused. There is
//! no TFTP server: `Play:` accepts any well-formed file name, and takes
//! [`Options::playback`](crate::Options::playback).

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
    /// Responses to be fetched (7940, 7960), oldest first.
    deferred: Arc<Mutex<Vec<(u32, Response)>>>,
    /// Numbers responses and streams.
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

    /// Responds to a request to the phone's web server. Paths are case-sensitive.
    pub(crate) async fn respond(&self, request: &Request) -> Response {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/CGI/Execute") => {
                let response = self.pushed(request).await;
                // A denial is sent at once.
                if self.model.is_old && response.status == 200 {
                    self.defer(response)
                } else {
                    response
                }
            }
            (_, "/CGI/Execute") => Response::empty(405)
                .header("Allow", "POST")
                .refusing("method other than POST"),
            ("GET", _) => self.page(request).await,
            _ => Response::empty(404).refusing("no such page"),
        }
    }

    async fn pushed(&self, request: &Request) -> Response {
        if request.media_type() != "application/x-www-form-urlencoded" {
            return Response::empty(415).refusing("Content-Type is not a form");
        }
        if let Err(response) = self.authorize(request).await {
            return response;
        }
        let response = match form_field(request) {
            Ok(xml) => self.command(&xml).await,
            Err(reason) => Err(Refusal::parse(reason)),
        };
        let response = response
            .unwrap_or_else(|Refusal { number, reason }| error(200, number).refusing(reason));
        if self.capabilities.is_multiplatform {
            // The body is empty, whether or not the push succeeded.
            return Response {
                body: bytes::Bytes::new(),
                ..response
            };
        }
        response
    }

    /// Authorizes a request, or returns the response that denies it.
    async fn authorize(&self, request: &Request) -> Result<(), Response> {
        if self.capabilities.is_multiplatform {
            let options = self.device.options();
            return self
                .login
                .check(request, options)
                .map_err(|denied| match denied {
                    Denial::Challenge(response) => response,
                    Denial::WrongCredentials(response) => {
                        self.device.change(|state| state.bad_credentials += 1);
                        response
                    }
                });
        }
        let Err(reason) = self.authenticate(request).await else {
            return Ok(());
        };
        let status = if self.model.is_old { 401 } else { 200 };
        let response = error(status, AUTHENTICATION_ERROR).refusing(reason);
        Err(if self.model.is_old {
            response.header("WWW-Authenticate", "Basic realm=\"user\"")
        } else {
            response
        })
    }
}

/// Why a push is refused, with the error number.
#[derive(Debug)]
struct Refusal {
    number: u8,
    reason: String,
}

impl Refusal {
    /// The document is invalid.
    fn parse(reason: impl Into<String>) -> Self {
        Self {
            number: PARSE_ERROR,
            reason: reason.into(),
        }
    }

    /// The document is valid, but a file that it names is not.
    fn unusable(reason: impl Into<String>) -> Self {
        Self {
            number: UNUSABLE_ERROR,
            reason: reason.into(),
        }
    }
}

/// Returns the form field `XML` of a push; its name is case-sensitive.
fn form_field(request: &Request) -> Result<String, String> {
    if request.body.len() > MAX_POST {
        return Err(format!("body of more than {MAX_POST} bytes"));
    }
    let body = std::str::from_utf8(&request.body).map_err(|_| "invalid UTF-8")?;
    let fields = form::fields(body)?;
    let field = fields.into_iter().find(|(name, _)| name == "XML");
    field
        .map(|(_, xml)| xml)
        .ok_or_else(|| "no form field `XML`".to_owned())
}

/// Creates the phone's error document, with the blank before the slash that phones send.
fn error(status: u16, number: u8) -> Response {
    xml(status, format!("<CiscoIPPhoneError Number=\"{number}\" />"))
}

/// Creates an XML response with the headers of the phone's web server.
fn xml(status: u16, body: String) -> Response {
    Response::with_body(status, "text/xml", body)
        .header("Cache-Control", "no-cache")
        .header("Expires", "Thu, 26 Oct 1995 00:00:00 GMT")
        .header("Server", "Allegro-Software-RomPager/4.34")
}

/// The error number of an invalid document.
const PARSE_ERROR: u8 = 1;

/// The error number of a failed authentication.
const AUTHENTICATION_ERROR: u8 = 4;

/// The error number of an unusable picture or ring tone.
const UNUSABLE_ERROR: u8 = 6;

/// Maximum size of a push in bytes.
const MAX_POST: usize = 40 * 1024;
