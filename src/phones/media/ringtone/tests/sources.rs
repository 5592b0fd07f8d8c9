//! Recordings as phones and Asterisk store them.

use super::*;

const CHIRP_GSM: &[u8] = include_bytes!("../../../../../tests/fixtures/tones/chirp.gsm");
const CHIRP_WAV49: &[u8] = include_bytes!("../../../../../tests/fixtures/tones/chirp.WAV");
/// What `SoX` with libgsm decodes both to.
const CHIRP_LINEAR: &[u8] = include_bytes!("../../../../../tests/fixtures/tones/chirp.sln");

/// Returns the samples of a converted file as 16-bit integers.
fn linear(source: &[u8], name: &str) -> Vec<u8> {
    let tone = convert(source, Headerless::of_name(name), ToneFormat::SNOM_RING).unwrap();
    tone.bytes[44..].to_vec()
}

#[test]
fn gsm_is_decoded_bit_by_bit_as_libgsm_does() {
    assert_eq!(linear(CHIRP_GSM, "chirp.gsm"), CHIRP_LINEAR);
    assert_eq!(linear(CHIRP_WAV49, "chirp.WAV"), CHIRP_LINEAR);
    assert_eq!(linear(CHIRP_LINEAR, "chirp.sln"), CHIRP_LINEAR);
}

#[test]
fn cut_gsm_frames_are_left_out() {
    let whole = CHIRP_LINEAR.len() / 20;
    assert_eq!(linear(&CHIRP_GSM[..658], "x.gsm").len(), 19 * whole);
    let header = CHIRP_WAV49.len() - 650;
    let cut = linear(&CHIRP_WAV49[..header + 649], "x.wav");
    assert_eq!(cut, CHIRP_LINEAR[..18 * whole]);
}

#[test]
fn file_that_is_only_called_gsm_is_refused() {
    let gsm = Headerless::of_name("X.GSM");
    let error = convert(&[0; 66], gsm, ToneFormat::CISCO_RING).unwrap_err();
    assert!(
        error.to_string().starts_with("not a GSM recording"),
        "{error}"
    );
    assert!(convert(&CHIRP_GSM[..32], gsm, ToneFormat::CISCO_RING).is_err());
}

#[test]
fn ring_tone_of_a_cisco_phone_stays_as_it_is() {
    let ring: Vec<u8> = (0..=u8::MAX).cycle().take(2400).collect();
    let name = Headerless::of_name("Analog1.raw");
    let tone = convert(&ring, name, ToneFormat::CISCO_RING).unwrap();
    assert_eq!((&tone.bytes[..], tone.samples), (&ring[..], 2400));
    // One of another length is only padded.
    let short = include_bytes!("../../../../../tests/fixtures/field/ring.raw");
    let tone = convert(short, name, ToneFormat::CISCO_RING).unwrap();
    assert_eq!(tone.bytes[4..200], short[4..200]);
    assert_eq!(tone.bytes[256..], [0xFF; 480 - 256]);
}

#[test]
fn wideband_ring_tone_is_resampled() {
    let samples = sine(1000.0, 0.5, 16_000, 8000);
    let source: Vec<u8> = samples
        .into_iter()
        .flat_map(|value| sample_bytes(Kind::Integer(16), value))
        .collect();
    for name in ["chime.rwb", "chime.sln16"] {
        let name = Headerless::of_name(name);
        let tone = convert(&source, name, ToneFormat::SNOM_RING).unwrap();
        assert_eq!(tone.samples, 4000);
        let at = amplitude(&heard(&tone, ToneFormat::SNOM_RING), 1000.0);
        assert!((at - 0.5).abs() < 0.02, "{at}");
    }
}

#[test]
fn bits_of_g711_are_ignored() {
    let files: [&[u8]; 2] = [
        include_bytes!("../../../../../tests/fixtures/field/ulaw-bits-0.wav"),
        include_bytes!("../../../../../tests/fixtures/field/ulaw-bits-16.wav"),
    ];
    let plain = riff(&[format(7, 1, 8000, 8), chunk(b"data", &files[0][46..])]);
    let expected = convert(&plain, None, ToneFormat::CISCO_RING).unwrap();
    for file in files {
        let tone = convert(file, None, ToneFormat::CISCO_RING).unwrap();
        assert_eq!(tone, expected);
    }
    let mut alaw = riff(&[format(6, 2, 8000, 0), chunk(b"data", &[0xD5; 480])]);
    alaw[32] = 77;
    assert_eq!(
        convert(&alaw, None, ToneFormat::CISCO_RING)
            .unwrap()
            .samples,
        240
    );
}

#[test]
fn content_decides_before_the_name() {
    let wav = wav(Kind::Integer(16), 8000, &[&[0.5; 480]]);
    let named = convert(
        &wav,
        Headerless::of_name("bell.raw"),
        ToneFormat::CISCO_RING,
    );
    let plain = convert(&wav, None, ToneFormat::CISCO_RING);
    assert_eq!(named.unwrap(), plain.unwrap());
    for name in ["bell.wav", "bell.WAV", "bell.mp3", "bell", "gsm", ""] {
        assert_eq!(Headerless::of_name(name), None, "{name}");
    }
}

#[test]
fn long_tone_is_cut_at_a_quiet_moment_and_says_so() {
    let mut samples = sine(440.0, 0.5, 8000, 25 * 8000);
    // 1.8 s is in the last quarter of the 2.01 s that a Cisco phone plays.
    samples[14_160..14_640].fill(0.0);
    let source = wav(Kind::Integer(16), 8000, &[&samples]);
    let tone = convert(&source, None, ToneFormat::CISCO_RING).unwrap();
    assert_eq!(tone.samples, 14_640);
    let note = tone.note().unwrap();
    assert!(
        note.starts_with("the tone was cut from 25.0 s to 1.8 s"),
        "{note}"
    );
    let short = wav(Kind::Integer(16), 8000, &[&samples[..16_080]]);
    assert_eq!(
        convert(&short, None, ToneFormat::CISCO_RING)
            .unwrap()
            .note(),
        None
    );
}

proptest! {
    #[test]
    fn headerless_garbage_never_panics(bytes in vec(any::<u8>(), 0..600), which in 0..9_usize) {
        let names = ["raw", "rwb", "gsm", "alaw", "ulaw", "sln", "sln12", "sln44", "sln192"];
        let headerless = Headerless::of_name(&format!("x.{}", names[which]));
        for wanted in FORMATS {
            if let Ok(tone) = convert(&bytes, headerless, wanted) {
                prop_assert!(tone.samples >= wanted.shortest as usize);
                prop_assert!(tone.samples <= wanted.longest as usize);
                prop_assert_eq!(tone.samples % wanted.multiple as usize, 0);
            }
        }
        // Frames with a signature and random parameters.
        let mut frames = bytes;
        frames.chunks_mut(33).for_each(|frame| frame[0] = 0xD0 | frame[0] & 15);
        let _ = convert(&frames, Headerless::of_name("x.gsm"), ToneFormat::CISCO_RING);
    }
}
