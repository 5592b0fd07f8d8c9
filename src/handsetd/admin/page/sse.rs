//! Notifies the page of changes, so that it reloads the affected lists; at most twice a second.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, Query, State};
use axum::response::Response;
use axum::response::sse::Event;
use futures_util::stream::{self, StreamExt};
use tokio::time::sleep;

use crate::admin::accounts::Principal;
use crate::admin::feed::{FeedItem, Lagged, Payload};
use crate::admin::sessions::Session;
use crate::admin::state::AppState;
use crate::admin::stream::with_keep_alive;

/// Handles `GET /page/updates`: the events `delivery` and `event`, without content. `after` is how far the feed
/// was when the page was rendered, so that it learns what happened before its stream was open.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Extension(session): Extension<Session>,
    Query(query): Query<Vec<(String, String)>>,
) -> Response {
    let place = match state.long_requests.stream(principal.role()) {
        Ok(place) => place,
        Err(refused) => return *refused,
    };
    let after = query.iter().find(|(name, _)| name == "after");
    let after = after.map(|(_, position)| position.as_str());
    let (live, _) = state.services.feed.subscribe(after);
    let stop = state.services.tasks.stop();
    let has_others = !state.services.daemons.live_others().is_empty();
    // What happened elsewhere before it was followed, which begins with the stream.
    let late = stream::once(async move {
        if has_others {
            sleep(FOLLOWED_AFTER).await;
        }
        let changes = if has_others {
            Changes::ALL
        } else {
            Changes::default()
        };
        stream::iter(changes.events())
    });
    let min_interval = if has_others {
        MIN_INTERVAL_OF_SEVERAL
    } else {
        MIN_INTERVAL
    };
    let updates = stream::unfold((live, stop), move |(mut live, stop)| async move {
        let received = tokio::select! {
            () = stop.cancelled() => return None,
            received = live.recv() => received,
        };
        let mut changes = Changes::default();
        match received {
            Ok(item) => changes.add(&item),
            Err(Lagged(_)) => changes = Changes::ALL,
        }
        sleep(min_interval).await;
        loop {
            match live.try_recv() {
                Ok(Some(item)) => changes.add(&item),
                Ok(None) => break,
                Err(Lagged(_)) => changes = Changes::ALL,
            }
        }
        Some((stream::iter(changes.events()), (live, stop)))
    });
    let updates = stream::select(late, updates)
        .flatten()
        .take_until(session.ended.cancelled_owned());
    with_keep_alive(updates, (place, state.interest.enter()))
}

/// Which lists have changed.
#[derive(Clone, Copy, Debug, Default)]
struct Changes {
    deliveries: bool,
    events: bool,
}

impl Changes {
    /// Missed items may be of either kind.
    const ALL: Self = Self {
        deliveries: true,
        events: true,
    };

    fn add(&mut self, item: &FeedItem) {
        match item.payload {
            Payload::Delivery(_) => self.deliveries = true,
            Payload::Fact(_) => self.events = true,
            Payload::Rule(_) => {}
        }
    }

    fn events(self) -> Vec<Event> {
        [("delivery", self.deliveries), ("event", self.events)]
            .into_iter()
            .filter(|(_, has_changed)| *has_changed)
            // Browsers ignore events without data.
            .map(|(name, _)| Event::default().event(name).data("1"))
            .collect()
    }
}

const MIN_INTERVAL: Duration = Duration::from_millis(500);

/// The same with other daemons: each view then asks all of them.
const MIN_INTERVAL_OF_SEVERAL: Duration = Duration::from_secs(1);

/// Maximum delay until other daemons are followed after a page was opened.
const FOLLOWED_AFTER: Duration = Duration::from_secs(2);
