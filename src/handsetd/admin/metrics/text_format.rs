//! The two text formats of metrics, and which of them a client asks for.
//!
//! `prometheus-client` writes `OpenMetrics` 1.0 only. Prometheus' own text format 0.0.4, which is what
//! everything that scrapes understands, differs in few lines: the name of a family is that of its
//! samples, there is no type `info`, no unit and no end mark.
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>)

use std::fmt::Write as _;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// A text format of metrics.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TextFormat {
    /// Text format 0.0.4.
    Prometheus,
    OpenMetrics,
}

impl TextFormat {
    /// Returns the format for a request: `OpenMetrics` if `Accept` names it and prefers nothing else.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT).iter();
        let accepted = accepted.filter_map(|value| value.to_str().ok());
        let ranges: Vec<_> = accepted
            .flat_map(|value| value.split(','))
            .map(media_range)
            .collect();
        let quality = |names: &[&str]| {
            let named = ranges.iter().filter(|(name, _)| {
                let is_it = |wanted: &&str| name.eq_ignore_ascii_case(wanted);
                names.iter().any(is_it)
            });
            named.map(|(_, quality)| *quality).fold(0.0, f64::max)
        };
        let open_metrics = quality(&["application/openmetrics-text"]);
        if open_metrics > 0.0 && open_metrics >= quality(&["text/plain", "text/*"]) {
            Self::OpenMetrics
        } else {
            Self::Prometheus
        }
    }

    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// Converts `OpenMetrics` to this format.
    pub(super) fn convert(self, open_metrics: String) -> String {
        match self {
            Self::Prometheus => to_prometheus(&open_metrics),
            Self::OpenMetrics => open_metrics,
        }
    }
}

/// Splits one element of `Accept` into the media range and its quality, 1 unless it says another.
fn media_range(element: &str) -> (&str, f64) {
    let mut parts = element.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
    (name, quality.unwrap_or(1.0))
}

fn to_prometheus(open_metrics: &str) -> String {
    let mut text = String::with_capacity(open_metrics.len());
    // A family's help precedes its type, which decides its name.
    let mut help = None;
    for line in open_metrics.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ');
        } else if let Some((name, kind)) = line
            .strip_prefix("# TYPE ")
            .and_then(|rest| rest.split_once(' '))
        {
            let (suffix, kind) = match kind {
                "counter" => ("_total", "counter"),
                "info" => ("_info", "gauge"),
                kind => ("", kind),
            };
            if let Some((_, words)) = help.take().filter(|(of, _)| *of == name) {
                let _ = writeln!(text, "# HELP {name}{suffix} {words}");
            }
            let _ = writeln!(text, "# TYPE {name}{suffix} {kind}");
        } else if !line.starts_with('#') {
            text += line;
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn open_metrics_is_for_those_who_prefer_it() {
        for (accept, expected) in [
            ("", TextFormat::Prometheus),
            ("*/*", TextFormat::Prometheus),
            ("text/html, application/xhtml+xml", TextFormat::Prometheus),
            ("text/plain;version=0.0.4", TextFormat::Prometheus),
            ("application/openmetrics-text", TextFormat::OpenMetrics),
            // Prometheus 2.42, and 3.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;\
                 version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                TextFormat::OpenMetrics,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                 text/plain;version=0.0.4;q=0.4",
                TextFormat::OpenMetrics,
            ),
            (
                "text/plain, application/openmetrics-text; q=0.5",
                TextFormat::Prometheus,
            ),
            ("application/openmetrics-text;q=0", TextFormat::Prometheus),
        ] {
            let value = HeaderValue::from_str(accept).unwrap();
            let headers = HeaderMap::from_iter([(ACCEPT, value)]);
            assert_eq!(TextFormat::wanted(&headers), expected, "{accept}");
        }
        assert_eq!(
            TextFormat::wanted(&HeaderMap::new()),
            TextFormat::Prometheus
        );
    }

    #[test]
    fn families_are_named_as_their_samples() {
        let open_metrics = "# HELP a_build Version.\n# TYPE a_build info\na_build_info{v=\"1\"} 1\n\
                            # HELP a_b Things.\n# TYPE a_b counter\na_b_total 2\n\
                            # HELP a_seconds Time.\n# TYPE a_seconds histogram\n# UNIT a_seconds seconds\n\
                            a_seconds_sum 0.5\na_seconds_count 1\na_seconds_bucket{le=\"+Inf\"} 1\n\
                            # EOF\n";
        let expected = "# HELP a_build_info Version.\n# TYPE a_build_info gauge\na_build_info{v=\"1\"} 1\n\
                        # HELP a_b_total Things.\n# TYPE a_b_total counter\na_b_total 2\n\
                        # HELP a_seconds Time.\n# TYPE a_seconds histogram\n\
                        a_seconds_sum 0.5\na_seconds_count 1\na_seconds_bucket{le=\"+Inf\"} 1\n";
        assert_eq!(
            TextFormat::Prometheus.convert(open_metrics.to_owned()),
            expected
        );
        assert_eq!(
            TextFormat::OpenMetrics.convert(open_metrics.to_owned()),
            open_metrics
        );
    }
}
