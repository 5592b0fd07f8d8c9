//! The admin API of the real daemon.

use handset_simulator::Vendor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::support::admin_client::{AdminClient, Response};
use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::raw::exchange_bytes;
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;
use super::support::stub_manager::stub_manager;

#[tokio::test]
async fn api_requires_the_token() {
    let daemon = Daemon::start("").await;
    let admin = AdminClient::new(daemon.admin());
    for headers in [
        &[][..],
        &[("Authorization", "Bearer wrong")],
        &[("Authorization", "Basic Y29ycmVjdA==")],
        &[("Cookie", "handsetd=correct")],
    ] {
        for path in ["/api/v1/phones", "/api/v1/events", "/api/v1/nothing"] {
            let answer = admin.request_with_headers("GET", path, headers, "").await;
            let (code, status, _) = answer.outcome();
            assert_eq!((code, status.as_str()), (401, "INVALID"), "{path}");
            assert!(
                answer
                    .head
                    .to_lowercase()
                    .contains("www-authenticate: bearer")
            );
        }
    }
    for path in ["/health/live", "/health/ready"] {
        let answer = admin.request_with_headers("GET", path, &[], "").await;
        assert_eq!(answer.outcome().0, 200);
    }
    let ready = admin
        .request_with_headers("GET", "/health/ready", &[], "")
        .await
        .json();
    assert_eq!(
        ready["result"]["listeners"]["agi"],
        daemon.agi().to_string()
    );
}

#[tokio::test]
async fn every_status_is_in_the_openapi_document() {
    let daemon = Daemon::start("[[phone]]\nname = \"desk\"\n").await;
    let admin = AdminClient::new(daemon.admin());
    let described = admin.get("/api/v1/openapi.json").await.json();
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let long = format!("{{\"text\": \"{}\"}}", "x".repeat(1_100_000));
    let mut met = Vec::new();
    let mut check = |method: &str, path: &str, answer: &Response| {
        let operations = &described["paths"][path];
        // A method that the path does not support has no operation of its own.
        let operation = match &operations[method.to_ascii_lowercase()] {
            serde_json::Value::Null => operations
                .as_object()
                .unwrap()
                .iter()
                .find_map(|(name, operation)| (name != "parameters").then_some(operation))
                .unwrap(),
            operation => operation,
        };
        let response = &operation["responses"][answer.code.to_string()];
        assert!(response.is_object(), "{method} {path}: {}", answer.head);
        let head = answer.head.to_lowercase();
        for name in response["headers"].as_object().into_iter().flatten() {
            let name = name.0.to_lowercase();
            // Of 503, only refusals say when to try again.
            let is_sent = head.contains(&format!("\r\n{name}: "));
            assert!(is_sent || answer.code == 503, "{path}: {name}: {head}");
        }
        met.push(answer.code);
    };
    let token = format!("Bearer {}", super::support::daemon::TOKEN);
    let own = ("Authorization", token.as_str());
    for (method, documented, path, headers, body) in [
        ("GET", "/phones", "phones", vec![own], ""),
        ("GET", "/phones/{name}", "phones/nobody", vec![own], ""),
        ("GET", "/phones", "phones?a=b", vec![own], ""),
        ("GET", "/deliveries", "deliveries?limit=0", vec![own], ""),
        ("DELETE", "/deliveries/{id}", "deliveries/1", vec![own], ""),
        ("DELETE", "/phones", "phones", vec![own], ""),
        ("PUT", "/do/push", "do/push", vec![own], ""),
        ("GET", "/do/push", "do/push", vec![own], ""),
        (
            "GET",
            "/phones/{name}/push",
            "phones/desk/push",
            vec![own],
            "",
        ),
        ("POST", "/events", "events", vec![own], ""),
        ("POST", "/openapi.json", "openapi.json", vec![own], ""),
        ("POST", "/do/ping", "do/ping", vec![own], ""),
        ("POST", "/do/push", "do/push", vec![own], "{}"),
        ("POST", "/do/push", "do/push", vec![own, form], "a=b"),
        ("POST", "/do/push", "do/push", vec![own], &long),
        (
            "POST",
            "/do/push",
            "do/push",
            vec![own],
            r#"{"text": "a", "phone": "desk"}"#,
        ),
        ("POST", "/do/push", "do/push", vec![], "{}"),
        ("GET", "/events", "events", vec![], ""),
    ] {
        let path = format!("/api/v1/{path}");
        let answer = admin
            .request_with_headers(method, &path, &headers, body)
            .await;
        check(method, documented, &answer);
        if answer.code == 405 {
            let head = answer.head.to_lowercase();
            let (_, allow) = head.split_once("\r\nallow: ").unwrap();
            let allow = allow.split("\r\n").next().unwrap();
            let allowed: Vec<&str> = allow.split(',').map(str::trim).collect();
            let operations = described["paths"][documented].as_object().unwrap();
            for method in operations.keys().filter(|name| *name != "parameters") {
                assert!(allowed.contains(&method.as_str()), "{documented}: {allow}");
            }
            assert!(
                !allowed.contains(&method.to_lowercase().as_str()),
                "{allow}"
            );
        }
    }
    for _ in 0..12 {
        let wrong = [("Authorization", "Bearer wrong")];
        let answer = admin
            .request_with_headers("GET", "/api/v1/phones", &wrong, "")
            .await;
        check("GET", "/phones", &answer);
    }
    let request = "GET /api/v1/phones HTTP/1.0\r\nHost: elsewhere.example\r\n\r\n";
    let answer = Response::read(&exchange_bytes(daemon.admin(), request).await);
    check("GET", "/phones", &answer);
    met.sort_unstable();
    met.dedup();
    assert_eq!(met, [200, 400, 401, 404, 405, 413, 415, 421, 429]);
}

#[tokio::test]
async fn requests_reach_the_phone_and_the_history() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let daemon = Daemon::start(&sim_phone.entry("desk")).await;
    let admin = AdminClient::new(daemon.admin());
    let body = r#"{"title": "Door", "text": "Somebody's there", "timeout": 30, "beep": false}"#;
    let answer = admin.post("/api/v1/phones/desk/push", body).await;
    let outcome = answer.json();
    assert_eq!(
        (answer.code, outcome["status"].as_str()),
        (200, Some("OK")),
        "{outcome}"
    );
    assert_eq!(
        (outcome["phone"].as_str(), outcome["vendor"].as_str()),
        (Some("desk"), Some("yealink"))
    );
    sim_phone.shows_text("Somebody's there").await;

    let call = Caller::new(daemon.agi())
        .run("push", &["Called", "phone=desk"])
        .await;
    assert_eq!(call.status, "OK");
    let found = |query: &'static str| async move {
        let answer = admin.get(&format!("/api/v1/deliveries{query}")).await;
        assert_eq!(answer.outcome().0, 200);
        answer.json()["result"].as_array().unwrap().clone()
    };
    let all = found("").await;
    assert_eq!(all.len(), 2);
    assert_eq!(all[0]["asker"]["kind"], "call");
    assert_eq!(
        all[1]["asker"],
        serde_json::json!({"kind": "token", "name": "admin"})
    );
    assert_eq!(all[1]["id"], outcome["id"]);
    assert_eq!(all[1]["keys"]["text"], "Somebody's there");
    assert!(all[1]["took"].as_f64().unwrap() > 0.0);
    assert_eq!(
        found("?text=called&status=ok&phone=desk&since=1h&verb=push")
            .await
            .len(),
        1
    );
    assert_eq!(found("?asker=token&limit=1").await.len(), 1);
    assert_eq!(found("?status=denied").await.len(), 0);

    let phones = admin.get("/api/v1/phones").await.json();
    assert_eq!(phones["result"][0]["name"], "desk");
    let phone = admin.get("/api/v1/phones/desk").await.json();
    assert_eq!(
        (phone["result"]["vendor"].as_str(), phone["vendor"].as_str()),
        (Some("yealink"), Some("yealink"))
    );
    assert_eq!(admin.get("/api/v1/phones/nobody").await.outcome().0, 404);
    let list = admin
        .post(
            "/api/v1/do/push",
            r#"{"item": ["A|exit", "B|exit"], "phone": "desk"}"#,
        )
        .await;
    assert_eq!(list.outcome().0, 200);
    sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn metrics_count_sessions_and_deliveries() {
    let daemon = Daemon::start("").await;
    let admin = AdminClient::new(daemon.admin());
    let call = Caller::new(daemon.agi())
        .run("push", &["Hello", "phone=192.0.2.7"])
        .await;
    assert_eq!(call.status, "NOTFOUND");
    let answer = admin.request_with_headers("GET", "/metrics", &[], "").await;
    let text = String::from_utf8(answer.body).unwrap();
    for line in [
        "handsetd_agi_sessions_total 1\n",
        "handsetd_deliveries_total{vendor=\"unknown\",verb=\"push\",status=\"NOTFOUND\"} 1\n",
        "handsetd_deliveries_in_flight 0\n",
        "# TYPE handsetd_deliveries_total counter\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let version = "content-type: text/plain; version=0.0.4";
    assert!(answer.head.contains(version), "{}", answer.head);
    let accept = [("Accept", "application/openmetrics-text; version=1.0.0")];
    let answer = admin
        .request_with_headers("GET", "/metrics", &accept, "")
        .await;
    let text = String::from_utf8(answer.body).unwrap();
    assert!(
        text.contains("# TYPE handsetd_deliveries counter\n"),
        "{text}"
    );
    assert!(text.ends_with("# EOF\n"), "{text}");
    assert!(answer.head.contains(accept[0].1), "{}", answer.head);
}

#[tokio::test]
async fn invalid_requests_are_refused_with_the_offending_key() {
    let daemon = Daemon::start("[[phone]]\nname = \"desk\"\n").await;
    let admin = AdminClient::new(daemon.admin());
    let long = format!("{{\"text\": \"{}\"}}", "x".repeat(1_100_000));
    for (path, body, code, why) in [
        ("do/push", r#"{"text": "a"}"#, 400, "phone is missing"),
        (
            "do/push",
            r#"{"text": "a", "colour": "red"}"#,
            400,
            "unknown key \"colour\" of push",
        ),
        (
            "do/push",
            r#"{"text": ["a"]}"#,
            400,
            "text: must be a single value, not a list",
        ),
        (
            "do/push",
            r#"{"timeout": "soon", "text": "a"}"#,
            400,
            "timeout: invalid duration \"soon\"",
        ),
        ("do/push", "[1]", 400, "the body must be a JSON object"),
        ("do/pusch", "{}", 400, "unknown verb \"pusch\""),
        (
            "phones/desk/push",
            r#"{"text": "a", "phone": "b"}"#,
            400,
            "phone: already given by the path",
        ),
        (
            "phones/desk/push",
            r#"{"text": "a"}"#,
            404,
            "cannot determine the vendor of phone desk",
        ),
        (
            "do/push",
            long.as_str(),
            413,
            "the body is too long; the limit is 1048576 bytes",
        ),
    ] {
        let outcome = admin.post(&format!("/api/v1/{path}"), body).await.outcome();
        assert_eq!(outcome.0, code, "{path} {outcome:?}");
        assert!(outcome.2.contains(why), "{path} {outcome:?}");
    }
}

#[tokio::test]
async fn unknown_paths_methods_and_query_keys_are_refused() {
    let daemon = Daemon::start("[[phone]]\nname = \"desk\"\n").await;
    let admin = AdminClient::new(daemon.admin());
    for (method, path, code, why) in [
        (
            "GET",
            "deliveries?colour=red",
            400,
            "unknown key \"colour\"; use asker, before, format, id",
        ),
        (
            "GET",
            "deliveries?limit=0",
            400,
            "limit: invalid number \"0\"; use 1 to 1000",
        ),
        (
            "GET",
            "deliveries?status=FINE",
            400,
            "status: unknown status \"FINE\"",
        ),
        (
            "GET",
            "deliveries?phone=a&phone=b",
            400,
            "phone is given twice",
        ),
        (
            "GET",
            "deliveries?since=then",
            400,
            "since: invalid time \"then\"",
        ),
        ("GET", "do/push", 405, "does not support GET"),
        ("GET", "phones/desk/push", 405, "push requires POST"),
        ("GET", "nothing", 404, "unknown path /api/v1/nothing"),
        ("GET", "phones/%ff", 400, "/api/v1/phones/%ff is not UTF-8"),
        ("POST", "phones/%ff/push", 400, "is not UTF-8"),
        ("DELETE", "deliveries/%ff", 400, "is not UTF-8"),
        ("GET", "rules/%ff", 400, "is not UTF-8"),
        (
            "DELETE",
            "deliveries/123456789abc",
            404,
            "unknown delivery \"123456789abc\"",
        ),
        (
            "GET",
            "phones?json",
            400,
            "unknown key \"json\"; none is allowed here",
        ),
    ] {
        let outcome = admin
            .request(method, &format!("/api/v1/{path}"), &[], "")
            .await
            .outcome();
        assert_eq!(outcome.0, code, "{path} {outcome:?}");
        assert!(outcome.2.contains(why), "{path} {outcome:?}");
    }
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let outcome = admin
        .request("POST", "/api/v1/do/ping", &form, "a=b")
        .await
        .outcome();
    assert_eq!((outcome.0, outcome.1.as_str()), (415, "INVALID"));
    assert_eq!(
        admin.post("/api/v1/do/ping", "").await.outcome(),
        (200, "OK".into(), String::new())
    );
    let described = admin.get("/api/v1/openapi.json").await.json();
    assert!(described["paths"]["/do/push"]["post"].is_object());
    // Invalid requests are in the history, too.
    admin.post("/api/v1/do/push", "{}").await;
    let refused = admin
        .get("/api/v1/deliveries?status=invalid&verb=push")
        .await
        .json();
    assert_eq!(refused["result"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn requests_with_the_same_idempotency_key_are_executed_once() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let daemon = Daemon::start(&sim_phone.entry("desk")).await;
    let admin = AdminClient::new(daemon.admin());
    let path = "/api/v1/phones/desk/push";
    let ask = |text: &'static str| async move {
        let body = format!("{{\"text\": \"{text}\"}}");
        admin
            .request("POST", path, &[("Idempotency-Key", "k 1")], &body)
            .await
    };
    let first = ask("once").await;
    let second = ask("once").await;
    assert_eq!((first.code, first.json()), (second.code, second.json()));
    assert_eq!(first.outcome().1, "OK");
    sim_phone.shows_text("once").await;
    let found = admin.get("/api/v1/deliveries").await.json();
    assert_eq!(found["result"].as_array().unwrap().len(), 1);
    let (code, _, why) = ask("twice").await.outcome();
    assert_eq!(code, 400);
    assert!(
        why.starts_with("Idempotency-Key: already used for a different request"),
        "{why}"
    );
    let both = tokio::join!(
        admin.request(
            "POST",
            path,
            &[("Idempotency-Key", "k2")],
            r#"{"text": "b"}"#
        ),
        admin.request(
            "POST",
            path,
            &[("Idempotency-Key", "k2")],
            r#"{"text": "b"}"#
        ),
    );
    assert_eq!(both.0.json(), both.1.json());
}

#[tokio::test]
async fn deliveries_can_be_cancelled_until_they_are_sent() {
    // An image that never arrives keeps the delivery from being sent.
    let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = slow.local_addr().unwrap();
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let media = format!("[media]\nhosts = [\"{address}\"]\n");
    let daemon = Daemon::start(&format!("{media}{}", sim_phone.entry("desk"))).await;
    let admin = AdminClient::new(daemon.admin());
    let body = format!(r#"{{"image": "http://{address}/a.png", "wait": "no"}}"#);
    let answer = admin.post("/api/v1/phones/desk/push", &body).await;
    assert_eq!(answer.outcome(), (202, "QUEUED".to_owned(), String::new()));
    let (_held, _) = soon("the fetch", slow.accept()).await.unwrap();
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/deliveries/{id}");
    let outcome = admin.request("DELETE", &path, &[], "").await;
    assert_eq!(
        (outcome.outcome().0, outcome.json()["phone"].as_str()),
        (200, Some("desk"))
    );
    daemon
        .line("cancelled by token admin before anything was sent")
        .await;
    let found = admin
        .get(&format!("/api/v1/deliveries?id={id}"))
        .await
        .json();
    assert_eq!(found["result"][0]["status"], "UNREACHABLE");
    let again = admin.request("DELETE", &path, &[], "").await.outcome();
    assert_eq!(
        (again.0, again.2),
        (404, format!("delivery {id} has ended with UNREACHABLE"))
    );
    assert!(sim_phone.received().is_empty());
}

#[tokio::test]
async fn event_streams_can_be_filtered_and_resumed() {
    let daemon = Daemon::start(PHONE).await;
    let admin = AdminClient::new(daemon.admin());
    let token = format!("Bearer {}", super::support::daemon::TOKEN);
    let listen = |query: &'static str, last: Option<String>| {
        let token = token.clone();
        async move {
            let mut headers = vec![("Authorization", token.as_str())];
            headers.extend(last.as_deref().map(|last| ("Last-Event-ID", last)));
            let path = format!("/api/v1/events{query}");
            let mut stream = admin.open("GET", &path, &headers, "").await;
            let head = until(&mut stream, "\r\n\r\n").await;
            assert!(head.to_lowercase().contains("text/event-stream"), "{head}");
            stream
        }
    };
    let mut all = listen("", None).await;
    let mut some = listen("?event=phone.*", None).await;
    for event in ["dnd_on", "dnd_off"] {
        report_event(&daemon, event).await;
    }
    let received = until(&mut all, "phone.dnd_off\"").await;
    assert!(received.contains("event: phone.dnd_on\n"), "{received}");
    assert!(until(&mut some, "dnd_off\"").await.contains("phone.dnd_on"));
    // The start of handsetd may precede it.
    let mut events = received.split("\n\n");
    let first = events.find(|event| event.contains("event: phone.dnd_on\n"));
    let id = first
        .and_then(|event| event.lines().find_map(|line| line.strip_prefix("id: ")))
        .unwrap()
        .to_owned();

    // Resumed after the first event, the stream has only the second.
    let mut back = listen("?event=phone.dnd_off&event=phone.dnd_on", Some(id)).await;
    let received = until(&mut back, "dnd_off\"").await;
    assert!(!received.contains("dnd_on"), "{received}");
    // The end of a delivery is an event, with the values that rules get, and comes once.
    let mut deliveries = listen("?event=handsetd.delivery", None).await;
    let mut progress = listen("?event=handsetd.delivery.progress", None).await;
    for phone in ["192.0.2.7", "192.0.2.8"] {
        let body = format!(r#"{{"text": "a", "phone": "{phone}"}}"#);
        admin.post("/api/v1/do/push", &body).await;
    }
    let received = until(&mut deliveries, "192.0.2.8").await;
    let events = received.matches("event: handsetd.delivery\n").count();
    assert_eq!(events, 2, "{received}");
    assert!(!received.contains("QUEUED"), "{received}");
    for value in [
        r#""Phone":"192.0.2.7""#,
        r#""Status":"NOTFOUND""#,
        r#""Requester":""#,
    ] {
        assert!(received.contains(value), "{received}");
    }
    let received = until(&mut progress, "192.0.2.8").await;
    assert!(received.contains("QUEUED"), "{received}");
    daemon.terminate();
    // Open streams do not delay the shutdown.
    let mut rest = Vec::new();
    soon("the end of the stream", all.read_to_end(&mut rest))
        .await
        .unwrap();
    assert!(daemon.end().await.success());
}

#[tokio::test]
async fn no_key_that_a_request_does_not_take_is_skipped() {
    let daemon = Daemon::start("[[phone]]\nname = \"desk\"\n").await;
    let admin = AdminClient::new(daemon.admin());
    let described = admin.get("/api/v1/openapi.json").await.json();
    let mut checked = 0;
    for (path, operations) in described["paths"].as_object().unwrap() {
        let path = path
            .replace("{name}", "desk")
            .replace("{id}", "123456789abc");
        for method in ["get", "post", "delete"] {
            if operations[method].is_null() {
                continue;
            }
            let (method, url) = (method.to_uppercase(), format!("/api/v1{path}?nonsense=1"));
            let outcome = admin.request(&method, &url, &[], "").await.outcome();
            assert_eq!(
                (outcome.0, outcome.1.as_str()),
                (400, "INVALID"),
                "{method} {url}"
            );
            assert!(
                outcome.2.contains("nonsense"),
                "{method} {url}: {}",
                outcome.2
            );
            checked += 1;
        }
    }
    assert!(checked > 60, "{checked}");
    for (method, path) in [
        ("POST", "reload"),
        ("POST", "phones/desk/fetch-test"),
        ("POST", "deliveries/123456789abc/again"),
        ("DELETE", "deliveries/123456789abc"),
    ] {
        let path = format!("/api/v1/{path}");
        let outcome = admin
            .request(method, &path, &[], r#"{"check": true}"#)
            .await
            .outcome();
        assert_eq!(outcome.0, 400, "{path}");
        assert!(outcome.2.contains("takes no body"), "{path}: {}", outcome.2);
        assert_ne!(
            admin.request(method, &path, &[], "{}").await.outcome().0,
            400,
            "{path}"
        );
    }
}

#[tokio::test]
async fn stalled_event_client_is_disconnected_without_affecting_others() {
    let (manager, events) = stub_manager().await;
    let config = format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{manager}'\nusername = 'handsetd'\nsecret = 'hush'\n"
    );
    let daemon = Daemon::start(&config).await;
    daemon.line("Connected to Asterisk.").await;
    let admin = AdminClient::new(daemon.admin());
    let token = format!("Bearer {}", super::support::daemon::TOKEN);
    let headers = [("Authorization", token.as_str())];
    let mut slow = admin.open("GET", "/api/v1/events", &headers, "").await;
    let mut quick = admin
        .open("GET", "/api/v1/events?event=Mark", &headers, "")
        .await;
    until(&mut quick, "\r\n\r\n").await;
    // More than the buffers of kernel and daemon hold, before the connection is closed because nothing is taken.
    let value = |number: u8| format!("Value{number}: {}\r\n", "x".repeat(4000));
    let values = [1, 2, 3, 4, 5, 6, 7].map(value).concat();
    let long = format!("Event: Long\r\n{values}\r\n").repeat(100);
    for round in 0..12 {
        let mark = format!("Event: Mark\r\nRound: round {round}.\r\n\r\n");
        let sent = events.send((long.clone() + &mark).into_bytes());
        soon("room for events", sent).await.unwrap();
        until(&mut quick, &format!("round {round}.")).await;
    }
    let mut rest = Vec::new();
    let read = soon("the end of the slow one", slow.read_to_end(&mut rest)).await;
    assert!(read.is_ok(), "{read:?}");
    let rest = String::from_utf8_lossy(&rest);
    assert!(rest.contains("round 0.") && !rest.contains("round 11."));
    daemon
        .line("Disconnected an event client: it is too slow.")
        .await;
}

/// The phone that the tests are.
const PHONE: &str = "[[phone]]\nname = 'desk'\nvendor = 'yealink'\naddress = '127.0.0.1'\n";

/// Requests an action URL as a phone.
async fn report_event(daemon: &Daemon, event: &str) {
    let mut phone = TcpStream::connect(daemon.http()).await.unwrap();
    let outcome = format!("GET /action/yealink/{event} HTTP/1.0\r\n\r\n");
    phone.write_all(outcome.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon("an action URL", phone.read_to_end(&mut answer))
        .await
        .unwrap();
    assert!(answer.starts_with(b"HTTP/1.0 200"), "{answer:?}");
}

/// Reads up to the end of `wanted`.
async fn until(stream: &mut TcpStream, wanted: &str) -> String {
    let mut received = Vec::new();
    let reading = async {
        while !received.ends_with(wanted.as_bytes()) {
            // Byte by byte, so that the rest is left for the next call.
            let read = stream.read_u8().await;
            received.push(read.unwrap_or_else(|error| panic!("{wanted}: {error}")));
        }
    };
    soon(wanted, reading).await;
    String::from_utf8_lossy(&received).into_owned()
}
