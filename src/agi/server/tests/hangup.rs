//! Hang-ups and the end of a conversation.

use super::*;

#[tokio::test]
async fn hangup_at_any_point_does_not_disturb_the_script() {
    let server = Running::start(|_| ());
    for (after_environment, first, second) in [
        ("HANGUP\n", "200 result=1 (Bob)\n", "200 result=1\n"),
        ("", "HANGUP\n200 result=1 (Bob)\n", "200 result=1\n"),
        ("", "HANGUP200 result=1 (Bob)\n", "200 result=1\n"),
        ("", "200 result=1 (Bob)\nHANGUP\n", "200 result=1\n"),
        ("", "200 result=1 (Bob)\nHANGUP", "200 result=1\n"),
        ("", "200 result=1 (Bob)\n", "200 result=1\nHANGUP\n"),
    ] {
        let mut peer = server.connect().await;
        peer.send_environment("push").await;
        peer.send(after_environment.as_bytes()).await;
        peer.respond("GET FULL VARIABLE \"${NAME}\"", first).await;
        peer.respond("SET VARIABLE \"RESULT\" \"push Bob\"", second)
            .await;
        peer.expect_close().await;
    }
    assert_eq!(server.stop().await, ["fine"; 6]);
}

#[tokio::test]
async fn hangup_and_close_are_detected_between_commands() {
    let server = Running::start(|_| ());
    let mut peer = server.connect().await;
    peer.send_environment("hangup").await;
    peer.send(b"HANGUP\n").await;
    drop(peer);
    let mut peer = server.connect().await;
    peer.send_environment("hangup").await;
    drop(peer);
    while server.served.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    let outcomes = server.stop().await;
    assert!(
        outcomes.contains(&"the peer closed the connection".to_owned()),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn command_is_sent_to_a_peer_that_closed_its_sending_side() {
    let server = Running::start(|_| ());
    for _ in 0..50 {
        let mut peer = server.connect().await;
        peer.send_environment("push").await;
        peer.stream.get_mut().shutdown().await.unwrap();
        let received = peer.read_until_closed().await;
        assert_eq!(received, "GET FULL VARIABLE \"${NAME}\"\n");
    }
    let outcomes = server.stop().await;
    assert_eq!(outcomes, ["the peer closed the connection"; 50]);
}

#[tokio::test]
async fn last_command_arrives_although_asterisk_still_sends() {
    let server = Running::start(|_| ());
    for _ in 0..20 {
        let mut peer = server.connect().await;
        peer.send_environment("push").await;
        peer.respond("GET FULL VARIABLE \"${NAME}\"", "200 result=1 (Bob)\n")
            .await;
        peer.expect("SET VARIABLE \"RESULT\" \"push Bob\"").await;
        peer.send(b"200 result=1\nHANGUP\n").await;
        // The call continues at once: the server closes first.
        peer.expect_close().await;
        peer.send(b"HANGUP\n").await;
    }
    assert_eq!(server.stop().await, ["fine"; 20]);
}
