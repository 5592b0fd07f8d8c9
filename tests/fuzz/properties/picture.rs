//! Pictures and backgrounds: any file within the limits converts to a picture that the phone accepts.
//!
//! An input is a letter for the model, and the file. The options of the fuzzer limit memory and time.

use std::sync::LazyLock;

use handset_phones::media::{
    Background, Display, Encoding, Fit, Model, Picture, background, picture,
};
use handset_phones::phone::Vendor;

/// Converts the file to a picture for the screen and to a background.
pub fn check(bytes: &[u8]) {
    let Some((letter, source)) = bytes.split_first() else {
        return;
    };
    let letter = usize::from(*letter);
    let screen = &SCREENS[letter % SCREENS.len()];
    if let Ok(converted) = picture::convert(source, screen) {
        assert!(converted.width <= screen.width && converted.height <= screen.height);
        check_picture(&converted, screen);
    }
    let target = &BACKGROUNDS[letter % BACKGROUNDS.len()];
    let fit = if letter.is_multiple_of(2) {
        Fit::Cover
    } else {
        Fit::Contain
    };
    if let Ok(converted) = background::convert(source, target, fit) {
        let size = (converted.image.width, converted.image.height);
        assert_eq!(size, (target.display.width, target.display.height));
        check_picture(&converted.image, &target.display);
        let thumbnail = converted.thumbnail.map(|small| (small.width, small.height));
        assert_eq!(thumbnail, target.thumbnail);
    }
}

/// Checks a converted picture, which must be a valid source itself.
fn check_picture(converted: &Picture, target: &Display) {
    assert!(!converted.bytes.is_empty() && converted.width > 0 && converted.height > 0);
    assert_eq!(converted.content_type, target.encoding.content_type());
    if matches!(target.encoding, Encoding::Png) {
        let reconverted =
            picture::convert(&converted.bytes, target).expect("a converted file is a valid source");
        assert_eq!(
            (reconverted.width, reconverted.height),
            (converted.width, converted.height)
        );
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
