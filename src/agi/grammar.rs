//! The grammar of lines and replies, for complete blocks.
//!
//! It only parses. Which variables to trust is decided by [`environment`](super::environment); the
//! meaning of a reply is up to the caller.

use std::{iter, mem};

use memchr::memchr;
use nom::branch::alt;
use nom::bytes::complete::take_while_m_n;
use nom::bytes::complete::{escaped_transform, is_not, tag, take_till, take_while1};
use nom::character::complete::{anychar, char};
use nom::combinator::{all_consuming, map_res, opt, rest, success, verify};
use nom::error::{Error as NomError, ErrorKind};
use nom::multi::many0;
use nom::sequence::{delimited, preceded, separated_pair, terminated};
use nom::{Err, Finish, IResult, Parser};

/// A line of an environment, without its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    /// Name and value, if it is a variable.
    pub(super) variable: Option<(&'a str, &'a str)>,
}

impl<'a> Line<'a> {
    fn parse(text: &'a str) -> Self {
        let variable = variable(text);
        Self { text, variable }
    }

    /// Returns the name of the variable, if it is one.
    pub(super) fn name(&self) -> Option<&'a str> {
        self.variable.map(|(name, _)| name)
    }
}

/// Returns the lines of an environment in order.
pub(super) fn lines(block: &str) -> impl Iterator<Item = Line<'_>> {
    let mut rest = block;
    // Most lines are so short that `str::lines` takes longer to find their ends than to read them.
    iter::from_fn(move || {
        let Some(end) = memchr(b'\n', rest.as_bytes()) else {
            let last = mem::take(&mut rest);
            return (!last.is_empty()).then(|| Line::parse(last));
        };
        let (line, after) = rest.split_at_checked(end)?;
        rest = after.strip_prefix('\n')?;
        Some(Line::parse(line.strip_suffix('\r').unwrap_or(line)))
    })
}

/// `variable = "agi_" name ":" [SP] value`; returns name and value.
///
/// Without combinators: every call has two dozen of these lines.
fn variable(line: &str) -> Option<(&str, &str)> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let rest = line.strip_prefix("agi_")?;
    let end = rest.bytes().position(|byte| !is_name(byte))?;
    let (name, rest) = rest.split_at_checked(end)?;
    let value = rest.strip_prefix(':')?;
    (!name.is_empty()).then(|| (name, value.strip_prefix(' ').unwrap_or(value)))
}

/// Parses the lines of one reply, given without the last LF.
pub(super) fn reply(lines: &str) -> Option<ReplyParts> {
    let reply = alt((usage, answer, remark));
    all_consuming(reply)
        .parse(lines)
        .finish()
        .ok()
        .map(|(_, parts)| parts)
}

/// Returns everything after the `(` of a reply's value.
pub(super) fn value_of(reply: &[u8]) -> Option<&[u8]> {
    let parser = preceded(
        (
            code_bytes,
            tag(&b" result="[..]),
            opt(word_bytes),
            tag(&b" ("[..]),
        ),
        rest,
    );
    { parser }
        .parse(reply)
        .finish()
        .ok()
        .map(|(_, value)| value)
}

/// Returns the position of the `)` that ends a value: the last one followed only by fields.
pub(super) fn last_closing(text: &[u8]) -> Option<usize> {
    let mut before = text;
    loop {
        let at = before.iter().rposition(|&byte| byte == b')')?;
        let (head, tail) = text.split_at_checked(at)?;
        if tail
            .get(1..)
            .is_some_and(|tail| tail.is_empty() || field_name(tail).is_ok())
        {
            return Some(at);
        }
        before = head;
    }
}

/// The parts of a reply.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct ReplyParts {
    pub(super) code: u16,
    pub(super) result: Option<String>,
    pub(super) value: Option<String>,
    pub(super) fields: Vec<(String, String)>,
    pub(super) text: String,
}

/// `usage = code "-" text LF *( text LF ) code SP text`
fn usage(lines: &str) -> IResult<&str, ReplyParts> {
    terminated(code, char('-'))
        .and(rest)
        .map(|(code, text): (u16, &str)| ReplyParts {
            code,
            text: text.to_owned(),
            ..ReplyParts::default()
        })
        .parse(lines)
}

/// `answer = code SP "result=" *VCHAR [SP value] *( SP field ) [SP text]`
fn answer(lines: &str) -> IResult<&str, ReplyParts> {
    let result = take_till(|c: char| c.is_ascii_whitespace());
    let text = rest.map(|text: &str| text.trim().to_owned());
    (
        terminated(code, tag(" result=")),
        result,
        opt(preceded(char(' '), value)),
        many0(preceded(char(' '), field)),
        text,
    )
        .map(
            |(code, result, value, fields, text): (_, &str, Option<&str>, _, _)| ReplyParts {
                code,
                result: Some(result.to_owned()),
                value: value.map(str::to_owned),
                fields,
                text,
            },
        )
        .parse(lines)
}

/// `remark = code SP text`, with any code except 200, which requires a result
fn remark(lines: &str) -> IResult<&str, ReplyParts> {
    let code = verify(code, |&code| code != 200);
    let text = verify(rest.map(str::trim), |text: &str| !text.is_empty());
    separated_pair(code, char(' '), text)
        .map(|(code, text)| ReplyParts {
            code,
            text: text.to_owned(),
            ..ReplyParts::default()
        })
        .parse(lines)
}

/// Length of a reply's status code, in digits.
pub(super) const CODE: usize = 3;

/// `code = ( "1" / "2" / "3" / "4" / "5" ) 2DIGIT`
fn code(input: &str) -> IResult<&str, u16> {
    let digits = take_while_m_n(CODE, CODE, |c: char| c.is_ascii_digit());
    let number = map_res(digits, str::parse::<u16>);
    verify(number, |code| (100..600).contains(code)).parse(input)
}

/// `value = "(" text ")"`, up to the last `)` followed only by fields
fn value(input: &str) -> IResult<&str, &str> {
    let (inner, _) = char('(').parse(input)?;
    last_closing(inner.trim_ascii_end().as_bytes())
        .and_then(|at| inner.split_at_checked(at))
        .and_then(|(value, tail)| Some((tail.strip_prefix(')')?, value)))
        .ok_or_else(|| Err::Error(NomError::new(inner, ErrorKind::TakeUntil)))
}

/// `field = name "=" ( quoted / *VCHAR )`
fn field(input: &str) -> IResult<&str, (String, String)> {
    let name = take_while1(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let plain = take_till(|c: char| c.is_ascii_whitespace()).map(str::to_owned);
    separated_pair(name.map(str::to_owned), char('='), alt((quoted, plain))).parse(input)
}

/// `quoted = DQUOTE *( "\" CHAR / text ) DQUOTE`
fn quoted(input: &str) -> IResult<&str, String> {
    let text = escaped_transform(is_not("\"\\"), '\\', anychar);
    delimited(char('"'), alt((text, success(String::new()))), char('"')).parse(input)
}

/// `field-name = SP name "="`
fn field_name(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let name = take_while1(|byte: u8| byte.is_ascii_alphanumeric() || byte == b'_');
    delimited(tag(" "), name, tag("=")).parse(input)
}

fn code_bytes(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while_m_n(CODE, CODE, |byte: u8| byte.is_ascii_digit()).parse(input)
}

fn word_bytes(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(|byte: u8| !byte.is_ascii_whitespace()).parse(input)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn variable_has_a_name_and_a_colon() {
        for (line, expected) in [
            ("agi_channel: PJSIP/1001", Some(("channel", "PJSIP/1001"))),
            ("agi_arg_1:a: b", Some(("arg_1", "a: b"))),
            ("agi_accountcode: ", Some(("accountcode", ""))),
            ("agi_: x", None),
            ("agi_dnid", None),
            ("agi_dn id: x", None),
            ("agi_dnid : x", None),
            ("dnid: x", None),
        ] {
            assert_eq!(variable(line), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn lines_are_those_of_the_standard_library(block in "[aä:\r\n]{0,12}") {
            prop_assert!(lines(&block).map(|line| line.text).eq(block.lines()));
        }
    }
}
