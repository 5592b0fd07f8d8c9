//! The interface of the backends.

use super::plan::Plan;
use super::plan_context::PlanContext;
use super::plan_error::PlanError;
use super::task::{PreparedContent, Task};
use crate::documents::{Documents, StoredContent};
use crate::phone::Phone;

/// The planner for one vendor's phones.
pub(super) trait Backend {
    /// Plans `task` on `phone`.
    fn plan(
        &self,
        phone: &Phone,
        task: &Task,
        context: &PlanContext<'_>,
    ) -> Result<Plan, PlanError>;

    /// Returns whether the plan of a push is the same for all phones of a model and firmware that are reached in
    /// the same way: it depends on neither name nor address, and nothing else that one of them alone has.
    fn pushes_alike(&self) -> bool {
        false
    }

    /// Writes the document that shows `content` on a phone that fetches it by itself.
    fn document(
        &self,
        phone: &Phone,
        content: &PreparedContent,
        documents: &Documents,
    ) -> Result<StoredContent, PlanError>;

    /// Writes the document that closes what a phone has fetched by itself.
    fn closing_document(&self, phone: &Phone) -> StoredContent;

    /// Writes the least visible document that a phone can be made to fetch, and says what it shows.
    fn test_document(&self, phone: &Phone) -> (StoredContent, &'static str);
}
