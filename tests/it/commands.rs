//! `handsetd check` and `handsetd media` as a user runs them.

use std::fs;
use std::path::Path;
use std::process::Command;

use assert_cmd::assert::OutputAssertExt;
use image::{Rgb, RgbImage};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty};

use super::support::daemon::record;

#[test]
fn check_summarizes_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("handsetd.toml");
    fs::write(&file, "[[phone]]\nname = '1'\n").unwrap();
    fs::create_dir(folder.path().join("conf.d")).unwrap();
    fs::write(
        folder.path().join("conf.d/more.toml"),
        "[[phone]]\nname = '2'\n[agi]\nbudget = '3s'\n",
    )
    .unwrap();
    handsetd(folder.path(), &["check", "--config", "handsetd.toml"])
        .assert()
        .code(0)
        .stdout(contains("Configuration OK: read "))
        .stdout(contains("handsetd.toml, ").and(contains("conf.d/more.toml; 2 phones.")))
        .stderr(is_empty());
    // Nothing is bound, so that a port in use is not reported.
    handsetd(folder.path(), &["check", "--config", "handsetd.toml"])
        .env("HANDSETD__AGI__LISTEN", "192.0.2.1:1")
        .assert()
        .code(0);
}

#[test]
fn check_reports_each_diagnostic_with_file_line_and_key() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("handsetd.toml"),
        "[agi]\nbudget = 5\n\n[http]\nallow = ['192.0.2.0/33']\nport = 1\n",
    )
    .unwrap();
    handsetd(folder.path(), &["check", "--config", "handsetd.toml"])
        .assert()
        .code(78)
        .stdout(is_empty())
        .stderr(contains("handsetd.toml:2: agi.budget: "))
        .stderr(contains("handsetd.toml:5: http.allow"))
        .stderr(contains("handsetd.toml:6: http.port: "));
    handsetd(folder.path(), &["check", "--config", "handsetd.toml"])
        .env("HANDSETD__AGI__MAX_SESSIONS", "many")
        .assert()
        .code(78)
        .stderr(contains("HANDSETD__AGI__MAX_SESSIONS"));
    handsetd(folder.path(), &["check", "--config", "missing.toml"])
        .assert()
        .code(78)
        .stderr(contains("missing.toml"));
}

#[test]
fn media_converts_a_ring_tone_for_each_vendor() {
    let folder = tempfile::tempdir().unwrap();
    record(&folder.path().join("in.wav"), 44_100, 44_100);
    for (model, out, bytes, printed) in [
        (
            "7970",
            "cisco.raw",
            8160,
            "8160 samples at 8000 Hz, audio/basic",
        ),
        ("D785", "snom.wav", 0, "audio/"),
        ("T46G", "yealink.wav", 0, "audio/"),
    ] {
        handsetd(
            folder.path(),
            &["media", "ringtone", "in.wav", out, "--model", model],
        )
        .assert()
        .code(0)
        .stdout(contains(format!("{out}: ")).and(contains(printed)))
        .stderr(is_empty());
        let written = fs::read(folder.path().join(out)).unwrap();
        match bytes {
            // One second, padded to a multiple of 240 samples.
            8160 => assert!(
                written.len().is_multiple_of(240) && (8000..=8160).contains(&written.len()),
                "{}",
                written.len()
            ),
            _ => assert!(written.starts_with(b"RIFF") && &written[8..12] == b"WAVE"),
        }
    }
}

#[test]
fn media_converts_a_background_with_its_thumbnail() {
    let folder = tempfile::tempdir().unwrap();
    RgbImage::from_pixel(700, 300, Rgb([10, 200, 30]))
        .save(folder.path().join("in.gif"))
        .unwrap();
    handsetd(
        folder.path(),
        &[
            "media",
            "background",
            "in.gif",
            "night.png",
            "--model",
            "7970",
        ],
    )
    .assert()
    .code(0)
    .stdout(
        contains("night.png: 320x212, image/png, ")
            .and(contains("night-thumbnail.png: 80x53, image/png, ")),
    );
    let size = |name: &str| image::image_dimensions(folder.path().join(name)).unwrap();
    assert_eq!(
        (size("night.png"), size("night-thumbnail.png")),
        ((320, 212), (80, 53))
    );
    handsetd(
        folder.path(),
        &[
            "media",
            "background",
            "in.gif",
            "wide.jpg",
            "--model",
            "T46G",
            "--fit",
            "contain",
        ],
    )
    .assert()
    .code(0);
    let picture = image::open(folder.path().join("wide.jpg"))
        .unwrap()
        .to_rgb8();
    assert_eq!(picture.dimensions(), (480, 272));
    let (Rgb(bar), Rgb(middle)) = (picture.get_pixel(240, 4), picture.get_pixel(240, 136));
    assert!(bar[1] < 40 && middle[1] > 170, "{bar:?} {middle:?}");
}

#[test]
fn media_reports_unsupported_sources() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("text.txt"), "no picture, no tone").unwrap();
    for (arguments, words) in [
        (
            &[
                "media", "ringtone", "text.txt", "out.raw", "--model", "7970",
            ][..],
            "text.txt: not a WAV file",
        ),
        (
            &[
                "media",
                "background",
                "text.txt",
                "out.png",
                "--model",
                "7970",
            ],
            "cannot convert text.txt",
        ),
        (
            &[
                "media",
                "background",
                "missing.png",
                "out.png",
                "--model",
                "7970",
            ],
            "cannot read missing.png",
        ),
        (
            &[
                "media",
                "background",
                "text.txt",
                "out.png",
                "--model",
                "3310",
            ],
            "unknown model 3310",
        ),
        (
            &[
                "media",
                "background",
                "text.txt",
                "out.png",
                "--model",
                "7960",
            ],
            "7960 does not support backgrounds",
        ),
    ] {
        handsetd(folder.path(), arguments)
            .assert()
            .code(1)
            .stdout(is_empty())
            .stderr(contains(words));
    }
    assert!(!folder.path().join("out.png").exists());
    handsetd(folder.path(), &["media", "ringtone", "text.txt"])
        .assert()
        .code(2);
}

/// Returns the program, in this folder and with an empty environment.
fn handsetd(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handsetd"));
    command.current_dir(folder).args(arguments).env_clear();
    command
}
