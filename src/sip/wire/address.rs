//! Addresses as they are in `From`, `To`, `Contact` and `Route`.

use std::fmt;

use super::grammar::{Param, complete, elements, name_addr};
use super::header::{Headers, Name};
use super::params::escaped;
use super::uri::Uri;

/// A URI with parameters of its header field, perhaps after a display name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NameAddr {
    /// The display name without quotes; may be empty.
    pub display_name: String,
    /// The URI.
    pub uri: Uri,
    /// The parameters after the URI, names in lower case.
    params: Vec<Param>,
}

impl NameAddr {
    /// Creates an address of just a URI.
    pub fn new(uri: Uri) -> Self {
        Self {
            display_name: String::new(),
            uri,
            params: Vec::new(),
        }
    }

    /// Adds a tag.
    #[must_use]
    pub(crate) fn with_tag(mut self, tag: &str) -> Self {
        self.params.push(("tag".to_owned(), Some(tag.to_owned())));
        self
    }

    /// Reads one address.
    pub fn parse(text: &str) -> Option<Self> {
        let (display_name, uri, params) = complete(name_addr, text)?;
        Some(Self {
            display_name,
            uri: uri.parse().ok()?,
            params,
        })
    }

    /// Reads all addresses of the fields of this name; `None` if one is invalid.
    pub fn list(headers: &Headers, name: Name) -> Option<Vec<Self>> {
        headers
            .all(name)
            .flat_map(elements)
            .map(Self::parse)
            .collect()
    }

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

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.display_name.is_empty() {
            write!(f, "\"{}\" ", escaped(&self.display_name))?;
        }
        write!(f, "<{}>", self.uri)?;
        super::params::write(f, &self.params)
    }
}
