//! Certificates and private keys, from PEM files.

use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::access;
use crate::files::{self, Links};

/// Reads all certificates of a file; there may be none. Blocks.
///
/// # Errors
///
/// Returns an error if the file cannot be read, or is not PEM.
pub fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    CertificateDer::pem_slice_iter(&read(file)?).collect()
}

/// Reads the first private key of a file. Blocks.
///
/// # Errors
///
/// Returns an error if the file cannot be read, or contains no key.
pub fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_slice(&read(file)?)
}

/// Returns a store of these CAs.
///
/// # Errors
///
/// Returns an error if one is not a certificate of a CA.
pub fn root_store(
    certificates: Vec<CertificateDer<'static>>,
) -> Result<RootCertStore, rustls::Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate)?;
    }
    Ok(roots)
}

fn read(file: &Path) -> Result<Vec<u8>, Error> {
    let content = files::read(file, Links::Follow, MAX_FILE);
    content.map_err(|error| Error::Io(access::explained(file, error)))
}

/// Maximum size of a file, in bytes; that of all CAs of a system has about 200,000.
const MAX_FILE: u64 = 4 * 1024 * 1024;
