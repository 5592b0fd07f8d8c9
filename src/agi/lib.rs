#![doc = include_str!("README.md")]
//!
//! # Example
//!
//! Answer `AGI(agi://127.0.0.1/hello)` by setting a channel variable:
//!
//! ```
//! use handset_agi::{Channel, Config, Error, Request, Script, Server};
//! use tokio_util::sync::CancellationToken;
//!
//! struct Hello;
//!
//! impl Script for Hello {
//!     async fn run(&self, request: &Request, channel: &mut Channel) -> Result<(), Error> {
//!         let name = channel.full_variable("${CALLERID(name)}").await?.unwrap_or_default();
//!         let greeting = format!("{} says hello to {name}", request.script());
//!         channel.set_variable("GREETING", &greeting).await
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
//! let config = Config::default();
//! # let config = Config { listen: "127.0.0.1:0".parse()?, ..config };
//! let server = Server::bind(config)?;
//! let stop = CancellationToken::new();
//! # let address = server.local_addr();
//! # let stopped = stop.clone();
//! # let asterisk = tokio::spawn(async move {
//! #     let stream = tokio::net::TcpStream::connect(address).await.unwrap();
//! #     let mut stream = BufReader::new(stream);
//! #     let environment = "agi_network_script: hello\nagi_threadid: 1\n\n";
//! #     stream.get_mut().write_all(environment.as_bytes()).await.unwrap();
//! #     let mut commands = String::new();
//! #     for reply in ["200 result=1 (Alice)\n", "200 result=1\n"] {
//! #         stream.read_line(&mut commands).await.unwrap();
//! #         stream.get_mut().write_all(reply.as_bytes()).await.unwrap();
//! #     }
//! #     stopped.cancel();
//! #     commands
//! # });
//! server.run(Hello, stop).await;
//! # let commands = asterisk.await?;
//! # let expected = "SET VARIABLE \"GREETING\" \"hello says hello to Alice\"\n";
//! # assert!(commands.ends_with(expected), "{commands}");
//! # Ok(())
//! # }
//! ```
// Peers may be hostile, so nothing here may panic because of what they send.
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod assignments;
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
pub use log_throttle::LogThrottle;
pub use reply::Reply;
pub use request::Request;
pub use server::{Script, Server};

#[cfg(test)]
mod readme_tests;
