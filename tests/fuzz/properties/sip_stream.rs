//! SIP: messages and keep-alives in a stream.

use bytes::BytesMut;
use handset_sip::wire::{Frame, Framer, MAX_MESSAGE, Malformed};

/// Splits a stream into frames, whose messages are the same in chunks of any size.
pub fn check(bytes: &[u8]) {
    let whole = frames(bytes, bytes.len());
    for chunk in [1, 7] {
        assert_eq!(frames(bytes, chunk), whole, "chunks make a difference");
    }
    let mut written = BytesMut::new();
    let messages: Vec<_> = whole.0.into_iter().filter(is_message).collect();
    for frame in &messages {
        if let Frame::Message(message) = frame {
            written.extend_from_slice(&message.to_bytes());
        }
    }
    let (back, failure) = frames(&written, written.len());
    // A head at the limit may be written longer than it was.
    if failure != Some(Malformed::TooLong) {
        assert_eq!(back, messages, "they are written as other messages");
        assert_eq!(failure, None);
    }
}

/// Splits `bytes`, which arrive in chunks of this size; returns the frames, and why they end early.
fn frames(bytes: &[u8], chunk: usize) -> (Vec<Frame>, Option<Malformed>) {
    let mut framer = Framer::default();
    let mut buffer = BytesMut::new();
    let mut frames = Vec::new();
    for chunk in bytes.chunks(chunk.max(1)) {
        buffer.extend_from_slice(chunk);
        loop {
            match framer.next(&mut buffer) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
        let max = MAX_MESSAGE + chunk.len();
        assert!(buffer.len() <= max, "the framer buffers {}", buffer.len());
        let is_empty = buffer.is_empty();
        assert!(framer.is_within_message(&buffer) || is_empty || buffer.len() < 4);
    }
    (frames, None)
}

fn is_message(frame: &Frame) -> bool {
    matches!(frame, Frame::Message(_))
}
