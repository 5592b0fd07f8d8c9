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

mod action;
mod client;
mod config;
mod connection;
mod counters;
pub mod decode;
mod error;
mod event;
mod link;
mod list;
mod liveness;
pub mod notify;
mod pending;
mod queue;
mod response;
mod session;
mod state;
mod supervisor;
mod tls;
mod value;
pub mod wire;

pub use action::{Action, Builder, InvalidAction, ListQuery, NotifyTarget, Originate};
pub use client::{Client, Events};
pub use config::{
    Address, Checked, Config, ConfigError, InvalidAddress, InvalidPin, Limits, Login, Pin,
    TlsConfig,
};
pub use counters::Totals;
pub use error::Error;
pub use event::Event;
pub use response::Response;
pub use state::{Connected, State};
pub use tls::TlsError;
pub use value::{HeaderName, HeaderValue, InvalidText};
