//! The methods of maps, of which `event` and `values` are two.

use minijinja::value::from_args;
use minijinja::{Error, ErrorKind, Value};

use super::super::compare::find;

/// Calls the method `name` of `map`.
pub(super) fn call(map: &Value, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    let keys = || Ok::<_, Error>(map.try_iter()?.collect::<Vec<Value>>());
    match name {
        "copy" => {
            let () = from_args(arguments)?;
            Ok(map.clone())
        }
        "get" => {
            let (key, default): (Value, Option<Value>) = from_args(arguments)?;
            let found = find(map, &key)?;
            Ok(if found.is_undefined() {
                default.unwrap_or_else(|| Value::from(()))
            } else {
                found
            })
        }
        "items" => {
            let () = from_args(arguments)?;
            let pair = |key: Value| Ok(Value::from(vec![key.clone(), map.get_item(&key)?]));
            keys()?
                .into_iter()
                .map(pair)
                .collect::<Result<Vec<_>, Error>>()
                .map(Value::from)
        }
        "keys" => {
            let () = from_args(arguments)?;
            keys().map(Value::from)
        }
        "values" => {
            let () = from_args(arguments)?;
            let value = |key: Value| map.get_item(&key);
            keys()?
                .into_iter()
                .map(value)
                .collect::<Result<Vec<_>, Error>>()
                .map(Value::from)
        }
        _ => Err(ErrorKind::UnknownMethod.into()),
    }
}
