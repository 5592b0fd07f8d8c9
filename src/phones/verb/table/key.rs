//! The keys of verbs.

use crate::verb::kind::Kind;

/// One key of a verb.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The name.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: Kind,
    /// What it is for: one sentence or two without the last full stop, with words to write in
    /// backticks.
    pub meaning: &'static str,
    /// The value that it has if it is not given; `None` if there is none, or `meaning` says what
    /// happens then.
    pub default: Option<&'static str>,
    /// A valid value.
    pub example: &'static str,
    /// How often it may be given.
    pub max_values: usize,
    /// Whether the verb requires it.
    pub required: bool,
}

impl Key {
    /// Returns an optional key that may be given once.
    pub(super) const fn new(
        name: &'static str,
        kind: Kind,
        meaning: &'static str,
        example: &'static str,
    ) -> Self {
        Self {
            name,
            kind,
            meaning,
            default: None,
            example,
            max_values: 1,
            required: false,
        }
    }

    pub(super) const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    pub(super) const fn default(self, value: &'static str) -> Self {
        Self {
            default: Some(value),
            ..self
        }
    }

    /// The key may be given up to `max_values` times.
    pub(super) const fn up_to(self, max_values: usize) -> Self {
        Self { max_values, ..self }
    }

    pub(super) const fn repeatable(self) -> Self {
        self.up_to(MAX_VALUES)
    }

    /// Returns whether it may be given more than once.
    pub const fn is_repeatable(&self) -> bool {
        self.max_values > 1
    }
}

/// The keys of every verb.
pub const COMMON: &[Key] = &[
    Key::new(
        "deadline",
        Kind::Duration,
        "How long the phone may take. If unset, each step has its own limit",
        "3s",
    ),
    Key::new(
        "keep",
        Kind::Duration,
        "How long to store the request while the phone cannot be reached. It is delivered when the \
         phone is back; the status is `QUEUED` meanwhile. If unset or 0, such a request is \
         `UNREACHABLE`",
        "8h",
    ),
    Key::new(
        "phone",
        Kind::Phones,
        "The phones. If unset, the phone of the caller or, in a rule, that of the event",
        "1001&1002",
    ),
    Key::new(
        "via",
        Kind::Word(&["http", "notify", "csta", "pbx"]),
        "The transport. If unset, that of the phone's configuration, or else the best that the \
         phone supports",
        "notify",
    ),
    Key::new(
        "wait",
        Kind::YES_NO,
        "Whether to wait for the phone. With `no` the status is `QUEUED` at once",
        "no",
    )
    .default("yes"),
];

/// How often a repeatable key may be given. No phone shows a menu or a directory that long, and a
/// request of the longest length has room for some more.
pub const MAX_VALUES: usize = 10_000;
