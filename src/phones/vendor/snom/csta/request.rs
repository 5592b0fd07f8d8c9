//! CSTA requests over HTTP, in the dialect that the firmware speaks.

use super::reply;
use crate::csta::{Answer, Edition, Request, Style};
use crate::phone::{CstaCalls, Firmware, Phone};
use crate::vendor::{PlanError, ReplyOutcome, Step};

/// How a phone expects requests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    generation: Generation,
    calls: CstaCalls,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Generation {
    /// Before 8.7: SOAP, and eight requests.
    Old,
    /// Since 8.7.3.
    New,
}

impl Dialect {
    /// The dialect of current firmware.
    pub(super) const NEW: Self = Self {
        generation: Generation::New,
        calls: CstaCalls::Nested,
    };

    const OLD: Self = Self {
        generation: Generation::Old,
        calls: CstaCalls::Flat,
    };

    /// Returns the dialect of the phone's firmware, with call IDs as the configuration says.
    pub(super) fn of(phone: &Phone) -> Result<Self, PlanError> {
        let dialect = Self::of_firmware(&phone.firmware)?;
        Ok(Self {
            calls: phone.csta_calls.unwrap_or(dialect.calls),
            ..dialect
        })
    }

    fn of_firmware(firmware: &Firmware) -> Result<Self, PlanError> {
        if firmware.is_older_than(&[7, 3, 4]) {
            return Err(PlanError::Unsupported(format!(
                "firmware {firmware} does not support CSTA; 7.3.4 and later do"
            )));
        }
        if firmware.is_older_than(&[8, 7]) {
            return Ok(Self::OLD);
        }
        if firmware.is_older_than(&[8, 7, 3]) {
            return Err(PlanError::Unsupported(format!(
                "firmware {firmware} does not support CSTA over HTTP; 8.7.3 and later do"
            )));
        }
        Ok(Self::NEW)
    }

    /// Returns whether the firmware is older than 8.7.
    pub(super) fn is_old(self) -> bool {
        self.generation == Generation::Old
    }

    /// Refuses requests that the firmware does not support.
    pub(super) fn check_support(self, request: &str) -> Result<(), PlanError> {
        if self.is_old() && !OLD.contains(&request) {
            return Err(PlanError::Unsupported(format!(
                "the CSTA request {request} requires firmware 8.7.3 or later"
            )));
        }
        Ok(())
    }
}

/// Returns the step that sends `request` in `dialect`.
pub(super) fn step(
    request: &Request,
    dialect: Dialect,
    read: impl Fn(Result<Answer, ReplyOutcome>) -> ReplyOutcome + Send + Sync + 'static,
) -> Result<Step, PlanError> {
    let is_own = OWN.contains(&request.name());
    if !is_own {
        dialect.check_support(request.name())?;
    }
    let style = match dialect.generation {
        _ if is_own => SAMPLE,
        // As in Snom's only sample.
        Generation::New if request.name() == "RequestSystemStatus" => Style {
            edition: Edition::Ed3,
            ..BARE
        },
        Generation::New => BARE,
        Generation::Old => FLAT,
    };
    let style = Style {
        calls: if is_own {
            CstaCalls::Nested
        } else {
            dialect.calls
        },
        ..style
    };
    let document = request.document(style).ok_or_else(|| {
        PlanError::Invalid(format!(
            "request: {} is not a valid XML name",
            request.name()
        ))
    })?;
    Ok(posted(document, read))
}

/// Returns the step of one of Snom's own requests, which are the same for all firmware.
pub(super) fn step_of_own(
    request: &Request,
    read: impl Fn(Result<Answer, ReplyOutcome>) -> ReplyOutcome + Send + Sync + 'static,
) -> Step {
    posted(request.document(SAMPLE).unwrap_or_default(), read)
}

/// Interprets a response without data.
pub(super) fn done(answer: Result<Answer, ReplyOutcome>) -> ReplyOutcome {
    match answer {
        Ok(_) => ReplyOutcome::Done,
        Err(refused) => refused,
    }
}

fn posted(
    document: String,
    read: impl Fn(Result<Answer, ReplyOutcome>) -> ReplyOutcome + Send + Sync + 'static,
) -> Step {
    let mut request = crate::vendor::Request::post("/csta", "text/xml", document);
    request.transport = "csta";
    Step::Http(request.parse_with("snom CSTA", move |reply| read(reply::read(reply))))
}

const BARE: Style = Style {
    envelope: false,
    edition: Edition::Ed5,
    calls: CstaCalls::Nested,
};

const FLAT: Style = Style {
    envelope: true,
    edition: Edition::Ed4,
    calls: CstaCalls::Flat,
};

/// How Snom's own requests are written in Snom's samples.
const SAMPLE: Style = Style {
    envelope: true,
    edition: Edition::Ed4,
    calls: CstaCalls::Nested,
};

/// The requests of the old dialect.
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

/// The requests of Snom's own.
const OWN: [&str; 4] = ["FireTest", "GetSettings", "SetSettings", "XmlPush"];
