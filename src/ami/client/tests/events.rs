//! Events: all of each arrives, and too many or too long ones harm nobody.

use std::fmt::Write as _;

use super::*;

#[tokio::test]
async fn what_others_lose_arrives() {
    let pbx = Pbx::new().await;
    let client = pbx.client();
    let mut events = client.events();
    let mut session = pbx.let_in().await;

    session
        .say("Event: Newstate\r\nChanVariable: A=1\r\nChanVariable: B=2\r\n\r\n")
        .await;
    let event = next(&mut events).await;
    assert_eq!(
        event.values("chanvariable").collect::<Vec<_>>(),
        ["A=1", "B=2"]
    );

    let value = "x".repeat(70_000);
    session
        .say(&format!("Event: VarSet\r\nValue: {value}\r\n\r\n"))
        .await;
    assert_eq!(next(&mut events).await.header("Value"), Some(&*value));

    session
        .say("Event: Peer\r\nNamed Callgroup: 1\r\nX_Y: 2\r\n\r\n")
        .await;
    let event = next(&mut events).await;
    assert_eq!(
        (event.header("named callgroup"), event.header("x_y")),
        (Some("1"), Some("2"))
    );

    session
        .say("Event: UserEvent\r\nUserEvent: NeverDeclared\r\nBurger: yes\r\n\r\n")
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
async fn packet_over_the_limit_is_skipped_and_the_connection_lives_on() {
    let pbx = Pbx::new().await;
    let limits = Limits {
        packet: 1000,
        ..Limits::default()
    };
    let client = pbx.client_with(&Config {
        limits,
        ..pbx.config()
    });
    let mut events = client.events();
    let mut session = pbx.let_in().await;
    session
        .say(&format!(
            "Event: Long\r\nA: {}\r\n\r\n",
            "x".repeat(100_000)
        ))
        .await;
    session.say("no message\r\n\r\nEvent: Next\r\n\r\n").await;
    assert!(next(&mut events).await.is("Next"));
    assert_eq!(client.totals().skipped, 2);
}

#[tokio::test]
async fn slow_listener_loses_events_and_slows_nobody() {
    let pbx = Pbx::new().await;
    let limits = Limits {
        events: 16,
        ..Limits::default()
    };
    let client = pbx.client_with(&Config {
        limits,
        ..pbx.config()
    });
    let mut slow = client.events();
    let mut session = pbx.let_in().await;
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
    // Nobody listens, and all of it is taken, which no socket buffer could.
    timeout(PATIENCE, session.say(&burst)).await.unwrap();
    let answer = ask(&client, Action::ping(), async {
        session.answer("Ping", "Success", "").await;
    });
    answer.await.unwrap();
    let number: u64 = next(&mut slow)
        .await
        .header("Number")
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(number, 50_000 - 16);
    assert_eq!(slow.lost(), client.totals().lost);
    assert!(slow.lost() >= 50_000 - 16, "{}", slow.lost());
}
