//! Throughput of the FastAGI wire format.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use handset_agi::{Command, Reply, Request};

fn environment(criterion: &mut Criterion) {
    let block = "agi_network: yes\nagi_network_script: push?title=Hi&text=You+are+number%203\n\
                 agi_request: agi://127.0.0.1/push?title=Hi&text=You+are+number%203\n\
                 agi_channel: PJSIP/1001-00000001\nagi_language: en\nagi_type: PJSIP\n\
                 agi_uniqueid: 1795221990.0\nagi_version: 22.10.1\nagi_callerid: 1001\n\
                 agi_calleridname: Bob\nagi_callingpres: 0\nagi_callingani2: 0\nagi_callington: 0\n\
                 agi_callingtns: 0\nagi_dnid: 100\nagi_rdnis: unknown\nagi_context: phones\n\
                 agi_extension: 100\nagi_priority: 2\nagi_enhanced: 0.0\nagi_accountcode: \n\
                 agi_threadid: 140536028174080\nagi_arg_1: phone=1001&1002\nagi_arg_2: wait=no\n\n";
    let mut group = criterion.benchmark_group("agi environment");
    group.throughput(Throughput::Bytes(block.len() as u64));
    group.bench_function("ordinary call", |bencher| {
        bencher.iter(|| Request::parse(black_box(block.as_bytes())));
    });
    let hostile = "agi_)))(((: )))\n".repeat(256);
    group.throughput(Throughput::Bytes(hostile.len() as u64));
    group.bench_function("garbage", |bencher| {
        bencher.iter(|| Request::parse(black_box(hostile.as_bytes())));
    });
    group.finish();
}

fn reply(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("agi reply");
    let long = format!("200 result=1 ({})\n", "line (of) a value\n".repeat(3000));
    let hostile = format!("200 result=1 ({}\n", ") ".repeat(30_000));
    for (name, wire) in [
        ("short", "200 result=1 (PJSIP/1001-00000001)\n"),
        ("long", long.as_str()),
        ("many parentheses", hostile.as_str()),
    ] {
        group.throughput(Throughput::Bytes(wire.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| Reply::parse(black_box(wire.as_bytes())));
        });
    }
    group.finish();
}

fn command(criterion: &mut Criterion) {
    let text = "say \"hello\" to C:\\phones ".repeat(100);
    criterion.bench_function("agi command, truncated", |bencher| {
        bencher.iter(|| {
            Command::truncated("SET VARIABLE", &["HANDSET_REASON"], black_box(&text), &[])
        });
    });
}

criterion_group!(benches, environment, reply, command);
criterion_main!(benches);
