//! The users of the admin server, and what their roles permit.

use handset_phones::verb::{TABLE, Verb};
use handset_simulator::Vendor;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

use super::support::admin_client::{AdminClient, Response};
use super::support::daemon::Daemon;
use super::support::page_client::{PageClient, post_token};
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

const WATCHER: &str = "watcher's token of many characters";
const SENDER: &str = "sender's token of many characters";
const CHIEF: &str = "chief's token of many characters";

fn users() -> String {
    let user = |name, token, role| {
        format!("[[admin.user]]\nname = '{name}'\ntoken = \"{token}\"\nrole = '{role}'\n")
    };
    [
        user("watcher", WATCHER, "read"),
        user("sender", SENDER, "send"),
        user("chief", CHIEF, "admin"),
    ]
    .concat()
}

/// Sends a request with a token.
async fn ask(daemon: &Daemon, token: &str, method: &str, path: &str, body: &str) -> Response {
    let bearer = format!("Bearer {token}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    let path = format!("/api/v1/{path}");
    AdminClient::new(daemon.admin())
        .request_with_headers(method, &path, &headers, body)
        .await
}

#[tokio::test]
async fn role_decides_what_a_user_may_do() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let daemon = Daemon::start(&format!("{}{}", users(), sim_phone.entry("desk"))).await;
    for token in [WATCHER, SENDER, CHIEF] {
        for path in ["phones", "phones/desk", "deliveries", "openapi.json"] {
            let answer = ask(&daemon, token, "GET", path, "").await;
            assert_eq!(answer.code, 200, "{path}");
        }
    }
    // No valid request is needed to learn what the role forbids; nothing reaches the phone.
    for verb in Verb::ALL {
        let path = format!("phones/desk/{verb}");
        let (code, status, reason) = ask(&daemon, WATCHER, "POST", &path, "{}").await.outcome();
        assert_eq!((code, status.as_str()), (403, "INVALID"), "{verb}");
        assert_eq!(reason, "POST requires the role send; watcher has read");
    }
    assert!(sim_phone.received().is_empty());
    let before = sim_phone.received().len();
    for (verb, body, what) in [
        ("reboot", "{}", "reboot"),
        ("resync", "{}", "resync"),
        ("settings", r#"{"get": "a"}"#, "settings"),
        ("settings", r#"{"set": "a=b"}"#, "settings"),
        ("key", r#"{"keys": "OK"}"#, "key"),
        ("execute", r#"{"uri": "Key:OK"}"#, "execute"),
        ("notify", r#"{"event": "check-sync"}"#, "notify"),
        ("csta", r#"{"request": "MakeCall"}"#, "csta"),
        (
            "firmware",
            r#"{"url": "http://192.0.2.9/a", "confirm": "yes"}"#,
            "firmware",
        ),
        (
            "push",
            r#"{"xml": "<YealinkIPPhoneExecute/>"}"#,
            "push with xml",
        ),
        ("push", r#"{"url": "http://192.0.2.9/a"}"#, "push with url"),
        (
            "push",
            r#"{"item": ["A|exit", "B|http://192.0.2.9/a"]}"#,
            "push with a URL in item",
        ),
        (
            "push",
            r#"{"text": "a", "softkey": "B|http://192.0.2.9/a"}"#,
            "push with a URL in softkey",
        ),
        (
            "push",
            r#"{"input": "A|a|text", "submit": "http://192.0.2.9/a"}"#,
            "push with submit",
        ),
        (
            "ring",
            r#"{"tone": "http://192.0.2.9/a.xml"}"#,
            "ring with a URL in tone",
        ),
    ] {
        let path = format!("phones/desk/{verb}");
        let (code, status, reason) = ask(&daemon, SENDER, "POST", &path, body).await.outcome();
        assert_eq!((code, status.as_str()), (403, "INVALID"), "{verb} {body}");
        let expected = format!("{what} requires the role admin; sender has send");
        assert_eq!(reason, expected);
    }
    assert_eq!(sim_phone.received().len(), before);
    for token in [SENDER, CHIEF] {
        let text = r#"{"text": "Hello"}"#;
        let answer = ask(&daemon, token, "POST", "phones/desk/push", text).await;
        assert_eq!(answer.outcome().0, 200);
    }
    let xml = r#"{"xml": "<YealinkIPPhoneTextScreen><Title>a</Title><Text>b</Text></YealinkIPPhoneTextScreen>"}"#;
    let answer = ask(&daemon, CHIEF, "POST", "phones/desk/push", xml).await;
    assert_eq!(answer.outcome().0, 200);
    // Refusals are recorded with the name of the user.
    let refused = ask(
        &daemon,
        WATCHER,
        "GET",
        "deliveries?asker=sender&verb=reboot",
        "",
    )
    .await;
    let refused = &refused.json()["result"][0];
    assert_eq!(
        refused["asker"],
        serde_json::json!({"kind": "token", "name": "sender"})
    );
    assert_eq!(refused["status"], "INVALID");
    assert_eq!(TABLE.len(), Verb::ALL.len());
}

#[tokio::test]
async fn users_are_identified_by_their_tokens_whatever_client_they_name() {
    let daemon = Daemon::start(&users()).await;
    let bearer = format!("Bearer {SENDER}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("User-Agent", "handsetd-send/0.2.0"),
    ];
    let admin = AdminClient::new(daemon.admin());
    let answer = admin
        .request_with_headers("POST", "/api/v1/do/push", &headers, "{}")
        .await;
    assert_eq!(answer.code, 400);
    let asker = &admin.get("/api/v1/deliveries").await.json()["result"][0]["asker"];
    let expected = serde_json::json!({"kind": "command-line", "name": "sender"});
    assert_eq!(*asker, expected);
    // The same Idempotency-Key of two users is two keys.
    for (token, code) in [(SENDER, 403), (CHIEF, 404)] {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "1")];
        let body = r#"{"phone": "192.0.2.7"}"#;
        let answer = admin
            .request_with_headers("POST", "/api/v1/do/reboot", &headers, body)
            .await;
        assert_eq!(answer.code, code);
    }
}

#[tokio::test]
async fn users_cancel_their_own_deliveries_and_administrators_all() {
    // An image that never arrives keeps the deliveries from being sent.
    let slow = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = slow.local_addr().unwrap();
    // Pushes to one address would replace each other.
    let phone = |(name, address)| {
        format!(
            "[[phone]]\nname = '{name}'\nvendor = 'yealink'\nmodel = 'T46G'\n\
             address = '{address}:1'\n"
        )
    };
    let phones = [("a", "127.0.0.2"), ("b", "127.0.0.3"), ("c", "127.0.0.4")]
        .map(phone)
        .concat();
    let config = format!("{}[media]\nhosts = [\"{address}\"]\n{phones}", users());
    let daemon = Daemon::start(&config).await;
    let body = format!(r#"{{"image": "http://{address}/a.png", "wait": "no"}}"#);
    let push = async |token: &str, phone: &str| {
        let path = format!("phones/{phone}/push");
        let answer = ask(&daemon, token, "POST", &path, &body).await;
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        format!("deliveries/{id}")
    };
    let own = push(SENDER, "a").await;
    let chiefs = push(CHIEF, "b").await;
    let watched = push(SENDER, "c").await;
    let cancel = async |token: &str, path: &str| {
        let outcome = ask(&daemon, token, "DELETE", path, "").await.outcome();
        (outcome.0, outcome.2)
    };
    assert_eq!(
        cancel(WATCHER, &watched).await,
        (
            403,
            "cancelling a delivery requires the role send; watcher has read".to_owned()
        )
    );
    assert_eq!(
        cancel(SENDER, &chiefs).await,
        (
            403,
            "cancelling a delivery of others requires the role admin; sender has send".to_owned()
        )
    );
    assert_eq!(cancel(SENDER, "deliveries/123456789abc").await.0, 403);
    assert_eq!(cancel(SENDER, &own).await.0, 200);
    let page = PageClient::log_in(daemon.admin(), WATCHER).await;
    let answer = page.request("DELETE", &format!("/page/{chiefs}"), "").await;
    assert_eq!(answer.code, 403);
    for path in [chiefs, watched] {
        assert_eq!(cancel(CHIEF, &path).await, (200, String::new()));
    }
    daemon.line("cancelled by token sender before").await;
}

#[tokio::test]
async fn page_shows_and_does_what_the_role_permits() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let daemon = Daemon::start(&format!("{}{}", users(), sim_phone.entry("desk"))).await;
    let watcher = PageClient::log_in(daemon.admin(), WATCHER).await;
    let sender = PageClient::log_in(daemon.admin(), SENDER).await;
    let chief = PageClient::log_in(daemon.admin(), CHIEF).await;
    let option = |verb: &str| format!("<option>{verb}</option>\n");
    assert!(watcher.home.contains("watcher (read)"));
    let form = async |page: &PageClient| {
        let answer = page.request("GET", "/send", "").await;
        String::from_utf8(answer.body).unwrap()
    };
    let forms = [
        form(&watcher).await,
        form(&sender).await,
        form(&chief).await,
    ];
    assert!(!forms[0].contains("id=\"request\"") && !watcher.home.contains("href=\"/send\""));
    assert!(forms[1].contains(&option("dial")) && !forms[1].contains(&option("reboot")));
    assert!(forms[2].contains(&option("reboot")));
    for path in [
        "phones",
        "phones/desk",
        "deliveries",
        "events",
        "rules",
        "health",
        "pages",
    ] {
        let answer = watcher.request("GET", &format!("/{path}"), "").await;
        assert_eq!(answer.code, 200, "{path}");
        let view = String::from_utf8(answer.body).unwrap();
        assert!(!view.contains("/page/send"), "{path}");
    }
    // What the page hides is refused as well.
    let text = "verb=push&phone=desk&text=Hello";
    let answer = watcher.request("POST", "/page/send", text).await;
    assert_eq!(answer.code, 403);
    let answer = watcher.request("POST", "/page/preview", text).await;
    let answer = String::from_utf8(answer.body).unwrap();
    assert!(answer.contains("requires the role send"), "{answer}");
    let reboot = "verb=reboot&phone=desk";
    let answer = sender.request("POST", "/page/send", reboot).await;
    let answer = String::from_utf8(answer.body).unwrap();
    assert!(
        answer.contains("reboot requires the role admin; sender has send"),
        "{answer}"
    );
    assert!(sim_phone.received().is_empty());
    let answer = sender.request("POST", "/page/send", text).await;
    let answer = String::from_utf8(answer.body).unwrap();
    assert!(answer.contains("OK"), "{answer}");
    let found = ask(&daemon, WATCHER, "GET", "deliveries?status=OK", "").await;
    assert_eq!(
        found.json()["result"][0]["asker"],
        serde_json::json!({"kind": "page", "name": "sender"})
    );
}

#[tokio::test]
async fn reload_ends_what_removed_users_have_open() {
    let daemon = Daemon::start(&users()).await;
    let stream = async |token: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str())];
        let admin = AdminClient::new(daemon.admin());
        let mut stream = admin.open("GET", "/api/v1/events", &headers, "").await;
        let mut start = [0; 12];
        soon("the head", stream.read_exact(&mut start))
            .await
            .unwrap();
        assert_eq!(&start, b"HTTP/1.1 200");
        stream
    };
    let [mut removed, mut kept] = [stream(SENDER).await, stream(CHIEF).await];
    let page = PageClient::log_in(daemon.admin(), SENDER).await;
    let kept_page = PageClient::log_in(daemon.admin(), CHIEF).await;
    let mut updates = page.updates().await;
    let logged_out = PageClient::log_in(daemon.admin(), CHIEF).await;
    let mut logged_out_updates = logged_out.updates().await;

    let csrf = logged_out
        .home
        .split("name=\"csrf\" value=\"")
        .nth(1)
        .unwrap();
    let csrf = csrf.split('"').next().unwrap();
    let form = format!("csrf={csrf}");
    assert_eq!(logged_out.request("POST", "/logout", &form).await.code, 303);
    end(&mut logged_out_updates).await;

    let without_sender = users().replace("name = 'sender'", "name = 'seller'");
    let new = "new token of many characters";
    daemon.reconfigure(&without_sender.replace(SENDER, new));
    daemon.line("Configuration reloaded.").await;
    let log = daemon.settled_log().await;
    assert!(!log.contains("need a restart"), "{log}");
    end(&mut removed).await;
    end(&mut updates).await;
    assert_eq!(page.request("GET", "/page/fields", "").await.code, 401);
    assert_eq!(ask(&daemon, SENDER, "GET", "phones", "").await.code, 401);
    assert_eq!(post_token(daemon.admin(), SENDER).await.code, 401);
    assert_eq!(ask(&daemon, new, "GET", "phones", "").await.code, 200);
    // Nothing changes for those whose entry is the same.
    assert_eq!(kept_page.request("GET", "/page/fields", "").await.code, 200);
    ask(
        &daemon,
        CHIEF,
        "POST",
        "do/push",
        r#"{"text": "a", "phone": "192.0.2.7"}"#,
    )
    .await;
    let mut received = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&received).contains("handsetd.delivery") {
            received.push(kept.read_u8().await.unwrap());
        }
    };
    soon("an event", reading).await;
}

#[tokio::test]
async fn users_cannot_take_all_event_streams() {
    let daemon = Daemon::start(&users()).await;
    let admin = AdminClient::new(daemon.admin());
    let listen = async |token: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str())];
        let mut stream = admin.open("GET", "/api/v1/events", &headers, "").await;
        let mut start = [0; 12];
        let read = stream.read_exact(&mut start);
        soon("the head", read).await.unwrap();
        start.ends_with(b"200").then_some(stream)
    };
    let mut streams = Vec::new();
    while let Some(stream) = listen(WATCHER).await {
        streams.push(stream);
    }
    assert_eq!(streams.len(), 48, "three quarters of 64");
    assert!(listen(SENDER).await.is_none());
    assert!(listen(CHIEF).await.is_some());
}

/// Waits for the end of a stream.
async fn end(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    let _ = soon("the end of the stream", stream.read_to_end(&mut rest)).await;
}
