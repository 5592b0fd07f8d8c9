//! Requests to read the configuration again, and the sources that it is read from.

use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::admin::ReloadRequest;
use crate::config::{Config, Diagnostics, Sources};

/// The sources of the configuration, and the requests to read them again.
#[derive(Debug)]
pub(crate) struct Reloads {
    sources: Sources,
    sender: mpsc::Sender<ReloadRequest>,
    receiver: mpsc::Receiver<ReloadRequest>,
}

impl Reloads {
    pub(crate) fn new(sources: Sources) -> Self {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        Self {
            sources,
            sender,
            receiver,
        }
    }

    /// Returns what asks for a reload.
    pub(crate) fn sender(&self) -> mpsc::Sender<ReloadRequest> {
        self.sender.clone()
    }

    /// Waits for a request, and reads the configuration for it. Cancel safe as long as there is none.
    pub(super) async fn next(&mut self) -> (ReloadRequest, Result<Config, Diagnostics>) {
        loop {
            // There is a sender as long as this exists.
            let Some(request) = self.receiver.recv().await else {
                return std::future::pending().await;
            };
            let sources = self.sources.clone();
            // It fails only by a panic, which is logged; the old configuration stays.
            if let Ok(loaded) = spawn_blocking(move || Config::load(&sources)).await {
                return (request, loaded);
            }
        }
    }
}

/// How many requests may wait for one in progress.
const MAX_WAITING: usize = 4;
