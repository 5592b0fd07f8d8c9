//! Dispatch of tasks to the backends.

use super::backend::Backend;
use super::plan::Plan;
use super::plan_context::PlanContext;
use super::plan_error::PlanError;
use super::task::Task;
use super::{NO_CSTA, cisco, pbx, snom, yealink};
use crate::phone::{Phone, Vendor};
use crate::verb::{Control, Via};

/// Plans `task` on `phone`, by the backend of its vendor.
///
/// # Errors
///
/// Returns why the phone cannot do it, or not over the requested transport.
pub fn plan(phone: &Phone, task: &Task, context: &PlanContext<'_>) -> Result<Plan, PlanError> {
    if context.via == Some(Via::Pbx) {
        return pbx::plan(phone, task);
    }
    if context.via == Some(Via::Csta) && phone.vendor != Vendor::Snom {
        return Err(PlanError::unsupported(NO_CSTA));
    }
    if let Task::Control(Control::Notify(notify)) = task {
        context.require_notify()?;
        return Ok(Plan::notify(notify.event(), notify.body()));
    }
    let backend: &dyn Backend = match phone.vendor {
        Vendor::Cisco => &cisco::Cisco,
        Vendor::Snom => &snom::Snom,
        Vendor::Yealink => &yealink::Yealink,
    };
    let plan = match backend.plan(phone, task, context) {
        // A phone without a key for this has Asterisk do it.
        Err(PlanError::Unsupported(_))
            if context.via.is_none() && context.asterisk && pbx::can_replace_key(task) =>
        {
            pbx::plan(phone, task)
        }
        planned => planned,
    }?;
    let cuts = context.documents.cuts().notes();
    Ok(cuts.into_iter().fold(plan, Plan::with_note))
}
