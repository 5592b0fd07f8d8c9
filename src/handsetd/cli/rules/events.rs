//! Reads events from files: in the format of AMI, or as JSON.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use bytes::BytesMut;
use handset_ami::Event;
use handset_ami::wire::{Frame, Framer};
use serde_json::Value;

use crate::rules::Fact;

/// The position of an event in its file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Position {
    /// The offset of its first byte.
    Byte(u64),
    /// The number of its JSON object, counted from 1.
    Number(usize),
}

/// Reads a file that contains nothing but events, written by hand or by a program.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<(Fact, Position)>> {
    let context = || format!("cannot read {}", path.display());
    let limit = MAX_FILE.saturating_add(1);
    let mut bytes = Vec::new();
    let file = open(path).with_context(context)?;
    file.take(limit)
        .read_to_end(&mut bytes)
        .with_context(context)?;
    ensure!(
        bytes.len() as u64 <= MAX_FILE,
        "{} is longer than {MAX_FILE} bytes; use --capture",
        path.display()
    );
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    let events = match text.trim_ascii_start().first() {
        Some(b'{' | b'[') => read_json(text),
        _ => read_blocks(text),
    };
    events.with_context(context)
}

/// Reads the bytes of an AMI connection, of any length; everything but events is skipped.
pub(super) fn read_capture(
    path: &Path,
    each: &mut impl FnMut(&Fact, Position) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let context = || format!("cannot read {}", path.display());
    let mut file = open(path).with_context(context)?;
    let mut framer = Framer::new(MAX_PACKET);
    let mut buffer = BytesMut::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = file.read(&mut chunk).with_context(context)?;
        if length == 0 {
            // A packet that the capture cuts off is incomplete.
            return Ok(());
        }
        buffer.extend_from_slice(chunk.get(..length).unwrap_or_default());
        while let Some(frame) = framer.next(&mut buffer) {
            if let Frame::Packet { offset, block } = frame
                && let Some(event) = Event::parse(&block)
            {
                each(&Fact::from(event), Position::Byte(offset))?;
            }
        }
    }
}

fn open(path: &Path) -> io::Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(File::open(path)?))
}

fn read_blocks(text: &[u8]) -> anyhow::Result<Vec<(Fact, Position)>> {
    let mut framer = Framer::new(MAX_PACKET);
    let mut buffer = BytesMut::from(text);
    let mut events = Vec::new();
    while let Some(frame) = framer
        .next(&mut buffer)
        .or_else(|| framer.finish(&mut buffer))
    {
        let (offset, block) = match frame {
            Frame::Banner { .. } => continue,
            Frame::Packet { offset, block } => (offset, block),
            Frame::Unfinished { offset, rest } => (offset, rest),
            Frame::TooLong { offset, length, .. } => {
                bail!(
                    "the event at byte {offset} has {length} bytes; at most {MAX_PACKET} are allowed"
                )
            }
        };
        if block.trim_ascii().is_empty() {
            continue;
        }
        let event = Event::parse(&block)
            .with_context(|| format!("the block at byte {offset} has no line \"Event: NAME\""))?;
        events.push((Fact::from(event), Position::Byte(offset)));
    }
    Ok(events)
}

fn read_json(text: &[u8]) -> anyhow::Result<Vec<(Fact, Position)>> {
    let mut events = Vec::new();
    let mut number: usize = 0;
    for value in serde_json::Deserializer::from_slice(text).into_iter::<Value>() {
        let list = match value.context("invalid JSON")? {
            Value::Array(list) => list,
            value => vec![value],
        };
        for value in list {
            number = number.saturating_add(1);
            let object = || format!("object {number}");
            let Some(headers) = headers(&value).with_context(object)? else {
                continue;
            };
            let fact = Fact::of_headers(headers)
                .context("missing \"Event\" with the name of the event")
                .with_context(object)?;
            events.push((fact, Position::Number(number)));
        }
    }
    Ok(events)
}

/// Reads the headers of an object: a plain one, or a line of `handsetd ami decode`; returns `None`
/// for a line of the latter that is not an event.
fn headers(value: &Value) -> anyhow::Result<Option<Vec<(String, String)>>> {
    let object = value.as_object().context("expected an object")?;
    let mut headers = Vec::new();
    if let (Some(kind), Some(decoded)) = (object.get("type"), object.get("headers")) {
        if kind != "event" {
            return Ok(None);
        }
        let pairs: Vec<(String, String)> = serde_json::from_value(decoded.clone())
            .context("\"headers\" must be a list of pairs of name and value")?;
        return Ok(Some(pairs));
    }
    for (name, value) in object {
        let values = match value {
            Value::Array(list) => list.as_slice(),
            value => std::slice::from_ref(value),
        };
        for value in values {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                _ => bail!("the value of {name:?} must be a string or a list of strings"),
            };
            headers.push((name.clone(), text));
        }
    }
    Ok(Some(headers))
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The longest file of events, in bytes; captures may be of any length.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// The longest event, in bytes.
const MAX_PACKET: usize = 16 * 1024 * 1024;

/// The size of a read, in bytes.
const CHUNK: usize = 64 * 1024;
