//! Request lines of HTTP whose query the client did not encode.
//!
//! Phones insert display names and SIP addresses into their action URLs as they are:
//! `GET /action/yealink/incoming_call?name=Ada "A" <201> HTTP/1.1`. hyper refuses such a line, so its
//! query is percent-encoded before hyper reads it.
//!
//! Only request lines change. A request that announces a body ends the search for them: everything
//! after its head passes unchanged until the connection closes, so that this module never has to
//! know where a body ends and cannot disagree with hyper about it (request smuggling). No line is
//! ever split or joined.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection from a client, with the queries of its request lines encoded.
#[derive(Debug)]
pub struct EncodingStream<S> {
    inner: S,
    encoder: Encoder,
    /// Encoded bytes, and how many of them were read.
    encoded: Vec<u8>,
    read: usize,
    is_at_end: bool,
}

impl<S> EncodingStream<S> {
    /// Wraps a connection that has not been read from.
    pub fn new(inner: S) -> Self {
        Self {
            inner,
            encoder: Encoder::default(),
            encoded: Vec::new(),
            read: 0,
            is_at_end: false,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for EncodingStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            let unread = this.encoded.get(this.read..).unwrap_or_default();
            if !unread.is_empty() {
                let (now, _) = unread.split_at(unread.len().min(buffer.remaining()));
                buffer.put_slice(now);
                this.read += now.len();
                return Poll::Ready(Ok(()));
            }
            this.encoded.clear();
            this.read = 0;
            if this.is_at_end || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            if this.encoder.is_passing() {
                return Pin::new(&mut this.inner).poll_read(context, buffer);
            }
            let mut chunk = [0; CHUNK];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut this.inner).poll_read(context, &mut chunk))?;
            if chunk.filled().is_empty() {
                this.is_at_end = true;
                this.encoder.finish(&mut this.encoded);
            } else {
                this.encoder.encode(chunk.filled(), &mut this.encoded);
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for EncodingStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// Follows the bytes of a connection, and encodes the queries of its request lines.
#[derive(Debug, Default)]
struct Encoder {
    part: Part,
    /// In a query, a blank and what followed it, as long as that may be the version at the end of the line;
    /// in a header, its first bytes.
    kept: Vec<u8>,
    has_body: bool,
}

/// The part of a request that the next byte belongs to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Part {
    /// The first byte of a request line, or of an empty line before it, which hyper skips as well.
    #[default]
    Start,
    Method,
    Path,
    Query,
    /// The rest of a request line that is not encoded: it has no query, or hyper will refuse it.
    Verbatim,
    Header,
    /// After the head of a request that announces a body.
    Unknown,
}

impl Encoder {
    /// Returns whether everything from now on passes unchanged.
    fn is_passing(&self) -> bool {
        self.part == Part::Unknown
    }

    /// Appends the next bytes of the connection to `out`, with queries encoded.
    fn encode(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut bytes = bytes.iter();
        while let Some(byte) = bytes.next() {
            self.part = match (self.part, byte) {
                (Part::Query, _) => {
                    self.part = self.encode_in_query(*byte, out);
                    continue;
                }
                (Part::Unknown, _) => {
                    out.push(*byte);
                    out.extend_from_slice(bytes.as_slice());
                    return;
                }
                (Part::Start, b'\r' | b'\n') => Part::Start,
                (Part::Header, b'\n') => self.end_header(),
                (Part::Header, _) => {
                    if self.kept.len() < MAX_NAME {
                        self.kept.push(*byte);
                    }
                    Part::Header
                }
                (_, b'\n') => Part::Header,
                (Part::Start | Part::Method, b'A'..=b'Z') => Part::Method,
                (Part::Path, b'?') => Part::Query,
                // A blank in the path would end the target for others.
                (Part::Method, b' ') | (Part::Path, 0x21..) => Part::Path,
                _ => Part::Verbatim,
            };
            out.push(*byte);
        }
    }

    /// Appends what was kept back, at the end of the connection.
    fn finish(&mut self, out: &mut Vec<u8>) {
        if self.part == Part::Query {
            out.append(&mut self.kept);
        }
    }

    /// Appends a byte of a query, or keeps it back; returns the part of the next one.
    ///
    /// A query may contain blanks, so it ends before the last ` HTTP/1.1` of its line.
    fn encode_in_query(&mut self, byte: u8, out: &mut Vec<u8>) -> Part {
        self.kept.push(byte);
        let ends = |end: &[u8]| end.starts_with(&self.kept);
        if ENDS.iter().any(|end| ends(end)) {
            if byte != b'\n' {
                return Part::Query;
            }
            out.append(&mut self.kept);
            return Part::Header;
        }
        // It was no version. The last byte may begin one.
        self.kept.pop();
        for kept in self.kept.drain(..) {
            push_encoded(kept, out);
        }
        match byte {
            b' ' => self.kept.push(byte),
            byte => push_encoded(byte, out),
        }
        if byte == b'\n' {
            Part::Header
        } else {
            Part::Query
        }
    }

    /// Returns the part after a header, or after the empty line that ends the head.
    fn end_header(&mut self) -> Part {
        let line = std::mem::take(&mut self.kept);
        let is_end = matches!(&*line, b"" | b"\r");
        self.has_body |= announces_body(&line);
        match (is_end, self.has_body) {
            (false, _) => Part::Header,
            (true, false) => Part::Start,
            (true, true) => Part::Unknown,
        }
    }
}

/// Returns whether a header may announce a body. A line that only resembles one counts, too: the price is
/// that later request lines are not encoded.
fn announces_body(line: &[u8]) -> bool {
    let line = line.trim_ascii_start();
    BODY_HEADERS.iter().any(|name| {
        line.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    })
}

/// Appends a byte, encoded if hyper refuses it in a query or ends the query there. Control characters
/// stay as they are, so that hyper refuses them.
fn push_encoded(byte: u8, out: &mut Vec<u8>) {
    match byte {
        b' ' | b'"' | b'#' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | 0x80.. => {
            out.extend_from_slice(percent_encoding::percent_encode_byte(byte).as_bytes());
        }
        _ => out.push(byte),
    }
}

/// The ends of a request line.
const ENDS: [&[u8]; 4] = [
    b" HTTP/1.1\r\n",
    b" HTTP/1.0\r\n",
    b" HTTP/1.1\n",
    b" HTTP/1.0\n",
];

/// The headers that announce a body.
const BODY_HEADERS: [&[u8]; 2] = [b"content-length", b"transfer-encoding"];

/// How much of a header is kept to recognize its name, in bytes, with white space before it.
const MAX_NAME: usize = 32;

/// How much is read at a time, in bytes.
const CHUNK: usize = 2 * 1024;

#[cfg(test)]
mod tests;
