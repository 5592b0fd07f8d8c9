use std::fs;
use std::path::Path;
use std::process::Command as Process;

use anyhow::{Context, anyhow};
use clap_complete::Shell;

use super::*;
#[cfg(feature = "simulator")]
use crate::reference::Topic;

fn parse(arguments: &[&str]) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once(&"handsetd").chain(arguments))
}

fn reported(error: &anyhow::Error) -> String {
    let mut text = Vec::new();
    report(error, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn invalid_configuration() -> anyhow::Error {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("handsetd.toml");
    fs::write(&path, "[agi]\nbudget = 5\nlisten = 7\n").unwrap();
    let arguments = ["check", "--config", path.to_str().unwrap()];
    parse(&arguments).unwrap().run(&mut io::sink()).unwrap_err()
}

#[test]
fn command_definitions_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn invalid_arguments_exit_with_code_2() {
    for arguments in [
        &["dance"][..],
        &["check", "--colour"],
        &["media", "ringtone", "in.wav", "out.raw"],
        &[
            "media",
            "background",
            "a.png",
            "b.png",
            "--model",
            "7970",
            "--fit",
            "stretch",
        ],
        &[
            "media", "ringtone", "a.wav", "b.raw", "--model", "7970", "--vendor", "nokia",
        ],
        &[],
    ] {
        assert_eq!(
            parse(arguments).unwrap_err().exit_code(),
            2,
            "{arguments:?}"
        );
    }
}

#[test]
fn invalid_configuration_is_reported_line_by_line_with_code_78() {
    let error = invalid_configuration();
    assert_eq!(code(&error), 78);
    let text = reported(&error);
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(
        text.lines()
            .next()
            .unwrap()
            .contains("handsetd.toml:2: agi.budget: "),
        "{text}"
    );
}

#[test]
fn valid_configuration_is_summarized_in_a_line_followed_by_warnings() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("handsetd.toml");
    fs::write(
        &path,
        "[[rule]]\nname = \"a\"\non = \"Hangup\"\ndo = [ { verb = \"ping\" } ]\n[[phone]]\nname = \"1\"",
    )
    .unwrap();
    let path = path.to_str().unwrap();
    let mut out = Vec::new();
    let arguments = ["check", "--config", path];
    parse(&arguments).unwrap().run(&mut out).unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        format!(
            "Configuration OK: read {path}; 1 phone, 1 rule, 0 tests.\n\
             warning: [[rule]]: no [[asterisk]] is configured, so no Asterisk event arrives\n"
        )
    );
}

#[test]
fn other_errors_are_reported_with_their_causes_and_a_hint() {
    let cause = io::Error::from(io::ErrorKind::AddrInUse);
    let error = anyhow!(cause).context("cannot listen on 127.0.0.1:4573");
    assert_eq!(code(&error), 1);
    assert_eq!(
        reported(&error),
        "handsetd: cannot listen on 127.0.0.1:4573: address in use\n\
         hint: another process, possibly another handsetd, uses the address (ss -ltnp shows which); stop it or configure another address\n"
    );
    assert_eq!(reported(&anyhow!("\u{1b}[2J")), "handsetd: \\u{1b}[2J\n");
}

#[test]
fn pictures_and_tones_are_converted_offline() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    image::RgbImage::new(40, 30).save(path("in.png")).unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 8000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut wav = hound::WavWriter::create(path("in.wav"), spec).unwrap();
    (0..1000).for_each(|sample| wav.write_sample(sample).unwrap());
    wav.finalize().unwrap();

    let run = |arguments: &[&str]| {
        let mut out = Vec::new();
        let code = parse(arguments).unwrap().run(&mut out)?;
        assert_eq!(code, ExitCode::SUCCESS);
        Ok::<_, anyhow::Error>(String::from_utf8(out).unwrap())
    };
    let (picture, background) = (path("in.png"), path("night.png"));
    let model = ["--model", "7970"];
    let arguments = [&["media", "background", &picture, &background][..], &model].concat();
    let printed = run(&arguments).unwrap();
    assert_eq!(printed.lines().count(), 2, "{printed}");
    assert!(
        printed.starts_with(&format!("{background}: 320x212, image/png, ")),
        "{printed}"
    );
    let size = |name: &str| image::image_dimensions(path(name)).unwrap();
    assert_eq!(size("night.png"), (320, 212));
    assert_eq!(size("night-thumbnail.png"), (80, 53));
    let (wav, raw) = (path("in.wav"), path("ring.raw"));
    let printed = run(&["media", "ringtone", &wav, &raw, "--model", "7970"]).unwrap();
    assert!(
        printed.starts_with(&format!("{raw}: ")) && printed.contains(" at 8000 Hz"),
        "{printed}"
    );
    assert_eq!(fs::metadata(&raw).unwrap().len() % 240, 0);

    let error = run(&["media", "ringtone", &picture, &raw, "--model", "7970"]).unwrap_err();
    assert!(
        reported(&error).contains("in.png: not a WAV file"),
        "{error:#}"
    );
    let error = run(&["media", "ringtone", &wav, &raw, "--model", "3310"]).unwrap_err();
    assert!(reported(&error).contains("unknown model 3310"), "{error:#}");
    let unknown = [
        "media", "ringtone", &wav, &raw, "--model", "3310", "--vendor", "snom",
    ];
    run(&unknown).unwrap();
    let error = run(&["media", "ringtone", "missing", &raw, "--model", "7970"]).unwrap_err();
    assert!(
        reported(&error).contains("hint: check the path"),
        "{error:#}"
    );
}

/// Asserts that the file has the expected content; writes it first if `HANDSETD_REWRITE` is set.
fn assert_up_to_date(path: &str, expected: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("HANDSETD_REWRITE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, expected).unwrap();
    }
    let found = fs::read(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is out of date: run HANDSETD_REWRITE=1 cargo test --lib cli",
        path.display()
    );
}

#[test]
#[cfg(feature = "simulator")]
fn man_pages_match_the_command_line() {
    fn without_help(command: clap::Command) -> clap::Command {
        command
            .disable_help_subcommand(true)
            .mut_subcommands(without_help)
    }
    fn pages(command: &clap::Command, name: &str) {
        let named = command.clone().display_name(name);
        let manual = clap_mangen::Man::new(named.bin_name(name.replace('-', " ")))
            .title(name)
            .section("8")
            .source("handsetd")
            .manual("System Administration");
        let mut page = Vec::new();
        manual.render(&mut page).unwrap();
        assert_up_to_date(&format!("packaging/man/{name}.8"), &page);
        for inner in command
            .get_subcommands()
            .filter(|inner| !inner.is_hide_set())
        {
            pages(inner, &format!("{name}-{}", inner.get_name()));
        }
    }
    let mut command = without_help(Cli::command());
    command.build();
    pages(&command, "handsetd");
}

/// Returns the command line with all topics of `help` as its subcommands, as shells complete them.
#[cfg(feature = "simulator")]
fn with_topics() -> clap::Command {
    /// Returns the name of a command, and those of its subcommands, with what they are for.
    fn outline(command: &clap::Command) -> clap::Command {
        let inner = command.get_subcommands().map(outline);
        let about = command.get_about().cloned().unwrap_or_default();
        topic(command.get_name()).about(about).subcommands(inner)
    }
    fn topic(name: &str) -> clap::Command {
        // clap keeps names for ever.
        let name: &'static str = name.to_owned().leak();
        clap::Command::new(name).disable_help_flag(true)
    }
    let all = Cli::command();
    let offered = all.get_subcommands().filter(|inner| !inner.is_hide_set());
    let command = clap::Command::new("handsetd")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true)
        .subcommands(offered.cloned());
    let mut topics: Vec<_> = command.get_subcommands().map(outline).collect();
    let others = Topic::names().filter_map(|name| Some((name, Topic::find(name)?)));
    topics.extend(others.map(|(name, other)| topic(name).about(other.summary())));
    command.mut_subcommand("help", |help| help.subcommands(topics))
}

#[test]
#[cfg(feature = "simulator")]
fn completions_match_the_command_line() {
    let own = [
        (
            Shell::Bash,
            "bash",
            include_str!("complete/hooks/handsetd.bash"),
        ),
        (
            Shell::Fish,
            "fish",
            include_str!("complete/hooks/handsetd.fish"),
        ),
        (
            Shell::Zsh,
            "zsh",
            include_str!("complete/hooks/handsetd.zsh"),
        ),
    ];
    for (shell, extension, hook) in own {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut with_topics(), "handsetd", &mut script);
        let script = String::from_utf8(script).unwrap();
        let path = format!("packaging/completions/handsetd.{extension}");
        assert_up_to_date(&path, with_hook(&script, hook).as_bytes());
    }
}

/// Returns a script that asks the program first. In fish, all that is offered adds up.
#[cfg(feature = "simulator")]
fn with_hook(script: &str, hook: &str) -> String {
    const BEGINNING: &str = "_handsetd() {\n";
    let Some((before, after)) = script.split_once(BEGINNING) else {
        return format!("{script}\n{hook}");
    };
    format!("{before}{hook}\n{BEGINNING}    _handsetd_ask \"$@\" && return 0\n{after}")
}

#[test]
fn systemd_accepts_the_unit() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/systemd/handsetd.service");
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(&unit).unwrap();
    assert!(text.contains("ExecStart=/usr/bin/handsetd run\n"));
    // The program is not installed where tests run.
    let copy = folder.path().join("handsetd.service");
    fs::write(&copy, text.replace("/usr/bin/handsetd", "/bin/true")).unwrap();
    let verified = Process::new("systemd-analyze")
        .arg("verify")
        .arg("--man=no")
        .arg(&copy)
        .output();
    match verified.context("systemd-analyze") {
        Ok(output) => {
            let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
            let complaints: Vec<&str> = stderr
                .lines()
                .filter(|line| line.contains("handsetd"))
                .collect();
            assert!(output.status.success() && complaints.is_empty(), "{stderr}");
        }
        Err(error) => println!("The unit was not verified: {error:#}"),
    }
}
