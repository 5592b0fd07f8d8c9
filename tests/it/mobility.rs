//! Extension Mobility with a simulated call manager, through AGI and over real HTTP.

use std::time::Duration;

use handset_net::tasks::Tasks;
use handset_simulator::cucm::{self, CallManager};
use serde_json::{Value, json};

use super::support::call_variables::CallVariables;
use super::support::daemon::Daemon;
use super::support::held_phone::HeldPhone;

/// A call manager, and a daemon configured for it.
struct Fixture {
    manager: CallManager,
    daemon: Daemon,
    _tasks: Tasks,
}

impl Fixture {
    async fn with(encoding: &str, password: &str, options: cucm::Options) -> Self {
        let tasks = Tasks::new();
        let manager = cucm::start(options, &tasks).await.unwrap();
        let config = format!(
            "[cucm]\nurl = \"{}\"\napp_id = \"MobilityManagerUser\"\npassword = \"{password}\"\n\
             encoding = \"{encoding}\"\n\
             [[phone]]\nname = \"boss\"\nvendor = \"cisco\"\nmodel = \"8851\"\n\
             mac = \"00:00:5E:00:53:01\"\naddress = \"192.0.2.21\"\n\
             [[phone]]\nname = \"nameless\"\nvendor = \"cisco\"\nmodel = \"8851\"\n\
             address = \"192.0.2.22\"\n\
             [[phone]]\nname = \"other\"\nvendor = \"snom\"\nmodel = \"D785\"\n\
             address = \"192.0.2.23\"\n",
            manager.url()
        );
        let daemon = Daemon::start(&config).await;
        Self {
            manager,
            daemon,
            _tasks: tasks,
        }
    }

    async fn run(&self, verb: &str, arguments: &[&str]) -> CallVariables {
        CallVariables::of(self.daemon.agi(), verb, arguments).await
    }
}

#[tokio::test]
async fn users_log_in_and_out_in_every_encoding() {
    for (encoding, follows_dtd) in [("form", false), ("multipart", true), ("query", false)] {
        let options = cucm::Options {
            follows_dtd,
            ..cucm::Options::default()
        };
        let fixture = Fixture::with(encoding, "secret", options).await;
        let login = ["em@example.com", "phone=boss", "minutes=60"];
        assert_eq!(fixture.run("login", &login).await.expect("OK"), "");
        let there = fixture.manager.state().logged_in["SEP00005E005301"].clone();
        assert_eq!(there.user, "em@example.com");
        assert_eq!(
            (there.profile.as_str(), there.minutes),
            ("em@example.com-profile", Some(60))
        );

        let outcome = fixture.run("who", &["phone=boss"]).await;
        outcome.expect("OK");
        let expected = json!({
            "device": "SEP00005E005301", "user": "em@example.com", "last_login": "em@example.com"
        });
        assert_eq!(outcome.result(), expected);
        let outcome = fixture.run("who", &["em@example.com"]).await;
        outcome.expect("OK");
        let expected = json!({
            "user": "em@example.com",
            "devices": ["SEP00005E005301"],
            "profiles": [{ "name": "em@example.com-profile", "default": true }],
        });
        assert_eq!(outcome.result(), expected);

        // On any phone, and by the name of a device.
        fixture
            .run("logout", &["em@example.com"])
            .await
            .expect("OK");
        assert!(fixture.manager.state().logged_in.is_empty());
        let outcome = fixture.run("logout", &["device=00:00:5e:00:53:01"]).await;
        assert!(outcome.expect("REJECTED").contains("code 19"));
        let outcome = fixture.run("who", &["device=SEP00005E005301"]).await;
        assert_eq!(outcome.result()["user"], Value::Null);
        let requests = fixture.manager.state().requests;
        assert!(
            requests.iter().all(|(used, _)| *used == encoding),
            "{requests:?}"
        );
    }
}

#[tokio::test]
async fn call_manager_rejections_are_reported_with_code_and_cure() {
    let fixture = Fixture::with("form", "secret", cucm::Options::default()).await;
    fixture
        .run("login", &["john", "phone=boss"])
        .await
        .expect("OK");
    for (verb, arguments, status, words) in [
        (
            "login",
            vec!["em@example.com", "phone=boss"],
            "REJECTED",
            "code 18",
        ),
        ("login", vec!["nobody", "phone=boss"], "NOTFOUND", "code 23"),
        (
            "login",
            vec!["john", "profile=none", "phone=boss"],
            "NOTFOUND",
            "code 12",
        ),
        (
            "login",
            vec!["john", "device=SEP000000000000"],
            "NOTFOUND",
            "code 11",
        ),
        (
            "logout",
            vec!["em@example.com"],
            "REJECTED",
            "is not logged in",
        ),
        ("logout", vec!["john", "device=SEP9"], "REJECTED", "at SEP9"),
        ("who", vec!["nobody"], "NOTFOUND", "no user nobody"),
        ("who", vec!["device=SEP9"], "NOTFOUND", "no device SEP9"),
        ("who", vec!["john", "device=SEP9"], "INVALID", "one of them"),
        ("who", vec!["phone=nameless"], "NOTFOUND", "mac"),
        ("who", vec!["phone=other"], "UNSUPPORTED", "Snom"),
        (
            "who",
            vec!["phone=boss", "via=http"],
            "UNSUPPORTED",
            "omit via",
        ),
    ] {
        let outcome = fixture.run(verb, &arguments).await;
        let reason = outcome.expect(status);
        assert!(reason.contains(words), "{verb} {arguments:?}: {reason}");
    }
    assert!(
        fixture
            .run("who", &["john", "wait=no"])
            .await
            .expect("QUEUED")
            .is_empty()
    );
    let fixture = Fixture::with("form", "wrong", cucm::Options::default()).await;
    let outcome = fixture.run("who", &["john"]).await;
    assert!(outcome.expect("DENIED").contains("cucm.password"));
    assert!(
        !fixture.daemon.settled_log().await.contains("wrong"),
        "no password is logged"
    );
}

#[tokio::test]
async fn only_a_busy_call_manager_is_retried() {
    let busy = |busy| cucm::Options {
        busy,
        ..cucm::Options::default()
    };
    let fixture = Fixture::with("form", "secret", busy(2)).await;
    fixture
        .run("login", &["john", "phone=boss"])
        .await
        .expect("OK");
    assert_eq!(fixture.manager.state().requests.len(), 3);
    let outcome = fixture.run("login", &["nobody", "phone=boss"]).await;
    outcome.expect("NOTFOUND");
    assert_eq!(fixture.manager.state().requests.len(), 4);
    let fixture = Fixture::with("form", "secret", busy(100)).await;
    let outcome = fixture.run("who", &["john"]).await;
    assert!(outcome.expect("UNREACHABLE").contains("code 26"));
    assert_eq!(fixture.manager.state().requests.len(), 4);
}

#[tokio::test]
async fn missing_call_manager_is_reported_with_its_cure() {
    let daemon = Daemon::start("").await;
    let outcome = CallVariables::of(daemon.agi(), "who", &["john"]).await;
    assert!(outcome.expect("UNSUPPORTED").contains("[cucm]"));
    let config = "[cucm]\nurl = \"http://127.0.0.1:9/x\"\napp_id = \"a\"\npassword = \"b\"";
    let daemon = Daemon::start(config).await;
    let outcome = CallVariables::of(daemon.agi(), "who", &["john"]).await;
    assert!(outcome.expect("UNREACHABLE").contains("cannot connect"));
    daemon.reconfigure(&config.replace("\"b\"", "\"c\""));
    assert!(daemon.line("need a restart").await.contains("[cucm]"));
}

#[tokio::test]
async fn busy_call_manager_is_not_asked_again_where_no_answer_can_be_expected_in_time() {
    let manager = HeldPhone::new().await;
    let daemon = Daemon::start(&format!(
        "[cucm]\nurl = \"http://{}/em\"\napp_id = \"a\"\npassword = \"b\"\n",
        manager.address()
    ))
    .await;
    let busy = async {
        loop {
            let request = manager.request().await;
            tokio::time::sleep(Duration::from_millis(600)).await;
            request.reply(BUSY).await;
        }
    };
    let arguments = ["device=SEP00005E005301", "deadline=1"];
    let outcome = tokio::select! {
        () = busy => unreachable!("it has no end"),
        outcome = CallVariables::of(daemon.agi(), "logout", &arguments) => outcome,
    };
    // Not UNKNOWN, as of a query that was cut off.
    assert!(outcome.expect("UNREACHABLE").contains("code 26"));
}

const BUSY: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n<response> <failure> <error \
    code= \"26\" > EMService is busy </error> </failure> </response>";
