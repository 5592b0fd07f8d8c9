#![doc = include_str!("README.md")]
//!
//! # Example
//!
//! Print every event of an Asterisk:
//!
//! ```
//! use handset_ami::{Address, Client, Config};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
//! # let asterisk = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let local = asterisk.local_addr()?.to_string();
//! # tokio::spawn(async move {
//! #     let (stream, _) = asterisk.accept().await.unwrap();
//! #     let mut stream = BufReader::new(stream);
//! #     let banner = "Asterisk Call Manager/11.0.0\r\n";
//! #     stream.get_mut().write_all(banner.as_bytes()).await.unwrap();
//! #     for response in ["Success\r\nChallenge: 1", "Success"] {
//! #         let mut action = String::new();
//! #         while !action.ends_with("\r\n\r\n") {
//! #             stream.read_line(&mut action).await.unwrap();
//! #         }
//! #         let id = action.split("ActionID: ").nth(1).unwrap();
//! #         let id = id.lines().next().unwrap();
//! #         let packet = format!("Response: {response}\r\nActionID: {id}\r\n\r\n");
//! #         stream.get_mut().write_all(packet.as_bytes()).await.unwrap();
//! #     }
//! #     let events = "Event: FullyBooted\r\n\r\nEvent: Hangup\r\nChannel: PJSIP/1-1\r\n\r\n";
//! #     stream.get_mut().write_all(events.as_bytes()).await.unwrap();
//! #     std::future::pending::<()>().await;
//! # });
//! let address: Address = "192.0.2.10".parse()?;
//! # let address: Address = local.parse()?;
//! let config = Config::new("pbx", address, "monitor", "secret".into());
//! let (client, driver) = Client::new(&config)?;
//! tokio::spawn(driver.run());
//!
//! let mut events = client.events();
//! while let Some(event) = events.next().await {
//!     println!("{}", event.name());
//!     for (name, value) in event.headers() {
//!         println!("    {name}: {value}");
//!     }
//! #   if event.is("Hangup") {
//! #       return Ok(());
//! #   }
//! }
//! # unreachable!("the driver ended");
//! # }
//! ```
//!
//! Send an action and read the list that answers it:
//!
//! ```
//! use handset_ami::{Action, Client, Error, ListQuery};
//!
//! async fn contacts(client: &Client) -> Result<Vec<String>, Error> {
//!     let response = client.send(Action::list(ListQuery::PjsipContacts)).await?;
//!     let uris = response.items().iter().filter_map(|item| item.header("Uri"));
//!     Ok(uris.map(str::to_owned).collect())
//! }
//! ```
//!
//! # Structure
//!
//! ```text
//! Client ── Queue ──▶ Supervisor ─▶ Connection ── ActionWriter ──▶ Asterisk
//!    ▲                               │ Pending ◀── FrameReader ◀─┘
//!    └── response, state, events ────┘
//! ```
//!
//! [`wire`] splits the byte stream into packets and parses them without I/O, so it can be used alone;
//! [`decode`] prints captures with it.
// Peers may be hostile, so nothing here may panic because of what they send.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

mod action;
mod address;
mod client;
mod config;
mod connect_error;
mod connection;
mod counters;
pub mod decode;
mod driver;
mod error;
mod event;
mod events;
mod feed;
mod framed_io;
pub mod known_events;
mod list;
mod liveness;
mod login;
mod losses;
pub mod notify;
mod pending;
mod queue;
mod response;
mod state;
mod supervisor;
mod tls;
mod value;
pub mod wire;

pub use action::{Action, Builder, Destination, InvalidAction, ListQuery, NotifyTarget, Originate};
pub use address::{Address, InvalidAddress};
pub use client::Client;
pub use config::{Config, ConfigError, Limits, LoginMethod};
pub use counters::Totals;
pub use driver::Driver;
pub use error::Error;
pub use event::Event;
pub use events::Events;
pub use losses::Losses;
pub use response::Response;
pub use state::{Connected, State};
pub use tls::{TlsConfig, TlsError};
pub use value::InvalidText;
