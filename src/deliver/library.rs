//! Reading pictures, tones and templates: from the configured folders, and from the configured
//! hosts.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::redirect::Policy;
use url::Url;

/// Where files come from.
#[derive(Debug)]
pub struct Library {
    folders: Vec<PathBuf>,
    hosts: Vec<String>,
    http: reqwest::Client,
}

/// Why a file can't be had; the words say what to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the file {0} is outside of the media folders; add its folder to media.folders")]
    Outside(String),
    #[error("no file {name} in the media folders ({folders})")]
    Missing { name: String, folders: String },
    #[error("cannot read the file {name}: {source}")]
    Unreadable {
        name: String,
        source: std::io::Error,
    },
    #[error("{0} has more than 16 MiB")]
    TooLong(String),
    #[error("cannot fetch {url}: {why}")]
    Fetch { url: Url, why: String },
}

impl Library {
    /// Creates a library of these folders and hosts.
    ///
    /// # Panics
    ///
    /// Panics if no TLS provider is installed for the process.
    pub fn new(folders: Vec<PathBuf>, hosts: Vec<String>) -> Self {
        let http = reqwest::Client::builder()
            .user_agent(concat!("handsetd/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::none())
            .timeout(FETCH)
            .build()
            .expect("main installs a TLS provider before anything else");
        Self {
            folders,
            hosts,
            http,
        }
    }

    /// Reads a file. Blocks; symbolic links are followed, and must not lead out of the folders.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let path = self.find(name)?;
        let unreadable = |source| Error::Unreadable {
            name: name.to_owned(),
            source,
        };
        let file = File::open(path).map_err(unreadable)?;
        let mut bytes = Vec::new();
        file.take(MAX_FILE + 1)
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        if bytes.len() as u64 > MAX_FILE {
            return Err(Error::TooLong(name.to_owned()));
        }
        Ok(bytes)
    }

    /// Returns whether handsetd itself fetches from the host of `url`.
    pub(super) fn fetches(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let with_port = url.port().map(|port| format!("{host}:{port}"));
        self.hosts
            .iter()
            .any(|known| known.eq_ignore_ascii_case(host) || Some(known) == with_port.as_ref())
    }

    /// Fetches a file from one of the hosts.
    pub(super) async fn fetch(&self, url: &Url) -> Result<Vec<u8>, Error> {
        let failed = |why: String| Error::Fetch {
            url: url.clone(),
            why,
        };
        let sent = self.http.get(url.clone()).send().await;
        let mut response = sent.map_err(|error| failed(error.without_url().to_string()))?;
        if !response.status().is_success() {
            return Err(failed(format!(
                "it answered HTTP {}",
                response.status().as_u16()
            )));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| failed(error.without_url().to_string()))?
        {
            bytes.extend_from_slice(&chunk);
            if bytes.len() as u64 > MAX_FILE {
                return Err(Error::TooLong(url.to_string()));
            }
        }
        Ok(bytes)
    }

    /// Finds a file, by its path or by its name in one of the folders.
    fn find(&self, name: &str) -> Result<PathBuf, Error> {
        let wanted = Path::new(name);
        let mut outside = false;
        for folder in &self.folders {
            let Ok(folder) = folder.canonicalize() else {
                continue;
            };
            let Ok(path) = folder.join(wanted).canonicalize() else {
                continue;
            };
            if path.starts_with(&folder) {
                return Ok(path);
            }
            outside = true;
        }
        if outside {
            return Err(Error::Outside(name.to_owned()));
        }
        let folders: Vec<_> = self
            .folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect();
        let folders = if folders.is_empty() {
            "none is configured".to_owned()
        } else {
            folders.join(", ")
        };
        Err(Error::Missing {
            name: name.to_owned(),
            folders,
        })
    }
}

/// How long a host may take to give a file.
const FETCH: Duration = Duration::from_secs(10);

const MAX_FILE: u64 = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn library() -> (tempfile::TempDir, Library) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let media = dir.path().join("media");
        fs::create_dir_all(media.join("night")).unwrap();
        fs::write(media.join("night/sky.png"), "picture").unwrap();
        fs::write(dir.path().join("secret"), "secret").unwrap();
        std::os::unix::fs::symlink(dir.path().join("secret"), media.join("link.png")).unwrap();
        let folders = vec![dir.path().join("absent"), media];
        (
            dir,
            Library::new(
                folders,
                vec!["pictures.example.com".into(), "192.0.2.5:8080".into()],
            ),
        )
    }

    #[test]
    fn a_file_is_found_by_name_and_by_path() {
        let (dir, library) = library();
        assert_eq!(library.read("night/sky.png").unwrap(), b"picture");
        let path = dir.path().join("media/night/sky.png");
        assert_eq!(library.read(path.to_str().unwrap()).unwrap(), b"picture");
    }

    #[test]
    fn nothing_outside_of_the_folders_is_read() {
        let (dir, library) = library();
        let secret = dir.path().join("secret");
        for name in [
            "../secret",
            "night/../../secret",
            "link.png",
            secret.to_str().unwrap(),
            "/etc/passwd",
        ] {
            let message = library.read(name).unwrap_err().to_string();
            assert!(
                message.contains("outside of the media folders"),
                "{message}"
            );
        }
        let message = library.read("absent.png").unwrap_err().to_string();
        assert!(
            message.starts_with("no file absent.png in the media folders ("),
            "{message}"
        );
    }

    #[test]
    fn a_folder_is_no_file_and_a_huge_file_is_refused() {
        let (dir, library) = library();
        assert!(
            library
                .read("night")
                .unwrap_err()
                .to_string()
                .starts_with("cannot read")
        );
        let huge = File::create(dir.path().join("media/huge.wav")).unwrap();
        huge.set_len(MAX_FILE + 1).unwrap();
        assert!(
            library
                .read("huge.wav")
                .unwrap_err()
                .to_string()
                .contains("16 MiB")
        );
    }

    #[test]
    fn only_configured_hosts_are_fetched_from() {
        let (_dir, library) = library();
        let fetches = |url: &str| library.fetches(&Url::parse(url).unwrap());
        assert!(
            fetches("http://PICTURES.example.com/a.png") && fetches("http://192.0.2.5:8080/a.png")
        );
        assert!(!fetches("http://192.0.2.5/a.png") && !fetches("http://169.254.169.254/a.png"));
    }
}
