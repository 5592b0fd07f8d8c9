//! The addresses to listen on: whether the daemon listens there, and otherwise whether it could.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

use super::daemon::Answer;
use super::finding::Finding;
use super::socket_owner;
use crate::config::Config;

/// Compares the addresses of the configuration with those of the daemon, or tries them if there is none.
pub(super) fn examine(config: &Config, daemon: &Answer) -> Vec<Finding> {
    let addresses = [
        ("agi", config.agi.listen),
        ("http", config.http.listen),
        ("admin", config.admin.address()),
    ];
    let examine = |(name, address): (&'static str, SocketAddr)| {
        if daemon.is_running() {
            compare(name, address, daemon.listener(name))
        } else {
            try_out(name, address)
        }
    };
    addresses.into_iter().map(examine).collect()
}

/// Returns whether the daemon listens where the configuration says.
fn compare(name: &'static str, configured: SocketAddr, running: Option<&str>) -> Finding {
    let Some(running) = running else {
        let text = format!("the daemon does not listen at {configured} ({name}.listen)");
        let cure = "another program had the address when it started; stop that, or write another address, and \
                    restart handsetd";
        return Finding::fault("addresses", text).cure(cure);
    };
    let is_same = running.parse() == Ok(configured);
    // The system has chosen the port.
    if is_same || configured.port() == 0 {
        return Finding::good("addresses", format!("{running} ({name}.listen)"));
    }
    let text = format!("the daemon listens at {running}; {name}.listen is {configured} by now");
    Finding::note("addresses", text).cure("systemctl restart handsetd")
}

/// Returns whether the daemon could listen there.
fn try_out(name: &'static str, address: SocketAddr) -> Finding {
    let Err(error) = TcpListener::bind(address) else {
        let text = format!("{address} ({name}.listen) is free");
        return Finding::good("addresses", text);
    };
    let key = format!("{address} ({name}.listen)");
    match error.kind() {
        ErrorKind::AddrInUse => {
            let owner = socket_owner::of(address.port());
            let by = match &owner {
                Some(owner) => owner.to_string(),
                None => "another program; ss -ltnp as root shows which".to_owned(),
            };
            let cure = match &owner {
                Some(owner) if owner.name == "handsetd" => {
                    "it may be a daemon with another configuration; use its --config here, or stop it".to_owned()
                }
                _ => format!("stop that program, or write another address to {name}.listen"),
            };
            Finding::fault("addresses", format!("{key} is taken by {by}")).cure(cure)
        }
        ErrorKind::AddrNotAvailable => Finding::fault(
            "addresses",
            format!("no interface of this machine has {key}"),
        )
        .cure("write an address that \"ip address\" shows, or 0.0.0.0 for all of them"),
        ErrorKind::PermissionDenied => {
            Finding::note("addresses", format!("this user may not listen at {key}"))
                .cure("ports below 1024 need AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit")
        }
        _ => Finding::fault("addresses", format!("cannot listen at {key}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level;
    use super::*;

    #[test]
    fn taken_addresses_name_the_program() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        let finding = try_out("agi", address);
        assert_eq!(finding.level(), Level::Fault);
        let pid = format!("(pid {})", std::process::id());
        assert!(finding.text().contains(&pid), "{}", finding.text());
        drop(taken);
        assert_eq!(try_out("agi", address).level(), Level::Ok);
        let elsewhere = try_out("http", "192.0.2.1:8090".parse().unwrap());
        assert_eq!(elsewhere.level(), Level::Fault);
        assert!(elsewhere.text().contains("no interface"), "{elsewhere:?}");
    }

    #[test]
    fn changed_addresses_want_a_restart() {
        let configured = "127.0.0.1:4573".parse().unwrap();
        let level = |running| compare("agi", configured, running).level();
        assert_eq!(level(Some("127.0.0.1:4573")), Level::Ok);
        assert_eq!(level(Some("127.0.0.1:4574")), Level::Note);
        assert_eq!(level(None), Level::Fault);
        let any = compare("agi", "127.0.0.1:0".parse().unwrap(), Some("127.0.0.1:9"));
        assert_eq!(any.level(), Level::Ok);
    }
}
