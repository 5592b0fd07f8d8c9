//! AMI: framing, packets, and `ami decode`.

use bytes::BytesMut;
use handset_ami::decode::Decoder;
use handset_ami::wire::{Frame, Framer, Packet};

/// Splits a stream into frames and parses every packet.
pub fn check(bytes: &[u8]) {
    let whole = frames(bytes, LIMIT, bytes.len());
    for chunk in [1, 7] {
        let chunked = frames(bytes, LIMIT, chunk);
        assert_eq!(chunked, whole, "chunks make a difference");
    }
    in_order(&whole, bytes.len());
    for frame in &whole {
        if let Frame::Packet { block, .. } = frame {
            assert!(block.len() <= LIMIT, "a packet is over the limit");
            round_trip(&Packet::parse(block));
        }
    }
    let shown = decoded(bytes, bytes.len());
    assert_eq!(decoded(bytes, 3), shown, "chunks make a difference");
}

/// Splits `bytes`, which arrive in chunks of this size.
fn frames(bytes: &[u8], limit: usize, chunk: usize) -> Vec<Frame> {
    let mut framer = Framer::new(limit);
    let mut buffer = BytesMut::new();
    let mut frames = Vec::new();
    for chunk in bytes.chunks(chunk.max(1)) {
        buffer.extend_from_slice(chunk);
        while let Some(frame) = framer.next(&mut buffer) {
            frames.push(frame);
        }
        let max = limit.saturating_add(LONGEST_MARK + chunk.len());
        assert!(buffer.len() <= max, "the framer buffers {}", buffer.len());
    }
    frames.extend(framer.finish(&mut buffer));
    frames
}

/// Checks that frames do not overlap.
fn in_order(frames: &[Frame], length: usize) {
    let mut from = 0;
    for frame in frames {
        let (offset, length) = match frame {
            Frame::Banner { offset, line } => (*offset, line.len() as u64),
            Frame::Packet { offset, block } => (*offset, block.len() as u64),
            Frame::TooLong { offset, length, .. } => (*offset, *length),
            Frame::Unfinished { offset, rest } => (*offset, rest.len() as u64),
        };
        assert!(from <= offset, "{frame:?} starts within the previous frame");
        from = offset + length;
    }
    assert!(
        from <= length as u64,
        "the last frame ends after the stream"
    );
}

/// Checks that a written packet parses as one equal packet.
fn round_trip(packet: &Packet) {
    let mut wire = BytesMut::new();
    packet.write(&mut wire);
    let back = frames(&wire, usize::MAX, wire.len());
    let [Frame::Packet { block, .. }] = back.as_slice() else {
        panic!("{packet:?} is written as {back:?}");
    };
    let back = Packet::parse(block);
    assert_eq!(&back, packet);
    assert_eq!(back.kind(), packet.kind());
}

/// Returns the output of `ami decode` for `bytes`, which arrive in chunks of this size.
fn decoded(bytes: &[u8], chunk: usize) -> Vec<u8> {
    let mut decoder = Decoder::new();
    let mut lines = Vec::new();
    for chunk in bytes.chunks(chunk.max(1)) {
        decoder
            .feed(chunk, &mut lines)
            .expect("writing to a Vec never fails");
    }
    let summary = decoder
        .finish(&mut lines)
        .expect("writing to a Vec never fails");
    let objects = summary.banners + summary.events + summary.responses + summary.skipped;
    let shown = lines.split_inclusive(|byte| *byte == b'\n');
    assert_eq!(shown.count() as u64, objects, "an object is not one line");
    lines
}

/// Maximum length of a line that may end a packet, in bytes, which is buffered until it is complete.
const LONGEST_MARK: usize = 256;

/// Small, so that short inputs exceed it.
const LIMIT: usize = 512;
