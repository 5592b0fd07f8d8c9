//! A running call manager: how it is started and observed.

use std::net::SocketAddr;
use std::sync::Arc;

use handset_net::tasks::Tasks;
use tokio::sync::watch;

use super::http::{self, PATH};
use super::options::Options;
use super::service::Service;
use super::state::State;
use crate::accept;
use crate::error::Error;

/// A running simulated call manager. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct CallManager {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
}

/// Starts a call manager, which runs until `tasks` stop.
///
/// # Errors
///
/// Fails if the address cannot be bound.
pub async fn start(options: Options, tasks: &Tasks) -> Result<CallManager, Error> {
    let address = options.listen;
    let listener = accept::bind("simulated call manager", address)
        .map_err(|source| Error::Bind { address, source })?;
    let address = listener.local_addr();
    let state = Arc::new(watch::Sender::new(State {
        busy: options.busy,
        ..State::default()
    }));
    let service = Service::new(options, Arc::clone(&state));
    let serving = http::serve(listener, service, tasks.clone());
    tasks.spawn("simulated call manager", serving);
    Ok(CallManager { address, state })
}

impl CallManager {
    /// Returns the URL of the Extension Mobility service, as the setting `cucm.url` expects it.
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns a snapshot.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Returns a receiver of every new state.
    pub fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }
}
