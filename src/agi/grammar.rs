//! The grammar of the lines, with nom, on complete blocks that [`wire`](super::wire) has cut.
//!
//! It gives slices of what it read and decides nothing: which variable may be trusted is
//! [`environment`](super::environment)'s business, what a reply means is its reader's.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

use nom::branch::alt;
use nom::bytes::complete::take_while_m_n;
use nom::bytes::complete::{escaped_transform, is_not, tag, take_till, take_while1};
use nom::character::complete::{anychar, char};
use nom::combinator::{all_consuming, map_res, opt, rest, success, verify};
use nom::error::{Error as NomError, ErrorKind};
use nom::multi::many0;
use nom::sequence::{delimited, preceded, separated_pair, terminated};
use nom::{Err, Finish, IResult, Parser};

/// The variables of an environment block, in order; other lines are left out.
pub(super) fn variables(block: &str) -> impl Iterator<Item = (&str, &str)> {
    block
        .lines()
        .filter_map(|line| variable(line).finish().ok().map(|(_, variable)| variable))
}

/// Reads the lines of one reply, without the last LF.
pub(super) fn reply(lines: &str) -> Option<Parts> {
    let reply = alt((usage, answer, remark));
    all_consuming(reply)
        .parse(lines)
        .finish()
        .ok()
        .map(|(_, parts)| parts)
}

/// Returns what follows the `(` of a reply's value, up to the end of what was given.
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

/// Returns where the `)` is that ends a value: the last one that only fields follow.
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

/// What one reply consists of.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Parts {
    pub(super) code: u16,
    pub(super) result: Option<String>,
    pub(super) value: Option<String>,
    pub(super) fields: Vec<(String, String)>,
    pub(super) text: String,
}

/// `variable = "agi_" name ":" [SP] value`
fn variable(line: &str) -> IResult<&str, (&str, &str)> {
    let name = take_while1(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let value = preceded(opt(char(' ')), rest);
    preceded(tag("agi_"), separated_pair(name, char(':'), value)).parse(line)
}

/// `usage = code "-" text LF *( text LF ) code SP text`
fn usage(lines: &str) -> IResult<&str, Parts> {
    terminated(code, char('-'))
        .and(rest)
        .map(|(code, text): (u16, &str)| Parts {
            code,
            text: text.to_owned(),
            ..Parts::default()
        })
        .parse(lines)
}

/// `answer = code SP "result=" *VCHAR [SP value] *( SP field ) [SP text]`
fn answer(lines: &str) -> IResult<&str, Parts> {
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
            |(code, result, value, fields, text): (_, &str, Option<&str>, _, _)| Parts {
                code,
                result: Some(result.to_owned()),
                value: value.map(str::to_owned),
                fields,
                text,
            },
        )
        .parse(lines)
}

/// `remark = code SP text`, with any code but 200, which has a result
fn remark(lines: &str) -> IResult<&str, Parts> {
    let code = verify(code, |&code| code != 200);
    let text = verify(rest.map(str::trim), |text: &str| !text.is_empty());
    separated_pair(code, char(' '), text)
        .map(|(code, text)| Parts {
            code,
            text: text.to_owned(),
            ..Parts::default()
        })
        .parse(lines)
}

/// `code = ( "1" / "2" / "3" / "4" / "5" ) 2DIGIT`
fn code(input: &str) -> IResult<&str, u16> {
    let digits = take_while_m_n(3, 3, |c: char| c.is_ascii_digit());
    let number = map_res(digits, str::parse::<u16>);
    verify(number, |code| (100..600).contains(code)).parse(input)
}

/// `value = "(" text ")"`, up to the last `)` that only fields follow
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
    take_while_m_n(3, 3, |byte: u8| byte.is_ascii_digit()).parse(input)
}

fn word_bytes(input: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(|byte: u8| !byte.is_ascii_whitespace()).parse(input)
}
