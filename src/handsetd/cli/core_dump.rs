//! Core dumps are disabled, because memory contains passwords.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Disables core dumps of this process, and denies other processes of the same user access to its
/// memory and environment.
///
/// # Errors
///
/// The message of the failed system call.
pub(super) fn disable() -> Result<(), String> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // The limit applies to files; dumps to a pipe are prevented only by the other setting.
    let limited = setrlimit(Resource::Core, none);
    let undumpable = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    limited
        .and(undumpable)
        .map_err(|error| format!("cannot disable core dumps: {error}"))
}
