//! Tells the page that something has changed, so that it asks for it; never more often than twice a
//! second, however much happens.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::sleep;

use crate::admin::AppState;
use crate::admin::feed::{FeedItem, Payload};

/// Answers `/page/ticks`: `delivery` and `event`, which say nothing more.
pub(super) async fn serve(State(state): State<Arc<AppState>>) -> Response {
    let live = state.parts.feed.subscribe(None).live;
    let stop = state.parts.tasks.stop();
    let ticks = stream::unfold((live, stop), |(mut live, stop)| async move {
        let first = tokio::select! {
            () = stop.cancelled() => return None,
            news = live.recv() => news,
        };
        let mut changed = [false; 2];
        match first {
            Ok(news) => note(&mut changed, &news),
            // Payload was missed may be of either kind.
            Err(RecvError::Lagged(_)) => changed = [true; 2],
            Err(RecvError::Closed) => return None,
        }
        sleep(PAUSE).await;
        loop {
            match live.try_recv() {
                Ok(news) => note(&mut changed, &news),
                Err(TryRecvError::Lagged(_)) => changed = [true; 2],
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        let named = KINDS
            .into_iter()
            .zip(changed)
            .filter(|(_, changed)| *changed);
        let events =
            named.map(|(kind, _)| Ok::<_, Infallible>(Event::default().event(kind).data(TICK)));
        Some((stream::iter(events.collect::<Vec<_>>()), (live, stop)))
    });
    let ticks = futures_util::StreamExt::flatten(ticks);
    Sse::new(ticks)
        .keep_alive(KeepAlive::new().interval(HEARTBEAT))
        .into_response()
}

fn note(changed: &mut [bool; 2], news: &FeedItem) {
    let [delivery, event] = changed;
    match news.what {
        Payload::Delivery(_) => *delivery = true,
        Payload::Fact(_) => *event = true,
    }
}

const HEARTBEAT: Duration = Duration::from_secs(15);
/// Browsers pass over events without data.
const TICK: &str = "1";

const KINDS: [&str; 2] = ["delivery", "event"];
const PAUSE: Duration = Duration::from_millis(500);
