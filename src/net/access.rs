//! What to do about a file that this process may not read.

use std::fs;
use std::io;
use std::path::Path;

use rustix::process::{getegid, geteuid};

/// Adds to the error of opening `path` how the administrator can permit it; others are unchanged.
///
/// Names of users and groups are read from `/etc/passwd` and `/etc/group`, which is where those of
/// services are; other users are shown by number.
#[must_use]
pub fn explained(path: &Path, error: io::Error) -> io::Error {
    if error.kind() != io::ErrorKind::PermissionDenied || error.raw_os_error().is_none() {
        return error;
    }
    // What cannot be entered is the folder above the first name that cannot be looked at.
    let hidden = path
        .ancestors()
        .take_while(|ancestor| fs::symlink_metadata(ancestor).is_err());
    let (target, mode) = match hidden.last().and_then(Path::parent) {
        Some(folder) if !folder.as_os_str().is_empty() => (folder, "750"),
        _ => (path, "640"),
    };
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    let (uid, gid) = (geteuid().as_raw(), getegid().as_raw());
    let user = name(&users, uid).unwrap_or_else(|| uid.to_string());
    let is_service = user == SERVICE || !users.lines().any(|line| field(line, 0) == Some(SERVICE));
    let cure = if is_service {
        let group = name(&groups, gid).unwrap_or_else(|| gid.to_string());
        let target = target.display();
        format!("run as root: chgrp {group} {target} && chmod {mode} {target}")
    } else {
        format!("run the command as the user of the service (sudo -u {SERVICE} …) or as root")
    };
    let text = format!("permission denied for the user {user}; {cure}");
    io::Error::new(io::ErrorKind::PermissionDenied, text)
}

/// Returns the name with a number in the text of `/etc/passwd` or `/etc/group`.
fn name(text: &str, number: u32) -> Option<String> {
    let number = number.to_string();
    let line = text.lines().find(|line| field(line, 2) == Some(&number))?;
    field(line, 0).map(ToOwned::to_owned)
}

fn field(line: &str, index: usize) -> Option<&str> {
    line.split(':').nth(index)
}

/// The user that the packages create for the daemon.
const SERVICE: &str = "handsetd";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refused_permission_is_explained() {
        let path = Path::new("/etc/handsetd/handsetd.toml");
        let denied = io::Error::from_raw_os_error(rustix::io::Errno::ACCESS.raw_os_error());
        let text = explained(path, denied).to_string();
        assert!(
            text.starts_with("permission denied for the user "),
            "{text}"
        );
        assert!(text.contains("; run "), "{text}");
        let absent = io::Error::from_raw_os_error(rustix::io::Errno::NOENT.raw_os_error());
        assert_eq!(explained(path, absent).kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn names_are_found_by_number() {
        let groups = "root:x:0:\nhandsetd:x:998:\n";
        assert_eq!(name(groups, 998).as_deref(), Some("handsetd"));
        assert_eq!(name(groups, 99), None);
    }
}
