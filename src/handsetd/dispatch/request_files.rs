//! The files that accompany a request to other daemons.

use std::collections::BTreeMap;
use std::sync::Arc;

use handset_phones::verb::Request;
use tokio::sync::OnceCell;

use super::services::Services;
use crate::deliver::Failure;
use crate::fleet::{CarriedFile, Routes, carry};
use crate::outcome::Status;

/// The files of one request, which are read once for all its phones. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestFiles(Arc<OnceCell<Result<BTreeMap<String, CarriedFile>, Failure>>>);

impl RequestFiles {
    /// Returns the files that the request names, read here.
    pub(super) async fn files(
        &self,
        services: &Services,
        routes: &dyn Routes,
        request: &Request,
    ) -> Result<BTreeMap<String, CarriedFile>, Failure> {
        let read = async || {
            let files = services.courier.read_files(&request.action).await?;
            let carried = carry(files, routes.files()).await;
            carried.map_err(|reason| Failure {
                status: Status::Unreachable,
                reason,
            })
        };
        self.0.get_or_init(read).await.clone()
    }
}
