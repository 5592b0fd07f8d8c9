//! No memory of ours on a disk: it holds passwords.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Forbids core dumps of this process, and others of the same user to look into its memory and its
/// environment. Says what went wrong.
pub(super) fn forbid() -> Result<(), String> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // The limit holds for files; programs that take dumps over a pipe heed only the other.
    let limited = setrlimit(Resource::Core, none);
    let undumpable = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    limited
        .and(undumpable)
        .map_err(|error| format!("cannot forbid core dumps: {error}"))
}
