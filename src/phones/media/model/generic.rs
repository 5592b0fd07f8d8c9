//! Phones of other vendors: no way is known to have them fetch pictures or tones.

use super::row::Row;
use super::yealink;

/// Every model.
pub(super) static OTHER: Row = Row {
    names: &[],
    families: &[],
    screen_image: Err(NO_MEDIA),
    background: Err(NO_MEDIA),
    // Never fetched; the backend refuses ring tones.
    ringtone: yealink::OTHER.ringtone,
    play: Err(NO_MEDIA),
};

const NO_MEDIA: &str = "no way is known to have a phone of another vendor fetch media";
