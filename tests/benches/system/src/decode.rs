//! `handsetd ami decode` on a capture of 100 MB.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::ensure;

use crate::events::EVENTS;
use crate::table::{HANDSETD, Table};

/// Prints the throughput of a memchr scan, of `grep -ac ''`, and of handsetd, the best of [`ROUNDS`] each.
pub fn run(handsetd: &Path) -> anyhow::Result<()> {
    let mut capture = tempfile::NamedTempFile::new()?;
    let text = EVENTS.concat().repeat(SIZE / EVENTS.concat().len());
    capture.write_all(b"Asterisk Call Manager/7.0.3\r\n")?;
    capture.write_all(text.as_bytes())?;
    capture.flush()?;
    // Into a file: grep stops at the first match when its output is not read.
    let output = tempfile::NamedTempFile::new()?;
    let decode = |to: Stdio| finish(handsetd, &["ami", "decode"], capture.path(), to);
    let grep = |to: Stdio| finish("grep".as_ref(), &["-ac", ""], capture.path(), to);
    let (mut floor, mut grepped, mut decoded, mut written) = (0_f64, 0_f64, 0_f64, 0_f64);
    for _ in 0..ROUNDS {
        let rate = |start: Instant| text.len() as f64 / 1e6 / start.elapsed().as_secs_f64();
        let start = Instant::now();
        let bytes = std::fs::read(capture.path())?;
        std::hint::black_box(memchr::memchr_iter(b'\n', &bytes).count());
        floor = floor.max(rate(start));
        let start = Instant::now();
        grep(File::create(output.path())?.into())?;
        grepped = grepped.max(rate(start));
        let start = Instant::now();
        decode(Stdio::null())?;
        decoded = decoded.max(rate(start));
        let start = Instant::now();
        decode(File::create(output.path())?.into())?;
        written = written.max(rate(start));
    }
    let mut table = Table::new(&["MB/s"]);
    table.add("floor: read it, count the lines", &[floor]);
    table.add("`grep -ac ''`", &[grepped]);
    table.add(HANDSETD, &[decoded]);
    table.add("handsetd, into a file", &[written]);
    table.print("`ami decode` of 100 MB to JSON");
    Ok(())
}

fn finish(program: &Path, arguments: &[&str], file: &Path, output: Stdio) -> anyhow::Result<()> {
    let status = Command::new(program)
        .args(arguments)
        .arg(file)
        .stdout(output)
        .status()?;
    ensure!(status.success(), "{} failed", program.display());
    Ok(())
}

/// Size of the capture, in bytes.
const SIZE: usize = 100_000_000;

const ROUNDS: usize = 5;
