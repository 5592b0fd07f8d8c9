//! The handsetd program: everything it does is in the library.

use std::process::ExitCode;

use handsetd::cli;

/// Deliveries are begun on one thread and end on another. The allocator of the C library takes locks for that, and
/// a fifth more CPU time for a push to a group.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // Encryption needs a provider, and clients panic without one.
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing has installed a provider before main");
    cli::main()
}
