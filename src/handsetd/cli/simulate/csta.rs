//! `handsetd simulate VENDOR --csta`: the identity of a simulated phone for CSTA sessions.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use handset_net::pin::Pin;
use handset_simulator::sip::Protocol;
use handset_simulator::{CstaIdentity, CstaState, Quirks, SimulatedPhone, Vendor};

use super::arguments::Simulate;

/// Makes the phone register its identity, if the arguments name one.
pub(super) async fn connect(arguments: &Simulate, phone: &SimulatedPhone) -> anyhow::Result<()> {
    let Some(account) = &arguments.csta else {
        return Ok(());
    };
    ensure!(
        phone.options().vendor != Vendor::Cisco,
        "--csta needs a Snom or Yealink phone; Cisco phones have no CSTA over SIP"
    );
    let identity = identity(account, arguments.pin, arguments.listen)
        .await
        .with_context(|| format!("--csta expects {EXPECTED}, not `{account}`"))?;
    phone.connect_csta(identity).await?;
    Ok(())
}

/// Reads `USER:PASSWORD@HOST[:PORT][;transport=udp|tcp|tls]`.
async fn identity(
    account: &str,
    pin: Option<Pin>,
    listen: SocketAddr,
) -> anyhow::Result<CstaIdentity> {
    let (account, transport) = account
        .rsplit_once(";transport=")
        .unwrap_or((account, "udp"));
    let protocol = match (transport, pin) {
        ("udp", None) => Protocol::Udp,
        ("tcp", None) => Protocol::Tcp,
        ("tls", Some(pin)) => Protocol::Tls(Arc::new(pin.client_config())),
        ("tls", None) => bail!(
            "the transport tls requires --pin, the SHA-256 of the certificate in uacsta.tls: \
             openssl x509 -noout -fingerprint -sha256 -in CERTIFICATE"
        ),
        ("udp" | "tcp", Some(_)) => {
            bail!("--pin requires the transport tls; {transport} has no certificate")
        }
        (other, _) => bail!("the transport is udp, tcp or tls, not `{other}`"),
    };
    let (login, host) = account.rsplit_once('@').context("the host is missing")?;
    let (user, password) = login.split_once(':').context("the password is missing")?;
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let host = if has_port {
        host.to_owned()
    } else {
        format!("{host}:{PORT}")
    };
    let mut addresses = tokio::net::lookup_host(&host)
        .await
        .with_context(|| format!("cannot resolve {host}"))?;
    Ok(CstaIdentity {
        local: SocketAddr::new(listen.ip(), 0),
        registrar: addresses.next().context("the host has no address")?,
        proxy: None,
        protocol,
        user: user.to_owned(),
        password: password.to_owned(),
        expires: EXPIRES,
        quirks: Quirks::default(),
    })
}

/// Writes what has changed about registration and sessions.
pub(super) fn write_changes(
    before: &CstaState,
    now: &CstaState,
    out: &mut impl Write,
) -> io::Result<()> {
    if before.registered != now.registered
        && let Some(seconds) = now.registered
    {
        writeln!(out, "Registered for CSTA, for {seconds} s.\n")?;
    }
    if before.registration_failure != now.registration_failure
        && let Some(failure) = &now.registration_failure
    {
        let failure = failure.escape_debug();
        writeln!(out, "The registration for CSTA failed: {failure}.\n")?;
    }
    if before.established < now.established {
        writeln!(out, "A CSTA session is set up.\n")?;
    }
    if before.sessions > now.sessions {
        writeln!(out, "A CSTA session has ended.\n")?;
    }
    Ok(())
}

/// The form of the argument.
const EXPECTED: &str = "USER:PASSWORD@HOST[:PORT][;transport=udp|tcp|tls]";

/// The port of CSTA servers.
const PORT: u16 = 6060;

/// Requested lifetime of the registration in seconds.
const EXPIRES: u32 = 3600;
