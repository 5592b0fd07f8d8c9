//! What was sent between handsetd and a phone, shortened to what a reader needs.

use std::io::{self, Write};

use handset_simulator::{Direction, Exchange, State};

/// Writes the exchanges since `before`, with an excerpt of each body.
pub(super) fn write_exchanges(before: &State, now: &State, out: &mut impl Write) -> io::Result<()> {
    for exchange in exchanges_since(before, now) {
        let Exchange { method, target, .. } = exchange;
        let status = exchange
            .status
            .map_or_else(|| "no response".to_owned(), |status| status.to_string());
        let (direction, target, body) = match exchange.direction {
            Direction::Received => ("handsetd → phone", target.clone(), &exchange.body),
            Direction::Fetched => (
                "phone → handsetd",
                without_password(without_host(target)),
                &exchange.response_body,
            ),
        };
        writeln!(out, "   {direction}  {method} {target}  ({status})")?;
        write_excerpt(body, out)?;
    }
    Ok(())
}

/// Returns why the phone refused requests since `before`. Asking for a password is not a refusal.
pub(super) fn refusals(before: &State, now: &State) -> Vec<String> {
    exchanges_since(before, now)
        .filter(|exchange| exchange.status != Some(401))
        .filter_map(|exchange| exchange.refusal.clone())
        .collect()
}

/// Indents each line of a text.
pub(super) fn indented(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| format!("   {line}").trim_end().to_owned())
        .collect();
    lines.join("\n") + "\n"
}

fn exchanges_since<'a>(before: &State, now: &'a State) -> impl Iterator<Item = &'a Exchange> {
    now.exchanges.iter().skip(before.exchanges.len())
}

/// Writes the beginning of a text, or the length of anything else.
fn write_excerpt(body: &[u8], out: &mut impl Write) -> io::Result<()> {
    if body.is_empty() {
        return Ok(());
    }
    let text = match body.strip_prefix(b"XML=") {
        Some(form) => form_urlencoded::parse(form)
            .map(|(name, _)| name.into_owned())
            .collect(),
        None => String::from_utf8_lossy(body).into_owned(),
    };
    if text.contains('\u{FFFD}') || text.contains('\0') {
        return writeln!(out, "     {} bytes", body.len());
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let excerpt: String = line.chars().take(MAX_EXCERPT).collect();
    let ellipsis = if excerpt.len() < line.len() {
        "…"
    } else {
        ""
    };
    writeln!(out, "     {excerpt}{ellipsis}")
}

/// Returns path and query of a URL. The host is handsetd's own.
fn without_host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or(url)
}

fn without_password(target: &str) -> String {
    match target.split_once("Password=") {
        Some((start, rest)) => {
            let rest = rest
                .split_once('&')
                .map_or(String::new(), |(_, rest)| format!("&{rest}"));
            format!("{start}Password=…{rest}")
        }
        None => target.to_owned(),
    }
}

/// Maximum length of an excerpt in characters.
const MAX_EXCERPT: usize = 400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_passwords_are_removed() {
        let url = "http://127.0.0.1:8090/auth?UserID=a&Password=secret&devicename=SEP1";
        assert_eq!(
            without_password(without_host(url)),
            "/auth?UserID=a&Password=…&devicename=SEP1"
        );
        assert_eq!(without_host("http://127.0.0.1"), "http://127.0.0.1");
    }
}
