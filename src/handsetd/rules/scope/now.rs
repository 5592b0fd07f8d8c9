//! `now`: the time, in the time zone of the rule.

use std::sync::Arc;

use jiff::Zoned;
use jiff::fmt::strtime;
use minijinja::value::{Enumerator, Object, Value, from_args};
use minijinja::{Error, ErrorKind, State};

use crate::rules::filters::check_strftime;
use crate::rules::language::NOW;

/// Returns an attribute of `now`.
pub(in crate::rules) fn field(now: &Zoned, name: &str) -> Option<Value> {
    Some(match name {
        "date" => Value::from(now.date().to_string()),
        "day" => Value::from(now.day()),
        "hour" => Value::from(now.hour()),
        "minute" => Value::from(now.minute()),
        "month" => Value::from(now.month()),
        "second" => Value::from(now.second()),
        "time" => Value::from(now.strftime("%H:%M").to_string()),
        "weekday" => Value::from(now.weekday().to_monday_one_offset()),
        "year" => Value::from(now.year()),
        _ => return None,
    })
}

#[derive(Debug)]
pub(super) struct Now(pub(super) Zoned);

impl Object for Now {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        field(&self.0, key.as_str()?)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(NOW)
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        arguments: &[Value],
    ) -> Result<Value, Error> {
        if method != "strftime" {
            return Err(ErrorKind::UnknownMethod.into());
        }
        let (format,): (&str,) = from_args(arguments)?;
        let invalid = |text| Error::new(ErrorKind::InvalidOperation, text);
        check_strftime(format).map_err(invalid)?;
        let formatted = strtime::format(format, &self.0);
        let formatted = formatted.map_err(|error| invalid(error.to_string()))?;
        Ok(Value::from(formatted))
    }

    /// Renders `{{ now }}` as `2026-11-28 18:30`.
    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%d %H:%M"))
    }
}
