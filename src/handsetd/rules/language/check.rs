//! Finds names that do not exist, also where nothing is evaluated: variables, attributes, methods, filters,
//! tests and functions.

mod spelling;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use minijinja::Environment;

use super::ast::{
    BinOp, BinOpKind, Call, CallArg, Expr, Filter, Stmt, Test, Use, argument, each_expression,
    is_deeper, operands, text,
};
use super::constant;
use super::fault::Fault;
use super::kind::{Kind, kind};
use super::mentions::Mentions;
use super::similar::{similar, suggestion};
use super::syntax::NO_PLACEHOLDERS;
use super::vocabulary::MUTATING;
use crate::rules::filters::{check_pattern, check_strftime};
use spelling::{as_filter, as_operator, check_filter, check_test};

/// Checks an expression; returns the values that it mentions.
pub(super) fn expression(
    source: &str,
    parsed: &Expr<'_>,
    environment: &Environment<'_>,
    names: &[&'static str],
) -> Result<Mentions, Fault> {
    let check = Check::new(source, environment, names, BTreeSet::new());
    check.whole(parsed);
    if let Some(literal) = placeholder(parsed) {
        check.note(Err(check.fault(start(literal), NO_PLACEHOLDERS.to_owned())));
    }
    check.finish()
}

/// Checks a template; returns the values that it mentions.
pub(super) fn template(
    source: &str,
    parsed: &Stmt<'_>,
    environment: &Environment<'_>,
    names: &[&'static str],
) -> Result<Mentions, Fault> {
    let mut assigned = BTreeSet::from(["loop".to_owned()]);
    let _: ControlFlow<()> = each_expression(parsed, &mut |used| {
        if let Use::Target(target) = used {
            add_names(target, &mut assigned);
        }
        ControlFlow::Continue(())
    });
    let check = Check::new(source, environment, names, assigned);
    let _: ControlFlow<()> = each_expression(parsed, &mut |used| {
        match used {
            Use::Call(call) => {
                let arguments = call.args.iter().map(argument);
                let mut all = std::iter::once(&call.expr).chain(arguments);
                if all.all(|operand| check.is_shallow(operand)) {
                    check.call_and_operands(call);
                }
            }
            // `{% set a.b = 1 %}` needs a namespace, which is found out when it is evaluated.
            Use::Target(_) => {}
            Use::Value(value) => check.whole(value),
        }
        ControlFlow::Continue(())
    });
    check.finish()
}

/// Finds a literal text with a placeholder, which an expression does not fill in.
fn placeholder<'e, 's>(expression: &'e Expr<'s>) -> Option<&'e Expr<'s>> {
    if text(expression).is_some_and(|text| text.contains("{{")) {
        return Some(expression);
    }
    operands(expression).into_iter().find_map(placeholder)
}

/// Collects the names that are assigned to.
fn add_names(target: &Expr<'_>, names: &mut BTreeSet<String>) {
    if let Expr::Var(variable) = target {
        names.insert(variable.id.to_owned());
    }
    for operand in operands(target) {
        add_names(operand, names);
    }
}

struct Check<'a> {
    source: &'a str,
    environment: &'a Environment<'a>,
    /// The variables.
    names: &'a [&'static str],
    /// What the template assigns to, anywhere.
    assigned: BTreeSet<String>,
    mentions: RefCell<Mentions>,
    faults: RefCell<Vec<Fault>>,
}

type Checked = Result<(), Fault>;

impl<'a> Check<'a> {
    fn new(
        source: &'a str,
        environment: &'a Environment<'a>,
        names: &'a [&'static str],
        assigned: BTreeSet<String>,
    ) -> Self {
        Self {
            source,
            environment,
            names,
            assigned,
            mentions: RefCell::default(),
            faults: RefCell::default(),
        }
    }

    /// Returns what is mentioned, or all faults.
    fn finish(self) -> Result<Mentions, Fault> {
        match Fault::all(self.faults.into_inner()) {
            Some(fault) => Err(fault),
            None => Ok(self.mentions.into_inner()),
        }
    }

    /// Notes a fault. Of several at one place, the first one explains the others.
    fn note(&self, checked: Checked) {
        let mut faults = self.faults.borrow_mut();
        if let Err(fault) = checked
            && faults.len() < MAX_FAULTS
            && !faults.iter().any(|known| known.is_at(&fault))
        {
            faults.push(fault);
        }
    }

    /// Checks a whole expression.
    fn whole(&self, expression: &Expr<'_>) {
        if self.is_shallow(expression) {
            self.expression(expression);
        }
    }

    /// Notes an expression that is too deep to be walked through.
    fn is_shallow(&self, expression: &Expr<'_>) -> bool {
        let is_deep = is_deeper(expression, MAX_DEPTH);
        if is_deep {
            let text =
                format!("operators nest deeper than {MAX_DEPTH}; use {{% set %}} or a shorter one");
            self.note(Err(self.fault(start(expression), text)));
        }
        !is_deep
    }

    /// Checks an expression and its operands.
    fn expression(&self, expression: &Expr<'_>) {
        let mut mentions = self.mentions.borrow_mut();
        mentions.note(expression, |name| self.is_assigned(name));
        drop(mentions);
        if let Expr::Call(call) = expression {
            self.call_and_operands(call);
            return;
        }
        self.note(self.operation(expression));
        for operand in operands(expression) {
            self.expression(operand);
        }
    }

    /// Checks an expression without its operands, unless it is a call.
    fn operation(&self, expression: &Expr<'_>) -> Checked {
        let kind = |expression: &Expr<'_>| self.kind(expression);
        if let Some((literal, text)) = constant::comparison(expression, &kind) {
            return Err(self.fault(start(literal), text));
        }
        match expression {
            Expr::Var(variable) => self.variable(variable.id, start(expression))?,
            Expr::BinOp(operation) => self.header_with_hyphen(operation)?,
            Expr::Filter(filter) => self.filter(filter, filter.span().start_offset)?,
            Expr::Test(test) => self.test(test, test.span().start_offset)?,
            Expr::GetAttr(attribute) => {
                self.attribute(&attribute.expr, attribute.name, end(expression))?;
            }
            Expr::GetItem(item) => {
                if let Some(name) = text(&item.subscript_expr) {
                    let kind = self.kind(&item.expr);
                    if matches!(kind, Kind::Now | Kind::Phone | Kind::StepResult) {
                        let offset = start(&item.subscript_expr);
                        self.attribute_of(kind, name, offset)?;
                    }
                }
            }
            // minijinja 3.0.5 panics when it reads an empty text or list backwards (`event.Name[::-1]`).
            Expr::Slice(slice) => {
                if let Some(step) = &slice.step {
                    let text =
                        "slices with a step, such as [::-1], are not supported; use [from:to]";
                    return Err(self.fault(start(step), text.to_owned()));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn call_and_operands(&self, call: &Call<'_>) {
        match &call.expr {
            Expr::GetAttr(method) => {
                self.note(self.method(&method.expr, method.name, end(&call.expr)));
                if method.name == "strftime" {
                    self.note(self.literal(call.args.first(), check_strftime));
                }
                self.expression(&method.expr);
            }
            Expr::Var(function) => self.note(self.function(function.id, start(&call.expr))),
            other => self.expression(other),
        }
        for argument in call.args.iter().map(argument) {
            self.expression(argument);
        }
    }

    /// Checks the variable `name` at `offset`.
    fn variable(&self, name: &str, offset: usize) -> Checked {
        let globals = || self.environment.globals().map(|(name, _)| name);
        if self.is_assigned(name) || self.names.contains(&name) || globals().any(|own| own == name)
        {
            return Ok(());
        }
        let meant = match name {
            "null" | "nil" | "NULL" => Some("none"),
            "TRUE" => Some("true"),
            "FALSE" => Some("false"),
            _ => similar(name, self.names.iter().copied()),
        };
        let advice = if meant.is_some() {
            suggestion(meant)
        } else {
            let is_rule = self.names.contains(&"event");
            let object = if is_rule { "event" } else { "query" };
            format!(
                "; use {object}.{name} for a value of the {object}, or put literal text in quotes"
            )
        };
        Err(self.fault(offset, format!("unknown name {name}{advice}")))
    }

    /// Refuses `event.Cause-txt`, which is a difference.
    fn header_with_hyphen(&self, operation: &BinOp<'_>) -> Checked {
        let (Expr::GetAttr(left), Expr::Var(right), BinOpKind::Sub) =
            (&operation.left, &operation.right, operation.op)
        else {
            return Ok(());
        };
        let (object, offset) = (self.kind(&left.expr), start(&operation.right));
        let is_adjacent = end(&operation.left).saturating_add(1) == offset;
        if !matches!(object, Kind::Event | Kind::Values) || !is_adjacent || self.is_known(right.id)
        {
            return Ok(());
        }
        let (first, second) = (left.name, right.id);
        let text = format!(
            "unknown name {second}; did you mean {}['{first}-{second}']?",
            object.noun()
        );
        Err(self.fault(offset, text))
    }

    fn is_known(&self, name: &str) -> bool {
        self.variable(name, 0).is_ok()
    }

    /// Checks an attribute whose name ends at `end`.
    fn attribute(&self, object: &Expr<'_>, name: &str, end: usize) -> Checked {
        self.attribute_of(self.kind(object), name, end.saturating_sub(name.len()))
    }

    fn attribute_of(&self, kind: Kind, name: &str, offset: usize) -> Checked {
        let Some(attributes) = kind.attributes() else {
            return Ok(());
        };
        if attributes.contains(&name) {
            return Ok(());
        }
        let noun = kind.noun();
        let text = if kind.methods().contains(&name) {
            format!("{name} of {noun} is a method; write {name}()")
        } else if attributes.is_empty() {
            format!("{noun} has no attribute {name}{}", as_filter(name))
        } else {
            let advice = match similar(name, attributes.iter().copied()) {
                Some(meant) => suggestion(Some(meant)),
                None => format!("; expected one of {}", attributes.join(", ")),
            };
            format!("{noun} has no attribute {name}{advice}")
        };
        Err(self.fault(offset, text))
    }

    /// Checks a method whose name ends at `end`.
    fn method(&self, object: &Expr<'_>, name: &str, end: usize) -> Checked {
        let kind = self.kind(object);
        let methods = kind.methods();
        if methods.contains(&name) {
            return Ok(());
        }
        let offset = end.saturating_sub(name.len());
        let text = if MUTATING.contains(&name) && kind != Kind::Text {
            format!(
                "values cannot be changed, so {name} does not exist; use {{% set %}}, + or filters"
            )
        } else {
            let advice = match similar(name, methods.iter().copied()) {
                Some(meant) => suggestion(Some(meant)),
                None => as_operator(name).unwrap_or_else(|| as_filter(name)),
            };
            let of = match kind {
                Kind::Unknown => String::new(),
                kind => format!(" of {}", kind.noun()),
            };
            format!("unknown method {name}{of}{advice}")
        };
        Err(self.fault(offset, text))
    }

    fn function(&self, name: &str, offset: usize) -> Checked {
        if self.is_assigned(name) {
            return Ok(());
        }
        let functions = || self.environment.globals().map(|(name, _)| name);
        if functions().any(|known| known == name) {
            return Ok(());
        }
        let text = match similar(name, functions()) {
            _ if self.names.contains(&name) => format!("{name} is not a function"),
            Some(meant) => format!("unknown function {name}{}", suggestion(Some(meant))),
            None => format!("unknown function {name}{}", as_filter(name)),
        };
        Err(self.fault(offset, text))
    }

    fn filter(&self, filter: &Filter<'_>, offset: u32) -> Checked {
        let offset = to_usize(offset);
        check_filter(filter.name).map_err(|text| self.fault(offset, text))?;
        match filter.name {
            "map" => self.literal(filter.args.first(), check_filter),
            "select" | "reject" => self.literal(filter.args.first(), check_test),
            "selectattr" | "rejectattr" => self.literal(filter.args.get(1), check_test),
            "regex_search" => self.literal(filter.args.first(), check_pattern),
            _ => Ok(()),
        }
    }

    fn test(&self, test: &Test<'_>, offset: u32) -> Checked {
        check_test(test.name).map_err(|text| self.fault(to_usize(offset), text))
    }

    /// Checks an argument, if it is a literal text.
    fn literal(
        &self,
        argument: Option<&CallArg<'_>>,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Checked {
        let Some(CallArg::Pos(value)) = argument else {
            return Ok(());
        };
        let Some(literal) = text(value) else {
            return Ok(());
        };
        check(literal).map_err(|text| self.fault(start(value), text))
    }

    fn kind(&self, expression: &Expr<'_>) -> Kind {
        kind(expression, &|name| self.is_assigned(name))
    }

    fn is_assigned(&self, name: &str) -> bool {
        self.assigned.contains(name)
    }

    fn fault(&self, offset: usize, text: String) -> Fault {
        Fault::new(self.source, offset, text)
    }
}

/// Returns the offset of a variable or constant.
fn start(expression: &Expr<'_>) -> usize {
    to_usize(expression.span().start_offset)
}

/// Returns the offset behind an expression that ends with a name.
fn end(expression: &Expr<'_>) -> usize {
    to_usize(expression.span().end_offset)
}

fn to_usize(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

/// How many faults of a text are reported.
const MAX_FAULTS: usize = 16;

/// How deep operands may nest. Each level takes some of the stack, here, in minijinja and when it is dropped.
const MAX_DEPTH: usize = 128;
