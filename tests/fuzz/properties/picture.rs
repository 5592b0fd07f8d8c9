//! Pictures and backgrounds: any file in, within our limits a picture out that the phone takes.
//!
//! An input is a letter for the model, and the file. Memory and time are bounded by how the fuzzer is
//! run.

use std::sync::LazyLock;

use handset_phones::media::{
    Background, Display, Encoding, Fit, Model, Picture, background, picture,
};
use handset_phones::phone::Vendor;

/// Converts the file to a screen's picture and to a background.
pub fn check(bytes: &[u8]) {
    let Some((letter, source)) = bytes.split_first() else {
        return;
    };
    let letter = usize::from(*letter);
    let screen = &SCREENS[letter % SCREENS.len()];
    if let Ok(made) = picture::convert(source, screen) {
        assert!(made.width <= screen.width && made.height <= screen.height);
        is_readable(&made, screen);
    }
    let wanted = &BACKGROUNDS[letter % BACKGROUNDS.len()];
    let fit = if letter.is_multiple_of(2) {
        Fit::Cover
    } else {
        Fit::Contain
    };
    if let Ok(made) = background::convert(source, wanted, fit) {
        let size = (made.image.width, made.image.height);
        assert_eq!(size, (wanted.display.width, wanted.display.height));
        is_readable(&made.image, &wanted.display);
        let thumbnail = made.thumbnail.map(|small| (small.width, small.height));
        assert_eq!(thumbnail, wanted.thumbnail);
    }
}

/// A file that we made is one that we take.
fn is_readable(made: &Picture, wanted: &Display) {
    assert!(!made.bytes.is_empty() && made.width > 0 && made.height > 0);
    assert_eq!(made.content_type, wanted.encoding.content_type());
    if matches!(wanted.encoding, Encoding::Png) {
        let again = picture::convert(&made.bytes, wanted).expect("our own file is refused");
        assert_eq!((again.width, again.height), (made.width, made.height));
    }
}

/// The displays of all models, each once.
static SCREENS: LazyLock<Vec<Display>> =
    LazyLock::new(|| distinct(models().filter_map(|model| model.screen_image.ok())));

/// The backgrounds of all models, each once.
static BACKGROUNDS: LazyLock<Vec<Background>> =
    LazyLock::new(|| distinct(models().filter_map(|model| model.background.ok())));

fn models() -> impl Iterator<Item = Model> {
    [Vendor::Cisco, Vendor::Snom, Vendor::Yealink]
        .into_iter()
        .flat_map(|vendor| Model::all(vendor).map(move |name| Model::find(vendor, name)))
}

fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for one in all {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}
