use std::sync::atomic::Ordering;

use handset_net::tasks::Tasks;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::sync::mpsc;

use super::*;

/// A connection over an in-memory pipe.
struct Harness {
    server: DuplexStream,
    commands: mpsc::Sender<Command>,
    ended: tokio::task::JoinHandle<(Ended, Instant)>,
    counters: Arc<Counters>,
}

impl Harness {
    fn new(room: usize) -> Self {
        let (near, server) = duplex(room);
        let (reader, writer) = split(near);
        let (commands, mailbox) = mpsc::channel(8);
        let limits = config::Limits {
            boot: Duration::ZERO,
            ..config::Limits::default()
        };
        let counters = Arc::new(Counters::default());
        let shared = Arc::clone(&counters);
        let mut queue = Queue::new(mailbox, 8);
        let ended = Tasks::new().spawn("connection", async move {
            let feed = Feed::new(limits.event_bytes, Arc::default());
            let connection = Connection {
                reader: FrameReader::new(reader, limits.packet),
                writer: ActionWriter::new(writer),
                prefix: "0badcafe".into(),
                limits,
                counters: shared,
                feed: &feed,
            };
            connection
                .run(&mut queue, &CancellationToken::new(), |_| ())
                .await
        });
        Self {
            server,
            commands,
            ended,
            counters,
        }
    }

    async fn send(
        &self,
        action: Action,
        deadline: Duration,
    ) -> oneshot::Receiver<Result<Response, Error>> {
        let (reply, answer) = oneshot::channel();
        let deadline = Instant::now() + deadline;
        self.commands
            .send(Command {
                action,
                deadline,
                reply,
            })
            .await
            .unwrap();
        answer
    }
}

#[tokio::test(start_paused = true)]
async fn silent_server_is_disconnected_within_two_ping_intervals() {
    let start = Instant::now();
    let harness = Harness::new(4096);
    let (ended, _) = harness.ended.await.unwrap();
    assert!(matches!(ended, Ended::Unresponsive), "{ended:?}");
    assert_eq!(start.elapsed().as_secs(), 45);
}

#[tokio::test(start_paused = true)]
async fn server_that_answers_pings_stays_connected() {
    let start = Instant::now();
    let mut harness = Harness::new(4096);
    for round in 1..=5 {
        let mut ping = vec![0; 128];
        let length = harness.server.read(&mut ping).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), round * 30);
        let text = String::from_utf8_lossy(&ping[..length]).into_owned();
        let id = text.split("ActionID: ").nth(1).unwrap();
        let pong = format!("Response: Success\r\nActionID: {id}Ping: Pong\r\n\r\n");
        harness
            .server
            .write_all(pong.replace("\r\n\r\nPing", "\r\nPing").as_bytes())
            .await
            .unwrap();
    }
    assert!(!harness.ended.is_finished());
}

#[tokio::test(start_paused = true)]
async fn server_that_sends_events_without_answering_pings_is_disconnected() {
    let start = Instant::now();
    let mut harness = Harness::new(1 << 20);
    while !harness.ended.is_finished() {
        let _ = harness.server.write_all(b"Event: Noise\r\n\r\n").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let (ended, _) = harness.ended.await.unwrap();
    assert!(matches!(ended, Ended::Unresponsive), "{ended:?}");
    assert!(start.elapsed().as_secs() <= 91);
}

#[tokio::test(start_paused = true)]
async fn late_response_is_an_unknown_outcome_and_is_skipped() {
    let mut harness = Harness::new(4096);
    let answer = harness.send(Action::ping(), Duration::from_secs(5)).await;
    let error = answer.await.unwrap().unwrap_err();
    assert_eq!(
        error,
        Error::OutcomeUnknown {
            action: "Ping".into()
        }
    );
    harness
        .server
        .write_all(b"Response: Success\r\nActionID: 0badcafe-1\r\n\r\n")
        .await
        .unwrap();
    let answer = harness.send(Action::ping(), Duration::from_secs(5)).await;
    let mut pings = [0; 2 * "Action: Ping\r\nActionID: 0badcafe-1\r\n\r\n".len()];
    harness.server.read_exact(&mut pings).await.unwrap();
    harness
        .server
        .write_all(b"Response: Success\r\nActionID: 0badcafe-2\r\n\r\n")
        .await
        .unwrap();
    answer.await.unwrap().unwrap();
    assert_eq!(harness.counters.skipped.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn server_that_does_not_read_is_still_read_from() {
    let mut harness = Harness::new(64);
    let _pending = harness
        .send(
            Action::command(&"x".repeat(900)).unwrap(),
            Duration::from_secs(5),
        )
        .await;
    // The pipe to Asterisk is full, and far more than its capacity is read from Asterisk.
    for _ in 0..1000 {
        harness
            .server
            .write_all(b"Event: Noise\r\nA: b\r\n\r\n")
            .await
            .unwrap();
    }
    assert!(!harness.ended.is_finished());
}

/// A stream that fails after some bytes, like TLS without `close_notify`.
struct BrokenStream(&'static [u8]);

impl AsyncRead for BrokenStream {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        if self.0.is_empty() {
            return std::task::Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        buffer.put_slice(self.0);
        self.0 = b"";
        std::task::Poll::Ready(Ok(()))
    }
}

#[tokio::test(start_paused = true)]
async fn announced_shutdown_is_recognized_however_the_stream_ends() {
    for (received, announced) in [
        (&b"Event: Shutdown\r\nShutdown: Cleanly\r\n\r\n"[..], true),
        (b"Event: Hangup\r\n\r\n", false),
    ] {
        let limits = config::Limits::default();
        let connection = Connection {
            reader: FrameReader::new(BrokenStream(received), limits.packet),
            writer: ActionWriter::new(tokio::io::sink()),
            prefix: "0badcafe".into(),
            limits,
            counters: Arc::default(),
            feed: &Feed::new(limits.event_bytes, Arc::default()),
        };
        let (_commands, mailbox) = mpsc::channel(8);
        let mut queue = Queue::new(mailbox, 8);
        let (ended, _) = connection
            .run(&mut queue, &CancellationToken::new(), |_| ())
            .await;
        assert_eq!(matches!(ended, Ended::ShutDown), announced, "{ended:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn repeated_reports_of_booting_count_once() {
    let report = "Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n".repeat(40);
    let limits = config::Limits::default();
    let connection = Connection {
        reader: FrameReader::new(BrokenStream(report.leak().as_bytes()), limits.packet),
        writer: ActionWriter::new(tokio::io::sink()),
        prefix: "0badcafe".into(),
        limits,
        counters: Arc::default(),
        feed: &Feed::new(limits.event_bytes, Arc::default()),
    };
    let (_commands, mailbox) = mpsc::channel(8);
    let mut queue = Queue::new(mailbox, 8);
    let mut boots = Vec::new();
    connection
        .run(&mut queue, &CancellationToken::new(), |boot| {
            boots.push(boot);
        })
        .await;
    assert_eq!(boots, [Boot::Confirmed]);
}
