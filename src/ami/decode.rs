//! Decodes a captured AMI connection, server side, to one JSON object per line.
//!
//! Memory use is constant whatever the size of the capture: a packet has at most 16 MiB, and of its JSON, which may
//! be six times as long, at most 2 MiB wait to be written. Nothing is omitted: malformed data, and a packet cut off
//! by the end of the capture, appear as `skipped` with their text.
//!
//! An object has `type`, `headers` and `offset`; further keys are present only where they apply:
//!
//! - `text` of a `banner` or `skipped` data: the text without its last line ending;
//! - `raw` of an `event` or `response`: the lines that are not headers;
//! - `length` of a `skipped` packet over the size limit: its size in bytes, of which `text` has the
//!   first ones.
//!
//! Packets with headers but neither `Event` nor `Response` (the response to `SKINNYshowdevice`, or the
//! client's actions in a capture of both directions) are `skipped`, with their headers.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

mod json;
mod ordinary;
mod output;

use std::io::{self, Read, Write};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use bytes::BytesMut;

use super::wire::Framer;
use json::ObjectType;
use output::Output;

/// Decodes `input` to its end and writes one line of JSON per object to `output`.
///
/// Writes all complete objects of a read at once unless they are long, so it also follows a live pipe. Meanwhile,
/// another thread reads and decodes what comes next. If writing fails, that thread ends with its next read.
///
/// # Errors
///
/// Returns the errors of `input` and `output`.
pub fn run(input: impl Read + Send + 'static, mut output: impl Write) -> io::Result<Summary> {
    let (sender, texts) = mpsc::sync_channel(1);
    let (emptied, spare) = mpsc::channel();
    let decoder = thread::Builder::new().name("decode".to_owned());
    let decoder = decoder.spawn(move || decode(input, &sender, &spare))?;
    for text in texts {
        let text = write(text, &mut output)?;
        output.flush()?;
        // An error means that everything is decoded.
        let _ = emptied.send(text);
    }
    match decoder.join() {
        Ok(decoded) => decoded,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Decodes `input` to its end, or until the receiver of the texts is gone. `spare` has texts to reuse.
fn decode(
    mut input: impl Read,
    texts: &SyncSender<Vec<u8>>,
    spare: &Receiver<Vec<u8>>,
) -> io::Result<Summary> {
    let mut decoder = Decoder::new();
    let mut chunk = vec![0; CHUNK];
    let mut pass_on = |text| {
        // Writing has failed, which is reported instead.
        texts.send(text).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(spare.try_recv().unwrap_or_default())
    };
    let mut output = Output::new(&mut pass_on);
    loop {
        let length = match input.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if length == 0 {
            decoder.decode_rest(&mut output)?;
            output.pass_on()?;
            return Ok(decoder.summary);
        }
        decoder.decode(chunk.get(..length).unwrap_or_default(), &mut output)?;
        output.pass_on()?;
    }
}

/// Decodes bytes incrementally, for callers without a [`Read`].
#[derive(Debug)]
pub struct Decoder {
    framer: Framer,
    buffer: BytesMut,
    summary: Summary,
}

impl Decoder {
    /// Creates a decoder at the start of a connection.
    pub fn new() -> Self {
        Self {
            framer: Framer::new(MAX_PACKET),
            buffer: BytesMut::new(),
            summary: Summary::default(),
        }
    }

    /// Decodes `bytes` and writes a line to `output` for each object they complete.
    ///
    /// # Errors
    ///
    /// Returns the errors of `output`.
    pub fn feed(&mut self, bytes: &[u8], mut output: impl Write) -> io::Result<()> {
        let mut pass_on = |text| write(text, &mut output);
        let mut output = Output::new(&mut pass_on);
        // In chunks, so that one large call buffers no more than many small ones.
        for chunk in bytes.chunks(CHUNK) {
            self.decode(chunk, &mut output)?;
            output.pass_on()?;
        }
        Ok(())
    }

    /// Decodes `chunk` and writes a line for each object that it completes.
    fn decode(&mut self, chunk: &[u8], output: &mut Output<'_>) -> io::Result<()> {
        self.buffer.extend_from_slice(chunk);
        loop {
            self.decode_ordinary(output)?;
            let Some(frame) = self.framer.next(&mut self.buffer) else {
                return Ok(());
            };
            self.summary.count(json::write(&frame, output)?);
        }
    }

    /// Does the same with the ordinary events at the front of the buffer.
    fn decode_ordinary(&mut self, output: &mut Output<'_>) -> io::Result<()> {
        while let Some(offset) = self.framer.packet_start()
            && let Some(length) = ordinary::write(&self.buffer, offset, &mut output.text)
        {
            self.framer.skip(&mut self.buffer, length);
            self.summary.count(ObjectType::Event);
            output.pass_on_long()?;
        }
        Ok(())
    }

    /// Writes the packet that the end of the stream cut off, if any.
    fn decode_rest(&mut self, output: &mut Output<'_>) -> io::Result<()> {
        if let Some(frame) = self.framer.finish(&mut self.buffer) {
            self.summary.count(json::write(&frame, output)?);
        }
        Ok(())
    }

    /// Writes the packet that the end of the stream cut off, if any, and returns the totals.
    pub fn finish(mut self, mut output: impl Write) -> io::Result<Summary> {
        let mut pass_on = |text| write(text, &mut output);
        let mut output = Output::new(&mut pass_on);
        self.decode_rest(&mut output)?;
        output.pass_on()?;
        Ok(self.summary)
    }
}

/// Writes `text`, and returns it for what comes next.
fn write(mut text: Vec<u8>, output: &mut impl Write) -> io::Result<Vec<u8>> {
    output.write_all(&text)?;
    text.clear();
    Ok(text)
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

/// Number of objects of each type.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Summary {
    /// Banners.
    pub banners: u64,
    /// Events, including items of lists.
    pub events: u64,
    /// Responses.
    pub responses: u64,
    /// Malformed, oversized or incomplete packets.
    pub skipped: u64,
}

impl Summary {
    fn count(&mut self, kind: ObjectType) {
        let counter = match kind {
            ObjectType::Banner => &mut self.banners,
            ObjectType::Event => &mut self.events,
            ObjectType::Response => &mut self.responses,
            ObjectType::Skipped => &mut self.skipped,
        };
        *counter = counter.saturating_add(1);
    }
}

/// Maximum size of a packet, in bytes.
const MAX_PACKET: usize = 16 * 1024 * 1024;

/// Bytes decoded at once: few enough to stay in the cache of a processor.
const CHUNK: usize = 128 * 1024;

#[cfg(test)]
mod tests;
