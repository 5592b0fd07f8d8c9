//! The interface of the backends.

use super::plan::Plan;
use super::plan_context::PlanContext;
use super::plan_error::PlanError;
use super::task::Task;
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
}
