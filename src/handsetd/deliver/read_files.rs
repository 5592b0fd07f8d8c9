//! Reads the files that a request names, for another daemon, which delivers it.

use std::sync::Arc;

use bytes::Bytes;
use handset_phones::phone::Vendor;
use handset_phones::screen::{Body, Source};
use handset_phones::verb::{Action, Content, Push, Tone};

use super::failure::Failure;
use super::prepare::{MediaPipeline, read};
use crate::fleet::CarriedFiles;

/// Returns each file with the name by which the request refers to it.
pub(super) async fn read_files(
    pipeline: &Arc<MediaPipeline>,
    action: &Action,
) -> Result<Vec<(String, Bytes)>, Failure> {
    let here = CarriedFiles::default();
    let from = (pipeline, &here);
    let mut files = Vec::new();
    if let Action::Push(Push {
        content: Content::Template { name, .. },
        ..
    }) = action
    {
        for vendor in Vendor::ALL {
            let name = format!("{vendor}/{name}");
            if let Ok(content) = read(from, &name).await {
                files.push((name, content.into()));
            }
        }
        match read(from, name).await {
            Ok(content) => files.push((name.clone(), content.into())),
            // One for the vendor of the phone may do.
            Err(_) if !files.is_empty() => {}
            Err(failure) => return Err(failure.of("template")),
        }
    }
    if let Some((key, Source::File(name))) = source(action) {
        let content = read(from, name).await;
        let content = content.map_err(|failure| failure.of(key))?;
        files.push((name.clone(), content.into()));
    }
    Ok(files)
}

/// Returns the source of the picture or tone of an action, and its key.
fn source(action: &Action) -> Option<(&'static str, &Source)> {
    match action {
        Action::Background { image, .. } => Some(("image", image)),
        Action::Ring(Tone::Source(tone))
        | Action::Ringtone {
            tone: Tone::Source(tone),
            ..
        } => Some(("tone", tone)),
        Action::Push(Push {
            content: Content::Screen(screen),
            ..
        }) => match &screen.body {
            Body::Image(image) => Some(("image", image)),
            _ => None,
        },
        _ => None,
    }
}
