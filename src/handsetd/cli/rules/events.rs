//! Reads events out of files: as they go over the wire, or as JSON.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, bail, ensure};
use bytes::BytesMut;
use serde_json::Value;

use crate::rules::Fact;
use handset_ami::Event;
use handset_ami::wire::{Frame, Framer};

/// Where an event stands in its file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin {
    /// It begins at this byte.
    Byte(u64),
    /// It is the one with this number, counted from 1.
    Number(usize),
}

/// Reads a file that was written by hand or by a program, where everything must be an event.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<(Fact, Origin)>> {
    let failed = || format!("cannot read {}", path.display());
    let limit = MAX_FILE.saturating_add(1);
    let mut bytes = Vec::new();
    let file = open(path).with_context(failed)?;
    file.take(limit)
        .read_to_end(&mut bytes)
        .with_context(failed)?;
    ensure!(
        bytes.len() as u64 <= MAX_FILE,
        "{} is longer than {MAX_FILE} bytes; read it with --capture",
        path.display()
    );
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&bytes);
    let events = match text.trim_ascii_start().first() {
        Some(b'{' | b'[') => read_json(text),
        _ => read_blocks(text),
    };
    events.with_context(failed)
}

/// Reads what a manager sent, of any length; passes over what is no event.
pub(super) fn read_capture(
    path: &Path,
    each: &mut impl FnMut(&Fact, Origin) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let failed = || format!("cannot read {}", path.display());
    let mut file = open(path).with_context(failed)?;
    let mut framer = Framer::new(MAX_PACKET);
    let mut buffer = BytesMut::new();
    let mut piece = vec![0; PIECE];
    loop {
        let length = file.read(&mut piece).with_context(failed)?;
        if length == 0 {
            // A packet that the capture cuts off may lack what a rule asks for.
            return Ok(());
        }
        buffer.extend_from_slice(piece.get(..length).unwrap_or_default());
        while let Some(frame) = framer.next(&mut buffer) {
            if let Frame::Packet { offset, block } = frame
                && let Some(event) = Event::parse(&block)
            {
                each(&Fact::from(event), Origin::Byte(offset))?;
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

fn read_blocks(text: &[u8]) -> anyhow::Result<Vec<(Fact, Origin)>> {
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
                bail!("{length} bytes from byte {offset} on are too long for an event")
            }
        };
        if block.trim_ascii().is_empty() {
            continue;
        }
        let event = Event::parse(&block)
            .with_context(|| format!("what begins at byte {offset} has no line \"Event: NAME\""))?;
        events.push((Fact::from(event), Origin::Byte(offset)));
    }
    Ok(events)
}

fn read_json(text: &[u8]) -> anyhow::Result<Vec<(Fact, Origin)>> {
    let mut events = Vec::new();
    let mut number: usize = 0;
    for value in serde_json::Deserializer::from_slice(text).into_iter::<Value>() {
        let list = match value.context("this is no JSON")? {
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
                .context("there is no \"Event\" with the event's name")
                .with_context(object)?;
            events.push((fact, Origin::Number(number)));
        }
    }
    Ok(events)
}

/// Reads the headers of an object, be it a plain one or a line of `handsetd ami decode`, of which
/// those that are no events give `None`.
fn headers(value: &Value) -> anyhow::Result<Option<Vec<(String, String)>>> {
    let object = value.as_object().context("an event is an object")?;
    let mut headers = Vec::new();
    if let (Some(kind), Some(decoded)) = (object.get("type"), object.get("headers")) {
        if kind != "event" {
            return Ok(None);
        }
        let pairs: Vec<(String, String)> = serde_json::from_value(decoded.clone())
            .context("\"headers\" is a list of names and values")?;
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
                _ => bail!("the value of {name:?} is neither a text nor a list of texts"),
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

/// How much is read in one go, in bytes.
const PIECE: usize = 64 * 1024;
