//! The configuration of the server.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use handset_net::allow_list::AllowList;

/// The configuration of a [`Server`](super::Server).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// The address to listen on; port 0 lets the system choose. The default is 127.0.0.1:4573.
    pub listen: SocketAddr,
    /// The networks whose connections are served; others are closed at once. The default is the local
    /// host.
    pub allow: AllowList,
    /// Maximum number of concurrent sessions. A further connection replaces one that has not sent its
    /// environment; if there is none, it waits.
    pub max_sessions: usize,
    /// Time limit for the complete environment, however slowly it arrives.
    pub environment_timeout: Duration,
    /// Time limit for the reply to one command.
    pub reply_timeout: Duration,
    /// Time limit for a whole session, from the connection to its end, including the time for which it
    /// waits. Then its script is dropped and the call continues. It limits the other two as well.
    pub session_timeout: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 4573)),
            allow: AllowList::loopback(),
            max_sessions: 4096,
            environment_timeout: Duration::from_secs(5),
            reply_timeout: Duration::from_secs(5),
            session_timeout: Duration::from_mins(1),
        }
    }
}
