//! The phones, the daemon and its files; everything but Asterisk.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context;
use handset_net::tasks::Tasks;
use handset_phones::phone::{Endpoint, Technology};
use handset_simulator::{Options, Scheme, Vendor};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::media;
use super::scenario::DemoPhone;
use crate::admin::Token;
use crate::config::{Config, Sources};
use crate::daemon::{Daemon, Reloads};

/// Running phones and a running daemon.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) phones: Vec<DemoPhone>,
    /// The text of the daemon's configuration file.
    pub(super) configuration: String,
    /// The address of the daemon's FastAGI server.
    pub(super) agi: SocketAddr,
    /// The address of its admin server.
    pub(super) admin: SocketAddr,
    /// The path of its configuration file.
    pub(super) file: PathBuf,
    stop: CancellationToken,
    daemon: JoinHandle<()>,
    directory: TempDir,
}

impl Environment {
    /// Starts the phones, then the daemon. Without Asterisk, only a call shows which phones there are, so
    /// that those who stay need a `[[phone]]` each.
    pub(super) async fn start(stays: bool, tasks: &Tasks) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir().context("cannot create a temporary directory")?;
        let media = directory.path().join("media");
        std::fs::create_dir(&media).context("cannot create the media directory")?;
        media::write(&media)?;
        // Phones and daemon must know each other's address before either has started.
        let http = free_port().context("no TCP port is free")?;
        let mut phones = Vec::new();
        for (vendor, name, host) in PHONES {
            let address = Ipv4Addr::new(127, 0, 21, host);
            phones.push(start_phone(vendor, name, address, http, tasks).await?);
        }
        let admin = free_port().context("no TCP port is free")?;
        let mut configuration = configuration(&phones, &directory, http, admin);
        if stays {
            configuration.extend(phones.iter().map(entry));
        }
        let file = directory.path().join("handsetd.toml");
        std::fs::write(&file, &configuration).context("cannot write the configuration")?;
        let sources = Sources {
            file: file.clone(),
            is_required: true,
            variables: Vec::new(),
        };
        let daemon = Daemon::bind(Config::load(&sources)?).await?;
        let (agi, stop) = (daemon.agi_address(), CancellationToken::new());
        let stopped = stop.clone();
        let reloads = Reloads::new(sources);
        let daemon = tasks.spawn("daemon", async move {
            Box::pin(daemon.run(stopped.cancelled(), reloads)).await;
        });
        Ok(Self {
            phones,
            configuration,
            agi,
            admin,
            file,
            stop,
            daemon,
            directory,
        })
    }

    /// Reads the token that the daemon has generated.
    pub(super) fn token(&self) -> anyhow::Result<Token> {
        Token::load(self.directory.path()).context("cannot read the token of the daemon")
    }

    /// Stops the daemon as SIGTERM does.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        // The daemon logs its own failures.
        let _ = self.daemon.await;
    }
}

async fn start_phone(
    vendor: Vendor,
    name: &str,
    address: Ipv4Addr,
    http: SocketAddr,
    tasks: &Tasks,
) -> anyhow::Result<DemoPhone> {
    let mut options = Options::new(vendor);
    options.listen = SocketAddr::from((address, 0));
    match vendor {
        Vendor::Cisco => {
            let url = format!("http://{http}/cisco/authenticate");
            options.authentication_url = Some(Url::parse(&url)?);
        }
        Vendor::Snom | Vendor::Yealink => {
            options.credentials = Some((USERNAME.to_owned(), PASSWORD.to_owned()));
            options.scheme = Scheme::Digest;
        }
    }
    let simulated = handset_simulator::start(options, tasks)
        .await
        .with_context(|| {
            format!(
                "cannot start a simulated phone at {address}; the demo needs the addresses \
                 127.0.21.1 to 127.0.21.3, which Linux provides"
            )
        })?;
    Ok(DemoPhone {
        endpoint: Endpoint::new(Technology::Pjsip, name)?,
        simulated,
    })
}

/// Returns the `[[phone]]` of a phone.
fn entry(phone: &DemoPhone) -> String {
    let (name, address) = (phone.endpoint.name(), phone.simulated.address());
    let options = phone.simulated.options();
    let (vendor, model) = (options.vendor, options.model.trim_start_matches("SIP-"));
    format!(
        "\n[[phone]]\nname = \"{name}\"\nvendor = \"{vendor}\"\nmodel = \"{model}\"\n\
         address = \"{address}\"\n"
    )
}

fn configuration(
    phones: &[DemoPhone],
    directory: &TempDir,
    http: SocketAddr,
    admin: SocketAddr,
) -> String {
    let directory = directory.path().display();
    // A slow or busy computer may take longer than usual to convert a picture.
    let mut text = format!(
        "[agi]\nlisten = \"127.0.0.1:0\"\nbudget = \"1m\"\n\n\
         [http]\nlisten = \"{http}\"\n\n\
         [admin]\nlisten = \"{admin}\"\n\n\
         [phones]\nnetworks = [\"127.0.0.0/8\"]\n\n\
         [state]\ndir = \"{directory}\"\n\n\
         [media]\nfolders = [\"{directory}/media\"]\n"
    );
    for phone in phones {
        let vendor = phone.simulated.options().vendor;
        let port = phone.simulated.address().port();
        let _ = write!(
            text,
            "\n[vendor.{vendor}]\nport = {port}\nusername = \"{USERNAME}\"\n\
             password = \"{PASSWORD}\"\n"
        );
    }
    text
}

fn free_port() -> std::io::Result<SocketAddr> {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

/// Vendor, endpoint and last part of the address (127.0.21.x) of each phone.
const PHONES: [(Vendor, &str, u8); 3] = [
    (Vendor::Cisco, "1001", 1),
    (Vendor::Snom, "1002", 2),
    (Vendor::Yealink, "1003", 3),
];

const USERNAME: &str = "push";

const PASSWORD: &str = "demo";
