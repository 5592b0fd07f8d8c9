//! Deliveries as CSV (RFC 4180), for spreadsheets.

use axum::http::header::CONTENT_DISPOSITION;
use axum::response::{IntoResponse, Response};
use csv::{Terminator, WriterBuilder};
use handset_phones::phone::Vendor;

use super::found::Delivery;
use crate::admin::daemons::Missing;
use crate::admin::list_reply::text_reply;
use crate::history::Record;

/// Returns the reply with these deliveries, one a line. In a cluster, the last column is the daemon, and
/// daemons whose deliveries are missing have a line that says why: what reads a file sees nothing else.
pub(super) fn reply(deliveries: Vec<Delivery>, missing: &[Missing], is_cluster: bool) -> Response {
    let lines = deliveries.into_iter().map(move |delivery| {
        let daemon = delivery.daemon.as_deref().map(ToOwned::to_owned);
        let cells = cells(&delivery.record).into_iter();
        line(cells.chain(daemon))
    });
    let missing = missing.iter().map(|missing| {
        let reason = missing.to_string();
        let cells = COLUMNS.map(|column| match column {
            "reason" => reason.clone(),
            _ => String::new(),
        });
        line(cells.into_iter().chain([missing.daemon.clone()]))
    });
    let missing: Vec<String> = missing.collect();
    let head = COLUMNS.into_iter().chain(is_cluster.then_some("daemon"));
    let body = text_reply(
        "text/csv; charset=utf-8; header=present",
        line(head.map(str::to_owned)),
        lines.chain(missing),
    );
    let name = "attachment; filename=\"deliveries.csv\"";
    ([(CONTENT_DISPOSITION, name)], body).into_response()
}

/// The columns, with the names that the fields have in JSON.
const COLUMNS: [&str; 11] = [
    "number", "id", "at", "asker", "verb", "phone", "vendor", "status", "took", "reason", "keys",
];

fn cells(record: &Record) -> [String; COLUMNS.len()] {
    let took = record
        .duration
        .map(|duration| format!("{:.3}", duration.as_secs_f64()));
    [
        record.number.to_string(),
        record.id.to_string(),
        humantime::format_rfc3339_millis(record.at).to_string(),
        record.requester.to_string(),
        record.verb.clone(),
        record.phone.clone(),
        record.vendor.map_or("", Vendor::name).to_owned(),
        record.status.word().to_owned(),
        took.unwrap_or_default(),
        record.reason.as_str().to_owned(),
        record.keys_to_json().to_string(),
    ]
}

/// Writes a line.
fn line(cells: impl IntoIterator<Item = String>) -> String {
    let mut writer = WriterBuilder::new()
        .terminator(Terminator::CRLF)
        .from_writer(Vec::new());
    // Writing to memory does not fail.
    let _ = writer.write_record(cells.into_iter().map(without_formula));
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Quotes with an apostrophe what a spreadsheet would take for a formula: callers choose their names.
fn without_formula(cell: String) -> String {
    if cell.trim_start().starts_with(FORMULA) || cell.starts_with(['\t', '\r', '\n']) {
        format!("'{cell}")
    } else {
        cell
    }
}

/// How formulas begin; the last four are read as the first four where they are usual.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_no_formulas() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("+4930123", "'+4930123"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" =1", "' =1"),
            ("\t=1", "'\t=1"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!(without_formula(cell.to_owned()), written);
        }
    }

    #[test]
    fn cells_stay_in_their_line_and_column() {
        let cells = ["a,b", "say \"no\"", "two\nlines", "=A1,\"B\""];
        let written = line(cells.map(str::to_owned));
        assert_eq!(
            written,
            "\"a,b\",\"say \"\"no\"\"\",\"two\nlines\",\"'=A1,\"\"B\"\"\"\r\n"
        );
    }
}
