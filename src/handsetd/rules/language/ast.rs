//! The syntax tree of minijinja, and walks through it.

use std::ops::ControlFlow;

pub(super) use minijinja::machinery::ast::{
    BinOp, BinOpKind, Call, CallArg, CompareOpKind, Expr, Filter, Stmt, Test, UnaryOpKind,
};

/// Returns the operands of an expression, in the order of the text.
pub(super) fn operands<'e, 's>(expression: &'e Expr<'s>) -> Vec<&'e Expr<'s>> {
    let arguments = |arguments: &'e [CallArg<'s>]| arguments.iter().map(argument);
    match expression {
        Expr::Var(_) | Expr::Const(_) => Vec::new(),
        Expr::Slice(slice) => {
            let bounds = [&slice.start, &slice.stop, &slice.step];
            let bounds = bounds.into_iter().filter_map(Option::as_ref);
            std::iter::once(&slice.expr).chain(bounds).collect()
        }
        Expr::UnaryOp(operation) => vec![&operation.expr],
        Expr::BinOp(operation) => vec![&operation.left, &operation.right],
        Expr::Compare(chain) => {
            let rest = chain.ops.iter().map(|op| &op.expr);
            std::iter::once(&chain.expr).chain(rest).collect()
        }
        Expr::IfExpr(choice) => {
            let both = [&choice.true_expr, &choice.test_expr];
            both.into_iter().chain(&choice.false_expr).collect()
        }
        Expr::Filter(filter) => {
            let input = filter.expr.iter();
            input.chain(arguments(&filter.args)).collect()
        }
        Expr::Test(test) => {
            let input = std::iter::once(&test.expr);
            input.chain(arguments(&test.args)).collect()
        }
        Expr::GetAttr(attribute) => vec![&attribute.expr],
        Expr::GetItem(item) => vec![&item.expr, &item.subscript_expr],
        Expr::Call(call) => {
            let called = std::iter::once(&call.expr);
            called.chain(arguments(&call.args)).collect()
        }
        Expr::List(list) => list.items.iter().collect(),
        Expr::Tuple(tuple) => tuple.items.iter().collect(),
        Expr::Map(map) => map
            .keys
            .iter()
            .zip(&map.values)
            .flat_map(<[_; 2]>::from)
            .collect(),
    }
}

/// Returns whether operands nest deeper than `most`, without recursion.
pub(super) fn is_deeper(expression: &Expr<'_>, most: usize) -> bool {
    let mut pending = vec![(expression, 1_usize)];
    while let Some((expression, depth)) = pending.pop() {
        if depth > most {
            return true;
        }
        let below = operands(expression).into_iter();
        pending.extend(below.map(|operand| (operand, depth.saturating_add(1))));
    }
    false
}

/// Returns the value of an argument.
pub(super) fn argument<'e, 's>(argument: &'e CallArg<'s>) -> &'e Expr<'s> {
    match argument {
        CallArg::Pos(expression)
        | CallArg::Kwarg(_, expression)
        | CallArg::PosSplat(expression)
        | CallArg::KwargSplat(expression) => expression,
    }
}

/// Calls `each` with the topmost expressions of a statement and those within it, until it breaks; and
/// `assign` with the targets of assignments.
pub(super) fn each_expression<'e, 's, B>(
    statement: &'e Stmt<'s>,
    each: &mut impl FnMut(Use<'e, 's>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    match statement {
        Stmt::Template(_) | Stmt::EmitRaw(_) => {}
        Stmt::EmitExpr(emit) => each(Use::Value(&emit.expr))?,
        Stmt::ForLoop(repeat) => {
            each(Use::Target(&repeat.target))?;
            each(Use::Value(&repeat.iter))?;
            repeat
                .filter_expr
                .iter()
                .map(Use::Value)
                .try_for_each(&mut *each)?;
        }
        Stmt::IfCond(choice) => each(Use::Value(&choice.expr))?,
        Stmt::WithBlock(with) => {
            for (target, value) in &with.assignments {
                each(Use::Target(target))?;
                each(Use::Value(value))?;
            }
        }
        Stmt::Set(set) => {
            each(Use::Target(&set.target))?;
            each(Use::Value(&set.expr))?;
        }
        Stmt::SetBlock(set) => {
            each(Use::Target(&set.target))?;
            set.filter.iter().map(Use::Value).try_for_each(&mut *each)?;
        }
        Stmt::AutoEscape(block) => each(Use::Value(&block.enabled))?,
        Stmt::FilterBlock(block) => each(Use::Value(&block.filter))?,
        Stmt::Do(call) => each(Use::Call(&call.call))?,
    }
    bodies(statement)
        .into_iter()
        .flatten()
        .try_for_each(|statement| each_expression(statement, each))
}

/// An expression in a statement.
pub(super) enum Use<'e, 's> {
    /// The call of `{% do %}`.
    Call(&'e Call<'s>),
    /// It is assigned to.
    Target(&'e Expr<'s>),
    /// It is evaluated.
    Value(&'e Expr<'s>),
}

/// Calls `each` with every text between placeholders.
pub(super) fn each_text(statement: &Stmt<'_>, each: &mut impl FnMut(&str)) {
    if let Stmt::EmitRaw(text) = statement {
        each(text.raw);
    }
    for statement in bodies(statement).into_iter().flatten() {
        each_text(statement, each);
    }
}

/// Returns the statements within a statement.
fn bodies<'e, 's>(statement: &'e Stmt<'s>) -> [&'e [Stmt<'s>]; 2] {
    match statement {
        Stmt::Template(template) => [&template.children, &[]],
        Stmt::ForLoop(repeat) => [&repeat.body, &repeat.else_body],
        Stmt::IfCond(choice) => [&choice.true_body, &choice.false_body],
        Stmt::WithBlock(with) => [&with.body, &[]],
        Stmt::SetBlock(set) => [&set.body, &[]],
        Stmt::AutoEscape(block) => [&block.body, &[]],
        Stmt::FilterBlock(block) => [&block.body, &[]],
        Stmt::EmitExpr(_) | Stmt::EmitRaw(_) | Stmt::Set(_) | Stmt::Do(_) => [&[], &[]],
    }
}

/// Returns the object and the name of a member that is written as a name or a literal text.
pub(super) fn member<'e, 's>(expression: &'e Expr<'s>) -> Option<(&'e Expr<'s>, &'e str)> {
    match expression {
        Expr::GetAttr(attribute) => Some((&attribute.expr, attribute.name)),
        Expr::GetItem(item) => Some((&item.expr, text(&item.subscript_expr)?)),
        _ => None,
    }
}

/// Returns the text of a constant.
pub(super) fn text<'e>(expression: &'e Expr<'_>) -> Option<&'e str> {
    match expression {
        Expr::Const(constant) => constant.value.as_str(),
        _ => None,
    }
}
