//! Nothing is sent before it is persisted.

use futures_util::future::BoxFuture;

use super::*;
use crate::commit_point::Journal;

/// A disk that writes, or fails to, after a delay.
#[derive(Clone, Debug)]
struct SlowDisk {
    requests: Arc<AsyncMutex<Vec<String>>>,
    delay: Duration,
    result: Result<(), String>,
}

impl Journal for SlowDisk {
    fn persist(&self) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async {
            tokio::time::sleep(self.delay).await;
            let requests = self.requests.lock().await;
            assert!(
                requests.is_empty(),
                "sent before it was persisted: {requests:?}"
            );
            self.result.clone()
        })
    }
}

impl FakePhone {
    async fn send_with(&self, commit_point: &CommitPoint) -> Result<Reply, Error> {
        let request = Request::get("/");
        let Self { phone, client, .. } = self;
        client
            .send(
                &Contactable::example(phone),
                &request,
                Accounts::default(),
                self.timeout,
                commit_point,
            )
            .await
    }

    fn disk(&self, delay: Duration, result: Result<(), String>) -> CommitPoint {
        let requests = Arc::clone(&self.requests);
        CommitPoint::with_journal(SlowDisk {
            requests,
            delay,
            result,
        })
    }
}

#[tokio::test]
async fn slow_disk_delays_the_request_without_a_timeout() {
    let mut fake = FakePhone::new(Vendor::Snom, &[OK]).await;
    fake.timeout = Duration::from_secs(20);
    // Longer than a phone may take to accept a connection.
    let commit_point = fake.disk(Duration::from_millis(3500), Ok(()));
    let reply = fake.send_with(&commit_point).await.unwrap();
    assert_eq!(reply.status, 200);
    assert_eq!(fake.requests.lock().await.len(), 1);
}

#[tokio::test]
async fn request_that_cannot_be_persisted_is_not_sent() {
    let fake = FakePhone::new(Vendor::Snom, &[OK]).await;
    let commit_point = fake.disk(Duration::ZERO, Err("disk full".to_owned()));
    let Err(Error::NotSent(why)) = fake.send_with(&commit_point).await else {
        panic!("sent, or counted as unreachable");
    };
    assert!(why.contains("outbox") && why.contains("disk full"), "{why}");
    assert!(!commit_point.is_committed());
    assert!(fake.requests.lock().await.is_empty());
}

#[tokio::test]
async fn cancelled_request_is_not_sent() {
    let fake = FakePhone::new(Vendor::Snom, &[OK]).await;
    let commit_point = CommitPoint::default();
    assert!(commit_point.cancel());
    let sent = fake.send_with(&commit_point).await;
    assert!(matches!(sent, Err(Error::NotSent(_))), "{sent:?}");
    assert!(fake.requests.lock().await.is_empty());
}

#[tokio::test]
async fn refused_connection_leaves_the_delivery_uncommitted() {
    let mut fake = FakePhone::new(Vendor::Snom, &[]).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    fake.phone.address = closed.local_addr().unwrap().to_string().parse().unwrap();
    drop(closed);
    let commit_point = fake.disk(Duration::ZERO, Ok(()));
    let sent = fake.send_with(&commit_point).await;
    assert!(matches!(sent, Err(Error::ConnectFailed(_))), "{sent:?}");
    assert!(!commit_point.is_committed());
}

#[tokio::test]
async fn connector_outside_an_attempt_does_not_connect() {
    use tower::ServiceExt;

    let connector = tower::service_fn(async |()| -> Result<(), tower::BoxError> {
        panic!("connects");
    });
    let connector = connect::committing(connector);
    assert!(connector.oneshot(()).await.is_err());
}
