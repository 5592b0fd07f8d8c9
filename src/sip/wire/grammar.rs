//! The grammar of a message head and of the header fields that are interpreted, after RFC 3261, section 25.
//!
//! It only parses complete texts. What to do with a message is decided elsewhere.

use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, take_till, take_while_m_n, take_while1};
use nom::character::complete::{char, space0, space1, u32 as number32};
use nom::combinator::{all_consuming, map_opt, map_res, opt, rest};
use nom::multi::{fold_many0, many0};
use nom::sequence::{delimited, preceded, separated_pair, terminated};
use nom::{Finish, IResult, Parser};

use super::text::is_token_byte;

/// The first line of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum StartLine<'a> {
    Request { method: &'a str, uri: &'a str },
    Status { code: u16, reason: &'a str },
}

/// `Via`: transport, host, port, parameters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ViaParts<'a> {
    pub(super) transport: &'a str,
    pub(super) sent_by: &'a str,
    pub(super) params: Vec<Param>,
}

/// A name in lower case with its value, if it has one.
pub(super) type Param = (String, Option<String>);

/// Runs a parser over all of `text`.
pub(super) fn complete<'a, O, P>(parser: P, text: &'a str) -> Option<O>
where
    P: Parser<&'a str, Output = O, Error = nom::error::Error<&'a str>>,
{
    all_consuming(parser)
        .parse(text)
        .finish()
        .ok()
        .map(|(_, output)| output)
}

/// `start-line = Request-Line / Status-Line`, without its CRLF
pub(super) fn start_line(line: &str) -> IResult<&str, StartLine<'_>> {
    let status = (
        preceded(
            tag("SIP/2.0 "),
            map_res(
                take_while_m_n(3, 3, |c: char| c.is_ascii_digit()),
                str::parse,
            ),
        ),
        alt((preceded(char(' '), rest), rest)),
    )
        .map(|(code, reason)| StartLine::Status { code, reason });
    let request = (
        terminated(token, char(' ')),
        terminated(is_not(" "), tag(" SIP/2.0")),
    )
        .map(|(method, uri)| StartLine::Request { method, uri });
    alt((status, request)).parse(line)
}

/// `message-header = token HCOLON value CRLF`, where the value continues on lines that start with white
/// space; such lines are joined by a space.
pub(super) fn header(text: &str) -> IResult<&str, (&str, String)> {
    let line = || terminated(take_till(|c| c == '\r' || c == '\n'), tag("\r\n"));
    let folded = fold_many0(
        preceded(space1, line()),
        String::new,
        |mut value, line: &str| {
            value.push(' ');
            value.push_str(line.trim());
            value
        },
    );
    separated_pair(token, (space0, char(':')), (line(), folded))
        .map(|(name, (first, folded))| (name, format!("{}{folded}", first.trim())))
        .parse(text)
}

/// `via-parm = "SIP/2.0/" transport LWS sent-by *( SEMI via-params )`
pub(super) fn via(text: &str) -> IResult<&str, ViaParts<'_>> {
    let slash = || delimited(space0, char('/'), space0);
    let protocol = (tag("SIP"), slash(), tag("2.0"), slash());
    // Spaces are allowed around the colon between host and port, but no implementation writes them.
    let sent_by = take_while1(|c: char| !c.is_ascii_whitespace() && c != ';' && c != ',');
    (preceded(protocol, token), preceded(space1, sent_by), params)
        .map(|(transport, sent_by, params)| ViaParts {
            transport,
            sent_by,
            params,
        })
        .parse(text)
}

/// `name-addr / addr-spec`, and parameters; returns display name, URI and parameters. Without angle
/// brackets, parameters are those of the field (section 20).
pub(super) fn name_addr(text: &str) -> IResult<&str, (String, &str, Vec<Param>)> {
    let words = map_opt(take_till(|c| c == '<'), |words: &str| {
        let is_plain = words
            .chars()
            .all(|c| c.is_ascii_whitespace() || c.is_ascii_graphic() || !c.is_ascii());
        (is_plain && !words.contains(['"', ',', ';'])).then(|| words.trim().to_owned())
    });
    let bracketed = (
        preceded(space0, alt((terminated(quoted, space0), words))),
        delimited(char('<'), is_not(">"), char('>')),
    );
    let bare = preceded(
        space0,
        take_while1(|c: char| !c.is_ascii_whitespace() && !";,?<>\"".contains(c)),
    )
    .map(|uri| (String::new(), uri));
    (alt((bracketed, bare)), params)
        .map(|((name, uri), params)| (name, uri, params))
        .parse(text)
}

/// `*( SEMI token [ EQUAL ( token / host / quoted-string ) ] )`
pub(super) fn params(text: &str) -> IResult<&str, Vec<Param>> {
    let plain = take_while1(|c: char| !c.is_ascii_whitespace() && !";,=\"<>".contains(c));
    let any_value = alt((quoted, plain.map(str::to_owned)));
    let equal = delimited(space0, char('='), space0);
    let semicolon = delimited(space0, char(';'), space0);
    let param = (token, opt(preceded(equal, any_value)))
        .map(|(name, value): (&str, _)| (name.to_ascii_lowercase(), value));
    terminated(many0(preceded(semicolon, param)), space0).parse(text)
}

/// `CSeq = 1*DIGIT LWS Method`
pub(super) fn cseq(text: &str) -> IResult<&str, (u32, &str)> {
    separated_pair(number32, space1, terminated(token, space0)).parse(text)
}

/// `delta-seconds *( SEMI parameter )`, as in `Expires` and `Session-Expires`
pub(super) fn seconds(text: &str) -> IResult<&str, (u32, Vec<Param>)> {
    // Numbers above the range mean its maximum (section 20.19 has 2**32 - 1).
    let digits = take_while1(|c: char| c.is_ascii_digit())
        .map(|digits: &str| digits.parse().unwrap_or(u32::MAX));
    (digits, params).parse(text)
}

/// Splits a list at its commas outside of quotes and angle brackets; empty elements are left out.
pub(super) fn elements(list: &str) -> impl Iterator<Item = &str> {
    let (mut is_quoted, mut is_escaped, mut is_bracketed) = (false, false, false);
    let separator = move |c: char| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match c {
            '\\' if is_quoted && !was_escaped => is_escaped = true,
            '"' if !was_escaped => is_quoted = !is_quoted,
            '<' if !is_quoted => is_bracketed = true,
            '>' if !is_quoted => is_bracketed = false,
            _ => {}
        }
        c == ',' && !is_quoted && !is_bracketed
    };
    let elements = list.split(separator).map(str::trim);
    elements.filter(|element| !element.is_empty())
}

/// `quoted-string`, without its quotes and escapes
fn quoted(text: &str) -> IResult<&str, String> {
    let (rest, _) = char('"').parse(text)?;
    let mut string = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next() {
            Some('"') => return Ok((chars.as_str(), string)),
            Some('\\') => string.extend(chars.next()),
            Some(c) => string.push(c),
            None => {
                let error = nom::error::Error::new(text, nom::error::ErrorKind::Char);
                return Err(nom::Err::Error(error));
            }
        }
    }
}

fn token(text: &str) -> IResult<&str, &str> {
    take_while1(|c: char| u8::try_from(c).is_ok_and(is_token_byte)).parse(text)
}
