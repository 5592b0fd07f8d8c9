//! The arguments of `handsetd simulate`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use handset_net::pin::Pin;
use handset_simulator::Vendor;
use url::Url;

/// Simulate a phone or a Cisco call manager, as strict as a real one, and print its requests
#[derive(Args, Debug)]
#[command(
    after_help = "The user of a phone acts by lines of standard input: open URL, select NUMBER, \
    press LABEL, fill FIELD=VALUE, submit, ring NUMBER, dial NUMBER, answer, hold, resume, hangup, busy, \
    dnd on|off and help.\n\n\
    Examples:\n  \
    handsetd simulate snom --listen 127.0.21.2:80 --username push --password secret\n  \
    handsetd simulate cisco --authenticate http://127.0.0.1:8090/cisco/authenticate\n  \
    handsetd simulate yealink --listen 127.0.21.3:80 --register 1003@192.0.2.10 --dial 700\n  \
    echo open http://127.0.0.1:8090/page/menu | handsetd simulate snom\n  \
    handsetd simulate snom --csta 1001-csta:secret@192.0.2.10:6060 --setting csta_challenge=1\n  \
    handsetd simulate cucm --username MobilityManagerUser --password secret --device \
    SEP00005E005301 --user john"
)]
pub(crate) struct Simulate {
    /// Vendor of the phone, or cucm for a call manager
    #[arg(value_parser = PossibleValuesParser::new(
        Vendor::ALL.into_iter().map(Vendor::name).chain([CUCM])
    ))]
    pub(super) vendor: String,
    /// Listen on this address
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(super) listen: SocketAddr,
    /// Simulate this model
    #[arg(long)]
    pub(super) model: Option<String>,
    /// Require this user name (Snom, Yealink, Cisco multiplatform phones, cucm)
    #[arg(long, requires = "password")]
    pub(super) username: Option<String>,
    /// Require this password (Snom, Yealink, Cisco multiplatform phones, cucm)
    #[arg(long, requires = "username")]
    pub(super) password: Option<String>,
    /// Use this HTTP authentication scheme (Snom, Yealink, Cisco multiplatform phones)
    #[arg(long, default_value = "digest", value_parser = PossibleValuesParser::new(["basic", "digest"]))]
    pub(super) scheme: String,
    /// Ask this authentication URL whether a push is allowed (Cisco)
    #[arg(long, value_name = "URL")]
    pub(super) authenticate: Option<Url>,
    /// Register at this SIP server over UDP
    #[arg(long, value_name = "USER[:PASSWORD]@HOST[:PORT]")]
    pub(super) register: Option<String>,
    /// Dial this extension once registered
    #[arg(long, value_name = "EXTENSION", requires = "register")]
    pub(super) dial: Option<String>,
    /// Register an identity for CSTA sessions with handsetd (Snom, Yealink), over UDP, ;transport=tcp or
    /// ;transport=tls, which requires --pin
    #[arg(long, value_name = "USER:PASSWORD@HOST[:PORT]")]
    pub(super) csta: Option<String>,
    /// Accept only the certificate with this pin, sha256:HEX, for --csta over TLS
    #[arg(long, value_name = "PIN", requires = "csta")]
    pub(super) pin: Option<Pin>,
    #[expect(clippy::doc_markdown, reason = "users read it")]
    /// Provision this setting, such as csta_control=off (Snom) or features.csta_control.enable=0
    /// (Yealink); may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub(super) setting: Vec<String>,
    /// Write a picture of the phone to this file whenever it changes
    #[arg(long, value_name = "FILE")]
    pub(super) picture: Option<PathBuf>,
    /// Name of a device (cucm); may be repeated
    #[arg(long, value_name = "NAME")]
    pub(super) device: Vec<String>,
    /// Id of a user (cucm); may be repeated
    #[arg(long, value_name = "ID")]
    pub(super) user: Vec<String>,
    /// Device profile that users may name (cucm), besides USER-profile; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Vec<String>,
}

/// Stands for a call manager in the place of a vendor.
pub(super) const CUCM: &str = "cucm";
