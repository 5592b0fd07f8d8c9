//! What keeps a session up: the heart-beat, and the refresh that the session timer demands (RFC 4028).

use std::sync::Arc;
use std::time::Duration;

use handset_phones::csta::Message;
use handset_sip::RequestError as SipError;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Live, body};

/// Asks the phone for its status again and again; returns why the session is over once it does not answer.
pub(super) async fn beat(live: &Arc<Live>) -> String {
    let mut pause = first_pause();
    loop {
        tokio::select! {
            reason = live.ended() => return reason,
            () = sleep(pause) => {}
        }
        pause = HEARTBEAT;
        // A request in progress shows as much.
        let Ok(turn) = Arc::clone(&live.turn).try_lock_owned() else {
            continue;
        };
        let asked = live.send(turn, Message::system_status(), HEARTBEAT_TIMEOUT);
        // Whether the phone refuses or sends no document makes no difference: it knows the session.
        let _ = asked.await;
    }
}

/// Refreshes the session when that is due; returns why it is over once the phone does not answer.
pub(super) async fn refresh(live: &Arc<Live>) -> String {
    loop {
        let Some(at) = live.dialog.refresh_at() else {
            // The peer may come to demand it later.
            sleep(LOOK_AGAIN).await;
            continue;
        };
        sleep_until(at.max(Instant::now() + MIN_REFRESH)).await;
        let turn = live.turn().await;
        let until = Instant::now() + REFRESH_TIMEOUT;
        let refreshed = live
            .dialog
            .refresh(body(&Message::system_status()), until)
            .await;
        drop(turn);
        match refreshed {
            Ok(response) if matches!(response.status.code(), 408 | 481) => {
                return "the phone does not know the session any more".to_owned();
            }
            // One that refuses is asked again, until the session expires.
            Ok(_) => {}
            Err(SipError::NotSent(why)) => return format!("the session is lost: {why}"),
            Err(SipError::Unanswered(why)) => return format!("no answer to its refresh: {why}"),
        }
    }
}

/// Returns a random part of the interval: sessions that came up together do not stay together.
fn first_pause() -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX);
    HEARTBEAT.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// How often the phone is asked for its status: more often than NAT devices forget (30 s over UDP at least,
/// RFC 4787 has 2 min).
const HEARTBEAT: Duration = Duration::from_secs(25);

/// How long a phone may take to answer the heart-beat: five transmissions over UDP.
const HEARTBEAT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a phone may take to answer a refresh.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(20);

/// The least time between refreshes, whatever a phone demands or refuses.
const MIN_REFRESH: Duration = Duration::from_secs(5);

/// How often to look whether refreshing has become our part.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
