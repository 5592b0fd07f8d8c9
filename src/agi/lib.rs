//! `FastAGI`: the protocol in which Asterisk asks.
//!
//! Asterisk connects, says who is calling as a block of `agi_*` lines (a [`Request`]), and then
//! obeys [`Command`]s, one [`Reply`] each, until the server closes the [`Channel`]. A [`Server`]
//! hands every such conversation to one [`Script`].
//!
//! It deliberately knows nothing of what scripts do, keeps no state between calls, never sends a
//! command before the last one was answered, and never answers, holds or hangs up a call by itself.
//!
//! # What a peer can cost
//!
//! | what | bound |
//! | --- | --- |
//! | one line of the environment | 32 KiB |
//! | the environment | 128 KiB, 256 lines, [`Config::environment_timeout`] in all |
//! | one reply | 64 KiB, [`Config::reply_timeout`] |
//! | one session | [`Config::session_timeout`] |
//! | all sessions | [`Config::max_sessions`]; the kernel's queue holds the rest |
//!
//! # Example
//!
//! ```
//! use handsetd::agi::{Channel, Config, Error, Request, Script, Server};
//! use handsetd::shutdown::Tasks;
//!
//! struct Greet;
//!
//! impl Script for Greet {
//!     async fn run(&self, request: &Request, channel: &mut Channel) -> Result<(), Error> {
//!         let name = channel.full_variable("${CALLERID(name)}").await?.unwrap_or_default();
//!         channel.set_variable("GREETING", &format!("{}: hello {name}", request.script())).await
//!     }
//! }
//!
//! # async fn serve() -> Result<(), Error> {
//! let tasks = Tasks::new();
//! let server = Server::bind(Config::default()).await?;
//! server.run(Greet, &tasks).await;
//! # Ok(())
//! # }
//! ```

mod channel;
mod command;
mod config;
mod environment;
mod error;
mod grammar;
mod log_throttle;
mod quirk;
mod reply;
mod request;
mod server;
mod wire;

#[cfg(test)]
mod fixtures;

pub use channel::Channel;
pub use command::Command;
pub use config::Config;
pub use error::Error;
pub use reply::Reply;
pub use request::Request;
pub use server::{Script, Server};
