//! A system clock that is wrong, for one program, by libfaketime.

use std::path::Path;

use super::left_out;

/// Returns the path of the library to preload; `None` if it is not installed, which the test then reports.
pub(crate) fn faketime() -> Option<&'static str> {
    let found = LIBRARIES.into_iter().find(|path| Path::new(path).exists());
    if found.is_none() {
        left_out("libfaketime is not installed (the package faketime)");
    }
    found
}

/// The paths of libfaketime on Debian.
const LIBRARIES: [&str; 2] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
];
