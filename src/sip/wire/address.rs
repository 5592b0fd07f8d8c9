//! Addresses as they are in `From`, `To`, `Contact` and `Route`.

use super::uri::Uri;

/// A URI with parameters of its header field, perhaps after a display name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NameAddr {
    /// The display name without quotes; may be empty.
    pub display_name: String,
    /// The URI.
    pub uri: Uri,
    /// The parameters after the URI, names in lower case.
    pub params: Vec<(String, Option<String>)>,
}

impl NameAddr {
    /// Returns the value of a parameter of the field, which is empty if only its name is written.
    pub fn param(&self, name: &str) -> Option<&str> {
        let param = self.params.iter().find(|(other, _)| other == name)?;
        Some(param.1.as_deref().unwrap_or_default())
    }

    /// Returns the `tag`.
    pub fn tag(&self) -> Option<&str> {
        self.param("tag").filter(|tag| !tag.is_empty())
    }
}
