//! The size of values in expressions.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value};

use super::limits::{MAX_DEPTH, MAX_REPLACED};

/// How much values may take, roughly, in bytes.
#[derive(Debug)]
pub(super) struct Room(usize);

impl Room {
    /// Returns room for what one operation makes.
    pub(super) fn new() -> Self {
        Self(MAX_REPLACED)
    }

    /// Returns room for values each of which may appear `times`.
    pub(super) fn shared(times: usize) -> Self {
        Self(MAX_REPLACED.checked_div(times).unwrap_or(MAX_REPLACED))
    }

    /// Takes the size of a value.
    ///
    /// # Errors
    ///
    /// Fails if there is not enough room, or if the value nests too deep. It is not looked at any further
    /// then, so that the time is bounded as well.
    pub(super) fn take(&mut self, value: &Value) -> Result<(), Error> {
        self.take_at(value, MAX_DEPTH)
    }

    fn take_at(&mut self, value: &Value, depth: usize) -> Result<(), Error> {
        let own = value.as_str().map_or(0, str::len).saturating_add(VALUE);
        self.0 = self.0.checked_sub(own).ok_or_else(too_large)?;
        let is_map = match value.kind() {
            ValueKind::Seq | ValueKind::Iterable => false,
            ValueKind::Map => true,
            _ => return Ok(()),
        };
        let depth = depth.checked_sub(1).ok_or_else(too_large)?;
        // All phones are a map that does not list its keys.
        let Ok(mut elements) = value.try_iter() else {
            return Ok(());
        };
        elements.try_for_each(|element| {
            self.take_at(&element, depth)?;
            if is_map {
                self.take_at(&value.get_item(&element)?, depth)?;
            }
            Ok(())
        })
    }
}

/// Refuses values that are too large together.
pub(super) fn check<const N: usize>(values: [&Value; N]) -> Result<(), Error> {
    let mut room = Room::new();
    values.iter().try_for_each(|value| room.take(value))
}

/// Returns the error of a result that would be too large.
pub(super) fn too_large() -> Error {
    Error::new(ErrorKind::InvalidOperation, "result too large")
}

/// What a value takes beside its text, roughly, in bytes.
const VALUE: usize = 16;
