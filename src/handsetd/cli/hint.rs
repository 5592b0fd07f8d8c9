//! Hints for common system errors.

use std::io::{Error, ErrorKind};

/// Returns a hint if a cause of `error` is a common one.
pub(super) fn of(error: &anyhow::Error) -> Option<&'static str> {
    let cause = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Error>())?;
    match cause.kind() {
        ErrorKind::AddrInUse => Some(
            "another process, possibly another handsetd, uses the address (ss -ltnp shows which); stop it or configure another address",
        ),
        ErrorKind::AddrNotAvailable => {
            Some("no network interface has this address; configure the address of one that exists")
        }
        ErrorKind::NotFound => {
            Some("check the path; relative paths start at the current directory")
        }
        // One without a number has its own advice.
        ErrorKind::PermissionDenied if cause.raw_os_error().is_some() => {
            Some("run handsetd as a user that has the permission, or change the permissions")
        }
        ErrorKind::StorageFull => Some("free up space on the file system"),
        _ => None,
    }
}
