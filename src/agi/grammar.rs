//! The grammar of lines and replies, for complete blocks.
//!
//! It only parses. Which variables to trust is decided by [`environment`](super::environment); the
//! meaning of a reply is up to the caller.

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
pub(super) struct Line<'a>(pub(super) &'a str);

impl<'a> Line<'a> {
    /// Returns name and value, if it is a variable.
    ///
    /// `variable = "agi_" name ":" [SP] value`
    ///
    /// Without combinators: every call has two dozen of these lines.
    pub(super) fn variable(&self) -> Option<(&'a str, &'a str)> {
        let (name, value) = self.0.strip_prefix("agi_")?.split_once(':')?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_valid = !name.is_empty() && name.bytes().all(is_name);
        is_valid.then(|| (name, value.strip_prefix(' ').unwrap_or(value)))
    }
}

/// Returns the lines of an environment in order.
pub(super) fn lines(block: &str) -> impl Iterator<Item = Line<'_>> {
    block.lines().map(Line)
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
