//! Reads events from files: in the format of AMI, or as JSON.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use bytes::BytesMut;
use handset_ami::Event;
use handset_ami::wire::{Frame, Framer};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::rules::Fact;

/// An event of a file.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) fact: Fact,
    pub(super) position: Position,
    /// When it occurred, if the file says so.
    pub(super) at: Option<Timestamp>,
}

impl Recorded {
    fn new(fact: Fact, position: Position) -> Self {
        let at = fact.value("Timestamp").and_then(seconds);
        Self { fact, position, at }
    }
}

/// The position of an event in its file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Position {
    /// The offset of its first byte.
    Byte(u64),
    /// The number of its JSON object, counted from 1.
    Number(usize),
}

/// Reads a file that contains nothing but events, written by hand or by a program.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<Recorded>> {
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
    each: &mut impl FnMut(&Recorded) -> anyhow::Result<()>,
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
                each(&Recorded::new(Fact::from(event), Position::Byte(offset)))?;
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

fn read_blocks(text: &[u8]) -> anyhow::Result<Vec<Recorded>> {
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
        events.push(Recorded::new(Fact::from(event), Position::Byte(offset)));
    }
    Ok(events)
}

fn read_json(text: &[u8]) -> anyhow::Result<Vec<Recorded>> {
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
            let recorded = recorded(&value, Position::Number(number));
            events.extend(recorded.with_context(object)?);
        }
    }
    Ok(events)
}

/// Reads an object: plain headers, a line of `handsetd events`, or one of `handsetd ami decode`; returns
/// `None` for a line of the latter that is not an event.
fn recorded(value: &Value, position: Position) -> anyhow::Result<Option<Recorded>> {
    let object = value.as_object().context("expected an object")?;
    if let (Some(name), Some(fields)) = (object.get("event"), object.get("fields")) {
        return of_stream(object, name, fields, position).map(Some);
    }
    let headers = match (object.get("type"), object.get("headers")) {
        (Some(kind), Some(_)) if kind != "event" => return Ok(None),
        (Some(_), Some(headers)) => serde_json::from_value(headers.clone())
            .context("\"headers\" must be a list of pairs of name and value")?,
        _ => plain_headers(object)?,
    };
    let fact = Fact::of_headers(headers).context("missing \"Event\" with the name of the event")?;
    Ok(Some(Recorded::new(fact, position)))
}

/// Reads an object of the event stream, in which the name of the event is not among its values.
fn of_stream(
    object: &Map<String, Value>,
    name: &Value,
    fields: &Value,
    position: Position,
) -> anyhow::Result<Recorded> {
    let name = name.as_str().context("\"event\" must be a string")?;
    let fields = fields.as_object().context("\"fields\" must be an object")?;
    let header = match name.split_once('.') {
        Some((event @ "UserEvent", _)) if fields.contains_key(event) => event,
        _ => name,
    };
    let mut headers = vec![("Event".to_owned(), header.to_owned())];
    for (name, value) in fields {
        // A delivery has values that are no texts, which rules do not get.
        headers.extend(texts(name, value).unwrap_or_default());
    }
    let server = object.get("server").and_then(Value::as_str);
    let server = server.map(str::parse).transpose().context("\"server\"")?;
    let fact = Fact::of_headers(headers).context("\"event\" must not be empty")?;
    let recorded = Recorded::new(fact.of_server(server), position);
    let at = object.get("at").and_then(Value::as_str);
    let at = at.map(str::parse).transpose().context("\"at\"")?;
    Ok(Recorded {
        at: recorded.at.or(at),
        ..recorded
    })
}

fn plain_headers(object: &Map<String, Value>) -> anyhow::Result<Vec<(String, String)>> {
    let mut headers = Vec::new();
    for (name, value) in object {
        let values = texts(name, value).with_context(|| {
            format!("the value of {name:?} must be a string or a list of strings")
        })?;
        headers.extend(values);
    }
    Ok(headers)
}

/// Returns a name with its value, or with each of a list; `None` if they are no texts.
fn texts(name: &str, value: &Value) -> Option<Vec<(String, String)>> {
    let values = match value {
        Value::Array(list) => list.as_slice(),
        value => std::slice::from_ref(value),
    };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        _ => None,
    };
    let pair = |value| Some((name.to_owned(), text(value)?));
    values.iter().map(pair).collect()
}

/// Reads a time in seconds since 1970, as `timestampevents` in `manager.conf` writes it.
fn seconds(text: &str) -> Option<Timestamp> {
    let seconds = Duration::try_from_secs_f64(text.parse().ok()?).ok()?;
    Timestamp::from_duration(SignedDuration::try_from(seconds).ok()?).ok()
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The longest file of events, in bytes; captures may be of any length.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// The longest event, in bytes.
const MAX_PACKET: usize = 16 * 1024 * 1024;

/// The size of a read, in bytes.
const CHUNK: usize = 64 * 1024;
