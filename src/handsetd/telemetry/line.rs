//! The format of lines.

use std::fmt::{self, Debug, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::cut::{Cutting, MAX_VALUE, cut_json};
use super::escape::{Escaping, EscapingJson, is_plain};

/// Writes the message and `name=value` for each field, cut and escaped.
#[derive(Debug)]
pub(super) struct TextFields;

impl<'w> FormatFields<'w> for TextFields {
    fn format_fields<R: RecordFields>(&self, mut writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut fields_writer = FieldWriter {
            text: String::with_capacity(USUAL_LENGTH),
            is_first: true,
            result: Ok(()),
        };
        fields.record(&mut fields_writer);
        // At once: the text of a span grows with each part otherwise.
        writer.write_str(&fields_writer.text)?;
        fields_writer.result
    }
}

/// How long the fields of a span or an event are in most cases, in bytes.
const USUAL_LENGTH: usize = 256;

struct FieldWriter {
    text: String,
    is_first: bool,
    result: fmt::Result,
}

impl FieldWriter {
    fn write(
        &mut self,
        field: &Field,
        write: impl FnOnce(&mut String) -> fmt::Result,
    ) -> fmt::Result {
        if !std::mem::replace(&mut self.is_first, false) {
            self.text.push(' ');
        }
        if field.name() != "message" {
            self.text.push_str(field.name());
            self.text.push('=');
        }
        write(&mut self.text)
    }
}

impl Visit for FieldWriter {
    fn record_str(&mut self, field: &Field, value: &str) {
        let is_short = value.len() < MAX_VALUE - "\"\"".len();
        if !is_short || !is_plain(value) || value.contains(['"', '\\']) {
            return self.record_debug(field, &value);
        }
        // As below, in which each character is looked at several times.
        let result = self.write(field, |text| {
            text.push('"');
            text.push_str(value);
            text.push('"');
            Ok(())
        });
        self.result = self.result.and(result);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let result = self.write(field, |text| {
            let mut cutting = Cutting::new(Escaping(text));
            write!(cutting, "{value:?}")?;
            cutting.finish()
        });
        self.result = self.result.and(result);
    }
}

/// Lines without colours: those of [`Full`](tracing_subscriber::fmt::format::Full), in a fraction of the time.
#[derive(Clone, Copy, Debug)]
pub(super) enum PlainText {
    /// Each line starts with the time.
    Timed,
    /// Each line starts with its priority, as the journal expects it (`<4>`), which knows the time.
    Prioritized,
}

impl PlainText {
    fn write_start(self, writer: &mut Writer<'_>, metadata: &Metadata<'_>) -> fmt::Result {
        match self {
            Self::Timed => {
                // Others have no text.
                let now = SystemTime::now().clamp(UNIX_EPOCH, UNIX_EPOCH + MAX_TIME);
                write!(writer, "{} ", humantime::format_rfc3339_micros(now))
            }
            Self::Prioritized => writer.write_str(match *metadata.level() {
                Level::ERROR => "<3>",
                Level::WARN => "<4>",
                Level::INFO => "<6>",
                _ => "<7>",
            }),
        }
    }
}

impl<S, N> FormatEvent<S, N> for PlainText
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // Of a library that logs with the crate `log`.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        self.write_start(&mut writer, metadata)?;
        writer.write_str(match *metadata.level() {
            Level::ERROR => "ERROR ",
            Level::WARN => " WARN ",
            Level::INFO => " INFO ",
            Level::DEBUG => "DEBUG ",
            Level::TRACE => "TRACE ",
        })?;
        let mut spans = context
            .event_scope()
            .into_iter()
            .flat_map(Scope::from_root)
            .peekable();
        let has_spans = spans.peek().is_some();
        for span in spans {
            writer.write_str(span.name())?;
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>();
            if let Some(fields) = fields.filter(|fields| !fields.is_empty()) {
                writer.write_char('{')?;
                writer.write_str(fields)?;
                writer.write_char('}')?;
            }
            writer.write_char(':')?;
        }
        if has_spans {
            writer.write_char(' ')?;
        }
        writer.write_str(metadata.target())?;
        writer.write_str(": ")?;
        context.format_fields(writer.by_ref(), event)?;
        writer.write_char('\n')
    }
}

/// Cuts long values, and escapes terminal control characters in JSON, which itself requires that for few
/// of them.
pub(super) struct TerminalSafeFormat<F>(pub(super) F);

impl<S, N, F> FormatEvent<S, N> for TerminalSafeFormat<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        EscapingJson(&mut writer).write_str(&cut_json(line))
    }
}

/// The end of the year 9999, since 1970.
const MAX_TIME: Duration = Duration::from_secs(253_402_300_799);

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use parking_lot::Mutex;
    use proptest::proptest;
    use tracing::subscriber::with_default;
    use tracing::{debug, error, info, info_span, trace, warn};
    use tracing_subscriber::field::MakeExt;
    use tracing_subscriber::fmt::format::{Format, debug_fn};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Returns the lines that `act` logs, in this format.
    fn lines<F, N>(format: F, fields: N, act: impl Fn()) -> String
    where
        F: FormatEvent<tracing_subscriber::Registry, N> + Send + Sync + 'static,
        N: for<'a> FormatFields<'a> + Send + Sync + 'static,
    {
        let buffer = Buffer::default();
        let own = buffer.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_writer(move || own.clone())
            .with_ansi(false)
            .fmt_fields(fields)
            .event_format(format)
            .finish();
        with_default(subscriber, act);
        let text = buffer.0.lock().clone();
        String::from_utf8(text).unwrap()
    }

    fn log(text: &str) {
        error!(text, number = 1, "An error.");
        warn!(%text, flag = true, float = 0.5, "{text}");
        let outer = info_span!("outer");
        let _outer = outer.enter();
        info!(message = text, list = ?[text], absent = None::<&str>);
        let inner = info_span!("inner", text, late = tracing::field::Empty);
        let _inner = inner.enter();
        inner.record("late", text);
        debug!(target: "other", text);
        trace!(
            error = &io::Error::other(text.to_owned()) as &dyn std::error::Error,
            "A cause."
        );
    }

    /// The time is no fixed text, so it is replaced.
    fn without_times(text: &str) -> String {
        let lines = text.split_inclusive('\n').map(|line| {
            let (time, rest) = line.split_once(' ').unwrap();
            assert_eq!(time.len(), "2026-11-29T18:34:16.123456Z".len());
            humantime::parse_rfc3339(time).unwrap();
            rest
        });
        lines.collect()
    }

    proptest! {
        #[test]
        fn plain_text_is_that_of_the_library(text in "\\PC{0,10}|.{0,40}|[ -~]{0,40}|a{1990,2010}") {
            let fields = debug_fn(|writer, field, value| {
                if field.name() != "message" {
                    write!(writer, "{}=", field.name())?;
                }
                let mut cutting = Cutting::new(Escaping(writer));
                write!(cutting, "{value:?}")?;
                cutting.finish()
            });
            let format = Format::default().without_time();
            let expected = lines(format, fields.delimited(" "), || log(&text));
            let priorities = ["<3>", "<4>", "<6>", "<7>", "<7>"];
            let prioritized = expected
                .split_inclusive('\n')
                .zip(priorities)
                .flat_map(|(line, priority)| [priority, line]);
            let prioritized: String = prioritized.collect();
            assert_eq!(lines(PlainText::Prioritized, TextFields, || log(&text)), prioritized);
            assert_eq!(without_times(&lines(PlainText::Timed, TextFields, || log(&text))), expected);
        }
    }
}
