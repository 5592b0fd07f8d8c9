//! The exit codes of commands, besides 0 for success.

pub(super) const FAILURE: u8 = 1;

/// The exit code for invalid arguments, that of clap.
pub(super) const INVALID_ARGUMENTS: u8 = 2;

/// The exit code for an invalid configuration, `EX_CONFIG` of sysexits.
pub(super) const INVALID_CONFIGURATION: u8 = 78;
