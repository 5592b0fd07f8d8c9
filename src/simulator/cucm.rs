//! A simulated call manager, as far as Extension Mobility goes: strict about names, case and order
//! of elements, about credentials, and about who is logged in where.
//!
//! It takes forms, multipart bodies and queries, as the real one does, and answers with blanks
//! around its texts and percent-encoded user ids. Phones do not restart when somebody logs in.

mod http;
mod service;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use handset_net::tasks::Tasks;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::error::Error;

/// What the call manager knows beforehand.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The application that may ask, and its password.
    pub application: (String, String),
    /// The devices that somebody can log in at.
    pub devices: Vec<String>,
    /// The users, each with their device profiles; the first one is the default.
    pub users: BTreeMap<String, Vec<String>>,
    /// How many requests are answered with "busy" before the first one is done.
    pub busy: usize,
    /// Whether it knows the query for profiles by the name in the DTD instead of the example's.
    pub follows_dtd: bool,
}

impl Default for Options {
    fn default() -> Self {
        let profiles = |user: &str| (user.to_owned(), vec![format!("{user}-profile")]);
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            application: ("MobilityManagerUser".to_owned(), "secret".to_owned()),
            devices: vec!["SEP00005E005301".to_owned()],
            users: ["john", "em@example.com"].map(profiles).into(),
            busy: 0,
            follows_dtd: false,
        }
    }
}

/// What can be known of it at one moment.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Who uses which device.
    pub logged_in: BTreeMap<String, Login>,
    /// Who used each device last.
    pub last_users: BTreeMap<String, String>,
    /// What it was requests, oldest first: the encoding and the document, without the password.
    pub requests: Vec<(&'static str, String)>,
    /// What it refusals, and why.
    pub refusals: Vec<String>,
    /// How many requests it still is too busy for.
    busy: usize,
}

/// One login.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The device profile.
    pub profile: String,
    /// For how many minutes; `None` is as long as they like.
    pub minutes: Option<u32>,
}

/// A running call manager. Cheap to clone; all clones are the same.
#[derive(Clone, Debug)]
pub struct CallManager {
    address: SocketAddr,
    state: Arc<watch::Sender<State>>,
}

/// Starts a call manager; it runs until `tasks` stop.
pub async fn start(options: Options, tasks: &Tasks) -> Result<CallManager, Error> {
    let address = options.listen;
    let bind = |source| Error::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(bind)?;
    let address = listener.local_addr().map_err(bind)?;
    let state = Arc::new(watch::Sender::new(State {
        busy: options.busy,
        ..State::default()
    }));
    let service = service::Service::new(options, Arc::clone(&state));
    tasks.spawn(
        "simulated call manager",
        http::serve(listener, service, tasks.clone()),
    );
    Ok(CallManager { address, state })
}

impl CallManager {
    /// Returns the address of the service, as `cucm.url` wants it.
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Returns everything that can be known of it now.
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Returns a receiver that is told of every change.
    pub fn watch(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }
}

/// Where the service is.
const PATH: &str = "/emservice/EMServiceServlet";
