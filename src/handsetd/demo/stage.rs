//! The phones, the daemon and its files.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::media;
use super::story::Player;
use crate::config::{Config, Sources};
use crate::daemon::Daemon;
use handset_net::tasks::Tasks;
use handset_phones::phone::{Endpoint, Technology};
use handset_simulator::{Options, Scheme, Vendor};

/// Everything but Asterisk, running.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) players: Vec<Player>,
    pub(super) configuration: String,
    pub(super) agi: SocketAddr,
    stop: CancellationToken,
    daemon: JoinHandle<()>,
    _folder: TempDir,
}

impl Stage {
    /// Starts the phones, then the daemon.
    pub(super) async fn set(tasks: &Tasks) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot create a temporary folder")?;
        let media = folder.path().join("media");
        std::fs::create_dir(&media).context("cannot create the media folder")?;
        media::write(&media)?;
        // The phones must know the door before it is open, and the other way round.
        let door = free_port().context("no port is free")?;
        let mut players = Vec::new();
        for (vendor, name, host) in CAST {
            let listen = SocketAddr::from((Ipv4Addr::new(127, 0, 21, host), 0));
            let mut options = Options::new(vendor);
            options.listen = listen;
            match vendor {
                Vendor::Cisco => {
                    let url = format!("http://{door}/cisco/authenticate");
                    options.authentication_url = Some(Url::parse(&url)?);
                }
                Vendor::Snom | Vendor::Yealink => {
                    options.credentials = Some(("push".to_owned(), PASSWORD.to_owned()));
                    options.scheme = Scheme::Digest;
                }
            }
            let phone = handset_simulator::start(options, tasks).await.with_context(|| {
                format!("cannot start a simulated phone at {listen} (on Linux all of 127.0.0.0/8 is there)")
            })?;
            players.push(Player {
                endpoint: Endpoint::new(Technology::Pjsip, name)?,
                phone,
            });
        }
        let configuration = configuration(&players, &folder, door);
        let file = folder.path().join("handsetd.toml");
        std::fs::write(&file, &configuration).context("cannot write the configuration")?;
        let sources = Sources {
            file,
            is_required: true,
            variables: Vec::new(),
        };
        let daemon = Daemon::bind(Config::load(&sources)?).await?;
        let (agi, stop) = (daemon.agi_address(), CancellationToken::new());
        let stopped = stop.clone();
        let (_, reloads) = tokio::sync::mpsc::channel(1);
        let daemon = tasks.spawn("daemon", async move {
            daemon.run(stopped.cancelled(), reloads).await;
        });
        Ok(Self {
            players,
            configuration,
            agi,
            stop,
            daemon,
            _folder: folder,
        })
    }

    /// Stops the daemon as SIGTERM does.
    pub(super) async fn close(self) {
        self.stop.cancel();
        // It ends by itself; how is its own affair.
        let _ = self.daemon.await;
    }
}

fn configuration(players: &[Player], folder: &TempDir, door: SocketAddr) -> String {
    let folder = folder.path().display();
    let mut text = format!(
        "[agi]\nlisten = \"127.0.0.1:0\"\n\n\
         [http]\nlisten = \"{door}\"\n\n\
         [admin]\nlisten = \"127.0.0.1:0\"\n\n\
         [state]\ndir = \"{folder}\"\n\n\
         [media]\nfolders = [\"{folder}/media\"]\n"
    );
    for player in players {
        let options = player.phone.options();
        let (vendor, port) = (options.vendor, player.phone.address().port());
        let _ = write!(
            text,
            "\n[vendor.{vendor}]\nport = {port}\nusername = \"push\"\npassword = \"{PASSWORD}\"\n"
        );
    }
    text
}

fn free_port() -> std::io::Result<SocketAddr> {
    std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

const CAST: [(Vendor, &str, u8); 3] = [
    (Vendor::Cisco, "1001", 1),
    (Vendor::Snom, "1002", 2),
    (Vendor::Yealink, "1003", 3),
];

const PASSWORD: &str = "demo";
