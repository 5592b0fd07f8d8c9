//! Methods that split a text.

use minijinja::value::{Kwargs, from_args};
use minijinja::{Error, Value};

use super::super::error::invalid;
use crate::rules::limits::MAX_ELEMENTS;
use crate::rules::size::too_large;

/// Calls the method `name` of `text`.
pub(super) fn call(text: &str, name: &str, arguments: &[Value]) -> Result<Value, Error> {
    match name {
        "partition" | "rpartition" => {
            let (separator,): (&str,) = from_args(arguments)?;
            check_separator(separator)?;
            let parts = if name == "partition" {
                let parts = text.split_once(separator);
                parts.map_or([text, "", ""], |(left, right)| [left, separator, right])
            } else {
                let parts = text.rsplit_once(separator);
                parts.map_or(["", "", text], |(left, right)| [left, separator, right])
            };
            list(parts.into_iter())
        }
        "splitlines" => {
            let () = from_args(arguments)?;
            list(text.lines())
        }
        _ => {
            let (separator, most, more): (Option<Value>, Option<i64>, Kwargs) =
                from_args(arguments)?;
            let separator = match separator {
                Some(separator) => Some(separator),
                None => more.get("sep")?,
            };
            let most = match most {
                Some(most) => Some(most),
                None => more.get("maxsplit")?,
            };
            more.assert_all_used()?;
            // A negative number means all.
            let most = most.and_then(|most| usize::try_from(most).ok());
            let pieces = most.map_or(usize::MAX, |most| most.saturating_add(1));
            match separator.filter(|separator| !separator.is_none()) {
                Some(separator) => {
                    let separator = separator
                        .as_str()
                        .ok_or_else(|| invalid(format!("{name} takes a text, not {separator}")))?;
                    check_separator(separator)?;
                    if name == "split" {
                        list(text.splitn(pieces, separator))
                    } else {
                        reversed(text.rsplitn(pieces, separator))
                    }
                }
                None if name == "split" => list(Words { rest: text, pieces }),
                None => reversed(WordsFromEnd { rest: text, pieces }),
            }
        }
    }
}

fn check_separator(separator: &str) -> Result<(), Error> {
    if separator.is_empty() {
        return Err(invalid("the separator is empty"));
    }
    Ok(())
}

fn list<'a>(pieces: impl Iterator<Item = &'a str>) -> Result<Value, Error> {
    collected(pieces).map(Value::from)
}

fn reversed<'a>(pieces: impl Iterator<Item = &'a str>) -> Result<Value, Error> {
    let mut pieces = collected(pieces)?;
    pieces.reverse();
    Ok(Value::from(pieces))
}

fn collected<'a>(pieces: impl Iterator<Item = &'a str>) -> Result<Vec<Value>, Error> {
    let limit = MAX_ELEMENTS.saturating_add(1);
    let pieces: Vec<Value> = pieces.take(limit).map(Value::from).collect();
    if pieces.len() > MAX_ELEMENTS {
        return Err(too_large());
    }
    Ok(pieces)
}

/// Words from the start; the last piece is the rest.
struct Words<'a> {
    rest: &'a str,
    pieces: usize,
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start();
        if rest.is_empty() {
            return None;
        }
        self.pieces = self.pieces.saturating_sub(1);
        let end = rest.find(char::is_whitespace).filter(|_| self.pieces > 0);
        let (word, rest) = rest.split_at(end.unwrap_or(rest.len()));
        self.rest = rest;
        Some(word)
    }
}

/// Words from the end, last one first; the last piece is the rest.
struct WordsFromEnd<'a> {
    rest: &'a str,
    pieces: usize,
}

impl<'a> Iterator for WordsFromEnd<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_end();
        if rest.is_empty() {
            return None;
        }
        self.pieces = self.pieces.saturating_sub(1);
        if self.pieces == 0 {
            self.rest = "";
            return Some(rest);
        }
        let start = rest.char_indices().rev().find(|(_, c)| c.is_whitespace());
        let start = start.map_or(0, |(at, c)| at.saturating_add(c.len_utf8()));
        let (rest, word) = rest.split_at(start);
        self.rest = rest;
        Some(word)
    }
}
