//! The methods of lists.

use minijinja::value::from_args;
use minijinja::{Error, ErrorKind, Value};

use super::error::invalid;

/// Calls the method `name` of `list`.
pub(super) fn call(list: &Value, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    match name {
        "copy" => {
            let () = from_args(arguments)?;
            Ok(list.clone())
        }
        "count" => {
            let (wanted,): (Value,) = from_args(arguments)?;
            Ok(Value::from(
                list.try_iter()?
                    .filter(|element| *element == wanted)
                    .count(),
            ))
        }
        "index" => {
            let (wanted,): (Value,) = from_args(arguments)?;
            let found = list.try_iter()?.position(|element| element == wanted);
            found
                .map(Value::from)
                .ok_or_else(|| invalid(format!("{wanted} is not in the list")))
        }
        _ => Err(ErrorKind::UnknownMethod.into()),
    }
}
