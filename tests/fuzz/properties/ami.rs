//! AMI: framing, packets, and `ami decode`.

use bytes::BytesMut;
use handset_ami::decode::Decoder;
use handset_ami::wire::{Frame, Framer, Packet};

/// Cuts a stream, and reads every packet of it.
pub fn check(bytes: &[u8]) {
    let whole = frames(bytes, LIMIT, bytes.len());
    for piece in [1, 7] {
        let pieces = frames(bytes, LIMIT, piece);
        assert_eq!(pieces, whole, "chunks make a difference");
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

/// Cuts `bytes` as they come in pieces of that length.
fn frames(bytes: &[u8], limit: usize, piece: usize) -> Vec<Frame> {
    let mut framer = Framer::new(limit);
    let mut buffer = BytesMut::new();
    let mut frames = Vec::new();
    for piece in bytes.chunks(piece.max(1)) {
        buffer.extend_from_slice(piece);
        while let Some(frame) = framer.next(&mut buffer) {
            frames.push(frame);
        }
        let most = limit.saturating_add(MARK + piece.len());
        assert!(buffer.len() <= most, "the framer holds {}", buffer.len());
    }
    frames.extend(framer.finish(&mut buffer));
    frames
}

/// Frames stand one behind another within the stream.
fn in_order(frames: &[Frame], length: usize) {
    let mut from = 0;
    for frame in frames {
        let (offset, length) = match frame {
            Frame::Banner { offset, line } => (*offset, line.len() as u64),
            Frame::Packet { offset, block } => (*offset, block.len() as u64),
            Frame::TooLong { offset, length, .. } => (*offset, *length),
            Frame::Unfinished { offset, rest } => (*offset, rest.len() as u64),
        };
        assert!(from <= offset, "{frame:?} begins in the frame before it");
        from = offset + length;
    }
    assert!(
        from <= length as u64,
        "the last frame ends behind the stream"
    );
}

/// What was read can be written, and reads back as one packet that is the same.
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

/// Returns what `ami decode` shows of `bytes` as they come in pieces of that length.
fn decoded(bytes: &[u8], piece: usize) -> Vec<u8> {
    let mut decoder = Decoder::new();
    let mut lines = Vec::new();
    for piece in bytes.chunks(piece.max(1)) {
        decoder
            .feed(piece, &mut lines)
            .expect("a Vec takes every byte");
    }
    let told = decoder.finish(&mut lines).expect("a Vec takes every byte");
    let things = told.banners + told.events + told.responses + told.skipped;
    let shown = lines.split_inclusive(|byte| *byte == b'\n');
    assert_eq!(shown.count() as u64, things, "a thing is not one line");
    lines
}

/// The longest line that may end a packet, in bytes; so much is held to see whether it does.
const MARK: usize = 256;

/// Small, so that short inputs pass it.
const LIMIT: usize = 512;
