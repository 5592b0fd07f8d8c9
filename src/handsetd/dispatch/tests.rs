mod group;

use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use handset_net::tasks::Tasks;
use handset_phones::phone::{Directory, Vendor, VendorDefaultsMap};
use parking_lot::Mutex;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use super::*;
use crate::content_store::ContentStore;
use crate::deliver::{self, Courier, PushCredentials};
use crate::fleet::{
    AnnouncedPhone, Announcement, FileStore, Fleet, NotSent, PeerRequest, Reply, Routes,
};
use crate::history::{Config, History};
use crate::metrics::DeliveryMetrics;
use crate::page_names::PageNames;
use crate::resolver::PhoneResolver;
use crate::uacsta::Sessions;

/// A dispatcher without phones, outbox and call manager.
struct Bench {
    dispatcher: Dispatcher,
    expired: mpsc::Receiver<Expired>,
    metrics: DeliveryMetrics,
}

impl Bench {
    fn new() -> Self {
        Self::with(Vec::new(), |services| services)
    }

    /// Creates one with media folders and changed services.
    fn with(folders: Vec<PathBuf>, change: impl FnOnce(Services) -> Services) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let roster = Roster::default();
        let config = deliver::Config {
            networks: crate::phone_networks::PhoneNetworks::default(),
            url: None,
            port: 8090,
            screen_lifetime: Duration::from_mins(1),
            media_lifetime: Duration::from_mins(1),
            folders,
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
        let services = change(services);
        let (dispatcher, expired) = Dispatcher::new(services, Err("no outbox".to_owned()));
        Self {
            dispatcher,
            expired,
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
    // While there is only one subscriber, tracing asks that of the thread which comes to a line first: another
    // test, without a subscriber, would disable the line for all. Of two, both are asked.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(subscriber);
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

#[tokio::test]
async fn each_of_many_deliveries_that_expire_at_once_has_an_event() {
    let bench = Bench::new();
    let expired = |number: usize| Expired {
        id: "5c0cc1b6d2e6".to_owned(),
        requester: Requester::Page {
            name: String::new(),
        },
        phone: format!("p{number}"),
        verb: "push",
        keep: Duration::from_hours(1),
        reason: "no route to it".to_owned(),
    };
    let all = (0..crate::outbox::CAPACITY).map(expired);
    all.for_each(|expired| bench.dispatcher.outbox.announce_expired(expired));
    assert_eq!(bench.expired.len(), crate::outbox::CAPACITY);
}

/// The daemon `a`, which has the phone `2001`; the store for files is unavailable.
#[derive(Debug, Default)]
struct WithoutFileStore(Fleet);

impl FileStore for WithoutFileStore {
    fn put(&self, _: Bytes) -> BoxFuture<'_, Result<String, String>> {
        ready(Err("the cluster is away".to_owned())).boxed()
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Bytes, String>> {
        panic!("{id} is not read")
    }
}

impl Routes for WithoutFileStore {
    fn own_name(&self) -> &'static str {
        "b"
    }

    fn fleet(&self) -> &Fleet {
        &self.0
    }

    fn leads(&self, _: &str) -> bool {
        false
    }

    fn unavailable_reason(&self) -> Option<String> {
        None
    }

    fn settle(&self, _: Duration) -> BoxFuture<'_, ()> {
        ready(()).boxed()
    }

    fn files(&self) -> &dyn FileStore {
        self
    }

    fn send<'a>(
        &'a self,
        _: &'a str,
        request: PeerRequest,
    ) -> BoxFuture<'a, Result<Reply, NotSent>> {
        panic!("sent without its file: {request:?}")
    }

    fn cancel(&self, _: PeerCancellation) -> BoxFuture<'_, Vec<String>> {
        panic!("nothing is cancelled")
    }
}

#[tokio::test]
async fn request_whose_file_cannot_be_stored_is_unreachable() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("long.wav"), vec![0; 100_000]).unwrap();
    let routes = WithoutFileStore::default();
    routes.0.set_live(["a".to_owned()]);
    let phone = AnnouncedPhone {
        name: "2001".to_owned(),
        endpoint: None,
        server: None,
        mac: None,
        ip: Some("192.0.2.1".to_owned()),
        vendor: "yealink".to_owned(),
        is_listed: true,
        is_reached: true,
    };
    routes.0.set("a", "phone/2001", Announcement::Phone(phone));
    let folders = vec![folder.path().to_owned()];
    let bench = Bench::with(folders, |services| services.with_routes(Arc::new(routes)));
    let keys = [("phone", "2001"), ("tone", "long.wav")];
    let report = bench.report("ring", &keys).await;
    assert_eq!(report.status, Status::Unreachable, "{}", report.reason);
    assert_eq!(report.reason, "the cluster is away");
}
