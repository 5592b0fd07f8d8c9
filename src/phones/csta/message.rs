//! Messages in a session over SIP: requests, and what a phone answers.

use super::answer::Answer;
use super::edition::Edition;
use super::error_code::ErrorCode;
use super::request::{Part, Request, Style};
use super::session_dialect::SessionDialect;
use crate::phone::CstaCalls;

/// A request, as the body of an INFO or INVITE.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    name: String,
    document: String,
}

impl Message {
    /// Writes `request` in the dialect of a session; `None` if a name in it is not one of XML.
    pub(crate) fn new(request: &Request, dialect: &SessionDialect) -> Option<Self> {
        let is_status = request.name() == STATUS;
        let style = Style {
            envelope: false,
            edition: if is_status {
                Edition::Ed3
            } else {
                dialect.edition
            },
            calls: dialect.calls,
        };
        Some(Self {
            name: request.name().to_owned(),
            document: request.document(style)?,
        })
    }

    /// Returns `RequestSystemStatus`, which opens a session and proves that it is alive. It is written in the
    /// third edition on all phones, as in Snom's only sample.
    pub fn system_status() -> Self {
        Self::known(STATUS, Vec::new(), Edition::Ed3)
    }

    /// Returns `MonitorStart` for the line of the phone.
    pub fn monitor_start(dialect: &SessionDialect) -> Self {
        let object = vec![Part::text("deviceObject", &dialect.device)];
        let parts = vec![Part::parts("monitorObject", object)];
        Self::known("MonitorStart", parts, dialect.edition)
    }

    /// Returns `MonitorStop` for a monitor.
    pub fn monitor_stop(dialect: &SessionDialect, monitor: &str) -> Self {
        let parts = vec![Part::text("monitorCrossRefID", monitor)];
        Self::known("MonitorStop", parts, dialect.edition)
    }

    /// Returns `SnapshotDevice` for the line of the phone.
    pub fn snapshot_device(dialect: &SessionDialect) -> Self {
        let parts = vec![Part::text("snapshotObject", &dialect.device)];
        Self::known("SnapshotDevice", parts, dialect.edition)
    }

    /// Returns `GetDoNotDisturb` for the line of the phone.
    pub fn get_do_not_disturb(dialect: &SessionDialect) -> Self {
        let parts = vec![Part::text("device", &dialect.device)];
        Self::known("GetDoNotDisturb", parts, dialect.edition)
    }

    /// Creates a request whose names are those of XML.
    fn known(name: &'static str, parts: Vec<Part>, edition: Edition) -> Self {
        let style = Style {
            envelope: false,
            edition,
            calls: CstaCalls::Nested,
        };
        let document = Request::new(name, parts).document(style);
        Self {
            name: name.to_owned(),
            document: document.unwrap_or_default(),
        }
    }

    /// Returns the name of the root element, such as `AnswerCall`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the document.
    pub fn document(&self) -> &str {
        &self.document
    }

    /// Returns whether a document answers this request: its response, or an error. The response to another
    /// request, which may have come late, says nothing of this one. That the phone is alive, any response
    /// proves.
    pub fn is_answered_by(&self, document: &str) -> bool {
        let answer = Answer::parse(document);
        if ErrorCode::find(&answer, document).is_some() {
            return true;
        }
        answer.response().is_some_and(|response| {
            let request = response.name().strip_suffix("Response");
            let is_its_own = request == Some(self.name.as_str());
            is_its_own || self.name == STATUS
        })
    }
}

/// What a phone answered.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reply {
    /// The status of the SIP response.
    pub status: u16,
    /// Its reason phrase.
    pub phrase: String,
    /// The CSTA document of the answer; empty if there is none.
    pub document: String,
}

impl Reply {
    /// Reads the answer. A success without a document is an empty answer.
    ///
    /// # Errors
    ///
    /// Returns an error if the phone refused the request.
    pub fn answer(&self) -> Result<Answer, Refused> {
        let answer = Answer::parse(&self.document);
        if let Some(error) = ErrorCode::find(&answer, &self.document) {
            return Err(Refused::Csta(error));
        }
        if !(200..300).contains(&self.status) {
            let printable = self.phrase.chars().filter(|c| !c.is_control());
            return Err(Refused::Sip {
                status: self.status,
                phrase: printable.take(MAX_PHRASE).collect(),
            });
        }
        Ok(answer.response().cloned().unwrap_or_default())
    }
}

/// Why a phone did not do what it was asked.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// An error of ECMA-323.
    #[error("{0}")]
    Csta(ErrorCode),
    /// A SIP response that is not a success, without such an error.
    #[error("the phone refused by SIP ({status} {phrase}){}", meaning(*status))]
    Sip {
        /// The status of the response.
        status: u16,
        /// Its reason phrase.
        phrase: String,
    },
}

impl Refused {
    /// Returns whether the phone does not know the request.
    pub fn is_unsupported(&self) -> bool {
        match self {
            Self::Csta(error) => error.is_unsupported(),
            Self::Sip { status, .. } => *status == 501,
        }
    }
}

/// Returns what a refusal in a session means.
fn meaning(status: u16) -> &'static str {
    match status {
        401 | 407 => {
            ": it wants the user name and password of its identity; make those of its csta the same, or \
             turn off its setting csta_challenge (Snom)"
        }
        403 => ": it does not allow it",
        415 => ": it does not accept CSTA in this session",
        481 => ": the session is over",
        486 => ": it is busy",
        501 => ": it does not know the request",
        _ => "",
    }
}

/// The request for the status of the phone.
const STATUS: &str = "RequestSystemStatus";

/// The longest reason phrase that is reported, in characters.
const MAX_PHRASE: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, document: &str) -> Reply {
        Reply {
            status,
            phrase: "Reason".to_owned(),
            document: document.to_owned(),
        }
    }

    #[test]
    fn answers_are_read_whatever_the_status_says() {
        let code = "<CSTAErrorCode><operation>invalidCallID</operation></CSTAErrorCode>";
        for status in [200, 400, 500] {
            let error = reply(status, code).answer().unwrap_err();
            assert!(
                error.to_string().ends_with("it has no call with that id"),
                "{error}"
            );
        }
        let response =
            "<MonitorStartResponse><monitorCrossRefID>7</monitorCrossRefID></MonitorStartResponse>";
        let answer = reply(200, response).answer().unwrap();
        assert_eq!(answer.text_of("monitorCrossRefID"), Some("7"));
        assert_eq!(reply(200, "").answer().unwrap().name(), "");
        let error = reply(481, "").answer().unwrap_err().to_string();
        assert_eq!(
            error,
            "the phone refused by SIP (481 Reason): the session is over"
        );
    }

    #[test]
    fn responses_to_other_requests_are_no_answers() {
        let hold = Message::known("HoldCall", Vec::new(), Edition::Ed3);
        for (document, expected) in [
            ("<HoldCallResponse/>", true),
            ("<c:holdcallresponse xmlns:c=\"x\"/>", false),
            ("<c:HoldCallResponse xmlns:c=\"x\"/>", true),
            (
                "<s:Envelope><s:Body><HoldCallResponse/></s:Body></s:Envelope>",
                true,
            ),
            (
                "<CSTAErrorCode><operation>generic</operation></CSTAErrorCode>",
                true,
            ),
            ("<RetrieveCallResponse/>", false),
            ("<XHoldCallResponse/>", false),
            ("<Response/>", false),
            ("<HoldCall/>", false),
            ("<html>HoldCallResponse</html>", false),
            ("", false),
        ] {
            assert_eq!(hold.is_answered_by(document), expected, "{document}");
        }
        let status = Message::system_status();
        assert!(status.is_answered_by("<SystemStatusResponse/>"));
        assert!(!status.is_answered_by("<html/>"));
    }

    #[test]
    fn unknown_requests_are_distinguished_from_refused_ones() {
        let refused = |status, document: &str| reply(status, document).answer().unwrap_err();
        assert!(refused(501, "").is_unsupported());
        let code = |token| format!("<CSTAErrorCode><operation>{token}</operation></CSTAErrorCode>");
        assert!(refused(200, &code("requestNotSupported")).is_unsupported());
        assert!(!refused(200, &code("invalidCallID")).is_unsupported());
        assert!(!refused(403, "").is_unsupported());
    }

    #[test]
    fn requests_of_a_session_are_those_of_the_samples() {
        let dialect = SessionDialect {
            edition: Edition::Ed5,
            calls: CstaCalls::Nested,
            device: "sip:1002@pbx.example".to_owned(),
            has_line_numbers: true,
            ends: Vec::new(),
        };
        insta::assert_snapshot!(
            [
                Message::system_status(),
                Message::monitor_start(&dialect),
                Message::monitor_stop(&dialect, "7<"),
                Message::snapshot_device(&dialect),
            ]
            .map(|message| message.document.replace("<?xml version=\"1.0\" encoding=\"UTF-8\"?>", ""))
            .join("\n"),
            @r#"
        <RequestSystemStatus xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3"/>
        <MonitorStart xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed5"><monitorObject><deviceObject>sip:1002@pbx.example</deviceObject></monitorObject></MonitorStart>
        <MonitorStop xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed5"><monitorCrossRefID>7&lt;</monitorCrossRefID></MonitorStop>
        <SnapshotDevice xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed5"><snapshotObject>sip:1002@pbx.example</snapshotObject></SnapshotDevice>
        "#
        );
    }
}
