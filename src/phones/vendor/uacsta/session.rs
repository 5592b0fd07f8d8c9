//! Requests in a session, as steps.

use std::sync::Arc;

use crate::csta::{Answer, Call, Message, Part, Refused, Reply, Request, SessionDialect};
use crate::screen::Number;
use crate::vendor::plan::CstaExchange;
use crate::vendor::{PlanError, ReplyOutcome, Step};

/// The session that a plan is for. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Session(Arc<SessionDialect>);

/// The phone's end of a call, as requests name it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct End {
    /// The id of the call; `None` is the only one that the phone can mean.
    pub(super) id: Option<String>,
    /// The phone's own name for its end.
    pub(super) device: String,
}

impl End {
    /// Returns the element called `name` that names the end.
    pub(super) fn part(&self, name: &'static str) -> Part {
        Part::connection(name, self.id.as_deref(), &self.device)
    }
}

impl Session {
    pub(super) fn new(dialect: &SessionDialect) -> Self {
        Self(Arc::new(dialect.clone()))
    }

    /// Returns what the phone calls its own line.
    pub(super) fn device(&self) -> &str {
        &self.0.device
    }

    /// Returns what the phone calls the line of that number; 1 is the one that the session is for.
    pub(super) fn line(&self, number: Option<u8>) -> Result<String, PlanError> {
        match number {
            None | Some(1) => Ok(self.device().to_owned()),
            Some(number) if self.0.has_line_numbers => Ok(number.to_string()),
            Some(_) => Err(PlanError::unsupported(
                "line: a CSTA session is for one line of the phone; omit line",
            )),
        }
    }

    /// Returns the phone's end of the call with this id.
    pub(super) fn end(&self, id: &str) -> End {
        End {
            id: Some(id.to_owned()),
            device: self.0.device_of(id).to_owned(),
        }
    }

    /// Returns the phone's end of a call that it has listed.
    pub(super) fn end_of(&self, call: &Call) -> End {
        let id = call.id().as_str();
        match call.device() {
            Some(device) => End {
                id: Some(id.to_owned()),
                device: device.to_owned(),
            },
            None => self.end(id),
        }
    }

    /// Returns the phone's end of the only call that a request can mean.
    pub(super) fn only_end(&self) -> End {
        End {
            id: None,
            device: self.device().to_owned(),
        }
    }

    /// Returns the target of a transfer: at the server that the phone names in its end of the call, or in its
    /// line; a bare number where it names none.
    pub(super) fn target(&self, number: &Number, end: &End) -> String {
        if let Some(address) = number.address() {
            return address;
        }
        let devices = [end.device.as_str(), self.device()];
        match devices.into_iter().find_map(server) {
            Some((scheme, host)) => format!("{scheme}:{number}@{host}"),
            None => number.to_string(),
        }
    }

    /// Returns whether the phone must be asked for its end of a call before the call can be transferred to
    /// `number`, which has to be an address.
    pub(super) fn lacks_server(&self, number: &Number, end: &End) -> bool {
        let is_address = number.address().is_some() || self.target(number, end).contains('@');
        self.0.wants_addresses() && !is_address
    }

    /// Returns the step that sends `request` and has its answer interpreted by `read`.
    pub(super) fn step(
        &self,
        request: &Request,
        read: impl Fn(Result<Answer, ReplyOutcome>) -> ReplyOutcome + Send + Sync + 'static,
    ) -> Result<Step, PlanError> {
        self.step_or(request, move |answer| {
            read(answer.map_err(|refused| refusal(&refused)))
        })
    }

    /// As [`step`](Self::step), for a `read` that distinguishes refusals.
    pub(super) fn step_or(
        &self,
        request: &Request,
        read: impl Fn(Result<Answer, Refused>) -> ReplyOutcome + Send + Sync + 'static,
    ) -> Result<Step, PlanError> {
        let message = Message::new(request, &self.0).ok_or_else(|| {
            let name = request.name();
            PlanError::Invalid(format!("request: {name} is not a valid XML name"))
        })?;
        let exchange = CstaExchange::new(message, move |reply: &Reply| read(reply.answer()));
        Ok(Step::Csta(exchange))
    }

    /// Returns the step of a request about a call, whose id becomes the result.
    pub(super) fn about(&self, request: &Request, end: &End) -> Vec<Step> {
        let id = end.id.as_deref().and_then(|id| id.parse().ok());
        let step = self.step(request, move |answer| match answer {
            Ok(_) => ReplyOutcome::call(id.clone()),
            Err(refused) => refused,
        });
        step.into_iter().collect()
    }
}

/// Returns scheme and host of an address.
fn server(device: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = device.split_once(':')?;
    let (_, host) = rest.split_once('@')?;
    // Parameters are those of the phone's line.
    let host = host.split([';', '?']).next().unwrap_or_default();
    (!host.is_empty()).then_some((scheme, host))
}

/// Returns the outcome of a refused request.
pub(super) fn refusal(refused: &Refused) -> ReplyOutcome {
    let text = refused.to_string();
    match refused {
        Refused::Sip {
            status: 401 | 403 | 407,
            ..
        } => ReplyOutcome::Denied(text),
        Refused::Csta(_) | Refused::Sip { .. } => ReplyOutcome::Rejected(text),
    }
}

/// The caveat for requests that no source shows on a phone.
pub(super) const UNVERIFIED: &str = "unverified on real phones: this CSTA request";
