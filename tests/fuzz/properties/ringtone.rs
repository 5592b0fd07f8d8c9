//! Ring tones: any file within the limits converts to a tone that the phone accepts.
//!
//! An input is a letter for the format and the name of the source, and the file.

use handset_phones::media::ringtone::{Coding, Container, convert};
use handset_phones::media::{Headerless, Tone, ToneFormat};

/// Converts the file.
pub fn check(bytes: &[u8]) {
    let Some((letter, source)) = bytes.split_first() else {
        return;
    };
    let format = FORMATS[usize::from(*letter) % FORMATS.len()];
    let name = NAMES[usize::from(*letter) / FORMATS.len() % NAMES.len()];
    match convert(source, Headerless::of_name(name), format) {
        Ok(tone) => check_tone(&tone, format),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

fn check_tone(tone: &Tone, format: ToneFormat) {
    let samples = u32::try_from(tone.samples).expect("a short tone");
    assert_eq!(tone.rate, format.rate);
    assert_eq!(samples % format.multiple, 0);
    assert!(samples >= format.shortest && samples < format.longest + format.multiple);
    let width = match format.coding {
        Coding::Linear => 2,
        Coding::Mulaw => 1,
    };
    let data = tone.samples * width;
    match format.container {
        Container::Raw => assert_eq!(tone.bytes.len(), data),
        Container::Wav => {
            assert!(tone.bytes.starts_with(b"RIFF"));
            assert!((data..data + MAX_HEADER).contains(&tone.bytes.len()));
            // A converted file is a valid source itself.
            let reconverted =
                convert(&tone.bytes, None, format).expect("a converted file is a valid source");
            assert_eq!(reconverted.samples, tone.samples);
        }
    }
}

const FORMATS: [ToneFormat; 4] = [
    ToneFormat::CISCO_RING,
    ToneFormat::CISCO_PLAY,
    ToneFormat::SNOM_RING,
    ToneFormat::YEALINK_RING,
];

/// Names of sources; the letters of older inputs stand for the first.
const NAMES: [&str; 6] = ["x.wav", "x.raw", "x.gsm", "x.rwb", "x.alaw", "x.sln192"];

/// Upper bound for the header of a WAV file, in bytes.
const MAX_HEADER: usize = 128;
