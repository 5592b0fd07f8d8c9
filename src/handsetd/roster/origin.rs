//! From which of several servers a call comes.
//!
//! The address of its connection shows it, if each server has its own. Servers behind one address are
//! distinguished by the system name (`systemname` in `asterisk.conf`), which the ids of calls begin
//! with. Where neither helps, the servers are asked which of them has the channel.

use std::net::IpAddr;
use std::time::Duration;

use futures_util::future::join_all;
use handset_ami::{Action, State};
use handset_phones::phone::ServerName;
use tokio::net::lookup_host;
use tokio::time::{Instant, timeout, timeout_at};

use super::{Roster, Server};

/// What a call says of where it comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallOrigin<'a> {
    /// The address that its connection came from.
    pub(crate) peer: Option<IpAddr>,
    /// The name of its channel.
    pub(crate) channel: &'a str,
    /// The id of its channel: `SYSTEMNAME-SECONDS.NUMBER`, or without the name.
    pub(crate) uniqueid: &'a str,
}

impl CallOrigin<'_> {
    /// Returns the system name in the id of the channel.
    fn system_name(&self) -> Option<&str> {
        let (name, id) = self.uniqueid.rsplit_once('-')?;
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let (seconds, number) = id.split_once('.')?;
        (is_number(seconds) && is_number(number)).then_some(name)
    }
}

impl Roster {
    /// Returns the server that a call comes from; `None` if that cannot be determined until `until`. The only
    /// server is that of every call.
    pub(crate) async fn server_of_call(
        &self,
        call: CallOrigin<'_>,
        until: Instant,
    ) -> Option<ServerName> {
        let servers = self.list();
        if let [only] = servers.as_slice() {
            return Some(only.name.clone());
        }
        let addresses = join_all(servers.iter().map(Server::addresses)).await;
        let is_at_peer =
            |addresses: &Vec<IpAddr>| call.peer.is_some_and(|ip| addresses.contains(&ip));
        let at_peer: Vec<&Server> = servers
            .iter()
            .zip(&addresses)
            .filter(|(_, addresses)| is_at_peer(addresses))
            .map(|(server, _)| server)
            .collect();
        if let Some(name) = call.system_name() {
            let names = join_all(servers.iter().map(|server| server.system_name(until))).await;
            let named: Vec<&Server> = servers
                .iter()
                .zip(&names)
                .filter(|(_, own)| own.as_deref() == Some(name))
                .map(|(server, _)| server)
                .collect();
            let is_both = |server: &&&Server| {
                let mut at_peer = at_peer.iter();
                at_peer.any(|other| other.name == server.name)
            };
            let both: Vec<_> = named.iter().filter(is_both).collect();
            match (both.as_slice(), named.as_slice()) {
                ([only], _) => return Some(only.name.clone()),
                ([], [only]) => return Some(only.name.clone()),
                _ => {}
            }
        }
        if let [only] = at_peer.as_slice() {
            return Some(only.name.clone());
        }
        let asked = if at_peer.is_empty() {
            servers.iter().collect()
        } else {
            at_peer
        };
        let answers = join_all(asked.iter().map(|server| server.has_channel(call, until))).await;
        let mut found = asked.iter().zip(answers).filter(|(_, has)| *has);
        let (first, _) = found.next()?;
        found.next().is_none().then(|| first.name.clone())
    }
}

impl Server {
    /// Returns its addresses. A name is looked up again from time to time.
    async fn addresses(&self) -> Vec<IpAddr> {
        let host = self.client.address().host();
        if let Ok(ip) = host.parse::<IpAddr>() {
            return vec![ip.to_canonical()];
        }
        if let Some((at, addresses)) = &self.identity.known().addresses
            && at.elapsed() < ADDRESS_LIFETIME
        {
            return addresses.clone();
        }
        let found = timeout(LOOK_UP_TIMEOUT, lookup_host((host, 0))).await;
        let addresses: Vec<IpAddr> = match found {
            Ok(Ok(found)) => found.map(|socket| socket.ip().to_canonical()).collect(),
            Ok(Err(_)) | Err(_) => Vec::new(),
        };
        self.identity.known().addresses = Some((Instant::now(), addresses.clone()));
        addresses
    }

    /// Returns its system name, asking once for each connection.
    async fn system_name(&self, until: Instant) -> Option<String> {
        let since = match &*self.client.state().borrow() {
            State::Connected(connected) => connected.since,
            _ => return None,
        };
        if let Some((at, name)) = &self.identity.known().system_name
            && *at == since
        {
            return Some(name.clone());
        }
        let asked = self.client.send_until(Action::core_settings(), until);
        let settings = asked.await.ok()?;
        // An account without the right receives nothing; that does not change either.
        let name = settings.header("SystemName").unwrap_or_default().to_owned();
        self.identity.known().system_name = Some((since, name.clone()));
        Some(name)
    }

    /// Asks whether it has the channel of a call.
    async fn has_channel(&self, call: CallOrigin<'_>, until: Instant) -> bool {
        if !self.client.state().borrow().is_connected() {
            return false;
        }
        let Ok(action) = Action::getvar(Some(call.channel), "UNIQUEID") else {
            return false;
        };
        let until = until.min(Instant::now() + QUESTION_TIMEOUT);
        let answer = timeout_at(until, self.client.send_until(action, until)).await;
        answer.is_ok_and(|answer| {
            answer.is_ok_and(|answer| answer.header("Value") == Some(call.uniqueid))
        })
    }
}

/// How long the addresses of a name are believed.
const ADDRESS_LIFETIME: Duration = Duration::from_mins(1);

/// How long looking up the name of a server may hold up a call.
const LOOK_UP_TIMEOUT: Duration = Duration::from_millis(500);

/// How long a server may take to say whether it has a channel.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use handset_ami::{Client, Config};
    use handset_net::tasks::Tasks;

    use super::*;

    #[tokio::test]
    async fn address_of_the_connection_tells_the_server() {
        let (tasks, roster) = (Tasks::new(), Roster::default());
        for (name, address) in [
            ("berlin", "192.0.2.1:5038"),
            ("munich", "192.0.2.2:5038"),
            ("east", "192.0.2.3:5038"),
            ("west", "192.0.2.3:5039"),
        ] {
            let config = Config::new(name, address.parse().unwrap(), "u", "s".into());
            let (client, _) = Client::new(&config).unwrap();
            roster.follow(client, &tasks);
        }
        for (peer, expected) in [
            ("192.0.2.2", Some("munich")),
            ("::ffff:192.0.2.1", Some("berlin")),
            // One address of two servers, and that of none.
            ("192.0.2.3", None),
            ("192.0.2.9", None),
        ] {
            let peer: IpAddr = peer.parse().unwrap();
            let call = CallOrigin {
                peer: Some(peer.to_canonical()),
                channel: "PJSIP/1001-00000001",
                uniqueid: "1700000000.12",
            };
            let until = Instant::now() + Duration::from_secs(5);
            let server = roster.server_of_call(call, until).await;
            let name = server.as_ref().map(ToString::to_string);
            assert_eq!(name.as_deref(), expected, "{peer}");
        }
    }

    #[test]
    fn id_of_a_channel_begins_with_the_system_name() {
        for (uniqueid, name) in [
            ("berlin-1700000000.12", Some("berlin")),
            ("head-office-1700000000.12", Some("head-office")),
            ("1700000000.12", None),
            ("berlin-x.12", None),
            ("-1700000000.12", Some("")),
            ("", None),
        ] {
            let call = CallOrigin {
                peer: None,
                channel: "PJSIP/1001-00000001",
                uniqueid,
            };
            assert_eq!(call.system_name(), name, "{uniqueid}");
        }
    }
}
