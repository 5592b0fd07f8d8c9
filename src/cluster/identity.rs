//! Who a daemon is: the same across restarts, and each time anew.

use std::io;
use std::path::Path;

use handset_net::files::{self, Links};
use handset_net::random;

/// What tells a daemon from another one of the same name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    /// Stays the same as long as the state directory does.
    pub(crate) instance: String,
    /// Another one for each start.
    pub(crate) incarnation: String,
}

impl Identity {
    /// Reads the identity from the file `cluster-instance` in a folder, or creates that file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can be neither read nor created.
    pub fn load(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let instance = match files::read_to_string(&path, Links::Refuse, MAX_FILE) {
            Ok(text) if is_instance(text.trim()) => text.trim().to_owned(),
            // Whatever else is there is of no use to anybody.
            Ok(_) => create(&path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => create(&path)?,
            Err(error) => return Err(error),
        };
        Ok(Self {
            instance,
            incarnation: random::hex_token::<8>(),
        })
    }

    /// Creates an identity that no restart keeps: the name is free again only when its lease has ended.
    pub fn temporary() -> Self {
        Self {
            instance: random::hex_token::<16>(),
            incarnation: random::hex_token::<8>(),
        }
    }

    /// Returns what is the same across restarts.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// Returns what is another one for each start.
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

/// Longer than the file is, in bytes.
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
