//! Writes a syntax tree as text, with calls of [`compare`](super::compare) in place of comparisons.
//!
//! minijinja compiles only text. What the author wrote decides nothing but the tree; parentheses are set
//! again, by precedence.

use minijinja::Value;
use minijinja::value::ValueKind;

use super::ast::{BinOpKind, CallArg, CompareOpKind, Expr, Stmt, UnaryOpKind};
use super::bounded::{ADD, BOUNDED, CONCATENATE, COPY};
use super::compare::{
    AT_LEAST, AT_MOST, CHAIN, EQUAL, GREATER, IN, ITEM, LESS, NOT_IN, TIMES, UNEQUAL,
};

/// Writes an expression.
pub(super) fn expression(parsed: &Expr<'_>) -> String {
    let mut out = String::new();
    write(&mut out, parsed, Level::Choice);
    out
}

/// Writes a template.
pub(super) fn template(parsed: &Stmt<'_>) -> String {
    let mut out = String::new();
    statement(&mut out, parsed);
    out
}

/// How tightly an expression binds, loosest first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Level {
    Choice,
    Or,
    And,
    Not,
    Sum,
    Product,
    Power,
    Filter,
    Postfix,
}

fn level(expression: &Expr<'_>) -> Level {
    match expression {
        Expr::IfExpr(_) => Level::Choice,
        Expr::UnaryOp(operation) => match operation.op {
            UnaryOpKind::Not => Level::Not,
            UnaryOpKind::Neg => Level::Filter,
        },
        Expr::BinOp(operation) => match operator(operation.op) {
            Operator::Infix(_, level) => level,
            Operator::Filter(_) => Level::Filter,
        },
        Expr::Compare(_) | Expr::Filter(_) | Expr::Test(_) => Level::Filter,
        Expr::GetItem(item) if !is_constant(&item.subscript_expr) => Level::Filter,
        Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) if !is_written(expression) => Level::Filter,
        // `1.real` would be a decimal.
        Expr::Const(constant) if constant.value.is_number() => Level::Filter,
        _ => Level::Postfix,
    }
}

/// Returns whether an element is found as its author wrote it.
fn is_constant(subscript: &Expr<'_>) -> bool {
    match subscript {
        Expr::Const(_) => true,
        Expr::UnaryOp(negated) => matches!(negated.expr, Expr::Const(_)),
        _ => false,
    }
}

/// Returns whether a value is as small as its author wrote it.
fn is_written(expression: &Expr<'_>) -> bool {
    match expression {
        Expr::List(list) => list.items.iter().all(is_written),
        Expr::Map(map) => map.keys.iter().chain(&map.values).all(is_written),
        Expr::Tuple(tuple) => tuple.items.iter().all(is_written),
        other => is_constant(other),
    }
}

/// What becomes of a binary operator.
enum Operator {
    /// It stays, and binds to the left.
    Infix(&'static str, Level),
    /// It becomes a filter.
    Filter(&'static str),
}

fn operator(kind: BinOpKind) -> Operator {
    match kind {
        BinOpKind::ScOr => Operator::Infix("or", Level::Or),
        BinOpKind::ScAnd => Operator::Infix("and", Level::And),
        BinOpKind::Add => Operator::Filter(ADD),
        BinOpKind::Sub => Operator::Infix("-", Level::Sum),
        BinOpKind::Concat => Operator::Filter(CONCATENATE),
        BinOpKind::Div => Operator::Infix("/", Level::Product),
        BinOpKind::FloorDiv => Operator::Infix("//", Level::Product),
        BinOpKind::Rem => Operator::Infix("%", Level::Product),
        BinOpKind::Pow => Operator::Infix("**", Level::Power),
        BinOpKind::Mul => Operator::Filter(TIMES),
        BinOpKind::Eq => Operator::Filter(EQUAL),
        BinOpKind::Ne => Operator::Filter(UNEQUAL),
        BinOpKind::Lt => Operator::Filter(LESS),
        BinOpKind::Lte => Operator::Filter(AT_MOST),
        BinOpKind::Gt => Operator::Filter(GREATER),
        BinOpKind::Gte => Operator::Filter(AT_LEAST),
        BinOpKind::In => Operator::Filter(IN),
    }
}

fn comparison(kind: CompareOpKind) -> &'static str {
    match kind {
        CompareOpKind::Eq => EQUAL,
        CompareOpKind::Ne => UNEQUAL,
        CompareOpKind::Lt => LESS,
        CompareOpKind::Lte => AT_MOST,
        CompareOpKind::Gt => GREATER,
        CompareOpKind::Gte => AT_LEAST,
        CompareOpKind::In => IN,
        CompareOpKind::NotIn => NOT_IN,
    }
}

/// Returns the level that the right operand of a left-associative operator needs.
fn above(level: Level) -> Level {
    match level {
        Level::Choice => Level::Or,
        Level::Or => Level::And,
        Level::And => Level::Not,
        Level::Not => Level::Sum,
        Level::Sum => Level::Product,
        Level::Product => Level::Power,
        Level::Power => Level::Filter,
        Level::Filter | Level::Postfix => Level::Postfix,
    }
}

/// Writes an expression where one of `least` is expected.
fn write(out: &mut String, expression: &Expr<'_>, least: Level) {
    if level(expression) < least {
        out.push('(');
        bare(out, expression);
        out.push(')');
    } else {
        bare(out, expression);
    }
}

fn bare(out: &mut String, expression: &Expr<'_>) {
    match expression {
        Expr::Var(variable) => out.push_str(variable.id),
        Expr::Const(constant) => value(out, &constant.value),
        Expr::Slice(slice) => {
            write(out, &slice.expr, Level::Postfix);
            out.push('[');
            for (separator, bound) in [("", &slice.start), (":", &slice.stop)] {
                out.push_str(separator);
                if let Some(bound) = bound {
                    write(out, bound, Level::Choice);
                }
            }
            out.push(']');
        }
        Expr::UnaryOp(operation) => match operation.op {
            UnaryOpKind::Not => {
                out.push_str("not ");
                write(out, &operation.expr, Level::Not);
            }
            UnaryOpKind::Neg => {
                out.push('-');
                write(out, &operation.expr, Level::Postfix);
            }
        },
        Expr::BinOp(operation) => match operator(operation.op) {
            Operator::Infix(symbol, level) => {
                write(out, &operation.left, level);
                out.extend([" ", symbol, " "]);
                write(out, &operation.right, above(level));
            }
            Operator::Filter(name) => call(out, &operation.left, name, [&operation.right]),
        },
        Expr::Compare(chain) => {
            write(out, &chain.expr, Level::Filter);
            out.extend(["|", CHAIN, "("]);
            for link in &chain.ops {
                out.extend(["'", comparison(link.op), "', "]);
                write(out, &link.expr, Level::Choice);
                out.push_str(", ");
            }
            out.push(')');
        }
        Expr::IfExpr(choice) => {
            write(out, &choice.true_expr, Level::Or);
            out.push_str(" if ");
            write(out, &choice.test_expr, Level::Or);
            if let Some(otherwise) = &choice.false_expr {
                out.push_str(" else ");
                write(out, otherwise, Level::Choice);
            }
        }
        Expr::Filter(filter) => {
            if let Some(input) = &filter.expr {
                write(out, input, Level::Filter);
                out.push('|');
            }
            out.push_str(filter.name);
            arguments(out, &filter.args);
        }
        Expr::Test(test) => {
            write(out, &test.expr, Level::Filter);
            out.push_str(" is ");
            out.push_str(test.name);
            arguments(out, &test.args);
        }
        Expr::GetAttr(attribute) => {
            write(out, &attribute.expr, Level::Postfix);
            out.push('.');
            out.push_str(attribute.name);
        }
        Expr::GetItem(item) if is_constant(&item.subscript_expr) => {
            write(out, &item.expr, Level::Postfix);
            out.push('[');
            write(out, &item.subscript_expr, Level::Choice);
            out.push(']');
        }
        Expr::GetItem(item) => call(out, &item.expr, ITEM, [&item.subscript_expr]),
        Expr::Call(called) => {
            write(out, &called.expr, Level::Postfix);
            arguments(out, &called.args);
        }
        Expr::List(_) | Expr::Tuple(_) | Expr::Map(_) => collection(out, expression),
    }
}

/// Writes a list, a tuple or a map.
fn collection(out: &mut String, expression: &Expr<'_>) {
    match expression {
        Expr::List(list) => {
            out.push('[');
            elements(out, &list.items);
            out.push(']');
            bound(out, expression);
        }
        Expr::Tuple(tuple) => {
            out.push('(');
            elements(out, &tuple.items);
            out.push(')');
            bound(out, expression);
        }
        Expr::Map(map) => {
            out.push('{');
            for (key, value) in map.keys.iter().zip(&map.values) {
                write(out, key, Level::Choice);
                out.push_str(": ");
                write(out, value, Level::Choice);
                out.push_str(", ");
            }
            out.push('}');
            bound(out, expression);
        }
        _ => {}
    }
}

/// Bounds a list or a map of values.
fn bound(out: &mut String, expression: &Expr<'_>) {
    if !is_written(expression) {
        out.extend(["|", BOUNDED]);
    }
}

/// Writes a value that is given a name.
fn assigned(out: &mut String, target: &Expr<'_>, value: &Expr<'_>) {
    let filter = match target {
        Expr::Var(_) | Expr::List(_) | Expr::Tuple(_) => BOUNDED,
        // An attribute of a namespace.
        _ => COPY,
    };
    write(out, value, Level::Filter);
    if !is_written(value) {
        out.extend(["|", filter]);
    }
}

fn call<const N: usize>(out: &mut String, input: &Expr<'_>, name: &str, more: [&Expr<'_>; N]) {
    write(out, input, Level::Filter);
    out.push('|');
    out.push_str(name);
    out.push('(');
    for argument in more {
        write(out, argument, Level::Choice);
    }
    out.push(')');
}

/// Writes elements, each with a comma behind it, so that a tuple of one remains a tuple.
fn elements(out: &mut String, items: &[Expr<'_>]) {
    for item in items {
        write(out, item, Level::Choice);
        out.push_str(", ");
    }
}

/// Writes arguments, with parentheses also around none: `x is defined if y` would read `if` as an argument.
fn arguments(out: &mut String, arguments: &[CallArg<'_>]) {
    out.push('(');
    for (index, argument) in arguments.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        let value = match argument {
            CallArg::Pos(value) => value,
            CallArg::Kwarg(name, value) => {
                out.push_str(name);
                out.push('=');
                value
            }
            CallArg::PosSplat(value) => {
                out.push('*');
                value
            }
            CallArg::KwargSplat(value) => {
                out.push_str("**");
                value
            }
        };
        write(out, value, Level::Choice);
    }
    out.push(')');
}

/// Writes a constant.
fn value(out: &mut String, value: &Value) {
    match (value.kind(), value.as_str()) {
        (_, Some(text)) => {
            out.push('"');
            for c in text.chars() {
                match c {
                    '"' | '\\' => out.extend(['\\', c]),
                    '\n' => out.push_str("\\n"),
                    '\r' => out.push_str("\\r"),
                    '\t' => out.push_str("\\t"),
                    c => out.push(c),
                }
            }
            out.push('"');
        }
        (ValueKind::Number, _) if !value.is_integer() => {
            let number = f64::try_from(value.clone()).unwrap_or_default();
            // The lexer knows no name of infinity.
            let number = if number.is_finite() {
                format!("{number:?}")
            } else {
                "1e999".to_owned()
            };
            out.push_str(&number);
        }
        _ => out.push_str(&value.to_string()),
    }
}

fn statement(out: &mut String, parsed: &Stmt<'_>) {
    match parsed {
        Stmt::Template(template) => body(out, &template.children),
        Stmt::EmitExpr(emit) => {
            out.push_str("{{ ");
            write(out, &emit.expr, Level::Choice);
            out.push_str(" }}");
        }
        // Text ends neither within nor with the end of such a block, so that it is kept as it is.
        Stmt::EmitRaw(text) => {
            out.push_str("{% raw %}");
            out.push_str(text.raw);
            out.push_str("{% endraw %}");
        }
        Stmt::ForLoop(repeat) => {
            out.push_str("{% for ");
            target(out, &repeat.target);
            out.push_str(" in ");
            write(out, &repeat.iter, Level::Or);
            if let Some(condition) = &repeat.filter_expr {
                out.push_str(" if ");
                write(out, condition, Level::Or);
            }
            if repeat.recursive {
                out.push_str(" recursive");
            }
            out.push_str(" %}");
            body(out, &repeat.body);
            if !repeat.else_body.is_empty() {
                out.push_str("{% else %}");
                body(out, &repeat.else_body);
            }
            out.push_str("{% endfor %}");
        }
        Stmt::IfCond(_) => choice(out, "if", parsed),
        Stmt::WithBlock(with) => {
            out.push_str("{% with ");
            for (index, (name, value)) in with.assignments.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                target(out, name);
                out.push_str(" = ");
                assigned(out, name, value);
            }
            out.push_str(" %}");
            body(out, &with.body);
            out.push_str("{% endwith %}");
        }
        Stmt::Set(set) => {
            out.push_str("{% set ");
            target(out, &set.target);
            out.push_str(" = ");
            assigned(out, &set.target, &set.expr);
            out.push_str(" %}");
        }
        Stmt::SetBlock(set) => {
            out.push_str("{% set ");
            target(out, &set.target);
            if let Some(filter) = &set.filter {
                out.push('|');
                bare(out, filter);
            }
            out.push_str(" %}");
            body(out, &set.body);
            out.push_str("{% endset %}");
        }
        Stmt::AutoEscape(block) => {
            out.push_str("{% autoescape ");
            write(out, &block.enabled, Level::Choice);
            out.push_str(" %}");
            body(out, &block.body);
            out.push_str("{% endautoescape %}");
        }
        Stmt::FilterBlock(block) => {
            out.push_str("{% filter ");
            bare(out, &block.filter);
            out.push_str(" %}");
            body(out, &block.body);
            out.push_str("{% endfilter %}");
        }
        Stmt::Do(call) => {
            out.push_str("{% do ");
            write(out, &call.call.expr, Level::Postfix);
            arguments(out, &call.call.args);
            out.push_str(" %}");
        }
    }
}

/// Writes `if` or `elif` up to the end. A chain of `elif` stays one, since nesting is limited.
fn choice(out: &mut String, keyword: &str, parsed: &Stmt<'_>) {
    let Stmt::IfCond(choice) = parsed else {
        return;
    };
    out.extend(["{% ", keyword, " "]);
    write(out, &choice.expr, Level::Or);
    out.push_str(" %}");
    body(out, &choice.true_body);
    match &choice.false_body[..] {
        [] => out.push_str("{% endif %}"),
        [next @ Stmt::IfCond(_)] => self::choice(out, "elif", next),
        other => {
            out.push_str("{% else %}");
            body(out, other);
            out.push_str("{% endif %}");
        }
    }
}

fn body(out: &mut String, statements: &[Stmt<'_>]) {
    for parsed in statements {
        statement(out, parsed);
    }
}

/// Writes the target of an assignment: a name, or several in parentheses.
fn target(out: &mut String, parsed: &Expr<'_>) {
    match parsed {
        Expr::List(list) => {
            out.push('(');
            for item in &list.items {
                target(out, item);
                out.push_str(", ");
            }
            out.push(')');
        }
        name => bare(out, name),
    }
}
