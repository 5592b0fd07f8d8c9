//! A tone and a picture for the demo, generated so that no files need to be shipped.

use std::f32::consts::TAU;
use std::path::Path;

use anyhow::Context;
use image::{Rgb, RgbImage};

/// Writes `bell.wav` and `night.png` into `folder`.
pub(super) fn write(folder: &Path) -> anyhow::Result<()> {
    bell(&folder.join("bell.wav")).context("cannot write the demo's tone")?;
    night()
        .save(folder.join("night.png"))
        .context("cannot write the demo's picture")
}

/// Writes two notes of a door bell as 16-bit stereo at 44.1 kHz, which no phone plays unconverted.
fn bell(path: &Path) -> Result<(), hound::Error> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 44_100,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for note in [659.3_f32, 523.3] {
        for at in 0..35_280_u16 {
            let seconds = f32::from(at) / 44_100.0;
            let level = (-4.0 * seconds).exp() * 0.6;
            let wave = (TAU * note * seconds).sin() + 0.3 * (TAU * 2.0 * note * seconds).sin();
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the level keeps it within 16 bits"
            )]
            let sample = (wave * level * f32::from(i16::MAX) * 0.7) as i16;
            writer.write_sample(sample)?;
            writer.write_sample(sample)?;
        }
    }
    writer.finalize()
}

/// Draws a night sky over hills, larger than any display.
fn night() -> RgbImage {
    let (width, height) = (1280, 800);
    let mut picture = RgbImage::from_fn(width, height, |x, y| {
        let hill = 620 - (hills(x) / 4);
        if y > hill {
            Rgb([10, 16, 24])
        } else {
            Rgb(sky(y))
        }
    });
    // A xorshift generator places the stars.
    let mut random: u32 = 2_463_534_242;
    for _ in 0..220 {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        let (x, y) = (random % width, (random >> 12) % 420);
        picture.put_pixel(x, y, Rgb([235, 235, 220]));
        picture.put_pixel((x + 1).min(width - 1), y, Rgb([190, 195, 200]));
    }
    for y in 80..200 {
        for x in 980..1100 {
            let (dx, dy) = (i64::from(x) - 1040, i64::from(y) - 140);
            let (cx, cy) = (dx + 26, dy + 14);
            if dx * dx + dy * dy < 2900 && cx * cx + cy * cy > 2600 {
                picture.put_pixel(x, y, Rgb([250, 244, 215]));
            }
        }
    }
    picture
}

fn sky(y: u32) -> [u8; 3] {
    let part = u8::try_from(y * 120 / 800).unwrap_or(u8::MAX);
    [12 + part / 3, 22 + part / 2, 62 + part]
}

/// Returns the height of the hills at `x`, the sum of three parabolic waves.
fn hills(x: u32) -> u32 {
    let wave = |length: u32, height: u32| {
        let at = x % length;
        let up = at.min(length - at);
        up * up * height / (length * length / 4)
    };
    wave(640, 260) + wave(410, 130) + wave(170, 40)
}
