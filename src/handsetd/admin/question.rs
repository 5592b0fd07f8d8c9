//! Questions that this daemon answers from what it has itself.

use std::time::Duration;

use tokio::time::Instant;

use super::daemons::{Gathered, Question, Wanted};
use super::state::Services;
use crate::fleet::QueryError;

/// A question with the way to answer it here.
pub(super) trait LocalQuestion: Question {
    /// Returns the answer of this daemon.
    fn here(self, services: &Services) -> impl Future<Output = Self::Answer> + Send;

    /// Returns the answers of the wanted daemons.
    async fn of(self, wanted: &Wanted, services: &Services) -> Gathered<Self::Answer> {
        let here = self.clone().here(services);
        services.daemons.gather(wanted, &self, here).await
    }

    /// Returns the answer of the daemon of that name, which may take as long as `time_limit`; an empty name is
    /// this daemon.
    async fn at(
        self,
        daemon: &str,
        time_limit: Duration,
        services: &Services,
    ) -> Result<Self::Answer, QueryError> {
        if services.daemons.is_other(daemon) {
            let until = Instant::now() + time_limit;
            let (answer, _) = services.daemons.ask(daemon, &self, until).await?;
            Ok(answer)
        } else {
            Ok(self.here(services).await)
        }
    }
}
