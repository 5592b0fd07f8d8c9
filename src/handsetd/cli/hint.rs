//! Hints for common system errors.

use std::io::{Error, ErrorKind};

/// Returns a hint, if the cause is a common one.
pub(super) fn of(error: &anyhow::Error) -> Option<&'static str> {
    let cause = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Error>())?;
    match cause.kind() {
        ErrorKind::AddrInUse => Some(
            "the address is in use, possibly by another handsetd; stop it or configure another address",
        ),
        ErrorKind::AddrNotAvailable => {
            Some("no interface of this machine has that address; configure one that has")
        }
        ErrorKind::NotFound => {
            Some("check the path; relative paths start at the current directory")
        }
        ErrorKind::PermissionDenied => {
            Some("run handsetd as a user with that permission, or change the permissions")
        }
        ErrorKind::StorageFull => Some("free space on the file system"),
        _ => None,
    }
}
