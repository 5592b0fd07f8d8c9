//! How a picture is fitted to a screen of other proportions.

/// How a picture is fitted to a screen of other proportions.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Fit {
    /// The whole picture, with black bars on two sides.
    Contain,
    /// The whole screen; what exceeds it is cropped equally on both sides.
    #[default]
    Cover,
}
