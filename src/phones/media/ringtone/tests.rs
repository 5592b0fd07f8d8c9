#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "the numbers of these tests are small"
)]

use std::f32::consts::TAU;
use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

mod sources;

const FORMATS: [ToneFormat; 5] = [
    ToneFormat::CISCO_RING,
    ToneFormat::CISCO_PLAY,
    ToneFormat::SNOM_RING,
    ToneFormat::YEALINK_RING,
    ToneFormat::YEALINK_PLAY,
];

/// Coding of the samples of a source.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Integer(u16),
    Float,
    Mulaw,
    Alaw,
}

const KINDS: [Kind; 7] = [
    Kind::Integer(8),
    Kind::Integer(16),
    Kind::Integer(24),
    Kind::Integer(32),
    Kind::Float,
    Kind::Mulaw,
    Kind::Alaw,
];

/// The A-law codes of all samples, in steps of 16: those whose own samples are nearest.
static ALAW: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let nearest = |sample: i32| {
        (0..=u8::MAX).min_by_key(|code| (i32::from(g711::from_alaw(*code)) - sample).abs())
    };
    (-32_768..32_768)
        .step_by(16)
        .map(|sample| nearest(sample + 8).unwrap())
        .collect()
});

fn chunk(name: &[u8], content: &[u8]) -> Vec<u8> {
    let mut bytes = name.to_vec();
    bytes.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    bytes
}

fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut content = b"WAVE".to_vec();
    content.extend(chunks.concat());
    chunk(b"RIFF", &content)
}

fn format(tag: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
    let block = channels.wrapping_mul(bits / 8);
    let mut content = tag.to_le_bytes().to_vec();
    content.extend(channels.to_le_bytes());
    content.extend(rate.to_le_bytes());
    content.extend(rate.wrapping_mul(block.into()).to_le_bytes());
    content.extend(block.to_le_bytes());
    content.extend(bits.to_le_bytes());
    chunk(b"fmt ", &content)
}

/// Writes one sample; deliberately not by the code under test, but for the G.711 tables.
fn sample_bytes(kind: Kind, value: f32) -> Vec<u8> {
    let integer = |full: f64| (f64::from(value) * full).clamp(-full, full - 1.0).round() as i64;
    match kind {
        Kind::Integer(8) => vec![u8::try_from(integer(128.0) + 128).unwrap()],
        Kind::Integer(bits) => {
            let value = integer(2_f64.powi(i32::from(bits) - 1));
            value.to_le_bytes()[..usize::from(bits / 8)].to_vec()
        }
        Kind::Float => value.to_le_bytes().to_vec(),
        Kind::Mulaw => vec![g711::mulaw(i16::try_from(integer(32_768.0)).unwrap())],
        Kind::Alaw => vec![ALAW[usize::try_from((integer(32_768.0) >> 4) + 2048).unwrap()]],
    }
}

fn wav(kind: Kind, rate: u32, channels: &[&[f32]]) -> Vec<u8> {
    let (tag, bits) = match kind {
        Kind::Integer(bits) => (1, bits),
        Kind::Float => (3, 32),
        Kind::Mulaw => (7, 8),
        Kind::Alaw => (6, 8),
    };
    let count = u16::try_from(channels.len()).unwrap();
    let data: Vec<u8> = (0..channels[0].len())
        .flat_map(|at| channels.iter().map(move |channel| channel[at]))
        .flat_map(|value| sample_bytes(kind, value))
        .collect();
    riff(&[format(tag, count, rate, bits), chunk(b"data", &data)])
}

fn sine(frequency: f32, amplitude: f32, rate: u32, samples: usize) -> Vec<f32> {
    let step = f64::from(frequency) / f64::from(rate);
    (0..samples)
        .map(|at| amplitude * (TAU * (step * at as f64).fract() as f32).sin())
        .collect()
}

/// Decodes a tone, independently of the code under test.
fn heard(tone: &Tone, wanted: ToneFormat) -> Vec<f32> {
    let mulaw = |bytes: &[u8]| {
        bytes
            .iter()
            .map(|&b| f32::from(g711::from_mulaw(b)))
            .collect()
    };
    let samples: Vec<f32> = match (wanted.container, wanted.coding) {
        (Container::Raw, _) => mulaw(&tone.bytes),
        (Container::Wav, Coding::Mulaw) => mulaw(&tone.bytes[58..58 + tone.samples]),
        (Container::Wav, Coding::Linear) => hound::WavReader::new(&tone.bytes[..])
            .unwrap()
            .samples::<i16>()
            .map(|sample| f32::from(sample.unwrap()))
            .collect(),
    };
    samples
        .into_iter()
        .map(|sample| sample / 32_768.0)
        .collect()
}

/// Returns the amplitude at a frequency (Goertzel), the first and last tenth left out.
fn amplitude(samples: &[f32], frequency: f32) -> f32 {
    let tenth = samples.len() / 10;
    let inner = &samples[tenth..samples.len() - tenth];
    let turn = f64::from(TAU * frequency) / 8000.0;
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (at, sample) in inner.iter().enumerate() {
        real += f64::from(*sample) * (turn * at as f64).cos();
        imaginary += f64::from(*sample) * (turn * at as f64).sin();
    }
    (2.0 * real.hypot(imaginary) / inner.len() as f64) as f32
}

fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32).sqrt()
}

#[test]
fn sine_survives_conversion_from_every_source_coding() {
    for kind in KINDS {
        for (rate, channels) in [(8000, 1), (8000, 2), (11_025, 2), (44_100, 1), (48_000, 2)] {
            // Not 1000 Hz: at 8 kHz that repeats the same eight samples with the same error.
            let tone = sine(1004.0, 0.5, rate, rate as usize / 4);
            let source = wav(kind, rate, &vec![&tone[..]; channels]);
            for wanted in [ToneFormat::CISCO_RING, ToneFormat::SNOM_RING] {
                let made = convert(&source, None, wanted).unwrap();
                let heard = heard(&made, wanted);
                let at = amplitude(&heard[..2000], 1004.0);
                assert!((at - 0.5).abs() < 0.01, "{kind:?} {rate} {channels}: {at}");
                let all = rms(&heard[200..1800]);
                assert!(
                    (all - 0.3536).abs() < 0.01,
                    "{kind:?} {rate} {channels}: noise, {all}"
                );
            }
        }
    }
}

#[test]
fn every_rate_is_accepted() {
    for rate in [
        4000, 4001, 7999, 8001, 16_000, 22_050, 32_000, 96_000, 191_999, 192_000,
    ] {
        let tone = sine(1000.0, 0.5, rate, rate as usize / 4);
        let made = convert(
            &wav(Kind::Integer(16), rate, &[&tone]),
            None,
            ToneFormat::SNOM_RING,
        )
        .unwrap();
        let expected = (rate as usize / 4 * 8000).div_ceil(rate as usize);
        assert_eq!(made.samples, expected, "{rate}");
        let at = amplitude(&heard(&made, ToneFormat::SNOM_RING), 1000.0);
        assert!((at - 0.5).abs() < 0.02, "{rate}: {at}");
    }
}

#[test]
fn frequencies_above_4_khz_are_removed() {
    for frequency in [4500.0, 6000.0, 9000.0, 15_000.0] {
        let tone = sine(frequency, 0.9, 48_000, 24_000);
        let made = convert(
            &wav(Kind::Float, 48_000, &[&tone]),
            None,
            ToneFormat::SNOM_RING,
        )
        .unwrap();
        let left = rms(&heard(&made, ToneFormat::SNOM_RING)[200..3800]);
        assert!(left < 0.001, "{frequency} Hz: {left}");
    }
}

#[test]
fn loud_channels_are_mixed_without_clipping() {
    let loud = sine(1000.0, 1.0, 8000, 4000);
    let quiet = vec![0.0; 4000];
    let both = convert(
        &wav(Kind::Float, 8000, &[&loud, &loud]),
        None,
        ToneFormat::SNOM_RING,
    )
    .unwrap();
    let one = convert(
        &wav(Kind::Float, 8000, &[&loud, &quiet]),
        None,
        ToneFormat::SNOM_RING,
    )
    .unwrap();
    assert!((amplitude(&heard(&both, ToneFormat::SNOM_RING), 1000.0) - 1.0).abs() < 0.01);
    assert!((amplitude(&heard(&one, ToneFormat::SNOM_RING), 1000.0) - 0.5).abs() < 0.01);
}

#[test]
fn invalid_floats_are_harmless() {
    let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, 0.0].repeat(100);
    for rate in [8000, 44_100] {
        for wanted in FORMATS {
            convert(&wav(Kind::Float, rate, &[&odd]), None, wanted).unwrap();
        }
    }
}

#[test]
fn cisco_tone_has_a_length_that_the_phone_accepts() {
    let lengths = [
        (1, 240),
        (239, 240),
        (240, 240),
        (241, 480),
        (480, 480),
        (16_079, 16_080),
        (16_080, 16_080),
        (16_081, 16_080),
        (100_000, 16_080),
    ];
    for (from, to) in lengths {
        let source = wav(Kind::Integer(16), 8000, &[&sine(440.0, 0.5, 8000, from)]);
        let made = convert(&source, None, ToneFormat::CISCO_RING).unwrap();
        assert_eq!((made.samples, made.bytes.len()), (to, to), "from {from}");
        assert_eq!(
            (made.content_type, made.extension, made.rate),
            ("audio/basic", "raw", 8000)
        );
    }
}

#[test]
fn tones_are_cut_to_the_maximum_of_their_phone() {
    for wanted in FORMATS {
        for rate in [8000, 12_000] {
            let length = (wanted.longest as usize + 80) * rate as usize / 8000;
            let data = chunk(b"data", &vec![0xA0; length]);
            let made = convert(&riff(&[format(1, 1, rate, 8), data]), None, wanted).unwrap();
            assert_eq!(made.samples, wanted.longest as usize, "{wanted:?} {rate}");
        }
    }
}

#[test]
fn padding_is_silence() {
    let source = wav(Kind::Integer(16), 8000, &[&[0.5; 10]]);
    let made = convert(&source, None, ToneFormat::CISCO_RING).unwrap();
    assert!(
        made.bytes[..10]
            .iter()
            .all(|&code| code == g711::mulaw(16_384))
    );
    assert!(made.bytes[10..].iter().all(|&code| code == 0xFF));
}

#[test]
fn cut_tone_fades_out() {
    let source = wav(Kind::Integer(16), 8000, &[&vec![0.5; 20_000]]);
    let heard = heard(
        &convert(&source, None, ToneFormat::CISCO_RING).unwrap(),
        ToneFormat::CISCO_RING,
    );
    let end = &heard[heard.len() - 240..];
    assert!((heard[heard.len() - 250] - 0.5).abs() < 0.02);
    assert!(end.windows(2).all(|pair| pair[1] <= pair[0]));
    assert!(end[239].abs() < 0.003);
}

#[test]
fn cisco_tone_starts_and_ends_at_a_zero_crossing() {
    let mut swing = sine(440.0, 0.9, 8000, 1210);
    let tone = swing.split_off(5);
    let source = wav(Kind::Integer(16), 8000, &[&tone[..1200]]);
    let heard = heard(
        &convert(&source, None, ToneFormat::CISCO_RING).unwrap(),
        ToneFormat::CISCO_RING,
    );
    // One step of that sine is at most 0.31.
    let first = heard.iter().find(|sample| **sample != 0.0).unwrap();
    let last = heard.iter().rfind(|sample| **sample != 0.0).unwrap();
    assert!(first.abs() < 0.32 && last.abs() < 0.32, "{first} {last}");
    assert_eq!((heard[0], *heard.last().unwrap()), (0.0, 0.0));
    assert!(tone[0].abs() > 0.8);
}

#[test]
fn yealink_ring_tone_is_mulaw_and_its_header_says_so() {
    let source = wav(Kind::Integer(16), 8000, &[&[0.0; 101]]);
    let made = convert(&source, None, ToneFormat::YEALINK_RING).unwrap();
    let mut expected = riff(&[
        chunk(
            b"fmt ",
            &[
                7, 0, 1, 0, 0x40, 0x1F, 0, 0, 0x40, 0x1F, 0, 0, 1, 0, 8, 0, 0, 0,
            ],
        ),
        chunk(b"fact", &101_u32.to_le_bytes()),
        chunk(b"data", &[0xFF; 101]),
    ]);
    assert_eq!(made.bytes, expected);
    assert_eq!((made.content_type, made.extension), ("audio/wav", "wav"));
    // A written tone can be read.
    expected.truncate(100);
    convert(&expected, None, ToneFormat::CISCO_RING).unwrap();
}

#[test]
fn snom_ring_tone_is_linear() {
    let source = wav(Kind::Mulaw, 8000, &[&[0.25; 10]]);
    let made = convert(&source, None, ToneFormat::SNOM_RING).unwrap();
    let spec = hound::WavReader::new(&made.bytes[..]).unwrap().spec();
    assert_eq!(
        (spec.channels, spec.sample_rate, spec.bits_per_sample),
        (1, 8000, 16)
    );
    assert_eq!(made.bytes[20..22], [1, 0], "the plainest of headers");
}

#[test]
fn wrong_length_in_the_header_is_tolerated() {
    let sound = sine(440.0, 0.5, 8000, 1000);
    let honest = wav(Kind::Integer(16), 8000, &[&sound]);
    let expected = convert(&honest, None, ToneFormat::CISCO_RING).unwrap();
    // An hour that is missing; a pipe; a recorder that was cut off; one that omitted even more.
    for (riff, data) in [
        (36 + 57_600_000, 57_600_000),
        (u32::MAX, u32::MAX),
        (36, 0),
        (0, 0),
    ] {
        let mut lying = honest.clone();
        lying[4..8].copy_from_slice(&u32::to_le_bytes(riff));
        lying[40..44].copy_from_slice(&u32::to_le_bytes(data));
        assert_eq!(
            convert(&lying, None, ToneFormat::CISCO_RING).unwrap(),
            expected,
            "{riff} {data}"
        );
    }
}

#[test]
fn unknown_chunks_are_skipped_even_if_odd() {
    let sound = chunk(b"data", &[0, 0x40].repeat(300));
    let plain = riff(&[format(1, 1, 8000, 16), sound.clone()]);
    let list = chunk(b"LIST", b"INFOISFT\x03\0\0\0Lav");
    let full = riff(&[
        chunk(b"bext", &[1; 7]),
        format(1, 1, 8000, 16),
        list.clone(),
        sound,
        list,
    ]);
    let expected = convert(&plain, None, ToneFormat::CISCO_RING).unwrap();
    assert_eq!(
        convert(&full, None, ToneFormat::CISCO_RING).unwrap(),
        expected
    );
}

#[test]
fn extensible_header_is_understood() {
    let mut content = format(0xFFFE, 1, 8000, 32)[8..].to_vec();
    content.extend([22, 0, 24, 0, 4, 0, 0, 0]);
    content.extend(b"\x01\0\0\0\0\0\x10\0\x80\0\0\xAA\0\x38\x9B\x71");
    let data: Vec<u8> = sine(1000.0, 0.5, 8000, 4000)
        .into_iter()
        .flat_map(|value| sample_bytes(Kind::Integer(32), value))
        .collect();
    let source = riff(&[chunk(b"fmt ", &content), chunk(b"data", &data)]);
    let made = convert(&source, None, ToneFormat::SNOM_RING).unwrap();
    let at = amplitude(&heard(&made, ToneFormat::SNOM_RING), 1000.0);
    assert!((at - 0.5).abs() < 0.01, "{at}");
}

#[test]
fn errors_say_what_is_wrong() {
    let with = |tag, channels, rate, bits| {
        riff(&[format(tag, channels, rate, bits), chunk(b"data", &[0; 600])])
    };
    let cases = [
        (
            with(1, 6, 8000, 16),
            "unsupported WAV with 6 channels; supported are 1 and 2",
        ),
        (with(1, 0, 8000, 16), "unsupported WAV with 0 channels"),
        (
            with(1, 1, 3999, 16),
            "unsupported WAV rate of 3999 Hz; supported are 4000 to 192000",
        ),
        (with(1, 1, 192_001, 16), "unsupported WAV rate of 192001 Hz"),
        (with(1, 1, 0, 16), "unsupported WAV rate of 0 Hz"),
        (with(1, 1, 8000, 12), "unsupported WAV samples of 12 bits"),
        (with(3, 1, 8000, 64), "unsupported WAV samples of 64 bits"),
        (with(0x55, 1, 8000, 16), "(format tag 0x0055)"),
        (
            riff(&[format(1, 1, 8000, 16)]),
            "the WAV is damaged: it has no samples",
        ),
        (
            riff(&[format(1, 1, 8000, 16), chunk(b"data", &[])]),
            "the recording has no samples",
        ),
        (
            riff(&[chunk(b"data", &[0; 4])]),
            "samples come before format",
        ),
        (
            riff(&[chunk(b"fmt ", &[1, 0, 1]), chunk(b"data", &[0; 4])]),
            "its format is cut off",
        ),
        (
            b"ID3\x04and so on, and on".to_vec(),
            "not a WAV file (it starts with \"ID3\\u{4}\")",
        ),
        (Vec::new(), "not a WAV file (it starts with \"\")"),
        (
            vec![0; (16 << 20) + 1],
            "the recording has 16777217 bytes, and the limit is 16777216",
        ),
    ];
    for (source, expected) in cases {
        let error = convert(&source, None, ToneFormat::CISCO_RING)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(expected),
            "{error:?} should contain {expected:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn garbage_never_panics(bytes in vec(any::<u8>(), 0..300)) {
        let _ = convert(&bytes, None, ToneFormat::CISCO_RING);
        let _ = convert(&riff(&[bytes]), None, ToneFormat::CISCO_RING);
    }

    #[test]
    fn any_format_and_any_cut_give_a_tone_of_a_right_length_or_an_error(
        tag in prop_oneof![0..8_u16, Just(0xFFFE)],
        channels in 0..4_u16,
        rate in prop_oneof![0..20_000_u32, any::<u32>()],
        bits in prop_oneof![Just(8), Just(16), Just(24), Just(32), 0..70_u16],
        data in vec(any::<u8>(), 0..2000),
        cut in any::<prop::sample::Index>(),
        which in 0..FORMATS.len(),
    ) {
        let whole = riff(&[format(tag, channels, rate, bits), chunk(b"data", &data)]);
        let wanted = FORMATS[which];
        for source in [&whole[..], &whole[..cut.index(whole.len())]] {
            if let Ok(tone) = convert(source, None, wanted) {
                prop_assert!(tone.samples >= wanted.shortest as usize);
                prop_assert!(tone.samples <= wanted.longest as usize);
                prop_assert_eq!(tone.samples % wanted.multiple as usize, 0);
            }
        }
    }
}
