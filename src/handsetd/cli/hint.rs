//! What may help against an error of the system.

use std::io::{Error, ErrorKind};

/// Returns what may help, if the cause is one that everybody meets some day.
pub(super) fn of(error: &anyhow::Error) -> Option<&'static str> {
    let cause = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Error>())?;
    match cause.kind() {
        ErrorKind::AddrInUse => Some(
            "something listens there already, perhaps another handsetd; stop it or configure another address",
        ),
        ErrorKind::AddrNotAvailable => {
            Some("no interface of this machine has that address; configure one that has")
        }
        ErrorKind::NotFound => Some("check the path; relative ones begin at the current folder"),
        ErrorKind::PermissionDenied => {
            Some("run handsetd as a user who may do that, or change the permissions")
        }
        ErrorKind::StorageFull => Some("make room on the file system"),
        _ => None,
    }
}
