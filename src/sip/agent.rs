//! The user agent: its sockets, and requests outside dialogs.

use std::net::SocketAddr;
use std::sync::Arc;

use handset_net::listener::{Capacity, Listener};
use handset_net::tasks::Tasks;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use super::config::{Config, Limits};
use super::core::Core;
use super::counters::Totals;
use super::error::{BindError, NotSent, RequestError};
use super::exchange::exchange;
use super::flow::{Flow, Target};
use super::incoming::{self, Incoming};
use super::listen::Listen;
use super::listen::Transport;
use super::outgoing::{self, Parties, contact, new_branch, new_call_id, new_tag};
use super::receive::Receiver;
use super::transport::datagrams::{DatagramSender, DatagramSocket};
use super::transport::streams::{self, StreamListener};
use super::wire::envelope::CSeq;
use super::wire::{Method, Name, NameAddr, Request, Response};

/// A user agent whose sockets are bound, but not read yet.
#[derive(Debug)]
pub struct BoundUserAgent {
    config: Config,
    datagrams: Vec<DatagramSocket>,
    streams: Vec<StreamListener>,
    listens: Vec<Listen>,
}

/// A running user agent. Cheap to clone; clones share everything.
#[derive(Clone, Debug)]
pub struct UserAgent(Arc<Running>);

#[derive(Debug)]
struct Running {
    receiver: Arc<Receiver>,
    senders: Vec<DatagramSender>,
    /// The port of the first TCP listener, where peers reach us again.
    tcp_port: Option<u16>,
}

impl UserAgent {
    /// Binds the sockets.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn bind(config: Config) -> Result<BoundUserAgent, BindError> {
        let mut bound = BoundUserAgent {
            datagrams: Vec::new(),
            streams: Vec::new(),
            listens: Vec::new(),
            config,
        };
        for listen in bound.config.listen.clone() {
            let address = bound.add(listen)?;
            bound.listens.push(Listen { address, ..listen });
        }
        Ok(bound)
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.0.receiver.core
    }

    /// Returns what was counted since the start.
    pub fn totals(&self) -> Totals {
        self.core().counters.totals()
    }

    /// Returns the UDP flow to `peer`, for one that is known from before a restart. Nothing is sent.
    ///
    /// # Errors
    ///
    /// Fails if no listener has this transport and address family.
    pub fn udp_flow(&self, peer: SocketAddr) -> Result<Flow, NotSent> {
        let mut senders = self.0.senders.iter();
        let flow = senders.find_map(|sender| sender.flow(&self.0.receiver, peer));
        flow.ok_or(NotSent::NoListener)
    }

    /// Returns a flow to `target`: over TCP, a connection that exists or is established before `until`; over TLS,
    /// only one that exists.
    pub async fn connect(&self, target: Target, until: Instant) -> Result<Flow, NotSent> {
        if target.transport == Transport::Udp {
            return self.udp_flow(target.address);
        }
        if let Some(flow) = self.core().connections.get(&target) {
            return Ok(flow);
        }
        if target.transport == Transport::Tls {
            return Err(NotSent::NotConnected);
        }
        let (receiver, port) = (&self.0.receiver, self.0.tcp_port);
        let connecting = streams::connect(receiver, target.address, port, until).await;
        connecting.ok_or(NotSent::NotConnected)
    }

    /// Sends a request outside a dialog, for example OPTIONS, and returns its final response. `request` has neither
    /// `Via` nor the other fields that all requests have.
    pub async fn request(
        &self,
        flow: &Flow,
        request: Request,
        until: Instant,
    ) -> Result<Response, RequestError> {
        let from = contact(flow, &self.core().user).ok_or(NotSent::NoListener)?;
        let parties = Parties {
            from: NameAddr::new(from).with_tag(&new_tag()),
            to: NameAddr::new(request.uri.clone()),
            call_id: new_call_id(),
        };
        let branch = new_branch();
        let cseq = CSeq {
            number: 1,
            method: request.method,
        };
        let mut whole = outgoing::request(flow, &branch, request.uri, &parties, &cseq);
        for (name, value) in request.headers.iter() {
            whole.headers.push(name.clone(), value.clone());
        }
        whole
            .headers
            .push(Name::USER_AGENT, self.core().user_agent.clone());
        whole.body = request.body;
        debug_assert!(whole.method != Method::Invite, "dialogs have their own way");
        exchange(self.core(), flow, (&whole, &branch), until).await
    }
}

impl BoundUserAgent {
    /// Binds one socket and returns its address.
    fn add(&mut self, listen: Listen) -> Result<SocketAddr, BindError> {
        let failed = |source| BindError::Bind { listen, source };
        if listen.transport == Transport::Udp {
            let socket = DatagramSocket::bind(listen.address).map_err(failed)?;
            let address = socket.address();
            self.datagrams.push(socket);
            return Ok(address);
        }
        let tls = match (listen.transport, &self.config.tls) {
            (Transport::Tls, None) => return Err(BindError::NoCertificate(listen)),
            (Transport::Tls, Some(tls)) => Some(TlsAcceptor::from(Arc::clone(tls))),
            _ => None,
        };
        let capacity = capacity(self.config.limits);
        let listener = Listener::bind("sip", listen.address, capacity).map_err(failed)?;
        let address = listener.local_addr();
        self.streams.push(StreamListener { listener, tls });
        Ok(address)
    }

    /// Returns the bound addresses in the order of the configuration, with the ports that the system
    /// chose.
    pub fn listens(&self) -> &[Listen] {
        &self.listens
    }

    /// Starts to read, in tasks of `tasks`. When they are asked to stop, connections are closed: end dialogs
    /// before.
    pub fn start(self, tasks: &Tasks) -> (UserAgent, Incoming) {
        let core = Arc::new(Core::new(&self.config, tasks.clone()));
        let (sender, incoming) = incoming::channel(tasks.stop());
        let receiver = Arc::new(Receiver::new(core, sender));
        let mut tcp_port = None;
        for listener in &self.streams {
            if listener.tls.is_none() {
                tcp_port = tcp_port.or_else(|| Some(listener.listener.local_addr().port()));
            }
        }
        let running = Running {
            receiver: Arc::clone(&receiver),
            senders: self.datagrams.iter().map(DatagramSocket::sender).collect(),
            tcp_port,
        };
        for socket in self.datagrams {
            tasks.spawn(
                "sip datagrams",
                socket.run(Arc::clone(&receiver), tasks.stop()),
            );
        }
        for listener in self.streams {
            tasks.spawn(
                "sip listener",
                listener.run(Arc::clone(&receiver), tasks.stop()),
            );
        }
        (UserAgent(Arc::new(running)), incoming)
    }
}

/// Connections that have shown credentials are never evicted; others make room.
fn capacity(limits: Limits) -> Capacity {
    Capacity {
        total: limits.connections,
        each: limits.connections_per_address,
        reserved: 0,
        grace: None,
        wait: WAIT,
    }
}

/// How long a connection waits for room before it is closed.
const WAIT: std::time::Duration = std::time::Duration::from_secs(10);
