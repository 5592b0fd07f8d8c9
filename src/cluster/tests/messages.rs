//! Files, events, and requests from the bus.

use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::time::Instant;

use super::{Daemon, TIMEOUT, config, servers, text};
use crate::{FileError, FileId, Identity, Limits, RequestError};

#[tokio::test]
async fn files_are_read_as_they_were_stored() {
    let Some(servers) = servers(3, "").await else {
        return;
    };
    let (one, two) = Daemon::join_two(&servers).await;
    let tone: Bytes = (0..3_000_000_u32)
        .map(|number| number.to_le_bytes()[1])
        .collect();
    let id = one.cluster.files().put(tone.clone()).await.unwrap();
    assert_eq!(id, FileId::of(&tone));
    assert_eq!(two.cluster.files().put(tone.clone()).await, Ok(id));
    assert!(two.cluster.files().get(&id).await.unwrap() == tone);
    let absent = two.cluster.files().get(&FileId::of(b"absent")).await;
    assert_eq!(absent, Err(FileError::Missing));
    assert_eq!(
        one.cluster.files().put(Bytes::new()).await,
        Ok(FileId::of(b""))
    );
    assert_eq!(
        two.cluster.files().get(&FileId::of(b"")).await.unwrap(),
        Bytes::new()
    );
    // A client with write access to the store can have stored other content under that name.
    let client = async_nats::connect(servers.url(0)).await.unwrap();
    let context = async_nats::jetstream::new(client);
    let store = context.get_object_store("handsetd_files").await.unwrap();
    let name = id.to_string();
    store.put(name.as_str(), &mut &b"other"[..]).await.unwrap();
    assert_eq!(two.cluster.files().get(&id).await, Err(FileError::Damaged));
    let long = one
        .cluster
        .files()
        .put(vec![0; 33 * 1024 * 1024].into())
        .await;
    assert!(matches!(long, Err(FileError::TooLong { .. })), "{long:?}");
}

#[tokio::test]
async fn full_file_store_refuses_files() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let mut config = config(&servers, "one");
    config.limits = Limits {
        file_bytes: 300_000,
        ..Limits::default()
    };
    let one = Daemon::start_with(config, Identity::temporary());
    one.joined().await;
    let small = one
        .cluster
        .files()
        .put(vec![1; 100_000].into())
        .await
        .unwrap();
    let full = one.cluster.files().put(vec![2; 1_000_000].into()).await;
    assert_eq!(full, Err(FileError::Full));
    assert_eq!(
        one.cluster.files().get(&small).await.unwrap().len(),
        100_000
    );
}

#[tokio::test]
async fn events_are_published_and_counted_when_lost() {
    let Some(mut servers) = servers(1, "").await else {
        return;
    };
    let one = Daemon::start(&servers, "one", Identity::temporary());
    one.cluster.publish_event("too.early", "id", text("{}"));
    assert_eq!(one.cluster.lost_events(), 1);
    one.joined().await;
    let client = async_nats::connect(servers.url(0)).await.unwrap();
    let mut events = client.subscribe("handsetd.events.>").await.unwrap();
    client.flush().await.unwrap();
    one.cluster
        .publish_event("phone.dnd_on", "pbx 17\r\nX: y", text("{\"a\":1}"));
    let event = tokio::time::timeout(TIMEOUT, events.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(event.subject.as_str(), "handsetd.events.phone.dnd_on");
    assert_eq!(event.payload, text("{\"a\":1}"));
    let headers = event.headers.unwrap();
    assert_eq!(headers.len(), 1);
    assert_eq!(headers.get("Nats-Msg-Id").unwrap().as_str(), "pbx 17  X: y");
    // Never late: events published while NATS is away are dropped and counted.
    servers.kill(0);
    let mut state = one.cluster.state();
    let before = one.cluster.lost_events();
    for number in 0..100 {
        one.cluster
            .publish_event("late", &number.to_string(), text("{}"));
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let alone = state.wait_for(|state| !state.is_joined());
    drop(tokio::time::timeout(TIMEOUT, alone).await.unwrap());
    for number in 0..100 {
        one.cluster
            .publish_event("late", &number.to_string(), text("{}"));
    }
    servers.restart(0).await.unwrap();
    let client = async_nats::connect(servers.url(0)).await.unwrap();
    let mut events = client.subscribe("handsetd.events.>").await.unwrap();
    client.flush().await.unwrap();
    one.joined().await;
    assert!(
        one.cluster.lost_events() >= before + 190,
        "{}",
        one.cluster.lost_events()
    );
    one.cluster.publish_event("new", "1", text("{}"));
    let event = tokio::time::timeout(TIMEOUT, events.next())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(event.subject.as_str(), "handsetd.events.new");
}

#[tokio::test]
async fn one_daemon_answers_the_bus_and_only_to_inboxes() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let mut daemons = Vec::new();
    let (executed, mut unanswered) = tokio::sync::mpsc::channel(8);
    for name in ["one", "two"] {
        let daemon = Daemon::join(&servers, name).await;
        let mut requests = daemon.run(|cluster| cluster.serve_bus(text("busy")));
        let executed = executed.clone();
        daemon.tasks.spawn("bus", async move {
            while let Some(request) = requests.recv().await {
                let answer = format!("{} {:?}", request.verb, request.body);
                match request.responder {
                    Some(responder) => responder.send(answer.into()).await.unwrap(),
                    None => executed.send(answer).await.unwrap(),
                }
            }
        });
        daemons.push(daemon);
    }
    let client = async_nats::connect(servers.url(0)).await.unwrap();
    let mut all = client.subscribe(">").await.unwrap();
    let ask = async {
        loop {
            match client.request("handsetd.do.push", text("{}")).await {
                Ok(answer) => return answer.payload,
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            }
        }
    };
    let answer = tokio::time::timeout(TIMEOUT, ask).await.unwrap();
    assert_eq!(answer, text("push b\"{}\""));
    // A client that may request verbs must not be able to make the daemon publish elsewhere.
    for target in [
        "handsetd.do.reboot",
        "$JS.API.STREAM.DELETE.handsetd_outbox",
        "elsewhere",
    ] {
        client
            .publish_with_reply("handsetd.do.push", target, text("{}"))
            .await
            .unwrap();
    }
    // They are executed all the same.
    for _ in 0..3 {
        let executed = tokio::time::timeout(TIMEOUT, unanswered.recv()).await;
        assert_eq!(executed.unwrap().unwrap(), "push b\"{}\"");
    }
    client
        .publish_with_reply("handsetd.do.last", "_INBOX.own", text("{}"))
        .await
        .unwrap();
    client.flush().await.unwrap();
    let mut subjects = Vec::new();
    while subjects.last().is_none_or(|last| last != "_INBOX.own") {
        let next = tokio::time::timeout(TIMEOUT, all.next())
            .await
            .unwrap()
            .unwrap();
        subjects.push(next.subject.to_string());
    }
    for subject in ["handsetd.do.reboot", "elsewhere"] {
        assert!(
            !subjects.iter().any(|other| other == subject),
            "{subjects:?}"
        );
    }
    let context = async_nats::jetstream::new(client);
    assert!(context.get_stream("handsetd_outbox").await.is_ok());
}

#[tokio::test]
async fn hostile_requests_are_refused_or_dropped() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let (one, two) = Daemon::join_two(&servers).await;
    one.sees(2).await;
    let _incoming = two.run(|cluster| cluster.serve(&["echo"]));
    let client = async_nats::connect(servers.url(0)).await.unwrap();
    let ask = |headers: &[(&'static str, String)], subject: &'static str| {
        let mut map = async_nats::HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.as_str());
        }
        client.request_with_headers(subject, map, text("x"))
    };
    let now = crate::clock::to_millis(one.cluster.now());
    let from = ("Handset-From", "one".to_owned());
    let id = ("Handset-Id", "1".to_owned());
    let later = ("Handset-Deadline", (now + 60_000).to_string());
    let cases: &[(&[(&'static str, String)], &'static str)] = &[
        (&[], "handsetd.peer.two.echo"),
        (&[id.clone(), later.clone()], "handsetd.peer.two.echo"),
        (
            &[
                ("Handset-From", "a b".to_owned()),
                id.clone(),
                later.clone(),
            ],
            "handsetd.peer.two.echo",
        ),
        (
            &[
                from.clone(),
                id.clone(),
                ("Handset-Deadline", "-1".to_owned()),
            ],
            "handsetd.peer.two.echo",
        ),
        (
            &[
                from.clone(),
                id.clone(),
                ("Handset-Deadline", (now - 1).to_string()),
            ],
            "handsetd.peer.two.echo",
        ),
        (
            &[
                from.clone(),
                ("Handset-Id", "1".repeat(1000)),
                later.clone(),
            ],
            "handsetd.peer.two.echo",
        ),
        (
            &[from.clone(), id.clone(), later.clone()],
            "handsetd.peer.two.other",
        ),
        (
            &[from.clone(), id.clone(), later.clone()],
            "handsetd.peer.two.=FF",
        ),
    ];
    for (headers, subject) in cases {
        let refused = async {
            loop {
                if let Ok(answer) = ask(headers, subject).await {
                    return answer;
                }
            }
        };
        let answer = tokio::time::timeout(TIMEOUT, refused).await.unwrap();
        assert!(
            answer.headers.unwrap().get("Handset-Refused").is_some(),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn requests_are_executed_once_and_answered_to_inboxes_only() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    let (one, two) = Daemon::join_two(&servers).await;
    one.sees(2).await;
    let mut incoming = two.run(|cluster| cluster.serve(&["echo"]));
    let client = async_nats::connect(servers.url(0)).await.unwrap();
    let now = crate::clock::to_millis(one.cluster.now());
    let from = ("Handset-From", "one".to_owned());
    let id = ("Handset-Id", "1".to_owned());
    let later = ("Handset-Deadline", (now + 60_000).to_string());
    let deadline = Instant::now() + TIMEOUT;
    // Once this is refused, the daemon is subscribed.
    let refused = one
        .cluster
        .request(two.cluster.name(), "other", text(""), deadline)
        .await;
    assert!(
        matches!(refused, Err(RequestError::NotSent(_))),
        "{refused:?}"
    );
    // A request whose reply subject is not an inbox gets no reply and is not acted on.
    let mut map = async_nats::HeaderMap::new();
    for (name, value) in [&from, &id, &later] {
        map.insert(*name, value.as_str());
    }
    let subject = "handsetd.peer.two.echo";
    client
        .publish_with_reply_and_headers(subject, "elsewhere", map.clone(), text("x"))
        .await
        .unwrap();
    // A repeated request is executed once.
    for reply in ["_INBOX.a", "_INBOX.b"] {
        client
            .publish_with_reply_and_headers(subject, reply, map.clone(), text("once"))
            .await
            .unwrap();
    }
    client.flush().await.unwrap();
    // Both have arrived once this is refused.
    let subject = "handsetd.peer.two.other";
    let refused = client
        .request_with_headers(subject, map, text("x"))
        .await
        .unwrap();
    assert!(refused.headers.is_some());
    let asking = one
        .cluster
        .request(two.cluster.name(), "echo", text("last"), deadline);
    let serving = async {
        let mut bodies = Vec::new();
        while let Some(request) = incoming.recv().await {
            bodies.push(request.body.clone());
            if request.body == text("last") {
                request.responder.refuse("no\r\nmore").await;
                break;
            }
        }
        bodies
    };
    let (asked, bodies) = tokio::join!(asking, serving);
    assert_eq!(bodies, [text("once"), text("last")]);
    let Err(RequestError::NotSent(reason)) = asked else {
        panic!("{asked:?}")
    };
    assert_eq!(reason.as_str(), "no  more");
}
