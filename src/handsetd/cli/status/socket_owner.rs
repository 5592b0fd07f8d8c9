//! Which process listens on a TCP port, as far as this user may know: from `/proc`, proc(5).

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::telemetry::TerminalSafe;

/// A process.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Owner {
    pub(super) name: String,
    pid: u32,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (pid {})", TerminalSafe(&self.name), self.pid)
    }
}

/// Returns the process that listens on `port` at any address.
pub(super) fn of(port: u16) -> Option<Owner> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(fs::read_to_string);
    let inodes: BTreeSet<String> = tables
        .iter()
        .flatten()
        .flat_map(|table| table.lines().filter_map(|line| inode(line, port)))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    if inodes.is_empty() {
        return None;
    }
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes.into_iter().find_map(|process| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        let path = process.path();
        has_any(&path.join("fd"), &inodes).then(|| {
            let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
            let name = name.trim().to_owned();
            Owner { name, pid }
        })
    })
}

/// Returns the inode of a line of `/proc/net/tcp` if that is a socket listening on `port`.
fn inode(line: &str, port: u16) -> Option<&str> {
    let mut fields = line.split_whitespace();
    let (_, local_port) = fields.nth(1)?.rsplit_once(':')?;
    let state = fields.nth(1)?;
    let is_it = u16::from_str_radix(local_port, 16) == Ok(port) && state == LISTENING;
    // tx_queue:rx_queue, tr:tm->when, retrnsmt, uid, timeout, inode.
    is_it.then(|| fields.nth(5)).flatten()
}

/// Returns whether a folder of descriptors, which others may not read, has one of the sockets.
fn has_any(descriptors: &Path, sockets: &BTreeSet<String>) -> bool {
    let links = fs::read_dir(descriptors).into_iter().flatten().flatten();
    let mut targets = links.filter_map(|link| fs::read_link(link.path()).ok());
    targets.any(|target| target.to_str().is_some_and(|name| sockets.contains(name)))
}

/// The state `TCP_LISTEN`.
const LISTENING: &str = "0A";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listening_sockets_count() {
        let line = "   1: 0100007F:11DD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     \
                    0        0 41862 1 0000000000000000 100 0 0 10 0";
        assert_eq!(inode(line, 4573), Some("41862"));
        assert_eq!(inode(line, 4574), None);
        let connected = line.replace(" 0A ", " 01 ");
        assert_eq!(inode(&connected, 4573), None);
        let header =
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid";
        assert_eq!(inode(header, 4573), None);
        assert_eq!(inode("", 4573), None);
    }
}
