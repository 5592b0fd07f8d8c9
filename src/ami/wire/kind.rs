//! Telling events and responses apart.

/// What a packet is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// An event, or one item of a list.
    Event,
    /// Neither: the answer to one of a few odd actions, or a fragment of a value that contained a
    /// blank line.
    Other,
    /// The response to an action.
    Response,
}

impl Kind {
    /// Classifies a packet by its header names: the first `Event` or `Response` decides, because an
    /// event may have a header `Response` of its own.
    pub(crate) fn of<'a>(names: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut kinds = names.into_iter().filter_map(Self::of_name);
        kinds.next().unwrap_or(Self::Other)
    }

    /// Returns the kind that a header of this name decides, if any.
    pub(super) fn of_name(name: &[u8]) -> Option<Self> {
        if name.eq_ignore_ascii_case(b"Event") {
            Some(Self::Event)
        } else if name.eq_ignore_ascii_case(b"Response") {
            Some(Self::Response)
        } else {
            None
        }
    }
}
