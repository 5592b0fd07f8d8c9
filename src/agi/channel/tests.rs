//! Conversations over an in-memory pipe.

use handset_net::tasks::Tasks;
use tokio::io::{AsyncBufReadExt, BufReader, DuplexStream, duplex};
use tokio::time::Instant;

use super::*;

mod variables;

const ENVIRONMENT: &str = "agi_network_script: push\nagi_callerid: 1\nagi_threadid: 1\n\n";

/// Opens a channel to a peer that has sent `wire`.
async fn open(wire: &str) -> (Request, Channel, BufReader<DuplexStream>) {
    let (near, mut far) = duplex(1 << 20);
    far.write_all(wire.as_bytes()).await.unwrap();
    let (request, channel) = Channel::open(near, &Config::default()).await.unwrap();
    (request, channel, BufReader::new(far))
}

async fn opened() -> (Channel, BufReader<DuplexStream>) {
    let (_, channel, far) = open(ENVIRONMENT).await;
    (channel, far)
}

/// Reads one command and sends a reply.
async fn respond(far: &mut BufReader<DuplexStream>, reply: &str) -> String {
    let mut line = String::new();
    far.read_line(&mut line).await.unwrap();
    far.write_all(reply.as_bytes()).await.unwrap();
    line
}

/// Requests a variable, to which the peer sends `reply`.
async fn request_variable(
    channel: &mut Channel,
    far: &mut BufReader<DuplexStream>,
    reply: &str,
) -> Result<Option<String>, Error> {
    let (value, line) = tokio::join!(channel.variable("X"), respond(far, reply));
    assert_eq!(line, "GET VARIABLE \"X\"\n");
    value
}

#[tokio::test(start_paused = true)]
async fn variable_has_a_value_or_none() {
    let (mut channel, mut far) = opened().await;
    for (reply, value) in [
        ("200 result=1 (a \"b\" \\)\n", Some("a \"b\" \\")),
        ("200 result=1 ()\n", Some("")),
        ("200 result=0\n", None),
        (
            "200 result=1 (one (of two)\nlines)\n",
            Some("one (of two)\nlines"),
        ),
        ("100 result=0 Trying...\n200 result=1 (x)\n", Some("x")),
        ("HANGUP\n200 result=1 (x)\n", Some("x")),
    ] {
        let got = request_variable(&mut channel, &mut far, reply)
            .await
            .unwrap();
        assert_eq!(got.as_deref(), value, "{reply:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn convenience_methods_send_the_expected_commands() {
    let (mut channel, mut far) = opened().await;
    let (done, line) = tokio::join!(
        channel.set_variable("X", "a\n\"b\""),
        respond(&mut far, "200 result=1\n")
    );
    done.unwrap();
    assert_eq!(line, "SET VARIABLE \"X\" \"a \\\"b\\\"\"\n");
    let (done, line) = tokio::join!(
        channel.verbose("hi", 3),
        respond(&mut far, "200 result=1\n")
    );
    done.unwrap();
    assert_eq!(line, "VERBOSE \"hi\" \"3\"\n");
    let (value, line) = tokio::join!(
        channel.full_variable("${X}"),
        respond(&mut far, "200 result=1 (1)\n")
    );
    assert_eq!(value.unwrap().as_deref(), Some("1"));
    assert_eq!(line, "GET FULL VARIABLE \"${X}\"\n");
}

#[tokio::test(start_paused = true)]
async fn rejected_command_is_an_error_with_the_text_of_the_reply() {
    let (mut channel, mut far) = opened().await;
    for (reply, message) in [
        (
            "510 Invalid or unknown command\n",
            "with 510 Invalid or unknown command",
        ),
        (
            "511 Command Not Permitted\n",
            "with 511 Command Not Permitted",
        ),
        (
            "520-Wrong.\nUsage: X\n520 End of proper usage.\n",
            "with 520 Wrong.",
        ),
    ] {
        let error = request_variable(&mut channel, &mut far, reply)
            .await
            .unwrap_err();
        assert!(error.to_string().ends_with(message), "{error}");
    }
    assert_eq!(
        request_variable(&mut channel, &mut far, "200 result=0\n")
            .await
            .unwrap(),
        None
    );
}

#[tokio::test(start_paused = true)]
async fn commands_work_after_a_hangup() {
    let (mut channel, mut far) = opened().await;
    assert!(!channel.hung_up());
    request_variable(&mut channel, &mut far, "200 result=-1\nHANGUP\n")
        .await
        .unwrap();
    assert!(channel.hung_up());
    let value = request_variable(&mut channel, &mut far, "200 result=1 (x)\n")
        .await
        .unwrap();
    assert_eq!(value.as_deref(), Some("x"));
    drop(far);
    assert!(matches!(channel.variable("X").await, Err(Error::HungUp)));
}

#[tokio::test(start_paused = true)]
async fn close_without_hangup_is_a_different_error() {
    let (mut channel, far) = opened().await;
    drop(far);
    assert!(matches!(channel.variable("X").await, Err(Error::Closed)));
    assert!(channel.hung_up());
}

#[tokio::test(start_paused = true)]
async fn close_within_a_reply_is_detected_at_once() {
    let (mut channel, mut far) = opened().await;
    let began = Instant::now();
    let peer = async {
        respond(&mut far, "200 result=1 (half").await;
        drop(far);
    };
    let (value, ()) = tokio::join!(channel.variable("X"), peer);
    assert!(matches!(value, Err(Error::Closed)));
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn hangup_is_detected_between_commands() {
    let (mut channel, mut far) = opened().await;
    let early = timeout(Duration::from_secs(1), channel.wait_for_hangup()).await;
    assert!(early.is_err());
    far.write_all(b"200 result=1 (noise)\nHANG").await.unwrap();
    assert!(
        timeout(Duration::from_secs(1), channel.wait_for_hangup())
            .await
            .is_err()
    );
    far.write_all(b"UP\n").await.unwrap();
    channel.wait_for_hangup().await;
    let value = request_variable(&mut channel, &mut far, "200 result=1 (x)\n")
        .await
        .unwrap();
    assert_eq!(value.as_deref(), Some("x"));
}

#[tokio::test(start_paused = true)]
async fn close_is_detected_between_commands() {
    let (mut channel, far) = opened().await;
    drop(far);
    channel.wait_for_hangup().await;
    assert!(channel.hung_up());
}

#[tokio::test(start_paused = true)]
async fn peer_that_never_replies_costs_the_reply_timeout() {
    for reply in [
        "",
        "200 result=1 (open\n200 result=0\nHANGUP\n",
        "520-Usage\n",
        "nonsense\n",
    ] {
        let (mut channel, mut far) = opened().await;
        let began = Instant::now();
        let error = request_variable(&mut channel, &mut far, reply)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::ReplyTimeout { .. }), "{error}");
        assert_eq!(error.to_string(), "no reply to `GET VARIABLE` after 5s");
        assert_eq!(began.elapsed(), Duration::from_secs(5));
    }
}

#[tokio::test(start_paused = true)]
async fn endless_reply_is_awaited_only_once() {
    let (mut channel, mut far) = opened().await;
    request_variable(&mut channel, &mut far, "200 result=1 (open\nHANGUP\n")
        .await
        .unwrap_err();
    assert!(channel.hung_up());
    let value = request_variable(&mut channel, &mut far, "200 result=1 (right)\n")
        .await
        .unwrap();
    assert_eq!(value.as_deref(), Some("right"));
}

#[tokio::test(start_paused = true)]
async fn hangup_within_a_usage_text_is_detected() {
    let (mut channel, mut far) = opened().await;
    let reply = "520-Wrong.\nHANGUP\n520 End of proper usage.\n";
    request_variable(&mut channel, &mut far, reply)
        .await
        .unwrap_err();
    assert!(channel.hung_up());
}

#[tokio::test(start_paused = true)]
async fn peer_that_never_reads_costs_the_reply_timeout() {
    let (near, mut far) = duplex(100);
    far.write_all(ENVIRONMENT.as_bytes()).await.unwrap();
    let (_, mut channel) = Channel::open(near, &Config::default()).await.unwrap();
    let began = Instant::now();
    let error = channel
        .set_variable("X", &"x".repeat(1000))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::ReplyTimeout { .. }), "{error}");
    channel.close().await;
    assert_eq!(began.elapsed(), Duration::from_secs(5) + CLOSE_TIMEOUT);
}

#[tokio::test(start_paused = true)]
async fn late_reply_does_not_answer_the_next_command() {
    let (mut channel, mut far) = opened().await;
    request_variable(&mut channel, &mut far, "")
        .await
        .unwrap_err();
    let peer = async {
        far.write_all(b"200 result=1 (late)\n").await.unwrap();
        respond(&mut far, "200 result=1 (right)\n").await
    };
    let (value, _) = tokio::join!(channel.variable("Y"), peer);
    assert_eq!(value.unwrap().as_deref(), Some("right"));
}

#[tokio::test(start_paused = true)]
async fn partially_sent_command_is_completed_before_the_next() {
    let (near, mut far) = duplex(100);
    far.write_all(ENVIRONMENT.as_bytes()).await.unwrap();
    let (_, mut channel) = Channel::open(near, &Config::default()).await.unwrap();
    let long = "x".repeat(500);
    let dropped = timeout(
        Duration::from_millis(1),
        channel.set_variable("LONG", &long),
    )
    .await;
    assert!(dropped.is_err());
    let mut far = BufReader::new(far);
    let peer = async {
        let first = respond(&mut far, "200 result=1\n").await;
        (first, respond(&mut far, "200 result=1 (right)\n").await)
    };
    let (value, (first, second)) = tokio::join!(channel.variable("X"), peer);
    assert_eq!(value.unwrap().as_deref(), Some("right"));
    assert_eq!(first, format!("SET VARIABLE \"LONG\" \"{long}\"\n"));
    assert_eq!(second, "GET VARIABLE \"X\"\n");
}

#[tokio::test(start_paused = true)]
async fn replies_before_the_first_command_are_dropped() {
    let forged = "agi_channel: C\nagi_callerid: 1\nagi_calleridname: x\n\n200 result=1 (forged)\n\
                  200 result=1 (again)\nagi_threadid: 1\nagi_arg_1: text=hi\n\n";
    let (request, mut channel, mut far) = open(forged).await;
    assert_eq!(request.arguments().collect::<Vec<_>>(), ["text=hi"]);
    let value = request_variable(&mut channel, &mut far, "200 result=1 (right)\n")
        .await
        .unwrap();
    assert_eq!(value.as_deref(), Some("right"));
}

#[tokio::test(start_paused = true)]
async fn unsolicited_reply_does_not_answer_the_next_command() {
    let (mut channel, mut far) = opened().await;
    for _ in 0..2 {
        far.write_all(b"200 result=1 (unsolicited)\nHANGUP\n200 result=1 (un")
            .await
            .unwrap();
        let value = request_variable(&mut channel, &mut far, "solicited)\n200 result=1 (right)\n")
            .await
            .unwrap();
        assert_eq!(value.as_deref(), Some("right"));
        assert!(channel.hung_up());
    }
}

#[tokio::test(start_paused = true)]
async fn call_continues_at_once_and_the_peer_has_time_to_close() {
    let (channel, mut far) = opened().await;
    let began = Instant::now();
    let peer = async {
        let mut rest = Vec::new();
        far.read_to_end(&mut rest).await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO);
        far.write_all(b"HANGUP\n").await.unwrap();
        tokio::time::sleep(CLOSE_TIMEOUT / 2).await;
        drop(far);
    };
    tokio::join!(channel.close(), peer);
    assert_eq!(began.elapsed(), CLOSE_TIMEOUT / 2);
}

#[tokio::test(start_paused = true)]
async fn peer_that_does_not_close_is_disconnected_after_a_timeout() {
    let (channel, mut far) = opened().await;
    let began = Instant::now();
    channel.close().await;
    assert_eq!(began.elapsed(), CLOSE_TIMEOUT);
    assert_eq!(
        far.write_all(b"HANGUP\n").await.unwrap_err().kind(),
        ErrorKind::BrokenPipe
    );
}

#[tokio::test(start_paused = true)]
async fn answered_call_is_closed_without_waiting_for_the_peer() {
    let (mut channel, mut far) = opened().await;
    request_variable(&mut channel, &mut far, "200 result=0\n")
        .await
        .unwrap();
    let began = Instant::now();
    channel.close().await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(far.read_to_end(&mut Vec::new()).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn environment_with_a_forged_end_is_read_to_its_real_end() {
    let (near, mut far) = duplex(1 << 16);
    far.write_all(b"agi_callerid: 1\nagi_calleridname: x\n\n")
        .await
        .unwrap();
    let peer = async {
        tokio::time::sleep(ENVIRONMENT_PAUSE / 2).await;
        far.write_all(b"\n200 result=1 (forged)\nagi_threadid: 1\n")
            .await
            .unwrap();
        tokio::time::sleep(ENVIRONMENT_PAUSE / 2).await;
        far.write_all(b"agi_arg_1: text=hi\n\nHANGUP\n")
            .await
            .unwrap();
        far
    };
    let config = Config::default();
    let (opened, far) = tokio::join!(Channel::open(near, &config), peer);
    let (request, mut channel) = opened.unwrap();
    assert_eq!(request.arguments().collect::<Vec<_>>(), ["text=hi"]);
    assert!(channel.hung_up());
    let value = request_variable(
        &mut channel,
        &mut BufReader::new(far),
        "200 result=1 (right)\n",
    )
    .await;
    assert_eq!(value.unwrap().as_deref(), Some("right"));
}

#[tokio::test(start_paused = true)]
async fn genuine_environment_causes_no_delay() {
    let began = Instant::now();
    opened().await;
    open("agi_network_script: push\n\n").await;
    let (_, channel, _) = open(&format!("{ENVIRONMENT}HANGUP\n")).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
    let mut channel = channel;
    channel.wait_for_hangup().await;
}

#[tokio::test(start_paused = true)]
async fn trickling_environment_costs_the_environment_timeout() {
    for forged in ["", "agi_callerid: 1\n\n"] {
        let (near, mut far) = duplex(1 << 16);
        let tasks = Tasks::new();
        far.write_all(forged.as_bytes()).await.unwrap();
        tasks.spawn("trickle", async move {
            while far.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        });
        let began = Instant::now();
        let error = Channel::open(near, &Config::default()).await.unwrap_err();
        assert!(matches!(error, Error::EnvironmentTimeout { .. }), "{error}");
        assert_eq!(began.elapsed(), Duration::from_secs(5));
    }
}

#[tokio::test(start_paused = true)]
async fn endless_reply_costs_bounded_memory() {
    let (mut channel, mut far) = opened().await;
    let flood = "200 result=1 (".to_owned() + &"x\n".repeat(MAX_REPLY);
    let error = request_variable(&mut channel, &mut far, &flood)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::ReplyTooLong { .. }), "{error}");
    assert!(
        channel.received.capacity() <= 4 * MAX_REPLY,
        "{}",
        channel.received.capacity()
    );
    assert!(matches!(channel.variable("X").await, Err(Error::Closed)));
}
