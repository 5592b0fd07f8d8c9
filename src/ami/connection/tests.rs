use std::sync::atomic::Ordering;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::sync::mpsc;

use super::*;
use handset_net::tasks::Tasks;

/// A connection over a pipe, with the clock stopped.
struct Bench {
    asterisk: DuplexStream,
    commands: mpsc::Sender<Command>,
    ended: tokio::task::JoinHandle<(Ended, Instant)>,
    counters: Arc<Counters>,
}

impl Bench {
    fn new(room: usize) -> Self {
        let (near, asterisk) = duplex(room);
        let (reader, writer) = split(near);
        let (commands, mailbox) = mpsc::channel(8);
        let limits = config::Limits {
            boot: Duration::ZERO,
            ..config::Limits::default()
        };
        let counters = Arc::new(Counters::default());
        let connection = Connection {
            reader: Reader::new(reader, limits.packet),
            writer: Writer::new(writer),
            prefix: "0badcafe".into(),
            limits,
            counters: Arc::clone(&counters),
            events: broadcast::channel(8).0,
        };
        let mut queue = Queue::new(mailbox, 8);
        let ended = Tasks::new().spawn("connection", async move {
            connection
                .run(&mut queue, &CancellationToken::new(), |_| ())
                .await
        });
        Self {
            asterisk,
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
async fn alive_but_silent_peer_is_noticed_within_two_pings() {
    let start = Instant::now();
    let bench = Bench::new(4096);
    let (ended, _) = bench.ended.await.unwrap();
    assert!(matches!(ended, Ended::Silent), "{ended:?}");
    assert_eq!(start.elapsed().as_secs(), 45);
}

#[tokio::test(start_paused = true)]
async fn peer_that_answers_pings_is_kept() {
    let start = Instant::now();
    let mut bench = Bench::new(4096);
    for round in 1..=5 {
        let mut ping = vec![0; 128];
        let length = bench.asterisk.read(&mut ping).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), round * 30);
        let text = String::from_utf8_lossy(&ping[..length]).into_owned();
        let id = text.split("ActionID: ").nth(1).unwrap();
        let pong = format!("Response: Success\r\nActionID: {id}Ping: Pong\r\n\r\n");
        bench
            .asterisk
            .write_all(pong.replace("\r\n\r\nPing", "\r\nPing").as_bytes())
            .await
            .unwrap();
    }
    assert!(!bench.ended.is_finished());
}

#[tokio::test(start_paused = true)]
async fn peer_that_sends_events_and_answers_nothing_is_given_up() {
    let start = Instant::now();
    let mut bench = Bench::new(1 << 20);
    while !bench.ended.is_finished() {
        let _ = bench.asterisk.write_all(b"Event: Noise\r\n\r\n").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let (ended, _) = bench.ended.await.unwrap();
    assert!(matches!(ended, Ended::Silent), "{ended:?}");
    assert!(start.elapsed().as_secs() <= 91);
}

#[tokio::test(start_paused = true)]
async fn late_answer_is_an_unknown_outcome_and_harms_nobody() {
    let mut bench = Bench::new(4096);
    let answer = bench.send(Action::ping(), Duration::from_secs(5)).await;
    let error = answer.await.unwrap().unwrap_err();
    assert_eq!(
        error,
        Error::OutcomeUnknown {
            action: "Ping".into()
        }
    );
    bench
        .asterisk
        .write_all(b"Response: Success\r\nActionID: 0badcafe-1\r\n\r\n")
        .await
        .unwrap();
    let answer = bench.send(Action::ping(), Duration::from_secs(5)).await;
    let mut pings = [0; 2 * "Action: Ping\r\nActionID: 0badcafe-1\r\n\r\n".len()];
    bench.asterisk.read_exact(&mut pings).await.unwrap();
    bench
        .asterisk
        .write_all(b"Response: Success\r\nActionID: 0badcafe-2\r\n\r\n")
        .await
        .unwrap();
    answer.await.unwrap().unwrap();
    assert_eq!(bench.counters.skipped.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn peer_that_does_not_read_is_still_read_from() {
    let mut bench = Bench::new(64);
    let _stuck = bench
        .send(
            Action::command(&"x".repeat(900)).unwrap(),
            Duration::from_secs(5),
        )
        .await;
    // The pipe to Asterisk is full; from Asterisk far more than fits into it is taken.
    for _ in 0..1000 {
        bench
            .asterisk
            .write_all(b"Event: Noise\r\nA: b\r\n\r\n")
            .await
            .unwrap();
    }
    assert!(!bench.ended.is_finished());
}

/// A stream that says something and then breaks, as TLS without a farewell does.
struct Breaks(&'static [u8]);

impl AsyncRead for Breaks {
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
async fn announced_end_is_a_shutdown_however_the_stream_ends() {
    for (said, announced) in [
        (&b"Event: Shutdown\r\nShutdown: Cleanly\r\n\r\n"[..], true),
        (b"Event: Hangup\r\n\r\n", false),
    ] {
        let limits = config::Limits::default();
        let connection = Connection {
            reader: Reader::new(Breaks(said), limits.packet),
            writer: Writer::new(tokio::io::sink()),
            prefix: "0badcafe".into(),
            limits,
            counters: Arc::default(),
            events: broadcast::channel(8).0,
        };
        let (_commands, mailbox) = mpsc::channel(8);
        let mut queue = Queue::new(mailbox, 8);
        let (ended, _) = connection
            .run(&mut queue, &CancellationToken::new(), |_| ())
            .await;
        assert_eq!(matches!(ended, Ended::ShutDown), announced, "{ended:?}");
    }
}
