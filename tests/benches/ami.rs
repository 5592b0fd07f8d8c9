//! Throughput of reading AMI, as the client and as `ami decode` do.

use std::hint::black_box;

use bytes::BytesMut;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use handset_ami::decode::Decoder;
use handset_ami::wire::{Frame, Framer, Packet};

fn read(wire: &[u8]) -> usize {
    let (mut framer, mut buffer) = (Framer::new(1 << 20), BytesMut::new());
    let mut headers = 0;
    for chunk in wire.chunks(32 * 1024) {
        buffer.extend_from_slice(chunk);
        while let Some(frame) = framer.next(&mut buffer) {
            if let Frame::Packet { block, .. } = frame {
                headers += Packet::parse(&block).headers().count();
            }
        }
    }
    headers
}

fn benches(criterion: &mut Criterion) {
    let wire = EVENT.repeat(4096);
    let mut group = criterion.benchmark_group("ami");
    group.throughput(Throughput::Bytes(wire.len() as u64));
    group.bench_function("read", |bench| {
        bench.iter(|| read(black_box(wire.as_bytes())));
    });
    group.bench_function("decode", |bench| {
        bench.iter(|| Decoder::new().feed(black_box(wire.as_bytes()), std::io::sink()));
    });
    group.finish();
}

criterion_group!(all, benches);
criterion_main!(all);

const EVENT: &str = "Event: Newstate\r\nPrivilege: call,all\r\nChannel: PJSIP/1001-0000003c\r\n\
    ChannelState: 4\r\nChannelStateDesc: Ring\r\nCallerIDNum: 1001\r\nCallerIDName: Alice\r\n\
    ConnectedLineNum: <unknown>\r\nConnectedLineName: <unknown>\r\nLanguage: en\r\n\
    AccountCode: \r\nContext: phones\r\nExten: 1002\r\nPriority: 1\r\n\
    Uniqueid: 1795229951.60\r\nLinkedid: 1795229951.60\r\n\r\n";
