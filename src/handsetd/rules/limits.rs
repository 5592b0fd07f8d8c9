//! Limits of expressions and templates.

/// The longest expression, in bytes. minijinja compiles a chain of operators as deep as it is long.
pub(super) const MAX_EXPRESSION: usize = 1024;

/// The longest result of a template, in bytes; no key takes a longer value.
pub(super) const MAX_TEXT: usize = 64 * 1024;

/// How many instructions a condition or a template may execute: plenty for an honest one, and over in
/// a few milliseconds for an endless one.
pub(super) const FUEL: u64 = 20_000;

/// The longest intermediate text or list that a filter, method or operator makes of shorter ones, in bytes.
pub(super) const MAX_REPLACED: usize = 16 * MAX_TEXT;

/// The longest list that a filter, method or operator makes of a text or a shorter list.
pub(super) const MAX_ELEMENTS: usize = 10_000;

/// How deep lists and maps may nest; they are walked recursively.
pub(super) const MAX_DEPTH: usize = 32;

/// The longest result of padding a text, in characters.
pub(super) const MAX_WIDTH: usize = 1000;
