//! Waits for what becomes of a request, as long as a client does.

use std::time::Duration;

use handset_phones::verb::Request;
use tokio::time::{Instant, timeout_at};

use crate::dispatch::{Delivery, Dispatcher};
use crate::history::RequestInfo;
use crate::outcome::Report;

/// Executes a request and returns its report.
///
/// Deliveries that take longer than [`MAX_WAIT`] continue in the background and are reported as
/// `QUEUED`.
pub(in crate::admin) async fn deliver(
    dispatcher: &Dispatcher,
    request: Request,
    info: &RequestInfo,
) -> Report {
    let wait = request.wait;
    let mut deliveries = match dispatcher.launch(request, info).await {
        Ok(deliveries) => deliveries,
        Err(report) => return report,
    };
    let deadline = Instant::now() + MAX_WAIT;
    if !wait {
        let persisted = Delivery::all_persisted(&mut deliveries);
        // A delivery that is not persisted in time says so in its report.
        let _ = timeout_at(deadline, persisted).await;
        return Delivery::queued(deliveries, "");
    }
    let ended = Delivery::all_ended(&mut deliveries);
    match timeout_at(deadline, ended).await {
        Ok(()) => Report::of(&Delivery::outcomes(deliveries)),
        Err(_) => Delivery::late(deliveries, "delivery continues"),
    }
}

/// How long a client waits for its reply; more than a phone usually takes.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(50);
