//! Requests to more phones than are sent to at once.

use std::collections::HashMap;
use std::net::IpAddr;

use handset_phones::phone::PhoneEntry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::dispatch::pace::AT_ONCE;

const PHONES: usize = 2 * AT_ONCE + 5;

/// A group of phones, each with an address of its own.
struct Group {
    bench: Bench,
    /// The requests that the phones have replied to, in order.
    replies: Arc<Mutex<Vec<Received>>>,
}

/// A request as a phone received it.
#[derive(Debug)]
struct Received {
    phone: IpAddr,
    text: String,
}

impl Group {
    async fn new() -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let replies = Arc::<Mutex<Vec<Received>>>::default();
        let received = Arc::clone(&replies);
        Tasks::new().spawn("phones", async move {
            while let Ok((mut phone, _)) = listener.accept().await {
                let mut request = vec![0; 4096];
                let length = phone.read(&mut request).await.unwrap_or_default();
                let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
                let _ = phone.write_all(reply).await;
                received.lock().push(Received {
                    phone: phone.local_addr().unwrap().ip(),
                    text: String::from_utf8_lossy(&request[..length]).into_owned(),
                });
            }
        });
        let entry = |number: usize| PhoneEntry {
            endpoint: None,
            name: format!("p{number}"),
            vendor: Some(Vendor::Yealink),
            model: Some("T54W".to_owned()),
            address: Some(format!("127.1.0.{}:{port}", number + 1).parse().unwrap()),
            ..PhoneEntry::unlisted("PJSIP/1001".parse().unwrap())
        };
        let entries: Vec<_> = (0..PHONES).map(entry).collect();
        let members = entries.iter().map(|entry| entry.name.clone()).collect();
        let groups = HashMap::from([("desks".to_owned(), members)]);
        let directory = Directory::new(entries, groups, Vec::new()).unwrap();
        let bench = Bench::with(Vec::new(), |services| {
            services
                .resolver
                .replace(Arc::new(directory), VendorDefaultsMap::new());
            services
        });
        Self { bench, replies }
    }

    /// Starts a push to all of them; nothing is sent before the next await.
    async fn push(&self, info: &RequestInfo) -> Vec<Delivery> {
        let keys = [("phone", "desks"), ("text", "Hello")];
        self.launch("push", keys, info).await
    }

    /// Starts a request.
    async fn launch(
        &self,
        verb: &str,
        keys: [(&str, &str); 2],
        info: &RequestInfo,
    ) -> Vec<Delivery> {
        let request = Request::parse(verb, keys).unwrap();
        self.bench.dispatcher.launch(request, info).await.unwrap()
    }

    /// Returns how many requests the phones have replied to.
    fn replies(&self) -> usize {
        self.replies.lock().len()
    }
}

fn info() -> RequestInfo {
    RequestInfo::new(requester(), "push", Vec::new())
}

fn requester() -> Requester {
    Requester::Page {
        name: String::new(),
    }
}

async fn outcomes(mut deliveries: Vec<Delivery>) -> Vec<Outcome> {
    Delivery::all_ended(&mut deliveries).await;
    Delivery::outcomes(deliveries)
}

#[tokio::test]
async fn all_phones_get_what_is_sent_and_then_what_waited_for_that() {
    let group = Group::new().await;
    let [first, second] = [group.push(&info()).await, group.push(&info()).await];
    let dispatcher = &group.bench.dispatcher;
    assert_eq!(dispatcher.waiting(), PHONES);
    for deliveries in [first, second] {
        for outcome in outcomes(deliveries).await {
            assert_eq!(outcome.status, Status::Ok, "{outcome:?}");
        }
    }
    assert_eq!(group.replies(), 2 * PHONES);
    assert_eq!((dispatcher.waiting(), dispatcher.in_flight()), (0, 0));
}

#[tokio::test]
async fn deliveries_that_wait_for_a_worker_or_a_phone_are_cancelled() {
    let group = Group::new().await;
    let (one, other) = (info(), info());
    let [first, second] = [group.push(&one).await, group.push(&other).await];
    for info in [&other, &one] {
        let (id, requester) = (info.id.as_str(), requester());
        let cancelled = group.bench.dispatcher.cancel(id, &requester).await;
        assert_eq!(cancelled.len(), PHONES);
    }
    for outcome in outcomes(first.into_iter().chain(second).collect()).await {
        assert_eq!(outcome.status, Status::Unreachable, "{outcome:?}");
        assert!(outcome.reason.starts_with("cancelled by"), "{outcome:?}");
    }
    assert_eq!(group.replies(), 0);
}

#[tokio::test]
async fn request_that_waits_for_a_worker_is_not_overtaken_by_a_later_one() {
    let group = Group::new().await;
    let last = format!("p{}", PHONES - 1);
    // The next request to a phone need not wait for the end of `dial`, but for its beginning.
    let all = [
        group
            .launch("push", [("phone", &last), ("text", "first")], &info())
            .await,
        group
            .launch("dial", [("phone", "desks"), ("number", "201")], &info())
            .await,
        group
            .launch("push", [("phone", &last), ("text", "second")], &info())
            .await,
    ];
    for outcome in outcomes(all.into_iter().flatten().collect()).await {
        assert_eq!(outcome.status, Status::Ok, "{outcome:?}");
    }
    let replies = group.replies.lock();
    let address: IpAddr = format!("127.1.0.{PHONES}").parse().unwrap();
    let received: Vec<_> = replies.iter().filter(|one| one.phone == address).collect();
    let [first, dial, second] = received[..] else {
        panic!("{received:?}")
    };
    assert!(first.text.contains("first"), "{first:?}");
    assert!(dial.text.contains("201"), "{dial:?}");
    assert!(second.text.contains("second"), "{second:?}");
}
