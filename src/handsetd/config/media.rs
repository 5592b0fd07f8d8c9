//! The `[media]` section: where images and ring tones may come from.

use std::path::PathBuf;

use handset_phones::phone::Address;
use serde::Deserialize;

use super::setting::Setting;
use super::validator::Validator;

/// Where `image=`, `tone=` and `template=` may come from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    /// The only directories that files are read from; absolute paths.
    pub folders: Vec<PathBuf>,
    /// The only hosts that handsetd fetches media from in order to convert them: `HOST`, for every
    /// port, or `HOST:PORT`.
    pub hosts: Vec<String>,
}

impl Default for Media {
    fn default() -> Self {
        Self {
            folders: vec![PathBuf::from("/var/lib/handsetd/media")],
            hosts: Vec::new(),
        }
    }
}

/// Reads the section.
pub(super) fn read(root: &mut Setting, validator: &mut Validator) -> Media {
    let (media, section) = validator.section::<Media>(root, "media");
    for folder in &media.folders {
        if !folder.is_absolute() {
            let text = format!(
                "{:?} is not an absolute path; it must begin with /",
                folder.display().to_string()
            );
            validator.reject(&section, "folders", text);
        } else if section.get("folders").is_some() && !folder.is_dir() {
            validator.warn(format!(
                "media.folders: {} does not exist yet",
                folder.display()
            ));
        }
    }
    for host in &media.hosts {
        if host.parse::<Address>().is_err() {
            let text = format!(
                "invalid host {host:?}; use a host such as media.example.com or 192.0.2.5:8080"
            );
            validator.reject(&section, "hosts", text);
        }
    }
    media
}
