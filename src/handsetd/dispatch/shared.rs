//! What the deliveries of one request share.

use super::pace::Pace;
use super::request_files::RequestFiles;
use crate::deliver::SharedPlans;

/// What the deliveries of one request share. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) pace: Pace,
    pub(super) plans: SharedPlans,
    pub(super) files: RequestFiles,
}

impl Shared {
    /// Creates that of a request with this many deliveries.
    pub(super) fn of(deliveries: usize) -> Self {
        Self {
            pace: Pace::of(deliveries),
            plans: SharedPlans::of(deliveries),
            files: RequestFiles::default(),
        }
    }
}
