//! The names in a text.

use std::collections::BTreeSet;

use super::ast::{Expr, member};

/// The names in a text.
#[derive(Clone, Debug, Default)]
pub(in crate::rules) struct Mentions {
    /// `Queue` for `event.Queue`, `phone.dnd`, `now.hour`.
    pub(in crate::rules) values: BTreeSet<String>,
    /// The phones: `1002` for `phones["1002"]`.
    pub(in crate::rules) phones: BTreeSet<String>,
    /// The steps.
    pub(in crate::rules) steps: BTreeSet<String>,
    /// How often `steps` is mentioned without one of them.
    pub(in crate::rules) all_steps: i32,
    /// All variables.
    pub(in crate::rules) variables: BTreeSet<String>,
}

impl Mentions {
    /// Notes the names in an expression, without its operands.
    /// Variables of which `is_assigned` is true are not those of the rule.
    pub(super) fn note(&mut self, expression: &Expr<'_>, is_assigned: impl Fn(&str) -> bool) {
        if let Expr::Var(variable) = expression {
            self.variables.insert(variable.id.to_owned());
            if variable.id == "steps" && !is_assigned("steps") {
                self.all_steps = self.all_steps.saturating_add(1);
            }
        }
        let Some((object, name)) = member(expression) else {
            return;
        };
        let Expr::Var(variable) = object else {
            return;
        };
        if is_assigned(variable.id) {
            return;
        }
        match variable.id {
            "event" => drop(self.values.insert(name.to_owned())),
            "phones" => drop(self.phones.insert(name.to_owned())),
            "now" | "phone" => drop(self.values.insert(format!("{}.{name}", variable.id))),
            "steps" => {
                self.steps.insert(name.to_owned());
                // Its operand is a mention, too.
                self.all_steps = self.all_steps.saturating_sub(1);
            }
            _ => {}
        }
    }
}
