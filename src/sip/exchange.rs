//! Client transactions other than INVITE (RFC 3261, section 17.1.2).

use tokio::time::{Instant, sleep_until};

use super::core::Core;
use super::error::{RequestError, Unanswered};
use super::flow::Flow;
use super::timers::{Repetition, TRANSACTION};
use super::wire::{Request, Response};

/// Sends a request, again and again over UDP, until its final response arrives or `until` has passed.
pub(crate) async fn exchange(
    core: &Core,
    flow: &Flow,
    (request, branch): (&Request, &str),
    until: Instant,
) -> Result<Response, RequestError> {
    let mut responses = core.clients.start(flow, branch, request.method.clone())?;
    let bytes = request.to_bytes();
    flow.send(bytes.clone())?;
    let until = until.min(Instant::now() + TRANSACTION);
    let mut repetition = Repetition::of_others();
    let mut next = Instant::now() + repetition.next();
    loop {
        tokio::select! {
            biased;
            response = responses.next() => {
                if !response.status.is_provisional() {
                    return Ok(response);
                }
                repetition.slow_down();
            }
            () = flow.closed() => return Err(Unanswered::Closed.into()),
            () = sleep_until(until) => return Err(Unanswered::TimedOut.into()),
            () = sleep_until(next), if !flow.target().transport.is_reliable() => {
                // It was sent before; a failure now is one more lost copy.
                let _ = flow.send(bytes.clone());
                next = Instant::now() + repetition.next();
            }
        }
    }
}
