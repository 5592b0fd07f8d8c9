//! Searches of the history that wait for what they need.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::log::History;
use super::record::Record;
use super::search::{Position, Search};

/// The order of what is found.
#[derive(Clone, Debug)]
pub(crate) enum Order {
    /// By number, newest first.
    Number,
    /// As in the list of all daemons, from the place `before` on. This daemon is called `daemon`.
    Time {
        daemon: Arc<str>,
        before: Option<Position>,
    },
}

impl History {
    /// Finds up to `limit` deliveries, once what the file had at the start is in memory. A search for a text
    /// keeps no thread from serving phones.
    pub(crate) async fn search(
        &self,
        search: Search,
        order: Order,
        limit: usize,
    ) -> Vec<Arc<Record>> {
        self.loaded().await;
        let history = self.clone();
        let has_text = search.text.is_some();
        let find = move || match &order {
            Order::Number => history.find(&search, limit),
            Order::Time { daemon, before } => {
                history.find_by_time(&search, daemon, before.as_ref(), limit)
            }
        };
        if !has_text {
            return find();
        }
        // Acquiring fails only if the semaphore is closed, and it never is.
        let permit = Arc::clone(&self.text_searches.0).acquire_owned().await.ok();
        let search = spawn_blocking(move || {
            // Until the search is over, even if the client has gone.
            let _permit = permit;
            find()
        });
        search.await.unwrap_or_default()
    }
}
