//! When a screen or URI takes effect.

/// When a screen or URI takes effect.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Priority {
    /// Once the phone is idle.
    Idle,
    /// At once.
    #[default]
    Now,
    /// At once if the phone is idle, otherwise never.
    OnlyIdle,
}
