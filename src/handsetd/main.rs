//! The handsetd program: everything it does is in the library.

use std::process::ExitCode;

use handsetd::cli;

fn main() -> ExitCode {
    // Encryption needs a provider, and clients panic without one.
    rustls::crypto::ring::default_provider()
        .install_default()
        .expect("nothing has installed a provider before main");
    cli::main()
}
