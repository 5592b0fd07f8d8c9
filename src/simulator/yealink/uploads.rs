//! Files that the phone has fetched and keeps under their names.

use std::collections::BTreeMap;

use bytes::Bytes;
use image::ImageFormat;

use crate::picture::Picture;

/// Ring tones and wallpapers by file name.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    tones: BTreeMap<String, Bytes>,
    wallpapers: BTreeMap<String, Picture>,
}

impl Uploads {
    pub(super) fn tone(&self, name: &str) -> Option<Bytes> {
        self.tones.get(name).cloned()
    }

    pub(super) fn wallpaper(&self, name: &str) -> Option<Picture> {
        self.wallpapers.get(name).cloned()
    }

    pub(super) fn add_tone(&mut self, name: String, tone: Bytes) -> Result<(), String> {
        add(&mut self.tones, name, tone)
    }

    pub(super) fn add_wallpaper(&mut self, name: String, picture: Picture) -> Result<(), String> {
        add(&mut self.wallpapers, name, picture)
    }
}

fn add<T>(files: &mut BTreeMap<String, T>, name: String, file: T) -> Result<(), String> {
    if files.len() >= MAX_FILES && !files.contains_key(&name) {
        return Err(format!("there is no room for more than {MAX_FILES} files"));
    }
    files.insert(name, file);
    Ok(())
}

/// Formats of pictures on screens and of wallpapers.
pub(super) const PICTURE_FORMATS: [ImageFormat; 3] =
    [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Bmp];

/// Maximum number of files of each kind.
const MAX_FILES: usize = 10;
