//! What the deliveries of one request share.

use handset_net::tasks::Tasks;

use super::open_delivery::QueuedDelivery;
use super::pace::Pace;
use super::request_files::RequestFiles;
use super::workers::Workers;
use crate::deliver::SharedPlans;

/// What the deliveries of one request share. Clones share it.
#[derive(Clone)]
pub(super) struct Shared {
    /// The pace of those that are stored.
    pub(super) pace: Pace,
    /// Carry out the others; `None` if there is a place for each.
    pub(super) workers: Option<Workers<QueuedDelivery>>,
    pub(super) plans: SharedPlans,
    pub(super) files: RequestFiles,
}

impl Shared {
    /// Creates that of a request with this many deliveries. Workers run among `tasks`.
    pub(super) fn of(deliveries: usize, tasks: &Tasks) -> Self {
        Self {
            pace: Pace::of(deliveries),
            workers: Workers::of(deliveries, tasks),
            plans: SharedPlans::of(deliveries),
            files: RequestFiles::default(),
        }
    }
}
