//! `Via`: where responses go.

use std::fmt;

use super::grammar::{Param, complete, elements, via};
use super::header::{Headers, Name};
use super::parser::Malformed;
use super::text::{Token, Value};
use super::uri::split_port;

/// One hop of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Via {
    /// `UDP`, `TCP` or `TLS`.
    pub transport: Token,
    /// The host of the sender as it knows it; an IPv6 address is in brackets.
    pub host: String,
    /// Its port, if written.
    pub port: Option<u16>,
    /// The parameters, names in lower case.
    params: Vec<Param>,
}

impl Via {
    /// Creates the hop of a request that we send: asks for a response to the port that it comes from
    /// (RFC 3581).
    pub(crate) fn new(transport: Token, host: String, port: u16, branch: &str) -> Self {
        Self {
            transport,
            host,
            port: Some(port),
            params: vec![
                ("branch".to_owned(), Some(branch.to_owned())),
                ("rport".to_owned(), None),
            ],
        }
    }

    /// Reads one element of a `Via` field.
    pub fn parse(text: &str) -> Option<Self> {
        let parts = complete(via, text)?;
        let (host, port) = split_port(parts.sent_by)?;
        Some(Self {
            transport: Token::new(parts.transport).ok()?,
            host: host.to_owned(),
            port,
            params: parts.params,
        })
    }

    /// Reads the topmost hop, which names its transaction.
    pub(crate) fn topmost(headers: &Headers) -> Result<Self, Malformed> {
        let field = headers.get(&Name::VIA);
        let first = field.and_then(|field| elements(field).next());
        let via = first.and_then(Self::parse);
        via.filter(|via| !via.branch().is_empty())
            .ok_or(Malformed::Lacks("Via"))
    }

    /// Returns the `branch`, which identifies the transaction.
    pub fn branch(&self) -> &str {
        self.param("branch").unwrap_or_default()
    }

    /// Returns the value of a parameter, which is empty if only its name is written.
    pub fn param(&self, name: &str) -> Option<&str> {
        let param = self.params.iter().find(|(other, _)| other == name)?;
        Some(param.1.as_deref().unwrap_or_default())
    }

    /// Replaces the value of a parameter.
    pub(crate) fn set_param(&mut self, name: &str, value: String) {
        self.params.retain(|(other, _)| other != name);
        self.params.push((name.to_owned(), Some(value)));
    }

    /// Replaces the topmost hop of `headers` by this one.
    pub(crate) fn replace_topmost(&self, headers: &mut Headers) {
        headers.replace_first(&Name::VIA, |field| {
            let rest: Vec<&str> = elements(field).skip(1).collect();
            let all = std::iter::once(self.to_string()).chain(rest.into_iter().map(str::to_owned));
            Value::lossy(&all.collect::<Vec<_>>().join(", "))
        });
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        super::params::write(f, &self.params)
    }
}
