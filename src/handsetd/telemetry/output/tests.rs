use std::io::{BufRead, BufReader, PipeReader, pipe};
use std::ops::Range;

use tracing::info;
use tracing::subscriber::with_default;

use super::queue::{BLOCK, MAX_BYTES, RESERVE};
use super::*;
use crate::telemetry::{self, Destination, Format, Throttle};

/// Starts a thread that writes to `to`, and whose own lines take the same way.
fn start(to: impl Write + Send + 'static) -> (Output, impl Fn(&dyn Fn())) {
    let output = Output::default();
    let subscriber = |output: &Output| {
        let filter = telemetry::filter(telemetry::Level::Info, |_| None).0;
        let layers = (filter, Throttle::default());
        telemetry::subscriber(Format::Text, Destination::Journal, layers, output.clone())
    };
    let own = subscriber(&output);
    let shared = Arc::clone(&output.0);
    thread::spawn(move || with_default(own, || shared.run(to)));
    let lines = subscriber(&output);
    let lines = Arc::new(lines);
    (output, move |act| with_default(Arc::clone(&lines), act))
}

/// Logs lines of low priority, without a throttle.
fn log_numbers(output: &Output, numbers: Range<u64>) {
    for number in numbers {
        let line = format!("number={number} {:100}\n", "");
        output.make_writer().write_all(line.as_bytes()).unwrap();
    }
}

fn lines(from: PipeReader) -> impl Iterator<Item = String> {
    BufReader::new(from).lines().map(Result::unwrap)
}

#[test]
fn queue_keeps_room_for_problems_and_is_bounded() {
    let mut queue = Queue::default();
    let line = |number: usize| format!("{number:0>99}\n").into_bytes();
    let fill = |queue: &mut Queue, priority| {
        for number in 0..100_000 {
            queue.push(&line(number), priority);
        }
        queue.take_left_out()
    };
    let normal = fill(&mut queue, Priority::Normal).unwrap();
    assert!(!normal.has_problems);
    let problems = fill(&mut queue, Priority::Problem).unwrap();
    assert!(problems.has_problems);
    // What is left of the last block is not for lines of low priority.
    queue.push(b"\n", Priority::Normal);
    assert_eq!(queue.take_left_out().unwrap().lines, 1);
    queue.push(b"report\n", Priority::Report);
    assert_eq!(queue.take_left_out(), None);

    let mut kept = Vec::new();
    let mut memory = 0;
    while let Some(block) = queue.take() {
        assert!(block.ends_with(b"\n") && block.len() <= BLOCK);
        memory += block.capacity();
        kept.extend_from_slice(&block);
    }
    assert!(memory <= MAX_BYTES + RESERVE + BLOCK);
    let kept = String::from_utf8(kept).unwrap();
    let count = |limit: usize| limit / BLOCK * (BLOCK / 100);
    assert_eq!(kept.lines().count(), count(MAX_BYTES) + count(RESERVE) + 1);
    let in_order = (0..count(MAX_BYTES)).chain(0..count(RESERVE));
    assert!(
        in_order
            .map(line)
            .map(|line| String::from_utf8(line).unwrap())
            .eq(kept
                .lines()
                .take(count(MAX_BYTES) + count(RESERVE))
                .map(|line| format!("{line}\n")))
    );
    assert_eq!(
        normal.lines,
        100_000 - u64::try_from(count(MAX_BYTES)).unwrap()
    );
    assert_eq!(
        problems.lines,
        100_000 - u64::try_from(count(RESERVE)).unwrap()
    );
}

#[test]
fn lines_longer_than_a_block_are_kept_whole() {
    let mut queue = Queue::default();
    let long = [vec![b'a'; 3 * BLOCK], b"\n".to_vec()].concat();
    queue.push(b"first\n", Priority::Normal);
    queue.push(&long, Priority::Normal);
    queue.push(b"last\n", Priority::Normal);
    let blocks: Vec<_> = std::iter::from_fn(|| queue.take()).collect();
    assert_eq!(blocks, [b"first\n".to_vec(), long, b"last\n".to_vec()]);
}

#[test]
fn lines_of_several_threads_keep_their_order() {
    let (from, to) = pipe().unwrap();
    let (output, _) = start(to);
    let reader = thread::spawn(|| lines(from).take(4000).collect::<Vec<_>>());
    thread::scope(|scope| {
        for thread in 0..4 {
            let output = &output;
            scope.spawn(move || {
                for number in 0..1000 {
                    let line = format!("{thread} {number}\n");
                    output.make_writer().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
    let lines = reader.join().unwrap();
    for thread in 0..4 {
        let own = lines
            .iter()
            .filter_map(|line| line.strip_prefix(&format!("{thread} ")));
        assert!(
            own.eq((0..1000)
                .map(|number| number.to_string())
                .collect::<Vec<_>>())
        );
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "lines of several threads take turns with the writer"
)]
fn lines_of_a_burst_are_written_together() {
    struct Writes(Arc<Mutex<Vec<usize>>>);
    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().push(bytes.len());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let writes = Arc::default();
    let (output, _) = start(Writes(Arc::clone(&writes)));
    let start = Instant::now();
    for number in 0..1000 {
        log_numbers(&output, number..number + 1);
        thread::sleep(Duration::from_micros(50));
    }
    output.flush();
    let pauses = start.elapsed().as_nanos() / PAUSE.as_nanos();
    let writes = writes.lock();
    // Between two writes is a pause, unless the block is full: before the first and the last one there is none.
    let full = writes.iter().sum::<usize>() / (BLOCK / 2);
    let most = usize::try_from(pauses).unwrap() + full + 2;
    assert!(writes.len() <= most, "{} writes, not {most}", writes.len());
    assert!(writes.iter().all(|length| *length <= BLOCK));
}

#[test]
fn unread_lines_block_nothing_and_are_counted() {
    /// More than the queue takes.
    const LINES: u64 = 50_000;
    let (from, to) = pipe().unwrap();
    let (output, log) = start(to);
    let start = Instant::now();
    log_numbers(&output, 0..LINES);
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    output.flush();

    // Now they are read.
    let flushed = output.clone();
    let flush = thread::spawn(move || {
        flushed.flush();
        flushed.flush();
    });
    let mut lines = lines(from);
    let mut read = 0;
    let report = loop {
        let line = lines.next().unwrap();
        if line.contains("were left out") {
            break line;
        }
        assert!(line.contains(&format!("number={read} ")), "{read}: {line}");
        read += 1;
    };
    flush.join().unwrap();
    assert!(report.starts_with("<4> WARN"), "{report}");
    assert!(
        report.ends_with(&format!(" lines={}", LINES - read)),
        "{read}: {report}"
    );
    log(&|| info!("Another line."));
    assert!(lines.next().unwrap().contains("Another line."));
}

#[test]
fn output_that_cannot_be_written_ends_nothing_and_lines_are_counted_later() {
    /// Fails until it is repaired.
    struct Broken(Arc<Mutex<Option<Vec<u8>>>>);
    impl Write for Broken {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match &mut *self.0.lock() {
                Some(text) => text.write(bytes),
                None => Err(io::ErrorKind::StorageFull.into()),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let file = Arc::default();
    let (output, log) = start(Broken(Arc::clone(&file)));
    for _ in 0..3 {
        log(&|| info!("Lost."));
        output.flush();
    }
    *file.lock() = Some(Vec::new());
    log(&|| info!("Written."));
    output.flush();
    output.flush();
    let text = String::from_utf8(file.lock().take().unwrap()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].ends_with("Written."));
    assert!(
        lines[1].starts_with("<3>ERROR") && lines[1].ends_with("lines=3"),
        "{text}"
    );
}

#[test]
fn line_that_was_written_in_part_is_ended_and_counted() {
    /// Has room for some bytes.
    struct Full(Arc<Mutex<(usize, Vec<u8>)>>);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (room, text) = &mut *self.0.lock();
            let written = bytes.len().min(*room);
            if written == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            *room -= written;
            text.extend_from_slice(&bytes[..written]);
            Ok(written)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let file = Arc::new(Mutex::new(("one\ntwo\nthr".len(), Vec::new())));
    let (output, log) = start(Full(Arc::clone(&file)));
    for lines in ["one\ntwo\nthree\nfour\n", "five\n"] {
        output.make_writer().write_all(lines.as_bytes()).unwrap();
        output.flush();
    }
    file.lock().0 = usize::MAX;
    log(&|| info!("Written."));
    output.flush();
    output.flush();
    let text = String::from_utf8(file.lock().1.clone()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[..3], ["one", "two", "thr"], "{text}");
    assert!(lines[3].ends_with("Written."), "{text}");
    assert!(lines[4].ends_with(" lines=3"), "{text}");
}

#[test]
fn flush_waits_only_while_something_is_written() {
    let (_from, to) = pipe().unwrap();
    let (output, _) = start(to);
    log_numbers(&output, 0..5000);
    let start = Instant::now();
    output.flush();
    assert!(start.elapsed() >= STALL, "{:?}", start.elapsed());
    assert!(start.elapsed() < 10 * STALL, "{:?}", start.elapsed());
}

#[test]
fn file_that_does_not_block_is_written_again() {
    /// Takes a byte at each second attempt.
    struct Hesitating(Arc<Mutex<Vec<u8>>>, bool);
    impl Write for Hesitating {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.0.lock().write(&bytes[..1])
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let text = Arc::default();
    let (output, _) = start(Hesitating(Arc::clone(&text), false));
    output.make_writer().write_all(b"A line.\n").unwrap();
    output.flush();
    assert_eq!(*text.lock(), b"A line.\n");
}
