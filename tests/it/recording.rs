//! The history outlasts restarts and crashes, and costs no delivery.

use std::fs;
use std::io::ErrorKind;
use std::process::Command;

use serde_json::Value;

use super::support::admin_client::AdminClient;
use super::support::caller::Caller;
use super::support::daemon::{Daemon, TOKEN as ADMIN};
use super::support::page_client::PageClient;
use super::support::soon;
use super::support::stub_phone::{Behavior, StubPhone};

/// Returns what the API finds.
async fn deliveries(daemon: &Daemon, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/deliveries?{query}");
    let reply = AdminClient::new(daemon.admin()).get(&path).await;
    assert_eq!(reply.code, 200, "{}", String::from_utf8_lossy(&reply.body));
    let reply: Value = serde_json::from_slice(&reply.body).unwrap();
    reply["result"].as_array().unwrap().clone()
}

async fn metric(daemon: &Daemon, name: &str) -> u64 {
    let body = AdminClient::new(daemon.admin()).get("/metrics").await.body;
    let text = String::from_utf8(body).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap().trim().parse().unwrap()
}

/// Waits until everything is on the disk.
async fn stored(daemon: &Daemon) {
    soon("the disk", async {
        while metric(daemon, "handsetd_history_unwritten ").await > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
}

/// Whether a file of the state folder has a text.
fn has(daemon: &Daemon, text: &str) -> bool {
    let folder = daemon.state("history.sqlite");
    let files = fs::read_dir(folder.parent().unwrap()).unwrap();
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .any(|path| match fs::read(&path) {
            Ok(bytes) => bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes()),
            // SQLite removes its log when it closes the file.
            Err(error) if error.kind() == ErrorKind::NotFound => false,
            Err(error) => panic!("{}: {error}", path.display()),
        })
}

#[tokio::test]
async fn audit_trail_outlasts_a_crash() {
    let mut phone = StubPhone::new();
    phone.go_online(Behavior::Answers).await;
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let caller = Caller::new(daemon.agi());
    let over = caller.run("dial", &["number=1", "phone=desk"]).await;
    caller.run("push", &["Nobody", "phone=absent"]).await;
    stored(&daemon).await;
    let before = deliveries(&daemon, "").await;
    assert_eq!(before.len(), 2);
    let daemon = daemon.crash_and_start().await;
    assert_eq!(deliveries(&daemon, "").await.len(), 2);
    let found = deliveries(&daemon, "phone=desk").await;
    let [found] = &*found else {
        panic!("{found:?}")
    };
    assert_eq!(found["status"], over.status);
    assert_eq!(found["asker"]["kind"], "call");
    assert_eq!(found["keys"]["number"], "1");
    assert_eq!(found["steps"], before[1]["steps"]);
    assert!(!before[1]["steps"].as_array().unwrap().is_empty());
    assert_eq!(found["number"], before[1]["number"]);
}

#[tokio::test]
async fn delivery_in_progress_at_a_crash_is_unknown() {
    let mut phone = StubPhone::new();
    phone.go_online(Behavior::Silent).await;
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let caller = Caller::new(daemon.agi());
    let dial = ["number=1", "phone=desk", "wait=no", "deadline=1m"];
    let outcome = caller.run("dial", &dial).await;
    assert_eq!(outcome.status, "QUEUED", "{}", outcome.reason);
    stored(&daemon).await;
    let daemon = daemon.crash_and_start().await;
    let found = deliveries(&daemon, "").await;
    let [found] = &*found else {
        panic!("{found:?}")
    };
    assert_eq!(found["status"], "UNKNOWN");
    assert_eq!(
        found["reason"],
        "handsetd ended before the result was recorded; it may have happened"
    );
}

#[tokio::test]
async fn stored_delivery_is_one_in_the_history_after_a_crash() {
    let mut phone = StubPhone::new();
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let caller = Caller::new(daemon.agi());
    let outcome = caller
        .run("dial", &["number=1", "phone=desk", "keep=1h"])
        .await;
    assert_eq!(outcome.status, "QUEUED", "{}", outcome.reason);
    stored(&daemon).await;
    let daemon = daemon.crash_and_start().await;
    let found = deliveries(&daemon, "").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (&found[0]["status"], &found[0]["took"]),
        (&"QUEUED".into(), &Value::Null)
    );
    phone.go_online(Behavior::Answers).await;
    soon("the delivery", async {
        while deliveries(&daemon, "status=OK").await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!(deliveries(&daemon, "").await.len(), 1);
}

#[tokio::test]
async fn full_disk_costs_no_delivery_and_loses_nothing() {
    let mut phone = StubPhone::new();
    phone.go_online(Behavior::Answers).await;
    // The write beyond the limit fails, instead of ending the process.
    let daemon = Daemon::start_in_shell(&phone.entry("desk"), "trap '' XFSZ").await;
    let caller = Caller::new(daemon.agi());
    let dial = async |number: &str| {
        let outcome = caller
            .run("dial", &[&format!("number={number}"), "phone=desk"])
            .await;
        assert_eq!(outcome.status, "OK", "{}", outcome.reason);
    };
    dial("1").await;
    stored(&daemon).await;
    let limit = |bytes: &str| {
        let pid = daemon.pid().to_string();
        let mut command = Command::new("prlimit");
        let status = command
            .args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")])
            .status();
        assert!(status.unwrap().success());
    };
    limit("1024");
    dial("2").await;
    daemon.line("Cannot store the history; trying again.").await;
    dial("3").await;
    assert!(metric(&daemon, "handsetd_history_write_errors_total ").await > 0);
    assert!(metric(&daemon, "handsetd_history_unwritten ").await > 0);
    limit("unlimited");
    daemon
        .line("The history is stored again; nothing is missing.")
        .await;
    stored(&daemon).await;
    let log = daemon.settled_log().await;
    assert_eq!(log.matches("Cannot store the history").count(), 1, "{log}");
    let daemon = daemon.crash_and_start().await;
    let numbers: Vec<_> = deliveries(&daemon, "").await;
    let numbers: Vec<_> = numbers
        .iter()
        .map(|found| &found["keys"]["number"])
        .collect();
    assert_eq!(numbers, ["3", "2", "1"]);
}

#[tokio::test]
async fn reload_removes_texts_and_then_the_file() {
    let phone = StubPhone::new();
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let caller = Caller::new(daemon.agi());
    caller.run("push", &["Confidential", "phone=desk"]).await;
    stored(&daemon).await;
    assert!(has(&daemon, "Confidential"));
    let reload = async |settings: &str| {
        let count = daemon.count("Configuration reloaded.");
        daemon.reconfigure(&format!("{}[history]\n{settings}\n", phone.entry("desk")));
        daemon.line_after(count, "Configuration reloaded.").await;
    };
    reload("texts = false").await;
    stored(&daemon).await;
    soon("the removal", async {
        while has(&daemon, "Confidential") {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!(
        deliveries(&daemon, "").await[0]["keys"]["text"],
        "[left out]"
    );
    reload("keep_on_disk = false").await;
    daemon.line("Deleted the stored history").await;
    assert!(!daemon.state("history.sqlite").exists());
    assert_eq!(deliveries(&daemon, "").await.len(), 1);
    // And back.
    reload("").await;
    stored(&daemon).await;
    let daemon = daemon.crash_and_start().await;
    assert_eq!(deliveries(&daemon, "").await.len(), 1);
}

#[tokio::test]
async fn pages_of_the_history_meet_without_a_gap() {
    let daemon = Daemon::start("").await;
    let caller = Caller::new(daemon.agi());
    for number in 0..7 {
        caller
            .run("push", &[&format!("text {number}"), "phone=absent"])
            .await;
    }
    let mut texts = Vec::new();
    let mut before = String::new();
    loop {
        let page = deliveries(&daemon, &format!("limit=3{before}")).await;
        let Some(last) = page.last() else { break };
        before = format!("&before={}", last["number"]);
        texts.extend(page.iter().map(|found| found["keys"]["text"].clone()));
        // What arrives meanwhile moves nothing.
        caller.run("push", &["new", "phone=absent"]).await;
    }
    let expected: Vec<_> = (0..7)
        .rev()
        .map(|number| format!("text {number}"))
        .collect();
    assert_eq!(texts, expected);
    assert!(deliveries(&daemon, "until=1h").await.is_empty());
    assert_eq!(deliveries(&daemon, "since=1h&text=new").await.len(), 3);
}

#[tokio::test]
async fn export_has_everything_and_no_formula() {
    let daemon = Daemon::start("").await;
    let caller = Caller::new(daemon.agi());
    for number in 0..120 {
        let text = format!("text={number}");
        caller
            .run("push", &[&text, "phone==HYPERLINK(\"http://192.0.2.9\")"])
            .await;
    }
    let client = AdminClient::new(daemon.admin());
    let export = client
        .get("/api/v1/deliveries?format=csv&status=NOTFOUND")
        .await;
    assert!(
        export.head.contains("content-type: text/csv"),
        "{}",
        export.head
    );
    assert!(
        export.head.contains("filename=\"deliveries.csv\""),
        "{}",
        export.head
    );
    let mut reader = csv::Reader::from_reader(export.body.as_slice());
    let phone = reader
        .headers()
        .unwrap()
        .iter()
        .position(|name| name == "phone")
        .unwrap();
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 120);
    assert!(
        rows.iter()
            .all(|row| &row[phone] == "'=HYPERLINK(\"http://192.0.2.9\")"),
        "{:?}",
        rows[0]
    );
    let accept = [("Accept", "text/csv"), ("Authorization", &*bearer(ADMIN))];
    let path = "/api/v1/deliveries?limit=2";
    let some = client.request_with_headers("GET", path, &accept, "").await;
    assert_eq!(
        csv::Reader::from_reader(some.body.as_slice())
            .records()
            .count(),
        2
    );
    let wrong = client.get("/api/v1/deliveries?format=xml").await.outcome();
    assert_eq!(wrong.2, "format: unknown format \"xml\"; use csv or json");
}

#[tokio::test]
async fn delivery_is_repeated_as_it_was_or_not_at_all() {
    let mut phones = [StubPhone::new(), StubPhone::new()];
    for phone in &mut phones {
        phone.go_online(Behavior::Answers).await;
    }
    let [one, other] = &phones;
    let user = |name: &str, token: &str, role: &str| {
        format!("[[admin.user]]\nname = '{name}'\ntoken = \"{token}\"\nrole = '{role}'\n")
    };
    let users = user("watcher", WATCHER, "read") + &user("sender", SENDER, "send");
    let config = format!("{users}{}{}", one.entry("one"), other.entry("other"));
    let daemon = Daemon::start(&config).await;
    let caller = Caller::new(daemon.agi());
    let first = caller.run("dial", &["number=1", "phone=one&other"]).await;
    assert_eq!(first.status, "OK", "{}", first.reason);
    let id = deliveries(&daemon, "limit=1").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let client = AdminClient::new(daemon.admin());
    let again = async |token: &str, id: &str, query: &str| {
        let bearer = bearer(token);
        let headers = [("Authorization", bearer.as_str())];
        let path = format!("/api/v1/deliveries/{id}/again{query}");
        client
            .request_with_headers("POST", &path, &headers, "")
            .await
            .outcome()
    };
    let dialed = || [one, other].map(|phone| phone.dialed().get("1").copied().unwrap_or_default());
    assert_eq!(again(WATCHER, &id, "").await.0, 403);
    assert_eq!(dialed(), [1, 1]);
    assert_eq!(again(SENDER, &id, "?phone=other").await.1, "OK");
    assert_eq!(dialed(), [1, 2]);
    assert_eq!(again(SENDER, &id, "").await.1, "OK");
    assert_eq!(dialed(), [2, 3]);
    let found = &deliveries(&daemon, "limit=1").await[0];
    assert_eq!(
        found["asker"]["name"], "sender",
        "the new request is the user's"
    );
    assert_ne!(found["id"], id);
    // Also after a restart.
    stored(&daemon).await;
    let daemon = daemon.crash_and_start().await;
    let client = AdminClient::new(daemon.admin());
    let again = async |token: &str, id: &str, query: &str| {
        let bearer = bearer(token);
        let headers = [("Authorization", bearer.as_str())];
        let path = format!("/api/v1/deliveries/{id}/again{query}");
        client
            .request_with_headers("POST", &path, &headers, "")
            .await
            .outcome()
    };
    assert_eq!(again(ADMIN, &id, "?phone=one").await.1, "OK");
    assert_eq!(dialed(), [3, 3]);
    // What the role does not permit is not permitted by repeating it, either.
    let caller = Caller::new(daemon.agi());
    let newest = async || {
        deliveries(&daemon, "limit=1").await[0]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    caller.run("key", &["keys=OK", "phone=one"]).await;
    let (code, _, reason) = again(SENDER, &newest().await, "").await;
    assert_eq!(
        (code, reason.as_str()),
        (403, "key requires the role admin; sender has send")
    );
    caller
        .run("settings", &["set=user_pass1=hush", "phone=one"])
        .await;
    let (code, status, reason) = again(ADMIN, &newest().await, "").await;
    assert_eq!((code, status.as_str()), (400, "INVALID"));
    assert!(reason.contains("passwords, long values or"), "{reason}");
    for (id, query) in [("0123456789ab", ""), (&*id, "?phone=nobody")] {
        assert_eq!(again(ADMIN, id, query).await.0, 404, "{id} {query}");
    }
    assert_eq!(again(ADMIN, &id, "?colour=red").await.0, 400);
    assert_eq!(dialed(), [3, 3]);
}

#[tokio::test]
async fn names_of_users_are_in_the_history_and_on_the_disk() {
    let phone = StubPhone::new();
    let user = format!("[[admin.user]]\nname = 'sender'\ntoken = \"{SENDER}\"\nrole = 'send'\n");
    let daemon = Daemon::start(&format!("{user}{}", phone.entry("desk"))).await;
    let client = AdminClient::new(daemon.admin());
    let bearer = bearer(SENDER);
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    let body = r#"{"text": "by the API"}"#;
    client
        .request_with_headers("POST", "/api/v1/phones/desk/push", &headers, body)
        .await;
    let page = PageClient::log_in(daemon.admin(), SENDER).await;
    page.request(
        "POST",
        "/page/send",
        "verb=push&phone=desk&text=by+the+page",
    )
    .await;
    stored(&daemon).await;
    let daemon = daemon.crash_and_start().await;
    for (text, kind) in [("by the API", "token"), ("by the page", "page")] {
        let found = deliveries(
            &daemon,
            &format!("asker=sender&text={}", text.replace(' ', "+")),
        )
        .await;
        let [found] = &*found else {
            panic!("{text}: {found:?}")
        };
        assert_eq!(
            (&found["asker"]["kind"], &found["asker"]["name"]),
            (&kind.into(), &"sender".into())
        );
    }
}

#[tokio::test]
async fn session_of_the_page_outlasts_a_restart_and_no_change_of_the_token() {
    let daemon = Daemon::start("").await;
    let page = PageClient::log_in(daemon.admin(), ADMIN).await;
    let daemon = daemon.crash_and_start().await;
    let page = page.at(daemon.admin());
    // With the CSRF token of the page that was open.
    let push = async |page: &PageClient| {
        page.request("POST", "/page/send", "verb=push&phone=desk&text=a")
            .await
            .code
    };
    assert_eq!(push(&page).await, 200);
    // While it is not running.
    let file = daemon.file();
    let daemon = daemon
        .crash_then_start(|| {
            let text = fs::read_to_string(&file).unwrap();
            fs::write(
                &file,
                text.replace(ADMIN, "another token of many characters"),
            )
            .unwrap();
        })
        .await;
    let page = page.at(daemon.admin());
    assert_eq!(push(&page).await, 401);
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

const WATCHER: &str = "watcher's token of many characters";
const SENDER: &str = "sender's token of many characters";
