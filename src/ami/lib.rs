//! The Asterisk Manager Interface: a client, and the wire format on its own.
//!
//! [`Client`] is a handle; one task behind it connects, logs in, keeps the connection alive and
//! comes back when it is lost. Several servers are several clients. Any module may send any
//! [`Action`] and listen to every [`Event`]; what they mean is not known here.
//!
//! ```text
//! Client ── Queue ──▶ Supervisor ▶ Connection ── Writer ──▶ Asterisk
//!    ▲                              │ Pending  ◀─ Reader ◀─┘
//!    └── answer, watch, broadcast ──┘
//! ```
//!
//! What never happens here: reading that waits for a listener or for a write, an action that is
//! sent twice, an answer that is waited for without a deadline, and a password that is tried again
//! after it was refused.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use handsetd::ami::{Action, Client, Config, ListQuery};
//! use handsetd::shutdown::Tasks;
//!
//! let config = Config::new("pbx", "192.0.2.10".parse()?, "handsetd", "secret".into());
//! let client = Client::start(&config, None, &Tasks::new())?;
//! let mut events = client.events();
//! let contacts = client.send(Action::list(ListQuery::PjsipContacts)).await?;
//! println!("{} contacts", contacts.items().len());
//! while let Some(event) = events.next().await {
//!     println!("{}", event.name());
//! }
//! # Ok(())
//! # }
//! ```

mod action;
mod address;
mod client;
mod config;
mod connection;
mod counters;
pub mod decode;
mod driver;
mod error;
mod event;
mod events;
mod framed_io;
mod list;
mod liveness;
mod login;
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
pub use response::Response;
pub use state::{Connected, State};
pub use tls::{Connector, TlsConfig, TlsError};
pub use value::{HeaderName, HeaderValue, InvalidText};
