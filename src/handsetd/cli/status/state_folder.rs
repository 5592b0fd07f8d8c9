//! The state directory: whether it is there, writable by the right users only, and not full.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{Access, access, statvfs};

use super::finding::Finding;

const AREA: &str = "state.dir";

/// Examines the state directory.
pub(super) fn examine(folder: &Path) -> Vec<Finding> {
    let shown = folder.display();
    let metadata = match fs::metadata(folder) {
        Ok(metadata) => metadata,
        Err(error) => {
            let cure = format!(
                "the package creates it; otherwise: install -d -o handsetd -g handsetd -m 750 {shown}"
            );
            let text = format!("{shown}: {error}; held deliveries and the token need it");
            return vec![Finding::fault(AREA, text).cure(cure)];
        }
    };
    if !metadata.is_dir() {
        let text = format!("{shown} is not a directory");
        return vec![Finding::fault(AREA, text).cure("write that of a directory to state.dir")];
    }
    let mut findings = Vec::new();
    if metadata.permissions().mode() & WRITABLE_BY_ALL != 0 {
        let text = format!("everybody may write {shown}; the generated token is refused");
        findings.push(Finding::fault(AREA, text).cure(format!("chmod o-w {shown}")));
    }
    if access(folder, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        let text = format!("this user may not write {shown}; whether the daemon may is not known");
        let cure = "run it as the user of the daemon: sudo -u handsetd handsetd status";
        findings.push(Finding::note(AREA, text).cure(cure));
    }
    match statvfs(folder) {
        Ok(system) => {
            let free = system.f_bavail.saturating_mul(system.f_frsize);
            if free < MIN_FREE {
                let text = format!("{shown}: only {} MiB are free", free >> 20);
                findings.push(Finding::fault(AREA, text).cure("free up space on its file system"));
            }
        }
        Err(error) => {
            let text = format!("cannot determine how much space is free at {shown}: {error}");
            findings.push(Finding::note(AREA, text));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::good(
            AREA,
            format!("{shown} is writable and has space"),
        ));
    }
    findings
}

/// Below this, in bytes, a file system counts as full: converted tones and backgrounds of a few dozen phones
/// take as much.
const MIN_FREE: u64 = 64 << 20;

const WRITABLE_BY_ALL: u32 = 0o002;

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn folders_are_there_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let levels =
            |path: &Path| -> Vec<Level> { examine(path).iter().map(Finding::level).collect() };
        let set_mode = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode));
        set_mode(0o750).unwrap();
        assert_eq!(levels(folder.path()), [Level::Ok]);
        set_mode(0o777).unwrap();
        assert_eq!(levels(folder.path()), [Level::Fault]);
        assert_eq!(levels(&folder.path().join("missing")), [Level::Fault]);
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(levels(&file), [Level::Fault]);
    }
}
