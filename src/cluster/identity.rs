//! The identity of a daemon: one part survives restarts, the other is new at each start.

use std::io;
use std::path::Path;

use handset_net::files::{self, Links};
use handset_net::random;

/// Distinguishes a daemon from another one of the same name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    /// Persistent: kept in the state directory.
    pub(crate) instance: String,
    /// Random for each start.
    pub(crate) incarnation: String,
}

impl Identity {
    /// Reads the identity from the file `cluster-instance` in a directory, or creates that file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can be neither read nor created.
    pub fn load(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let instance = match files::read_to_string(&path, Links::Refuse, MAX_FILE) {
            Ok(text) if is_instance(text.trim()) => text.trim().to_owned(),
            // Anything else in its place is worthless.
            Ok(_) => create(&path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(&path)?,
            Err(error) => return Err(error),
        };
        Ok(Self {
            instance,
            incarnation: random::hex_token::<8>(),
        })
    }

    /// Creates an identity that is not persisted: after a restart, the name is free only once its lease has
    /// expired.
    pub fn temporary() -> Self {
        Self {
            instance: random::hex_token::<16>(),
            incarnation: random::hex_token::<8>(),
        }
    }

    /// Returns the part that survives restarts.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Returns the part that is new at each start.
    pub fn incarnation(&self) -> &str {
        &self.incarnation
    }
}

fn create(path: &Path) -> io::Result<String> {
    let instance = random::hex_token::<16>();
    files::replace(path, instance.as_bytes())?;
    Ok(instance)
}

fn is_instance(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The name of the file in the state directory.
const FILE: &str = "cluster-instance";

/// Read limit in bytes, more than the file has.
const MAX_FILE: u64 = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instance_survives_a_restart_and_incarnation_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (
            Identity::load(folder.path()).unwrap(),
            Identity::load(folder.path()).unwrap(),
        );
        assert_eq!(one.instance(), two.instance());
        assert_ne!(one.incarnation(), two.incarnation());
        std::fs::write(folder.path().join(FILE), "nonsense").unwrap();
        assert_ne!(
            Identity::load(folder.path()).unwrap().instance(),
            one.instance()
        );
    }
}
