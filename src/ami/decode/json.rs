//! One frame as a line of JSON, written directly from its bytes.

use std::io;

use super::output::{Output, PART};
use crate::wire::{self, Frame, Kind, Line};

/// The value of `type`.
#[derive(Clone, Copy, Debug)]
pub(super) enum ObjectType {
    Banner,
    Event,
    Response,
    Skipped,
}

impl ObjectType {
    fn name(self) -> &'static str {
        match self {
            Self::Banner => "banner",
            Self::Event => "event",
            Self::Response => "response",
            Self::Skipped => "skipped",
        }
    }
}

/// Writes a frame as one line, and returns its type.
pub(super) fn write(frame: &Frame, output: &mut Output<'_>) -> io::Result<ObjectType> {
    let (kind, offset, block) = match frame {
        Frame::Banner { offset, line } => (ObjectType::Banner, *offset, line),
        Frame::TooLong { offset, head, .. } => (ObjectType::Skipped, *offset, head),
        Frame::Unfinished { offset, rest } => (ObjectType::Skipped, *offset, rest),
        Frame::Packet { offset, block } => (kind(block), *offset, block),
    };
    let mut text = Text {
        is_utf8: std::str::from_utf8(block).is_ok(),
        is_plain: is_plain(block),
        output,
    };
    text.literal("{\"type\":\"");
    text.literal(kind.name());
    text.literal("\",\"headers\":[");
    let raw_lines = match frame {
        Frame::Packet { block, .. } => text.headers(block)?,
        _ => 0,
    };
    text.literal("],\"offset\":");
    text.literal(&offset.to_string());
    if let (Frame::Packet { block, .. }, ObjectType::Event | ObjectType::Response) = (frame, kind) {
        if 0 < raw_lines {
            text.raw(block)?;
        }
    } else {
        text.literal(",\"text\":\"");
        text.is_plain = false;
        text.value(without_line_end(block))?;
        text.literal("\"");
    }
    if let Frame::TooLong { length, .. } = frame {
        text.literal(",\"length\":");
        text.literal(&length.to_string());
    }
    text.literal("}\n");
    Ok(kind)
}

fn kind(block: &[u8]) -> ObjectType {
    let names = wire::lines(block).filter_map(|line| match line {
        Line::Header(name, _) => Some(name),
        Line::Output(_) | Line::Raw(_) => None,
    });
    match Kind::of(names) {
        Kind::Event => ObjectType::Event,
        Kind::Response => ObjectType::Response,
        Kind::Other => ObjectType::Skipped,
    }
}

/// Writes parts of one frame. Its bytes are checked together, because most parts have only a few.
struct Text<'a, 'b> {
    output: &'a mut Output<'b>,
    /// The frame is UTF-8, and so is every line of it.
    is_utf8: bool,
    /// No line of the frame contains anything to escape.
    is_plain: bool,
}

impl Text<'_, '_> {
    /// Writes the headers, and returns the number of lines that are none.
    fn headers(&mut self, block: &[u8]) -> io::Result<usize> {
        let mut separator = "[\"";
        let mut others = 0_usize;
        for line in wire::lines(block) {
            let (name, value) = match line {
                Line::Header(name, value) => (name, value),
                Line::Output(value) => (&b"Output"[..], value),
                Line::Raw(_) => {
                    others = others.saturating_add(1);
                    continue;
                }
            };
            self.literal(separator);
            self.value(name)?;
            self.literal("\",\"");
            self.value(value)?;
            separator = "\"],[\"";
        }
        if separator == "\"],[\"" {
            self.literal("\"]");
        }
        Ok(others)
    }

    /// Writes the lines that are not headers.
    fn raw(&mut self, block: &[u8]) -> io::Result<()> {
        let mut separator = ",\"raw\":[\"";
        for line in wire::lines(block) {
            if let Line::Raw(raw) = line {
                self.literal(separator);
                self.value(raw)?;
                separator = "\",\"";
            }
        }
        self.literal("\"]");
        Ok(())
    }

    fn literal(&mut self, text: &str) {
        self.output.text.extend_from_slice(text.as_bytes());
    }

    /// Writes the inside of a string; invalid UTF-8 becomes U+FFFD.
    fn value(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_utf8 {
            return self.parts(bytes);
        }
        for chunk in bytes.utf8_chunks() {
            self.parts(chunk.valid().as_bytes())?;
            if !chunk.invalid().is_empty() {
                self.literal("\u{fffd}");
            }
            self.output.pass_on_long()?;
        }
        Ok(())
    }

    /// Writes a part of the inside of a string that is UTF-8.
    fn parts(&mut self, bytes: &[u8]) -> io::Result<()> {
        for part in bytes.chunks(PART) {
            if self.is_plain {
                self.output.text.extend_from_slice(part);
            } else {
                self.escape(part);
            }
            self.output.pass_on_long()?;
        }
        Ok(())
    }

    fn escape(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some(at) = rest.iter().position(|&byte| needs_escape(byte)) {
            let (plain, special) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            let (special, after) = special.split_at_checked(1).unwrap_or_default();
            self.output.text.extend_from_slice(plain);
            self.escaped(special);
            rest = after;
        }
        self.output.text.extend_from_slice(rest);
    }

    fn escaped(&mut self, special: &[u8]) {
        match special {
            b"\"" => self.literal("\\\""),
            b"\\" => self.literal("\\\\"),
            b"\t" => self.literal("\\t"),
            b"\n" => self.literal("\\n"),
            b"\r" => self.literal("\\r"),
            b"\x08" => self.literal("\\b"),
            b"\x0c" => self.literal("\\f"),
            [byte, ..] => self.literal(&format!("\\u{byte:04x}")),
            [] => (),
        }
    }
}

/// Whether nothing but the ends of lines needs to be escaped. Looks at all bytes, which is faster than to
/// stop early.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches, the loop becomes vector instructions"
)]
fn is_plain(block: &[u8]) -> bool {
    let is_special = |byte: u8, next: u8| {
        needs_escape(byte) & (byte != b'\n') & !((byte == b'\r') & (next == b'\n'))
    };
    let Some((&last, before)) = block.split_last() else {
        return true;
    };
    let pairs = before.iter().zip(block.get(1..).unwrap_or_default());
    let found = |found, (&byte, &next): (&u8, &u8)| found | is_special(byte, next);
    !pairs.fold(is_special(last, 0), found)
}

#[expect(
    clippy::needless_bitwise_bool,
    reason = "without branches, the loops over it become vector instructions"
)]
pub(super) fn needs_escape(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

fn without_line_end(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}
