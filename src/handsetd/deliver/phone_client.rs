//! The HTTP client for the web servers of phones.
//!
//! No proxy, no redirects, and no connection is kept: phones are close, each gets few requests, and
//! their servers do not agree on how a kept connection ends. A password goes to the phone that it
//! belongs to and nowhere else. A phone with a pin is contacted over TLS only, and only if it
//! presents the certificate of that pin; names do not count.

mod asked_for_digest;
mod connect;
mod error;
mod exchange;
mod login;
mod nonces;

use std::time::Duration;

use handset_phones::phone::{Address, Phone};
use handset_phones::vendor::{Reply, Request};
use reqwest::header::WWW_AUTHENTICATE;
use tokio::time::Instant;

use super::contactable::Contactable;
use crate::commit_point::CommitPoint;
use exchange::{Clients, Message};
use login::Logins;

pub(super) use error::Error;
pub(super) use login::Accounts;

/// Sends requests to the web servers of phones.
#[derive(Debug, Default)]
pub(super) struct PhoneClient {
    clients: Clients,
    logins: Logins,
}

impl PhoneClient {
    /// Returns the server that a request to `phone` goes to.
    pub(super) fn address(phone: &Phone, request: &Request) -> Address {
        Address {
            port: request.port.or(phone.address.port),
            ..phone.address.clone()
        }
    }

    /// Sends a request to `phone` and returns the reply, which may take up to `timeout`, connecting
    /// and authenticating included. Commits before anything is sent.
    pub(super) async fn send(
        &self,
        phone: &Contactable<'_>,
        request: &Request,
        accounts: Accounts<'_>,
        timeout: Duration,
        commit_point: &CommitPoint,
    ) -> Result<Reply, Error> {
        let until = Instant::now() + timeout;
        let address = Self::address(phone, request);
        let message = Message::new(phone, &address, request)?;
        let mut login = self.logins.begin((phone, &address), request, accounts)?;
        let mut authorization = login.first(&message);
        loop {
            let (reply, headers) = self
                .clients
                .send(phone, &message, authorization, until, commit_point)
                .await?;
            let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
            let challenges = challenges.filter_map(|value| value.to_str().ok());
            authorization = login.next(reply.status, challenges, &message)?;
            if authorization.is_none() {
                return Ok(reply);
            }
        }
    }
}

#[cfg(test)]
mod tests;
