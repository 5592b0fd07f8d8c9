//! Events: nothing of them is lost, and neither their number nor their size does harm.

use std::fmt::Write as _;

use super::*;

#[tokio::test]
async fn events_arrive_unchanged() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let mut events = client.events();
    let mut session = asterisk.accept_login().await;

    session
        .send("Event: Newstate\r\nChanVariable: A=1\r\nChanVariable: B=2\r\n\r\n")
        .await;
    let event = next(&mut events).await;
    assert_eq!(
        event.values("chanvariable").collect::<Vec<_>>(),
        ["A=1", "B=2"]
    );

    let value = "x".repeat(70_000);
    session
        .send(&format!("Event: VarSet\r\nValue: {value}\r\n\r\n"))
        .await;
    assert_eq!(next(&mut events).await.header("Value"), Some(&*value));

    session
        .send("Event: Peer\r\nNamed Callgroup: 1\r\nX_Y: 2\r\n\r\n")
        .await;
    let event = next(&mut events).await;
    assert_eq!(
        (event.header("named callgroup"), event.header("x_y")),
        (Some("1"), Some("2"))
    );

    session
        .send("Event: UserEvent\r\nUserEvent: NeverDeclared\r\nBurger: yes\r\n\r\n")
        .await;
    let event = next(&mut events).await;
    assert_eq!(
        (event.name(), event.header("Burger")),
        ("UserEvent", Some("yes"))
    );

    let text = "Event: Caller\r\nName: Gr\u{fc}\u{df}e \u{1f4de}\r\n\r\n";
    for byte in text.as_bytes() {
        session.stream.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(
        next(&mut events).await.header("Name"),
        Some("Gr\u{fc}\u{df}e \u{1f4de}")
    );
}

#[tokio::test]
async fn packet_over_the_limit_is_skipped_and_the_connection_continues() {
    let asterisk = FakeAsterisk::new().await;
    let limits = Limits {
        packet: 1000,
        ..Limits::default()
    };
    let client = asterisk.client_with(&Config {
        limits,
        ..asterisk.config()
    });
    let mut events = client.events();
    let mut session = asterisk.accept_login().await;
    session
        .send(&format!(
            "Event: Long\r\nA: {}\r\n\r\n",
            "x".repeat(100_000)
        ))
        .await;
    session.send("malformed\r\n\r\nEvent: Next\r\n\r\n").await;
    assert!(next(&mut events).await.is("Next"));
    assert_eq!(client.totals().skipped, 2);
}

#[tokio::test]
async fn slow_subscriber_loses_events_and_delays_nothing() {
    let asterisk = FakeAsterisk::new().await;
    let limits = Limits {
        event_bytes: 16 * 1024,
        ..Limits::default()
    };
    let client = asterisk.client_with(&Config {
        limits,
        ..asterisk.config()
    });
    let mut slow = client.events();
    let mut session = asterisk.accept_login().await;
    connected(&client).await;
    let burst: String = (0..50_000).fold(String::new(), |mut text, number| {
        write!(
            text,
            "Event: Burst\r\nNumber: {number}\r\nFill: {:0900}\r\n\r\n",
            0
        )
        .unwrap();
        text
    });
    // Nothing reads the subscription, yet the client reads more than any socket buffer holds.
    timeout(TEST_TIMEOUT, session.send(&burst)).await.unwrap();
    let response = send_scripted(&client, Action::ping(), async {
        session.respond("Ping", "Success", "").await;
    });
    response.await.unwrap();
    let number: u64 = next(&mut slow)
        .await
        .header("Number")
        .unwrap()
        .parse()
        .unwrap();
    // The newest are left, as many as fit.
    assert!((50_000 - 18..50_000 - 15).contains(&number), "{number}");
    // `FullyBooted` is lost as well.
    let lost = number + 1;
    assert_eq!((slow.lost(), client.totals().lost), (lost, lost));
}
