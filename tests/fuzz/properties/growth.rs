//! Growth: what reads a long input takes time in proportion to its length, not to its square.
//!
//! An input is the name of a parser, then three parts separated by lines of `---`: what comes first, what is
//! repeated, and what comes last. Each `#` in the repeated part becomes the number of the repetition, so that
//! names differ. The parser reads it with few and with many repetitions.

use std::hint::black_box;
use std::time::Duration;

use handset_ami::Event;
use handset_ami::wire::Packet;
use handset_phones::phone::Credentials;
use handset_phones::verb::{Request, Verb};
use handsetd::fuzzing::{Fact, answer_challenges, read_arguments, read_body};
use rustix::time::{ClockId, clock_gettime};

/// Checks that eight times as much takes less than [`MAX_GROWTH`] times as long.
pub fn check(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.split("---\n");
    let parser = parts.next().unwrap_or_default().trim();
    let Some(parse) = parser_of(parser) else {
        return;
    };
    let mut part = || parts.next().unwrap_or_default().trim_end_matches('\n');
    let (first, repeated, last) = (part(), part(), part());
    if repeated.is_empty() || MAX_PART < first.len() + repeated.len() + last.len() {
        return;
    }
    let (few, many) = [FEW, FEW * FACTOR]
        .map(|count| input(first, repeated, last, count))
        .into();
    // A machine that does something else makes either measurement longer, so several must agree.
    let is_linear = (0..TRIES).any(|_| {
        let (short, long) = (duration(parse, &few), duration(parse, &many));
        long < SHORTEST || long < MAX_GROWTH * short
    });
    assert!(
        is_linear,
        "{parser}: {FACTOR} times the input takes far longer"
    );
}

/// What is measured: it reads an input, whatever that is.
type Parse = fn(&str);

fn parser_of(name: &str) -> Option<Parse> {
    let parse: Parse = match name {
        "agi" => |text| {
            if let Ok(call) = handset_agi::Request::parse(text.as_bytes()) {
                drop(black_box(read_arguments(&call)));
            }
        },
        "ami" => |text| {
            let packet = Packet::parse(text.as_bytes());
            black_box((packet.kind(), packet.header("ActionID")));
        },
        "body" => |text| {
            for verb in [Verb::Push, Verb::Csta] {
                drop(black_box(read_body(verb, text.as_bytes())));
            }
        },
        "digest" => |text| {
            let credentials = Credentials::new("user", "hush".into());
            black_box(answer_challenges(text.lines(), &credentials, "GET", "/"));
        },
        "event" => |text| {
            if let Some(event) = Event::parse(text.as_bytes()) {
                black_box(Fact::from(event).excerpt());
            }
        },
        "verb" => |text| {
            let (verb, rest) = text.split_once('\n').unwrap_or((text, ""));
            let pairs = rest.lines().filter_map(|line| line.split_once('='));
            match Request::parse(verb, pairs) {
                Ok(request) => drop(black_box(request)),
                Err(refusal) => drop(black_box(refusal.to_string())),
            }
        },
        _ => return None,
    };
    Some(parse)
}

fn input(first: &str, repeated: &str, last: &str, count: usize) -> String {
    let mut text = format!("{first}\n");
    for at in 0..count {
        text.push_str(&repeated.replace('#', &at.to_string()));
    }
    text.push_str(last);
    text
}

/// Returns the processor time that reading `text` takes.
fn duration(parse: Parse, text: &str) -> Duration {
    let before = processor_time();
    parse(text);
    processor_time().saturating_sub(before)
}

/// Returns the processor time of this thread, which other threads do not affect.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// How often the part is repeated in the shorter input.
const FEW: usize = 4_000;

/// How much longer the longer input is.
const FACTOR: usize = 8;

/// The longest parts of an input together, in bytes, so that a run is short.
const MAX_PART: usize = 64;

/// How much longer it may take: between the factor and its square, which is 64.
const MAX_GROWTH: u32 = 32;

/// Durations below this are not compared.
const SHORTEST: Duration = Duration::from_millis(50);

/// How many measurements must agree that an input takes too long.
const TRIES: usize = 5;
