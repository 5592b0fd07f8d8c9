use std::fs;
use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;

/// A log as `SQLite` writes it: `transactions` of one or two frames each.
fn log(transactions: u32) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    let connection = Connection::open(&path).unwrap();
    let set_up = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE a (b)";
    connection.execute_batch(set_up).unwrap();
    connection
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    for number in 0..transactions {
        let insert = "INSERT INTO a VALUES (?1)";
        connection.execute(insert, [number]).unwrap();
    }
    let copy = folder.path().join("copy");
    fs::copy(folder.path().join("a.sqlite-wal"), &copy).unwrap();
    (folder, copy)
}

fn verdict(path: &Path, bytes: &[u8]) -> Log {
    fs::write(path, bytes).unwrap();
    read(path).unwrap()
}

const WHOLE: Log = Log::Whole { is_empty: false };
const FRAME: usize = FRAME_HEADER + 4096;

#[test]
fn whole_logs_are_recognised() {
    let (folder, path) = log(5);
    assert_eq!(read(&path).unwrap(), WHOLE);
    let empty = Log::Whole { is_empty: true };
    assert_eq!(verdict(&path, b""), empty);
    assert_eq!(read(&folder.path().join("absent")).unwrap(), empty);
}

#[test]
fn what_a_crash_leaves_is_no_damage() {
    let (_folder, path) = log(5);
    let whole = fs::read(&path).unwrap();
    // The program was killed while it wrote.
    for length in (0..whole.len()).step_by(61) {
        let found = verdict(&path, &whole[..length]);
        assert!(matches!(found, Log::Whole { .. }), "{length}: {found:?}");
    }
    // The file was extended and not written.
    let zeros = [&whole[..HEADER + 2 * FRAME], &[0; 3 * FRAME]].concat();
    assert_eq!(verdict(&path, &zeros), WHOLE);
    let zeros = [0; HEADER + 2 * FRAME];
    assert_eq!(verdict(&path, &zeros), Log::Whole { is_empty: true });
    // A transaction was interrupted: its last frame is missing.
    let mut unfinished = whole.clone();
    let header = Header::parse(whole[..HEADER].try_into().unwrap()).unwrap();
    let last = whole.len() - FRAME;
    unfinished[last + 4..last + 8].fill(0);
    let previous = &whole[last - FRAME..last];
    let sums = (word(previous, 16).unwrap(), word(previous, 20).unwrap());
    let sums = checksums(&unfinished[last..last + 8], sums, header.is_big_endian);
    let sums = checksums(
        &unfinished[last + FRAME_HEADER..],
        sums,
        header.is_big_endian,
    );
    unfinished[last + 16..last + 20].copy_from_slice(&sums.0.to_be_bytes());
    unfinished[last + 20..last + 24].copy_from_slice(&sums.1.to_be_bytes());
    assert_eq!(verdict(&path, &unfinished), WHOLE);
}

#[test]
fn frames_of_an_earlier_generation_are_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sqlite");
    let connection = Connection::open(&path).unwrap();
    let sql = "PRAGMA journal_mode = WAL; CREATE TABLE a (b); INSERT INTO a VALUES (1); \
               INSERT INTO a VALUES (2); INSERT INTO a VALUES (3); PRAGMA wal_checkpoint(RESTART); \
               INSERT INTO a VALUES (4)";
    connection.execute_batch(sql).unwrap();
    let log = folder.path().join("a.sqlite-wal");
    assert!(fs::read(&log).unwrap().len() >= HEADER + 3 * FRAME);
    assert_eq!(read(&log).unwrap(), WHOLE);
}

#[test]
fn damage_before_the_last_transaction_is_certain() {
    let (_folder, path) = log(6);
    let whole = fs::read(&path).unwrap();
    let count = (whole.len() - HEADER) / FRAME;
    for frame in 0..count {
        for at in [0, 4, 8, 15, 16, 23, FRAME_HEADER, FRAME - 1] {
            let mut bytes = whole.clone();
            bytes[HEADER + frame * FRAME + at] ^= 0x40;
            let found = verdict(&path, &bytes);
            let total = format!("frame {} of {count} of the log is invalid", frame + 1);
            match found {
                Log::Damaged(reason) => assert!(reason.starts_with(&total), "{reason}"),
                Log::Doubtful(reason) if frame + 2 >= count => {
                    assert!(reason.starts_with(&total), "{reason}");
                }
                found => panic!("frame {frame}, byte {at}: {found:?}"),
            }
        }
    }
    for at in 0..HEADER {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x04;
        let found = verdict(&path, &bytes);
        assert!(matches!(found, Log::Damaged(_)), "byte {at}: {found:?}");
    }
}
