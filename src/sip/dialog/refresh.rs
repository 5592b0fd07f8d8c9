//! Refreshing the session of a dialog (RFC 4028).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::end::End;
use super::shared::{Shared, add_session, means_no_dialog};
use crate::error::{NotSent, RequestError, Unanswered};
use crate::invite::{Event, InviteTransaction};
use crate::session::SessionTimer;
use crate::wire::{Body, Method, Name, Response, Status};

/// Where the result goes.
pub(super) type Caller = oneshot::Sender<Result<Response, RequestError>>;

/// Refreshes the session. Whatever happens to the caller, a re-INVITE is brought to its end.
pub(super) async fn refresh(shared: Arc<Shared>, body: Body, until: Instant, caller: Caller) {
    let Ok(_busy) = timeout_at(until, shared.busy.lock()).await else {
        let _ = caller.send(Err(NotSent::Busy.into()));
        return;
    };
    shared.state.lock().is_refreshing = true;
    let _refreshing = Refreshing(&shared);
    if shared.state.lock().allows_update {
        let result = shared.transact(Method::Update, None, until).await;
        match result {
            Ok(response) if is_no_update(response.status) => {
                shared.state.lock().allows_update = false;
            }
            result => {
                if let Ok(response) = &result
                    && response.status.is_success()
                {
                    take_over(&shared, response);
                }
                let _ = caller.send(result);
                return;
            }
        }
    }
    reinvite(&shared, &body, until, caller).await;
}

/// Ends the refresh when dropped.
#[derive(Debug)]
struct Refreshing<'a>(&'a Shared);

impl Drop for Refreshing<'_> {
    fn drop(&mut self) {
        self.0.state.lock().is_refreshing = false;
    }
}

async fn reinvite(shared: &Arc<Shared>, body: &Body, until: Instant, caller: Caller) {
    let mut attempts = 0;
    loop {
        let (flow, request, branch, carried, number) = {
            let mut state = shared.state.lock();
            if state.ended.is_some() {
                let _ = caller.send(Err(NotSent::DialogEnded.into()));
                return;
            }
            let flow = state.flow.clone();
            let (mut request, branch) =
                state
                    .legs
                    .request(&flow, Method::Invite, Some(body.clone()));
            request
                .headers
                .push(Name::ACCEPT, body.content_type.clone());
            add_session(&mut request);
            let carried = state.answering.authorize(&mut request);
            (flow, request, branch, carried, state.legs.number)
        };
        attempts += 1;
        let started = InviteTransaction::start(&shared.core, flow.clone(), (request, branch));
        let mut transaction = match started {
            Ok(transaction) => transaction,
            Err(error) => {
                let _ = caller.send(Err(error.into()));
                return;
            }
        };
        let response = match wait(&mut transaction, until).await {
            Ok(response) => response,
            Err(unanswered) => {
                let _ = caller.send(Err(unanswered.into()));
                if let Some(response) = transaction.cancel().await {
                    acknowledge(shared, &transaction, number, &response);
                }
                return;
            }
        };
        acknowledge(shared, &transaction, number, &response);
        if shared
            .state
            .lock()
            .answering
            .learn(&response, &carried, attempts)
        {
            continue;
        }
        if response.status == Status::REQUEST_PENDING && attempts == 1 && !caller.is_closed() {
            drop(transaction);
            sleep(GLARE).await;
            continue;
        }
        if means_no_dialog(response.status) {
            shared.end(End::Unknown);
        }
        let _ = caller.send(Ok(response));
        return;
    }
}

/// Acknowledges a final response; a success is taken over.
fn acknowledge(
    shared: &Shared,
    transaction: &InviteTransaction<'_>,
    number: u32,
    response: &Response,
) {
    if response.status.is_success() {
        take_over(shared, response);
        let state = shared.state.lock();
        transaction.acknowledge(&state.legs.ack(&state.flow, number));
    } else {
        transaction.acknowledge_refusal(response);
    }
}

fn take_over(shared: &Shared, response: &Response) {
    let mut state = shared.state.lock();
    state.timer = SessionTimer::granted(&response.headers, Instant::now());
    state.legs.retarget(response.headers.get(&Name::CONTACT));
}

async fn wait(
    transaction: &mut InviteTransaction<'_>,
    until: Instant,
) -> Result<Response, Unanswered> {
    loop {
        let event = tokio::select! {
            biased;
            event = transaction.next() => event,
            () = sleep_until(until) => return Err(Unanswered::TimedOut),
        };
        match event {
            Event::Provisional(_) => {}
            Event::Final(response) => return Ok(response),
            Event::TimedOut => return Err(Unanswered::TimedOut),
            Event::Closed => return Err(Unanswered::Closed),
        }
    }
}

/// Returns whether the peer does not take UPDATE without a body for a refresh.
fn is_no_update(status: Status) -> bool {
    [
        Status::BAD_REQUEST,
        Status::METHOD_NOT_ALLOWED,
        Status::UNSUPPORTED_MEDIA_TYPE,
        Status::NOT_ACCEPTABLE_HERE,
        Status::NOT_IMPLEMENTED,
    ]
    .contains(&status)
}

/// How long to wait when both sides refresh at once: the one that chose the `Call-ID` waits 2.1 to 4 s (RFC
/// 3261, section 14.1).
const GLARE: Duration = Duration::from_millis(2500);
