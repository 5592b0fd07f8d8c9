//! The tests `even`, `odd` and `divisibleby`, which read texts that look like numbers as comparisons do.

use std::borrow::Cow;

use minijinja::{Environment, Error, ErrorKind, Value, tests};

use super::numbers::number;

/// Replaces the tests of minijinja, for which no text is a number.
pub(super) fn extend(environment: &mut Environment<'static>) {
    environment.add_test("even", |value: &Value| {
        Ok::<_, Error>(tests::is_even(read(value)?.into_owned()))
    });
    environment.add_test("odd", |value: &Value| {
        Ok::<_, Error>(tests::is_odd(read(value)?.into_owned()))
    });
    environment.add_test("divisibleby", is_divisible);
}

/// minijinja's own panics for a divisor of zero.
fn is_divisible(value: &Value, divisor: &Value) -> Result<bool, Error> {
    let (value, divisor) = (read(value)?, read(divisor)?);
    if *divisor == Value::from(0) {
        let text = format!("cannot divide {value} by zero");
        return Err(Error::new(ErrorKind::InvalidOperation, text));
    }
    let whole = |value: &Value| i128::try_from(value.clone()).ok();
    if let (Some(value), Some(divisor)) = (whole(&value), whole(&divisor)) {
        // It overflows only for -1, which divides everything.
        return Ok(value.checked_rem(divisor).is_none_or(|rest| rest == 0));
    }
    Ok(tests::is_divisibleby(&value, &divisor))
}

/// Returns the number that a text looks like, and any other value as it is.
fn read(value: &Value) -> Result<Cow<'_, Value>, Error> {
    if value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    let number = value.as_str().and_then(number);
    Ok(number.map_or(Cow::Borrowed(value), Cow::Owned))
}
