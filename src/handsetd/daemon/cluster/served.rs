//! The parts of this daemon that other daemons use.

use handset_net::tasks::Tasks;

use crate::dispatch::Dispatcher;
use crate::history::History;
use crate::resolver::PhoneResolver;

/// The parts of this daemon that other daemons, and programs on the bus, use.
#[derive(Debug)]
pub(in crate::daemon) struct Served {
    pub(in crate::daemon) dispatcher: Dispatcher,
    pub(in crate::daemon) resolver: PhoneResolver,
    pub(in crate::daemon) history: History,
    #[cfg(feature = "cluster")]
    pub(in crate::daemon) outbox: Option<crate::cluster::ClusterOutbox>,
    /// Runs their requests.
    pub(in crate::daemon) tasks: Tasks,
}
