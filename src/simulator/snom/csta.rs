//! `POST /csta`: requests of ECMA-323, in the dialect of the firmware only.
//!
//! Before 8.7 a SOAP envelope is required and call ids are flat. Since 8.7.3 call ids are nested, and a
//! response has an envelope if the request had one. Versions in between, and before 7.3.4, have no
//! CSTA.

mod operation;

use super::Snom;
use crate::document::Element;
use crate::naming::Naming;
use crate::request::{Request, Response};
use operation::Operation;

impl Snom {
    /// Responds to a request.
    pub(super) fn csta(&self, request: &Request) -> Response {
        let is_old = self.is_older_than(&[8, 7]);
        let is_gap = !is_old && self.is_older_than(&[8, 7, 3]);
        let is_off = self.setting("csta_control").as_deref() != Some("on");
        if self.is_older_than(&[7, 3, 4]) || is_gap || is_off {
            return Response::empty(404).refusing("CSTA is not supported or off (csta_control)");
        }
        if request.method != "POST" || request.media_type() != "text/xml" {
            return Response::empty(400).refusing("CSTA request is not a POST of text/xml");
        }
        // Snom's own sample lacks the blank between two attributes, which its phones tolerate.
        let text = String::from_utf8_lossy(&request.body).replace("\"xmlns", "\" xmlns");
        let root = match Element::parse(text.as_bytes()) {
            Ok(root) => root,
            Err(reason) => return Response::empty(400).refusing(reason),
        };
        let soap = root.name == "Envelope";
        let body = if soap {
            let body = root.child("Body");
            body.and_then(|body| body.children().next())
        } else {
            Some(&root)
        };
        let Some(body) = body else {
            return Response::empty(400).refusing("empty SOAP envelope");
        };
        let is_own = OWN.contains(&body.name.as_str());
        if is_old && !(soap && (is_own || OLD.contains(&body.name.as_str()))) {
            let refused = format!("request {} is unknown or has no envelope", body.name);
            return fault(soap, is_old, "Service not supported").refusing(refused);
        }
        let operation = Operation {
            phone: self,
            body,
            is_old,
        };
        match operation.run() {
            Ok(inside) => response(soap, is_old, &body.name, &inside),
            Err(error) => {
                let text = if is_old && error == "invalidCallID" {
                    "Invalid CallID"
                } else {
                    error
                };
                fault(soap, is_old, text).refusing(format!("{}: {error}", body.name))
            }
        }
    }
}

impl Snom {
    /// Performs a request that came over SIP; returns the content of the response, or the error code. Call ids
    /// are flat if `csta_legacy_control` is 0.
    pub(crate) fn perform_csta(&self, body: &Element) -> Result<String, &'static str> {
        let is_flat = self.setting("csta_legacy_control").as_deref() == Some("0");
        let operation = Operation {
            phone: self,
            body,
            is_old: is_flat,
        };
        operation.run()
    }

    /// Returns whether the firmware has CSTA over SIP.
    pub(crate) fn has_csta_over_sip(&self) -> bool {
        !self.is_older_than(&[8, 7, 3])
    }

    /// Returns how the phone names itself and others.
    pub(crate) fn naming(&self) -> Naming {
        Naming {
            own: format!("sip:{}", self.identity(1).unwrap_or_default()),
            host: self.setting("user_host1"),
        }
    }
}

/// Creates a response: in an envelope, or as a bare element.
fn response(soap: bool, is_old: bool, request: &str, inside: &str) -> Response {
    let name = format!("{request}Response");
    let element = match (soap, inside) {
        // Declares a prefix and does not use it.
        (false, "") => format!("<{name} xmlns:csta=\"{NAMESPACE}5\"/>"),
        (false, inside) => format!("<{name} xmlns=\"{NAMESPACE}5\">{inside}</{name}>"),
        (true, inside) => {
            let inside = inside.replace("</", "\u{1}").replace('<', "<csta:");
            let inside = inside.replace('\u{1}', "</csta:");
            format!("<csta:{name}>{inside}</csta:{name}>")
        }
    };
    Response::with_body(200, "text/xml", document(soap, is_old, &element))
}

/// Creates an error. Without an envelope it is not well-formed, like Snom's own sample.
fn fault(soap: bool, is_old: bool, error: &str) -> Response {
    let element = if soap {
        format!(
            "<SOAP-ENV:Fault><SOAP-ENV:faultcode>Client</SOAP-ENV:faultcode><SOAP-ENV:faultstring>\
             CSTA Error</SOAP-ENV:faultstring><SOAP-ENV:detail><csta:CSTAErrorCode>\
             <csta:operation>{error}</csta:operation></csta:CSTAErrorCode></SOAP-ENV:detail>\
             </SOAP-ENV:Fault>"
        )
    } else {
        format!(
            "<CSTAErrorCode xmlns:csta=\"{NAMESPACE}5\">\n<operation>{error}</csta:operation>\n\
             </CSTAErrorCode>"
        )
    };
    Response::with_body(500, "text/xml", document(soap, is_old, &element))
}

fn document(soap: bool, is_old: bool, element: &str) -> String {
    let edition = if is_old { 4 } else { 5 };
    match (soap, is_old) {
        (false, _) => format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{element}\n"),
        (true, _) => format!(
            "<SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:csta=\"{NAMESPACE}{edition}\">{}<SOAP-ENV:Body>{element}</SOAP-ENV:Body>\
             </SOAP-ENV:Envelope>\n",
            if is_old { "" } else { "<SOAP-ENV:Header/>" }
        ),
    }
}

const NAMESPACE: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed";

/// The requests that old firmware supports.
const OLD: [&str; 8] = [
    "AnswerCall",
    "ClearCall",
    "ClearConnection",
    "HoldCall",
    "MakeCall",
    "RetrieveCall",
    "SingleStepTransferCall",
    "TransferCall",
];

/// Snom's extensions.
const OWN: [&str; 4] = ["FireTest", "GetSettings", "SetSettings", "XmlPush"];
