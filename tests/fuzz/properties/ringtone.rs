//! Ring tones: any file in, within its limits a tone out that the phone takes.
//!
//! An input is a letter for the format, and the file.

use handset_phones::media::ringtone::{Coding, Container, convert};
use handset_phones::media::{Tone, ToneFormat};

/// Converts the file.
pub fn check(bytes: &[u8]) {
    let Some((letter, source)) = bytes.split_first() else {
        return;
    };
    let wanted = FORMATS[usize::from(*letter) % FORMATS.len()];
    match convert(source, wanted) {
        Ok(tone) => is_wanted(&tone, wanted),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn is_wanted(tone: &Tone, wanted: ToneFormat) {
    let samples = u32::try_from(tone.samples).expect("it is too long");
    assert_eq!(tone.rate, wanted.rate);
    assert_eq!(samples % wanted.multiple, 0);
    assert!(samples >= wanted.shortest && samples < wanted.longest + wanted.multiple);
    let width = match wanted.coding {
        Coding::Linear => 2,
        Coding::Mulaw => 1,
    };
    let data = tone.samples * width;
    match wanted.container {
        Container::Raw => assert_eq!(tone.bytes.len(), data),
        Container::Wav => {
            assert!(tone.bytes.starts_with(b"RIFF"));
            assert!((data..data + HEADER).contains(&tone.bytes.len()));
            // What was made is a source as well.
            let again = convert(&tone.bytes, wanted).expect("our own file is refused");
            assert_eq!(again.samples, tone.samples);
        }
    }
}

const FORMATS: [ToneFormat; 4] = [
    ToneFormat::CISCO_RING,
    ToneFormat::CISCO_PLAY,
    ToneFormat::SNOM_RING,
    ToneFormat::YEALINK_RING,
];

/// More than the header of a WAV file.
const HEADER: usize = 128;
