//! Settings of CSTA sessions over SIP.

use std::net::IpAddr;

use handset_net::allow_list::AllowList;
use handset_net::server_certificate::TlsFiles;
use handset_sip::Listen;

/// The `[uacsta]` section.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// Where phones register.
    pub listen: Vec<Listen>,
    /// The networks whose messages are read.
    pub allow: AllowList,
    /// Whether phones that are not registered here are called at the contact that Asterisk knows.
    pub direct: bool,
    /// The address of handsetd that is sent to phones; `None` takes that of this machine towards the phone.
    pub address: Option<IpAddr>,
    /// The certificate and key of listeners with TLS.
    pub tls: Option<TlsFiles>,
}
