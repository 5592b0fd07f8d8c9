use std::io::Write;
use std::sync::Arc;

use parking_lot::Mutex;
use tracing::{debug, error, info, info_span};

use super::*;

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(format: Format, destination: Destination, level: Level, act: impl FnOnce()) -> String {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    let (filter, _) = filter(level, |_| None);
    let subscriber = subscriber(
        format,
        destination,
        (filter, Throttle::default()),
        move || writer.clone(),
    );
    tracing::subscriber::with_default(subscriber, act);
    String::from_utf8(buffer.0.lock().clone()).unwrap()
}

#[test]
fn caller_name_cannot_control_the_terminal() {
    let caller = "\u{1b}[31mEve\nINFO All is well.\u{9b}2J\u{7f}\u{202e}\u{2028}";
    for destination in [Destination::File, Destination::Journal] {
        let text = logged(Format::Text, destination, Level::Info, || {
            let _span = info_span!("call", %caller).entered();
            info!(%caller, quoted = ?caller, plain = caller, "Answered.");
            info!("{caller}");
        });
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(
            text.lines().all(|line| !line.contains(char::is_control)),
            "{text}"
        );
        assert!(text.contains("\\u{1b}[31mEve\\nINFO"), "{text}");
    }
    let json = logged(Format::Json, Destination::File, Level::Info, || {
        info!(%caller, "Answered.");
    });
    let value: serde_json::Value = serde_json::from_str(json.trim_end()).unwrap();
    assert_eq!(value["caller"], caller);
    let commands = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{2028}');
    assert!(!json.trim_end().contains(commands), "{json:?}");
}

#[test]
fn long_values_are_cut_in_lines_and_spans() {
    let phone = "ä&\"".repeat(8_000);
    let act = || {
        let _span = info_span!("call", %phone).entered();
        info!(%phone, quoted = phone, "Not delivered.");
        info!("{phone}");
    };
    for destination in [
        Destination::File,
        Destination::Journal,
        Destination::Terminal,
    ] {
        let text = logged(Format::Text, destination, Level::Info, act);
        assert_eq!(text.lines().count(), 2);
        for line in text.lines() {
            assert!(line.len() < 4 * cut::MAX_VALUE, "{} bytes", line.len());
        }
        assert!(text.contains("… (32,000 bytes)"), "{text}");
    }
    let json = logged(Format::Json, Destination::File, Level::Info, act);
    let lines: Vec<serde_json::Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(json.len() < 12 * cut::MAX_VALUE, "{} bytes", json.len());
    assert!(
        lines[0]["phone"]
            .as_str()
            .unwrap()
            .ends_with("… (32,000 bytes)")
    );
    assert!(
        lines[0]["span"]["phone"]
            .as_str()
            .unwrap()
            .ends_with("… (32,000 bytes)")
    );
    assert_eq!(lines.len(), 2);
}

#[test]
fn line_has_level_target_sentence_and_fields() {
    let text = logged(Format::Text, Destination::File, Level::Info, || {
        error!(phone = %"1001", tries = 3, "Delivery failed.");
    });
    let (time, rest) = text.split_at(text.find('Z').unwrap());
    assert!(
        humantime::parse_rfc3339(&format!("{time}Z")).is_ok(),
        "{text}"
    );
    assert_eq!(
        rest,
        "Z ERROR handsetd::telemetry::tests: Delivery failed. phone=1001 tries=3\n"
    );
}

#[test]
fn journal_receives_priorities_and_no_times() {
    let text = logged(Format::Text, Destination::Journal, Level::Debug, || {
        error!("Bad.");
        warn!("Odd.");
        info!("Good.");
        debug!("Detail.");
    });
    let starts: Vec<&str> = text.lines().map(|line| &line[..8]).collect();
    assert_eq!(starts, ["<3>ERROR", "<4> WARN", "<6> INFO", "<7>DEBUG"]);
}

#[test]
fn only_a_terminal_receives_colours() {
    let coloured = |destination| {
        let text = logged(Format::Text, destination, Level::Info, || info!("Ready."));
        text.contains('\u{1b}')
    };
    assert!(coloured(Destination::Terminal));
    assert!(!coloured(Destination::File) && !coloured(Destination::Journal));
}

#[test]
fn level_applies_to_handsetd_and_libraries_only_warn() {
    let text = logged(Format::Text, Destination::File, Level::Debug, || {
        debug!("Ours.");
        debug!(target: "handset_ami::connection", "Our crate's.");
        debug!(target: "hyper", "Theirs.");
        warn!(target: "hyper", "Their warning.");
    });
    assert!(
        text.contains("Ours.") && text.contains("Our crate's.") && text.contains("Their warning.")
    );
    assert!(!text.contains("Theirs."));
}

#[test]
fn lines_below_the_level_do_not_reach_the_filter() {
    let max_level = |level| {
        let (filter, _) = filter(level, |_| None);
        let layers = (filter, Throttle::default());
        subscriber(Format::Text, Destination::File, layers, io::sink).max_level_hint()
    };
    assert_eq!(max_level(Level::Error), Some(LevelFilter::ERROR));
    assert_eq!(max_level(Level::Info), Some(LevelFilter::INFO));
    assert_eq!(max_level(Level::Trace), Some(LevelFilter::TRACE));
}

#[test]
fn variables_override_the_level() {
    let chosen = |pairs: &[(&str, &str)]| {
        let find = |name: &str| {
            let found = pairs.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let (filter, refused) = filter(Level::Info, find);
        (filter.to_string(), refused.map(|(name, _)| name))
    };
    let default = chosen(&[]).0;
    assert_eq!(chosen(&[("RUST_LOG", "debug")]), ("debug".into(), None));
    let both = [("RUST_LOG", "debug"), ("HANDSETD_LOG", "trace")];
    assert_eq!(chosen(&both), ("trace".into(), None));
    assert_eq!(chosen(&[("HANDSETD_LOG", "")]), (default.clone(), None));
    assert_eq!(
        chosen(&[("HANDSETD_LOG", "a=b=c")]),
        (default, Some("HANDSETD_LOG"))
    );
}
