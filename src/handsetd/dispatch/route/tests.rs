use std::collections::HashMap;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use handset_net::tasks::Tasks;
use handset_phones::phone::{Directory, PhoneEntry, Vendor, VendorDefaultsMap};

use super::*;
use crate::fleet::{
    AnnouncedGroup, AnnouncedServer, Announcement, FileStore, NotSent, PeerCancellation,
    PeerRequest, Reply,
};
use crate::roster::Roster;
use crate::roster::testing::{Session, listen, soon};

/// The other daemons of a test; this one is `b`.
#[derive(Debug, Default)]
struct FakeRoutes {
    fleet: Fleet,
    led: Vec<String>,
    away: Option<String>,
}

impl Routes for FakeRoutes {
    fn own_name(&self) -> &'static str {
        "b"
    }

    fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    fn leads(&self, server: &str) -> bool {
        self.led.iter().any(|led| led == server)
    }

    fn unavailable_reason(&self) -> Option<String> {
        self.away.clone()
    }

    fn settle(&self, _: Duration) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }

    fn files(&self) -> &dyn FileStore {
        panic!("no file is needed to find a destination")
    }

    fn send<'a>(&'a self, _: &'a str, _: PeerRequest) -> BoxFuture<'a, Result<Reply, NotSent>> {
        panic!("nothing is sent to find a destination")
    }

    fn cancel(&self, _: PeerCancellation) -> BoxFuture<'_, Vec<String>> {
        panic!("nothing is cancelled")
    }
}

/// A daemon `b` with the server `berlin`, among others.
struct Bench {
    routes: FakeRoutes,
    resolver: PhoneResolver,
    home: Option<ServerName>,
}

impl Bench {
    /// Creates one with these `[[phone]]` sections of `berlin`, each with its address, and groups.
    fn new(phones: &[(&str, &str)], groups: &[(&str, &[&str])]) -> Self {
        let entry = |(name, address): &(&str, &str)| PhoneEntry {
            vendor: Some(Vendor::Snom),
            address: address.parse().ok(),
            model: Some("D785".to_owned()),
            server: "berlin".parse().ok(),
            ..PhoneEntry::unlisted(format!("PJSIP/{name}").parse().unwrap())
        };
        let groups = groups.iter().map(|(name, members)| {
            let members = members.iter().map(|member| (*member).to_owned());
            ((*name).to_owned(), members.collect())
        });
        let groups: HashMap<_, _> = groups.collect();
        let phones = phones.iter().map(entry).collect();
        let (directory, _) = Directory::lenient(phones, groups, vec!["berlin".parse().unwrap()]);
        let defaults = VendorDefaultsMap::new();
        let routes = FakeRoutes::default();
        let live = ["a", "c", "d"].map(ToOwned::to_owned);
        routes.fleet.set_live(live);
        Self {
            routes,
            resolver: PhoneResolver::new(directory, Roster::default(), defaults),
            home: None,
        }
    }

    /// Makes a daemon announce `SERVER/NAME@IP`, where the IP address is optional.
    fn announce(&self, daemon: &str, texts: &str) {
        for text in texts.split(' ') {
            // Without a server for `/NAME`.
            let (server, rest) = text.split_once('/').unwrap();
            let (name, ip) = rest.split_once('@').unwrap_or((rest, ""));
            let phone = AnnouncedPhone {
                name: name.to_owned(),
                endpoint: Some(format!("PJSIP/{name}")),
                server: (!server.is_empty()).then(|| server.to_owned()),
                mac: None,
                ip: (!ip.is_empty()).then(|| ip.to_owned()),
                vendor: "yealink".to_owned(),
                is_listed: true,
                is_reached: !ip.is_empty(),
            };
            let fleet = &self.routes.fleet;
            fleet.set(daemon, text, Announcement::Phone(phone));
            if server.is_empty() {
                continue;
            }
            let is_led = fleet.leads(daemon, server);
            let server_of = AnnouncedServer { is_led };
            fleet.set(daemon, server, Announcement::Server(server_of));
        }
    }

    fn lead(&self, daemon: &str, server: &str) {
        let led = AnnouncedServer { is_led: true };
        self.routes
            .fleet
            .set(daemon, server, Announcement::Server(led));
    }

    fn group(&self, daemon: &str, name: &str, members: &[&str]) {
        let members = members.iter().map(|member| (*member).to_owned()).collect();
        let group = AnnouncedGroup { members };
        self.routes
            .fleet
            .set(daemon, name, Announcement::Group(group));
    }

    /// Returns the destinations of names in a short notation: `1001: here`, `1001: a, c, here`, `1001: INVALID`.
    fn destinations_of(&self, names: &PhoneNames) -> Vec<String> {
        let router = Router {
            resolver: &self.resolver,
            routes: &self.routes,
            home: self.home.as_ref(),
        };
        let found = self.resolver.find(names, self.home.as_ref());
        let destinations = router.destinations(found, Some(names));
        destinations
            .into_iter()
            .map(|destination| words(&destination))
            .collect()
    }

    fn destinations(&self, names: &str) -> Vec<String> {
        self.destinations_of(&names.into())
    }

    fn reason(&self, name: &str) -> String {
        let router = Router {
            resolver: &self.resolver,
            routes: &self.routes,
            home: self.home.as_ref(),
        };
        let names = &name.into();
        let found = self.resolver.find(names, self.home.as_ref());
        match router.destinations(found, Some(names)).remove(0) {
            Destination::Local(Err(not_found)) => not_found.outcome.reason,
            other => panic!("{other:?}"),
        }
    }
}

fn words(destination: &Destination) -> String {
    match destination {
        Destination::Local(Ok(phone)) => format!("{}: here", phone.name),
        Destination::Local(Err(not_found)) => {
            let Outcome { phone, status, .. } = &not_found.outcome;
            format!("{phone}: {status}")
        }
        Destination::Remote(remote) => {
            let mut daemons: Vec<_> = remote.daemons.iter().map(ToString::to_string).collect();
            daemons.extend(remote.local.as_ref().map(|_| "here".to_owned()));
            format!("{}: {}", remote.name, daemons.join(", "))
        }
    }
}

#[test]
fn phones_without_a_server_are_distinguished_by_name_and_address() {
    let bench = Bench::new(&[], &[]);
    bench.announce("a", "/2001@192.0.2.1 /2002@192.0.2.2 /2003");
    bench.announce("c", "/2002@192.0.2.2 /2003");
    assert_eq!(bench.destinations("2001"), ["2001: a"]);
    assert_eq!(bench.destinations("2002"), ["2002: a, c"]);
    bench.announce("c", "/2001@192.0.2.9");
    assert_eq!(bench.destinations("2001"), ["2001: INVALID"]);
    assert_eq!(bench.destinations("2003"), ["2003: INVALID"]);
}

#[test]
fn name_that_is_known_here_stays_here() {
    let bench = Bench::new(&[("1001", "192.0.2.21")], &[]);
    // The same number of another site.
    bench.announce("a", "hamburg/1001@192.0.2.99 hamburg/1002@192.0.2.98");
    assert_eq!(bench.destinations("1001"), ["1001: here"]);
    assert_eq!(bench.destinations("berlin/1001"), ["1001: here"]);
    assert_eq!(bench.destinations("hamburg/1001"), ["hamburg/1001: a"]);
    assert_eq!(bench.destinations("1002"), ["1002: a"]);
    assert_eq!(
        bench.destinations("PJSIP/1002&1001"),
        ["1002: a", "1001: here"]
    );
    assert_eq!(bench.destinations("192.0.2.98"), ["1002: a"]);
    assert_eq!(bench.destinations("1003"), ["1003: NOTFOUND"]);
    assert_eq!(bench.destinations("berlin/1002"), ["1002: NOTFOUND"]);
    // The Asterisk server here may know it.
    assert_eq!(bench.destinations("hamburg/1003"), ["hamburg/1003: a"]);
}

#[test]
fn owner_is_the_leader_else_the_first_by_name() {
    let bench = Bench::new(&[("1001", "192.0.2.21")], &[]);
    bench.announce("c", "berlin/1001@192.0.2.21");
    assert_eq!(
        bench.destinations("1001"),
        ["1001: here"],
        "b comes before c"
    );
    bench.announce("a", "berlin/1001@192.0.2.21");
    assert_eq!(bench.destinations("1001"), ["1001: a, here"]);
    bench.lead("c", "berlin");
    assert_eq!(bench.destinations("1001"), ["1001: c, a, here"]);
    bench.routes.fleet.set_live(["a".to_owned()]);
    assert_eq!(bench.destinations("1001"), ["1001: a, here"]);
    let mut bench = bench;
    bench.routes.led = vec!["berlin".to_owned()];
    assert_eq!(bench.destinations("1001"), ["1001: here"]);
    bench.routes.led = Vec::new();
    bench.routes.away = Some("NATS is away".to_owned());
    assert_eq!(bench.destinations("1001"), ["1001: here"]);
}

#[test]
fn daemon_that_does_not_reach_the_phone_does_not_own_it() {
    let bench = Bench::new(&[], &[]);
    bench.announce("a", "hamburg/1001");
    bench.announce("c", "hamburg/1001@192.0.2.9");
    bench.lead("a", "hamburg");
    assert_eq!(bench.destinations("1001"), ["1001: c"]);
    let bench = Bench::new(&[("1001", "192.0.2.21")], &[]);
    bench.announce("a", "berlin/1001");
    bench.lead("a", "berlin");
    assert_eq!(bench.destinations("1001"), ["1001: here"]);
    // No daemon reaches it; its daemon gives the reason.
    let bench = Bench::new(&[], &[]);
    bench.announce("d", "hamburg/1001");
    assert_eq!(bench.destinations("1001"), ["1001: d"]);
}

#[test]
fn name_of_phones_of_several_other_servers_is_invalid() {
    let mut bench = Bench::new(&[], &[]);
    bench.announce("a", "hamburg/1001@192.0.2.9");
    bench.announce("c", "muenchen/1001@192.0.2.9");
    assert_eq!(bench.destinations("1001"), ["1001: INVALID"]);
    assert_eq!(
        bench.reason("1001"),
        "1001 is the name of several phones: hamburg/1001, muenchen/1001; write the one that is meant, with \
         its server"
    );
    assert_eq!(bench.destinations("muenchen/1001"), ["muenchen/1001: c"]);
    // A call means the phones of its own server.
    bench.home = "muenchen".parse().ok();
    assert_eq!(bench.destinations("1001"), ["muenchen/1001: c"]);
    // Of two daemons at one server, it is one phone.
    let bench = Bench::new(&[], &[]);
    bench.announce("a", "hamburg/1001@192.0.2.9");
    bench.announce("c", "hamburg/1001@192.0.2.9");
    assert_eq!(bench.destinations("1001"), ["1001: a, c"]);
}

#[test]
fn phone_of_which_only_the_address_is_known_is_that_of_its_daemon() {
    let bench = Bench::new(&[], &[]);
    let door = AnnouncedPhone {
        name: "door".to_owned(),
        endpoint: None,
        server: None,
        mac: None,
        ip: Some("192.0.2.9".to_owned()),
        vendor: "snom".to_owned(),
        is_listed: true,
        is_reached: true,
    };
    let fleet = &bench.routes.fleet;
    fleet.set("a", "door", Announcement::Phone(door.clone()));
    assert_eq!(bench.destinations("door"), ["door: a"]);
    // At another address it is another phone of the same name.
    let other = AnnouncedPhone {
        ip: Some("192.0.2.90".to_owned()),
        ..door
    };
    fleet.set("c", "door", Announcement::Phone(other));
    assert_eq!(bench.destinations("door"), ["door: INVALID"]);
    assert_eq!(
        bench.reason("door"),
        "door is the name of several phones: door of the daemon a, door of the daemon c; write the one that is \
         meant, with its server"
    );
}

#[test]
fn each_contact_of_an_endpoint_is_a_phone() {
    let bench = Bench::new(&[], &[]);
    bench.announce(
        "a",
        "hamburg/1001@192.0.2.9 hamburg/1001@192.0.2.8 hamburg/1001",
    );
    assert_eq!(bench.destinations("1001"), ["1001: a", "1001: a"]);
}

#[test]
fn patterns_and_all_stand_for_the_phones_of_all_daemons() {
    let mut bench = Bench::new(&[("1001", "192.0.2.21"), ("2001", "192.0.2.22")], &[]);
    bench.announce("a", "hamburg/2001@192.0.2.31 hamburg/2002@192.0.2.32");
    bench.announce("c", "berlin/2001@192.0.2.22 berlin/2003@192.0.2.33");
    let all = [
        "1001: here",
        "2001: here",
        "hamburg/2001: a",
        "2002: a",
        "2003: c",
    ];
    assert_eq!(bench.destinations("all"), all);
    assert_eq!(bench.destinations("2*"), all[1..]);
    assert_eq!(bench.destinations("*2"), ["2002: a"]);
    assert_eq!(
        bench.destinations("hamburg/*"),
        ["hamburg/2001: a", "2002: a"],
        "of one server"
    );
    assert_eq!(bench.destinations("hamburg/all&2002").len(), 2);
    assert_eq!(bench.destinations("7*"), ["7*: NOTFOUND"]);
    // A call means those of its server.
    bench.home = "berlin".parse().ok();
    assert_eq!(bench.destinations("2*"), ["2001: here", "2003: c"]);
}

#[test]
fn group_is_the_union_of_those_of_all_daemons() {
    let bench = Bench::new(&[("1001", "192.0.2.21")], &[("sales", &["1001", "1002"])]);
    bench.announce("a", "hamburg/1001@192.0.2.31 hamburg/1002@192.0.2.32");
    bench.announce("c", "berlin/1003@192.0.2.33");
    bench.group("a", "sales", &["1001", "desk", "1009"]);
    bench.group("a", "desk", &["1002", "sales"]);
    bench.group("c", "support", &["10*"]);
    bench.group("d", "central", &["berlin/1003", "1001", "support"]);
    assert_eq!(
        bench.destinations("sales"),
        ["1001: here", "1002: a", "hamburg/1001: a", "1009: a"]
    );
    assert_eq!(bench.destinations("support").len(), 4);
    assert_eq!(bench.destinations("desk").len(), 3);
    // A daemon without servers means the phones that this one means.
    assert_eq!(
        bench.destinations("central")[..2],
        ["1003: c", "1001: here"]
    );
    let inserted = PhoneNames::inserted("support");
    assert_eq!(bench.destinations_of(&inserted), ["support: INVALID"]);
    let inserted = PhoneNames::inserted("10*");
    assert_eq!(bench.destinations_of(&inserted), ["10*: NOTFOUND"]);
}

#[tokio::test]
async fn name_with_the_server_of_another_daemon_is_no_endpoint_of_ours() {
    let tasks = Tasks::new();
    // The server here has not reported its endpoints yet, so it may have one called `hamburg/1001`.
    let (listener, roster) = listen(&tasks).await;
    let mut session = Session::accept(&listener).await;
    session.hear("ListCommands").await;
    let members = ["1001", "hamburg/1001", "hamburg/guard", "hamburg/1003"];
    let members = members.map(ToOwned::to_owned).to_vec();
    let groups = HashMap::from([("night".to_owned(), members)]);
    let servers = vec!["pbx".parse().unwrap()];
    let (directory, unknown) = Directory::one_of_several(Vec::new(), groups, servers);
    assert_eq!(unknown, []);
    let mut bench = Bench::new(&[], &[]);
    bench.resolver = PhoneResolver::new(directory, roster, VendorDefaultsMap::new());
    bench.announce("a", "hamburg/1001@192.0.2.99 hamburg/guard@192.0.2.98");
    assert_eq!(bench.destinations("hamburg/1001"), ["1001: a"]);
    assert_eq!(bench.destinations("hamburg/PJSIP/1001"), ["1001: a"]);
    // The Asterisk server here may know it.
    assert_eq!(bench.destinations("hamburg/1003"), ["hamburg/1003: a"]);
    // The server here may have it.
    assert_eq!(bench.destinations("1001"), ["1001: UNREACHABLE"]);
    assert_eq!(
        bench.destinations("night"),
        [
            "1001: UNREACHABLE",
            "1001: a",
            "guard: a",
            "hamburg/1003: a"
        ]
    );
    bench.home = "pbx".parse().ok();
    assert_eq!(bench.destinations("hamburg/1001"), ["1001: a"]);
    tasks.shut_down(Duration::from_secs(5)).await;
}

/// Returns a bench of a daemon that has the server `pbx` in its configuration.
fn bench_of(roster: &Roster) -> Bench {
    let servers = vec!["pbx".parse().unwrap()];
    let (directory, _) = Directory::one_of_several(Vec::new(), HashMap::new(), servers);
    Bench {
        resolver: PhoneResolver::new(directory, roster.clone(), VendorDefaultsMap::new()),
        ..Bench::new(&[], &[])
    }
}

async fn until_unknown(resolver: &PhoneResolver, name: &str) {
    while resolver.find(&name.into(), None).iter().any(Result::is_ok) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn while_the_server_here_is_away_phones_of_other_daemons_have_their_names() {
    let tasks = Tasks::new();
    let (listener, roster) = listen(&tasks).await;
    let bench = bench_of(&roster);
    bench.announce("a", "hamburg/1001@192.0.2.21 hamburg/1002@192.0.2.22");
    bench.announce("a", "hamburg/1003@192.0.2.23 /door@192.0.2.24");
    let mut session = Session::accept(&listener).await;
    session.answer_with_phone("192.0.2.21").await;
    // It has 1002, which is not registered, and no 1003.
    let server = async {
        let list = "Event: EndpointDetailComplete\nEventList: Complete\nActionID: @ID@\n\n";
        session
            .answer("PJSIPShowEndpoint", "EventList: start\n", list)
            .await;
        let unknown = "Response: Error\nMessage: Unable to retrieve endpoint\n";
        session.respond("PJSIPShowEndpoint", unknown).await;
    };
    let ask = async {
        for name in ["1002", "1003"] {
            bench.resolver.inquire(&name.into(), None, soon()).await;
        }
    };
    tokio::join!(server, ask);
    assert_eq!(
        bench.destinations("1001&1002&1003"),
        ["1001: here", "1002: UNREACHABLE", "1003: a"]
    );
    drop((session, listener));
    until_unknown(&bench.resolver, "1001").await;

    // As it reported last, these are its own.
    for own in ["1001", "PJSIP/1001", "192.0.2.21", "1002", "pbx/1003"] {
        let found = bench.destinations(own);
        let name = own.rsplit_once('/').map_or(own, |(_, name)| name);
        assert_eq!(found, [format!("{name}: UNREACHABLE")], "{own}");
    }
    assert!(bench.reason("1001").starts_with("Asterisk pbx is not "));
    for (name, found) in [
        ("1003", "1003: a"),
        ("PJSIP/1003", "1003: a"),
        ("192.0.2.23", "1003: a"),
        ("door", "door: a"),
        ("1004", "1004: UNREACHABLE"),
        ("192.0.2.9", "192.0.2.9: UNREACHABLE"),
    ] {
        assert_eq!(bench.destinations(name), [found], "{name}");
    }
    bench.announce("c", "muenchen/1003@192.0.2.93");
    assert_eq!(bench.destinations("1003"), ["1003: INVALID"]);
    // Another daemon is connected to the server.
    bench.announce("d", "pbx/1003@192.0.2.33");
    assert_eq!(bench.destinations("1003"), ["pbx/1003: d"]);
    tasks.shut_down(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn account_that_may_not_read_registrations_hides_no_phone_of_another_daemon() {
    let tasks = Tasks::new();
    let (listener, roster) = listen(&tasks).await;
    let bench = bench_of(&roster);
    bench.announce("a", "hamburg/1003@192.0.2.23");
    let mut session = Session::accept(&listener).await;
    let id = session.hear("ListCommands").await;
    assert_eq!(bench.destinations("1003"), ["1003: UNREACHABLE"]);
    let commands = format!("Response: Success\r\nActionID: {id}\r\nPing: Ping.\r\n\r\n");
    session.say(&commands).await;
    let _ = bench.resolver.search(&"1003".into(), None, soon()).await;
    assert_eq!(bench.destinations("1003"), ["1003: a"]);
    assert_eq!(bench.destinations("1004"), ["1004: UNREACHABLE"]);
    assert!(
        bench
            .reason("1004")
            .starts_with("Asterisk pbx does not say: ")
    );
    tasks.shut_down(Duration::from_secs(5)).await;
}

#[test]
fn phones_of_lost_daemons_are_unreachable_and_the_reason_names_them() {
    let mut bench = Bench::new(&[("1001", "192.0.2.21")], &[]);
    bench.announce("a", "hamburg/1002@192.0.2.31");
    bench.routes.fleet.set_live(["c".to_owned()]);
    assert_eq!(bench.destinations("1002"), ["1002: UNREACHABLE"]);
    assert_eq!(
        bench.reason("1002"),
        "1002 is a phone of the daemon a, which has left the cluster"
    );
    bench.routes.away = Some("NATS is away".to_owned());
    assert_eq!(
        bench.reason("hamburg/1002"),
        "1002 is a phone of the daemon a: NATS is away"
    );
    assert_eq!(
        bench.destinations("1001&1002&7777"),
        ["1001: here", "1002: UNREACHABLE", "7777: UNREACHABLE"]
    );
    let reason = bench.reason("7777");
    assert!(
        reason.ends_with("other daemons cannot be asked: NATS is away"),
        "{reason}"
    );
}
