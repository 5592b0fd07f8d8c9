//! The `[media]` section: where pictures and tones may come from.

use std::path::PathBuf;

use serde::Deserialize;

use super::check::Check;
use super::tree::Node;
use handset_phones::phone::Address;

/// Where `image=`, `tone=` and `template=` may come from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Media {
    /// The only folders that files are read from; absolute paths.
    pub folders: Vec<PathBuf>,
    /// The only hosts that handsetd itself fetches from, to convert what it got; `HOST`, which
    /// stands for every port, or `HOST:PORT`.
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
pub(super) fn read(root: &mut Node, check: &mut Check) -> Media {
    let (media, node) = check.section::<Media>(root, "media");
    for folder in &media.folders {
        if !folder.is_absolute() {
            let text = format!(
                "{:?} is no absolute path; begin it with /",
                folder.display().to_string()
            );
            check.fault(&node, "folders", text);
        } else if node.child("folders").is_some() && !folder.is_dir() {
            check.notice(format!(
                "media.folders: there is no folder {} yet",
                folder.display()
            ));
        }
    }
    for host in &media.hosts {
        if host.parse::<Address>().is_err() {
            let text = format!("{host:?} is no host; write media.example.com or 192.0.2.5:8080");
            check.fault(&node, "hosts", text);
        }
    }
    media
}
