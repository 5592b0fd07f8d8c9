//! The deliveries over time as stacked bars, in SVG.
//!
//! Chart libraries write colors into the picture, which then fits one of light and dark only, and no
//! text of it can be read out. Bars of a style sheet's classes need no library.

use std::time::SystemTime;

use minijinja::{Value, context};

use crate::admin::page::{listing, render};
use crate::history::{Bucket, Overview};
use crate::outcome::Status;

/// Renders the chart, and the same numbers as a table.
pub(super) fn render(overview: &Overview, hours: u64) -> Value {
    let sums: Vec<Sums> = overview.buckets.iter().map(Sums::of).collect();
    let highest = sums.iter().map(Sums::total).max().unwrap_or_default();
    let bars: Vec<Value> = (0_u32..)
        .zip(&sums)
        .map(|(index, sums)| bar(index, sums, highest))
        .collect();
    let rows: Vec<Value> = sums
        .iter()
        .rev()
        .filter(|sums| 0 < sums.total())
        .map(Sums::row)
        .collect();
    let values = context! {
        bars,
        rows,
        highest,
        hours,
        width => sums.iter().map(|_| STEP).sum::<u32>(),
        height => HEIGHT,
        from => sums.first().map(|sums| listing::time(sums.at)),
        bucket => humantime::format_duration(overview.bucket_length).to_string(),
    };
    render::safe("chart.html", values)
}

/// The deliveries of a bucket, by what became of them.
struct Sums {
    at: SystemTime,
    ok: u64,
    queued: u64,
    failed: u64,
}

impl Sums {
    fn of(bucket: &Bucket) -> Self {
        let mut sums = Self {
            at: bucket.at,
            ok: 0,
            queued: 0,
            failed: 0,
        };
        for (status, count) in bucket.counts.iter() {
            let sum = match status {
                Status::Ok => &mut sums.ok,
                Status::Queued => &mut sums.queued,
                _ => &mut sums.failed,
            };
            *sum = sum.saturating_add(count);
        }
        sums
    }

    fn total(&self) -> u64 {
        self.ok
            .saturating_add(self.queued)
            .saturating_add(self.failed)
    }

    fn row(&self) -> Value {
        let Self {
            at,
            ok,
            queued,
            failed,
        } = self;
        context! { at => listing::time(*at), ok, queued, failed }
    }
}

/// Returns the parts of a bar from bottom to top.
fn bar(index: u32, sums: &Sums, highest: u64) -> Value {
    let mut top = f64::from(HEIGHT);
    let parts = [
        ("ok", sums.ok),
        ("queued", sums.queued),
        ("failed", sums.failed),
    ];
    let parts = parts.into_iter().filter(|(_, count)| 0 < *count);
    let parts: Vec<Value> = parts
        .map(|(class, count)| {
            // A single failure among thousands is still visible.
            let height = (ratio(count, highest) * f64::from(HEIGHT)).max(MIN_HEIGHT);
            top = (top - height).max(0.0);
            context! { class, y => format!("{top:.1}"), height => format!("{height:.1}") }
        })
        .collect();
    let x = index.saturating_mul(STEP);
    let Sums {
        ok, queued, failed, ..
    } = sums;
    let words = format!(
        "{} UTC: {ok} OK, {queued} queued, {failed} failed",
        listing::time(sums.at)
    );
    context! { x, parts, words }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the result is a height in pixels"
)]
fn ratio(count: u64, highest: u64) -> f64 {
    count as f64 / highest.max(1) as f64
}

/// Height of the chart, in its own units.
const HEIGHT: u32 = 100;

/// Distance of the bars.
const STEP: u32 = 12;

/// Least height of a part of a bar.
const MIN_HEIGHT: f64 = 2.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_the_height_of_their_numbers() {
        let sums = Sums {
            at: SystemTime::UNIX_EPOCH,
            ok: 50,
            queued: 0,
            failed: 1,
        };
        let bar = serde_json::to_value(bar(2, &sums, 100)).unwrap();
        assert_eq!(bar["x"], 24);
        let expected = serde_json::json!([
            { "class": "ok", "y": "50.0", "height": "50.0" },
            { "class": "failed", "y": "48.0", "height": "2.0" },
        ]);
        assert_eq!(bar["parts"], expected);
    }
}
