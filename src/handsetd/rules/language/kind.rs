//! What is known about the value of an expression before it is evaluated.

use minijinja::value::ValueKind;

use super::ast::{BinOpKind, Expr, UnaryOpKind};

/// The kind of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// `event`.
    Event,
    List,
    Map,
    /// `now`.
    Now,
    /// `phone`, or one of `phones`.
    Phone,
    /// `phones`.
    Phones,
    /// A number or a truth value.
    Scalar,
    /// `query`.
    Query,
    /// The result of a step.
    StepResult,
    /// `steps`.
    Steps,
    Text,
    Unknown,
    /// `values`.
    Values,
}

impl Kind {
    /// Returns the kind of a variable that is not assigned to.
    fn of_name(name: &str) -> Self {
        match name {
            "event" => Self::Event,
            "now" => Self::Now,
            "phone" => Self::Phone,
            "phones" => Self::Phones,
            "query" => Self::Query,
            "steps" => Self::Steps,
            "values" => Self::Values,
            _ => Self::Unknown,
        }
    }

    /// Returns the kind of a member.
    fn member(self) -> Self {
        match self {
            Self::Event | Self::Phone | Self::Query => Self::Text,
            Self::Phones => Self::Phone,
            Self::Steps => Self::StepResult,
            Self::Values => Self::List,
            Self::List
            | Self::Map
            | Self::Now
            | Self::Scalar
            | Self::StepResult
            | Self::Text
            | Self::Unknown => Self::Unknown,
        }
    }

    /// Returns the names of its attributes, if they are known.
    pub(super) fn attributes(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Now => Some(NOW),
            Self::Phone => Some(PHONE),
            Self::StepResult => Some(STEP_RESULT),
            Self::List | Self::Scalar | Self::Text => Some(&[]),
            Self::Event
            | Self::Map
            | Self::Phones
            | Self::Query
            | Self::Steps
            | Self::Unknown
            | Self::Values => None,
        }
    }

    /// Returns the names of its methods.
    pub(super) fn methods(self) -> Vec<&'static str> {
        let of_text = || TEXT_METHODS.iter().map(|(name, _)| *name);
        match self {
            Self::Event | Self::Map | Self::Query | Self::Values => MAP_METHODS.to_vec(),
            Self::List => LIST_METHODS.to_vec(),
            Self::Now => NOW_METHODS.to_vec(),
            Self::Phone | Self::Phones | Self::Scalar | Self::StepResult | Self::Steps => {
                Vec::new()
            }
            Self::Text => of_text().collect(),
            Self::Unknown => of_text()
                .chain([LIST_METHODS, MAP_METHODS, NOW_METHODS].concat())
                .collect(),
        }
    }

    /// Describes it in a fault.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::List => "a list",
            Self::Map => "a map",
            Self::Now => "now",
            Self::Phone => "a phone",
            Self::Phones => "phones",
            Self::Query => "query",
            Self::Scalar => "a number",
            Self::StepResult => "the result of a step",
            Self::Steps => "steps",
            Self::Text => "a text",
            Self::Unknown => "this value",
            Self::Values => "values",
        }
    }
}

/// Returns the kind of an expression; variables of which `is_assigned` is true are of any kind.
pub(super) fn kind(expression: &Expr<'_>, is_assigned: &impl Fn(&str) -> bool) -> Kind {
    let kind = |expression: &Expr<'_>| kind(expression, is_assigned);
    match expression {
        Expr::Var(variable) if is_assigned(variable.id) => Kind::Unknown,
        Expr::Var(variable) => Kind::of_name(variable.id),
        Expr::Const(constant) => match constant.value.kind() {
            ValueKind::String => Kind::Text,
            ValueKind::Number | ValueKind::Bool => Kind::Scalar,
            _ => Kind::Unknown,
        },
        Expr::Slice(slice) => kind(&slice.expr),
        Expr::UnaryOp(operation) => match operation.op {
            UnaryOpKind::Not | UnaryOpKind::Neg => Kind::Scalar,
        },
        Expr::BinOp(operation) => match operation.op {
            BinOpKind::Concat => Kind::Text,
            // The result may be either operand.
            BinOpKind::ScAnd | BinOpKind::ScOr | BinOpKind::Add | BinOpKind::Mul => Kind::Unknown,
            _ => Kind::Scalar,
        },
        Expr::Compare(_) | Expr::Test(_) => Kind::Scalar,
        Expr::IfExpr(_) => Kind::Unknown,
        Expr::Filter(filter) => result(filter.name, FILTERS),
        Expr::GetAttr(attribute) => kind(&attribute.expr).member(),
        Expr::GetItem(item) => match kind(&item.expr) {
            // A character, if anything.
            Kind::Text => Kind::Text,
            other => other.member(),
        },
        Expr::Call(call) => match &call.expr {
            Expr::GetAttr(method) => result_of_method(method.name),
            _ => Kind::Unknown,
        },
        Expr::List(_) | Expr::Tuple(_) => Kind::List,
        Expr::Map(_) => Kind::Map,
    }
}

fn result(name: &str, table: &[(Kind, &[&str])]) -> Kind {
    let found = table.iter().find(|(_, names)| names.contains(&name));
    found.map_or(Kind::Unknown, |(kind, _)| *kind)
}

fn result_of_method(name: &str) -> Kind {
    if NOW_METHODS.contains(&name) {
        return Kind::Text;
    }
    let found = TEXT_METHODS.iter().find(|(method, _)| *method == name);
    found.map_or(Kind::Unknown, |(_, kind)| *kind)
}

/// Filters by the kind of their result.
const FILTERS: &[(Kind, &[&str])] = &[
    (Kind::List, &["lines", "list", "split"]),
    (
        Kind::Scalar,
        &["abs", "bool", "count", "float", "int", "length", "round"],
    ),
    (
        Kind::Text,
        &[
            "capitalize",
            "endpoint",
            "format",
            "join",
            "lower",
            "number",
            "replace",
            "string",
            "title",
            "trim",
            "upper",
        ],
    ),
];

/// The attributes of `now`.
pub(in crate::rules) const NOW: &[&str] = &[
    "date", "day", "hour", "minute", "month", "second", "time", "weekday", "year",
];

/// The attributes of a phone.
pub(in crate::rules) const PHONE: &[&str] = &[
    "activity", "address", "dnd", "hook", "model", "name", "vendor",
];

/// The attributes of the result of a step.
const STEP_RESULT: &[&str] = &["http", "reason", "result", "status"];

const LIST_METHODS: &[&str] = &["copy", "count", "index"];

const MAP_METHODS: &[&str] = &["copy", "get", "items", "keys", "values"];

const NOW_METHODS: &[&str] = &["strftime"];

/// The methods of texts, and the kinds of their results. Those of lists with the same name have the same kind.
const TEXT_METHODS: &[(&str, Kind)] = &[
    ("capitalize", Kind::Text),
    ("casefold", Kind::Text),
    ("center", Kind::Text),
    ("count", Kind::Scalar),
    ("endswith", Kind::Scalar),
    ("find", Kind::Scalar),
    ("format", Kind::Text),
    ("index", Kind::Scalar),
    ("isalnum", Kind::Scalar),
    ("isalpha", Kind::Scalar),
    ("isascii", Kind::Scalar),
    ("isdecimal", Kind::Scalar),
    ("isdigit", Kind::Scalar),
    ("islower", Kind::Scalar),
    ("isnumeric", Kind::Scalar),
    ("isspace", Kind::Scalar),
    ("istitle", Kind::Scalar),
    ("isupper", Kind::Scalar),
    ("join", Kind::Text),
    ("ljust", Kind::Text),
    ("lower", Kind::Text),
    ("lstrip", Kind::Text),
    ("partition", Kind::List),
    ("removeprefix", Kind::Text),
    ("removesuffix", Kind::Text),
    ("replace", Kind::Text),
    ("rfind", Kind::Scalar),
    ("rindex", Kind::Scalar),
    ("rjust", Kind::Text),
    ("rpartition", Kind::List),
    ("rsplit", Kind::List),
    ("rstrip", Kind::Text),
    ("split", Kind::List),
    ("splitlines", Kind::List),
    ("startswith", Kind::Scalar),
    ("strip", Kind::Text),
    ("swapcase", Kind::Text),
    ("title", Kind::Text),
    ("upper", Kind::Text),
    ("zfill", Kind::Text),
];
