//! Follows the other daemons, while a page of this one is open or a stream is read.
//!
//! Each daemon keeps its recent events with their numbers, so that another one asks for what came after the
//! last it knows. It waits for an answer, then asks again. Nothing is sent while no page or stream is open, and a
//! request whose answer is lost is repeated.

mod feed_batch;

pub(super) use feed_batch::FollowFeed;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use self::feed_batch::FeedBatch;
use super::interest::Interest;
use super::state::Services;

/// Publishes the events of the other daemons in the feed while it has subscribers.
pub(super) async fn run(interest: Interest, services: Services) {
    let mut wanted = interest.count();
    loop {
        // An error means that no stream can begin any more.
        if wanted.wait_for(|count| 0 < *count).await.is_err() {
            return;
        }
        follow_all(&services, &mut wanted).await;
    }
}

/// Follows each live daemon, until the feed has had no subscriber for [`LINGER`].
async fn follow_all(services: &Services, wanted: &mut watch::Receiver<usize>) {
    let mut followed: HashMap<String, CancellationToken> = HashMap::new();
    let mut last_wanted = Instant::now();
    while last_wanted.elapsed() < LINGER {
        if 0 < *wanted.borrow_and_update() {
            last_wanted = Instant::now();
        }
        let live = services.daemons.live_others();
        followed.retain(|daemon, stop| {
            let is_live = live.contains(daemon);
            if !is_live {
                stop.cancel();
            }
            is_live
        });
        for daemon in live {
            if !followed.contains_key(&daemon) {
                let stop = CancellationToken::new();
                followed.insert(daemon.clone(), stop.clone());
                let follow = follow(services.clone(), daemon);
                services.tasks.spawn("follow", async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = follow => {}
                    }
                });
            }
        }
        sleep(LOOK_INTERVAL).await;
    }
    for stop in followed.into_values() {
        stop.cancel();
    }
}

/// Publishes what happens at a daemon from now on.
async fn follow(services: Services, daemon: String) {
    let name: Arc<str> = daemon.as_str().into();
    let mut question = FollowFeed { after: None };
    loop {
        let until = Instant::now() + feed_batch::WAIT + GRACE;
        match services.daemons.ask(&daemon, &question, until).await {
            Ok((
                FeedBatch {
                    position,
                    missed,
                    items,
                },
                _,
            )) => {
                let items = items.into_iter().map(feed_batch::BatchItem::into_payload);
                if question.after.is_some() {
                    services.feed.publish_of(&name, missed, items);
                }
                question.after = Some(position);
            }
            Err(error) => {
                debug!(%daemon, %error, "Cannot follow another daemon.");
                sleep(RETRY).await;
            }
        }
    }
}

/// How long what happens elsewhere is followed after the last stream has ended: its client may come again.
const LINGER: Duration = Duration::from_secs(30);

/// How often to look which daemons there are.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// How much longer than the other daemon waits for events its answer is waited for.
const GRACE: Duration = Duration::from_secs(2);

/// How long to wait after a failure.
const RETRY: Duration = Duration::from_secs(1);
