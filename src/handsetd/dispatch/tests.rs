use std::io;

use handset_net::tasks::Tasks;
use handset_phones::phone::{Directory, Vendor, VendorDefaultsMap};
use parking_lot::Mutex;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use super::*;
use crate::content_store::ContentStore;
use crate::deliver::{self, Courier, PushCredentials};
use crate::history::{Config, History};
use crate::metrics::DeliveryMetrics;
use crate::page_names::PageNames;
use crate::resolver::PhoneResolver;
use crate::uacsta::Sessions;

/// A dispatcher without phones, outbox and call manager.
struct Bench {
    dispatcher: Dispatcher,
    metrics: DeliveryMetrics,
}

impl Bench {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let roster = Roster::default();
        let config = deliver::Config {
            networks: crate::phone_networks::PhoneNetworks::default(),
            url: None,
            port: 8090,
            screen_lifetime: Duration::from_mins(1),
            media_lifetime: Duration::from_mins(1),
            folders: Vec::new(),
            hosts: Vec::new(),
            media_dir: None,
            call_manager: None,
            circuit_breaker: true,
        };
        let (store, credentials) = (ContentStore::default(), PushCredentials::default());
        let courier = Courier::open(
            config,
            store,
            credentials,
            roster.clone(),
            Sessions::default(),
        )
        .unwrap();
        let metrics = DeliveryMetrics::default();
        let services = Services::new(
            PhoneResolver::new(Directory::default(), roster, VendorDefaultsMap::new()),
            courier,
            History::new(Config::default()),
            metrics.clone(),
            PageNames::new(["lunch".to_owned()]),
            Tasks::new(),
        );
        let (dispatcher, _) = Dispatcher::new(services, Err("no outbox".to_owned()));
        Self {
            dispatcher,
            metrics,
        }
    }

    /// Dispatches a request and returns the status.
    async fn dispatch(&self, verb: &str, keys: &[(&str, &str)]) -> Status {
        self.report(verb, keys).await.status
    }

    /// Dispatches a request and returns the report.
    async fn report(&self, verb: &str, keys: &[(&str, &str)]) -> Report {
        let request = Request::parse(verb, keys.iter().copied()).unwrap();
        let info = RequestInfo::new(
            Requester::Page {
                name: String::new(),
            },
            verb,
            Vec::new(),
        );
        self.dispatcher.dispatch(request, &info).await
    }

    fn metrics(&self) -> String {
        let (mut registry, mut text) = (Registry::default(), String::new());
        self.metrics.register(&mut registry);
        encode(&mut text, &registry).unwrap();
        text
    }
}

#[tokio::test]
async fn requests_to_the_call_manager_are_counted() {
    let bench = Bench::new();
    let status = bench.dispatch("who", &[("user", "john")]).await;
    assert_eq!(status, Status::Unsupported);
    let metrics = bench.metrics();
    let line = metrics.lines().find(|line| line.contains("verb=\"who\""));
    let line = line.unwrap_or_else(|| panic!("{metrics}"));
    assert!(
        line.contains("UNSUPPORTED") && line.ends_with(" 1"),
        "{line}"
    );
}

/// Collects what is logged.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn each_delivery_logs_one_line_whose_level_is_its_success() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // Another test may have come to these lines for the first time just before, without a subscriber.
    tracing::callsite::rebuild_interest_cache();
    let bench = Bench::new();
    let info = RequestInfo::new(
        Requester::Page {
            name: String::new(),
        },
        "push",
        Vec::new(),
    );
    let services = &bench.dispatcher.services;
    let outcome = |status, reason| Outcome::at("1001", Some(Vendor::Snom), status, reason);
    for outcome in [
        outcome(Status::Ok, ""),
        outcome(Status::Unknown, "password=hush"),
    ] {
        let record = services.history.begin(&info, "1001", Some(Vendor::Snom));
        services.finish(record, "push", &outcome, Duration::ZERO);
    }
    let status = bench.dispatch("push", &[("text", "Hi"), ("phone", "unknown")]);
    assert_eq!(status.await, Status::NotFound);
    let text = String::from_utf8(log.0.lock().clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let [ok, unknown, not_found] = lines[..] else {
        panic!("{text}")
    };
    assert!(ok.contains(" INFO "), "{ok}");
    assert!(
        ok.contains("Delivered. status=OK phone=\"1001\" verb=\"push\""),
        "{ok}"
    );
    assert!(unknown.contains(" WARN "), "{unknown}");
    assert!(
        unknown.contains("Not delivered. status=UNKNOWN phone=\"1001\""),
        "{unknown}"
    );
    assert!(!unknown.contains("hush"), "{unknown}");
    assert!(
        not_found.contains(" WARN ") && not_found.contains("status=NOTFOUND phone=\"unknown\""),
        "{not_found}"
    );
}

#[tokio::test]
async fn requests_hold_their_memory_until_all_their_deliveries_are_over() {
    let bench = Bench::new();
    let services = &bench.dispatcher.services;
    let info = |length: usize| {
        let keys = vec![("text".to_owned(), "x".repeat(length))];
        RequestInfo::new(
            Requester::Page {
                name: String::new(),
            },
            "push",
            keys,
        )
    };
    let mut open = Vec::new();
    while let Ok(held) = services.hold(&info(1024 * 1024)) {
        // One request to two phones counts once.
        open.push(["1001", "1002"].map(|phone| services.history.begin(&held, phone, None)));
    }
    assert_eq!(open.len(), 63);
    let request = || Request::parse("push", [("text", "a"), ("phone", "1001")]).unwrap();
    let report = bench
        .dispatcher
        .dispatch(request(), &info(1024 * 1024))
        .await;
    assert_eq!(report.status, Status::Unreachable);
    assert_eq!(
        report.reason,
        "too many requests are waiting: they take 64 MiB"
    );
    // A short one still fits.
    let report = bench.dispatcher.dispatch(request(), &info(10)).await;
    assert_eq!(report.status, Status::NotFound);
    let [one, other] = open.pop().unwrap();
    let end = |record| services.history.end(record, &Outcome::new(Status::Ok, ""));
    end(one);
    assert!(services.hold(&info(1024 * 1024)).is_err());
    end(other);
    assert!(services.hold(&info(1024 * 1024)).is_ok());
}

#[tokio::test]
async fn unknown_pages_are_refused_and_counted_before_anything_is_sent() {
    let bench = Bench::new();
    for softkey in ["Menu|page:lunhc", "Menu|page:lunhc?a=b"] {
        let keys = [("phone", "1001"), ("text", "Hi"), ("softkey", softkey)];
        let report = bench.report("push", &keys).await;
        assert_eq!(report.status, Status::Invalid);
        let expected = "no [[page]] is called \"lunhc\"; did you mean lunch?";
        assert_eq!(report.reason, expected);
    }
    let menu = [
        ("phone", "1001"),
        ("item", "A|page:lunch"),
        ("item", "B|page:b"),
    ];
    assert_eq!(bench.dispatch("push", &menu).await, Status::Invalid);
    assert_eq!(bench.dispatch("push", &menu[..2]).await, Status::NotFound);
}
