use std::time::{Duration, SystemTime};

use super::*;
use crate::outcome::{Outcome, Status, StepRecord};

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

fn request(text: &str) -> RequestInfo {
    let requester = Requester::Call {
        channel: "PJSIP/1001-0000002a".to_owned(),
        extension: "700@phones".to_owned(),
    };
    RequestInfo::new(
        requester,
        "push",
        vec![pair("text", text), pair("phone", "1001")],
    )
}

fn deliver(history: &History, text: &str, phone: &str, status: Status) {
    let open = history.begin(&request(text), phone, None);
    history.end(open, &Outcome::at(phone, None, status, "because"));
}

#[test]
fn deliveries_are_queued_until_they_end() {
    let history = History::new(Config::default());
    let mut changes = history.changes();
    let open = history.begin(&request("Hello"), "1001", None);
    let found = history.find(&Search::default(), 10);
    assert_eq!((found[0].status, found[0].duration), (Status::Queued, None));
    let mut outcome = Outcome::at("1001", None, Status::Ok, "done");
    outcome.steps = Box::new([StepRecord {
        transport: "http",
        request: "POST http://u:hush@192.0.2.1/".to_owned(),
        reply: "200".to_owned(),
        duration: Duration::from_millis(20),
    }]);
    history.end(open, &outcome);
    let found = history.find(&Search::default(), 10);
    assert_eq!(found.len(), 1);
    let json = found[0].to_json();
    assert_eq!(json["status"], "OK");
    assert_eq!(
        json["steps"][0]["sent"],
        "POST http://[redacted]@192.0.2.1/"
    );
    assert_eq!(json["steps"][0]["took"], 0.02);
    assert_eq!(json["asker"]["extension"], "700@phones");
    for (status, is_end) in [(Status::Queued, false), (Status::Ok, true)] {
        let change = changes.try_recv().unwrap();
        assert_eq!((change.record.status, change.is_end), (status, is_end));
    }
}

#[test]
fn history_is_bounded_in_number() {
    let config = Config {
        count: 3,
        ..Config::default()
    };
    let history = History::new(config);
    let late = history.begin(&request("first"), "1000", None);
    for phone in ["1001", "1002", "1003"] {
        deliver(&history, "a", phone, Status::Ok);
    }
    // Dropped already; its end does not bring it back.
    history.end(late, &Outcome::at("1000", None, Status::Ok, ""));
    let phones = |history: &History| {
        let found = history.find(&Search::default(), 10);
        found
            .iter()
            .map(|record| record.phone.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(phones(&history), ["1003", "1002", "1001"]);
    history.reconfigure(Config { count: 1, ..config });
    assert_eq!(phones(&history), ["1003"]);
}

#[test]
fn history_is_bounded_in_bytes() {
    let config = Config {
        count: 1000,
        ..Config::default()
    };
    let history = History::new(config);
    // As a call can send them: `phone` with 31 kB of names, and a channel as long.
    let name = "x".repeat(31_000);
    for _ in 0..300 {
        let requester = Requester::Call {
            channel: name.clone(),
            extension: name.clone(),
        };
        let keys = (0..5).map(|_| pair("phone", &name)).collect();
        let request = RequestInfo::new(requester, &name, keys);
        let open = history.begin(&request, &name, None);
        let mut outcome = Outcome::at(&name, None, Status::NotFound, name.clone());
        let step = || StepRecord {
            transport: "http",
            request: name.clone(),
            reply: name.clone(),
            duration: Duration::ZERO,
        };
        outcome.steps = Box::new([step(), step(), step()]);
        history.end(open, &outcome);
    }
    // The oldest make room, and what is counted is what there is.
    let found = history.find(&Search::default(), usize::MAX);
    let bytes: usize = found.iter().map(|record| record.memory()).sum();
    assert!(bytes <= config.max_bytes(), "{bytes}");
    assert!((50..200).contains(&found.len()), "{}", found.len());
    let first = found[0].to_json();
    assert_eq!(
        first["phone"].as_str().unwrap().len(),
        256 + "… (31,000 bytes)".len()
    );
    assert!(
        first["reason"]
            .as_str()
            .unwrap()
            .ends_with("… (31,000 bytes)")
    );
    assert!(
        first["asker"]["channel"]
            .as_str()
            .unwrap()
            .ends_with("… (31,000 bytes)")
    );
}

#[test]
fn keys_are_kept_once_for_all_phones_of_a_request() {
    let history = History::new(Config::default());
    let request = request("Hello");
    let phones = ["1001", "1002"].map(|phone| history.begin(&request, phone, None));
    let found = history.find(&Search::default(), 2);
    assert!(std::sync::Arc::ptr_eq(&found[0].keys, &found[1].keys));
    drop(phones);
    // A reload may forbid texts in the meantime.
    history.reconfigure(Config {
        texts: false,
        ..Config::default()
    });
    let _third = history.begin(&request, "1003", None);
    let found = history.find(&Search::default(), 1);
    assert_eq!(found[0].to_json()["keys"]["text"], "[left out]");
}

#[tokio::test(start_paused = true)]
async fn records_expire_by_the_monotonic_clock() {
    let time = Duration::from_mins(1);
    let history = History::new(Config {
        time,
        ..Config::default()
    });
    deliver(&history, "a", "1001", Status::Ok);
    let found = || history.find(&Search::default(), 10).len();
    // Only the monotonic clock moves.
    tokio::time::advance(time).await;
    assert_eq!(found(), 1);
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(found(), 0);
}

#[test]
fn every_criterion_of_a_search_narrows_it() {
    let history = History::new(Config::default());
    deliver(&history, "Hello world", "1001", Status::Ok);
    deliver(&history, "Good bye", "1002", Status::Denied);
    let found = |search: Search| {
        let found = history.find(&search, 10);
        found
            .iter()
            .map(|record| record.phone.clone())
            .collect::<Vec<_>>()
    };
    let some = |text: &str| Some(text.to_owned());
    let all = Search::default;
    assert_eq!(
        found(Search {
            phone: some("1001"),
            ..all()
        }),
        ["1001"]
    );
    assert_eq!(
        found(Search {
            status: Some(Status::Denied),
            ..all()
        }),
        ["1002"]
    );
    assert_eq!(
        found(Search {
            text: some("WORLD"),
            ..all()
        }),
        ["1001"]
    );
    assert_eq!(
        found(Search {
            requester: some("700@phones"),
            ..all()
        })
        .len(),
        2
    );
    assert_eq!(
        found(Search {
            requester: some("rule"),
            ..all()
        })
        .len(),
        0
    );
    assert_eq!(
        found(Search {
            verb: some("ring"),
            ..all()
        })
        .len(),
        0
    );
    let later = SystemTime::now() + Duration::from_secs(5);
    assert_eq!(
        found(Search {
            since: Some(later),
            ..all()
        })
        .len(),
        0
    );
    assert_eq!(history.find(&all(), 1)[0].phone, "1002");
    let id = history.find(&all(), 2)[1].id.to_string();
    assert_eq!(
        found(Search {
            id: Some(id),
            ..all()
        }),
        ["1001"]
    );
}

#[test]
fn texts_are_left_out_of_keys_reasons_and_steps() {
    let history = History::new(Config {
        texts: false,
        ..Config::default()
    });
    let open = history.begin(&request("Confidential"), "1001", None);
    let mut outcome = Outcome::at("1001", None, Status::Rejected, "not Confidential");
    outcome.steps = Box::new([StepRecord {
        transport: "http",
        request: "<Text>Confidential</Text>".to_owned(),
        reply: "no Confidential".to_owned(),
        duration: Duration::ZERO,
    }]);
    history.end(open, &outcome);
    let keys = [("text".to_owned(), "Confidential".to_owned())];
    let reason = history.reason_to_json("not Confidential", &keys);
    assert_eq!(reason, "not [left out]");
    let shown = format!("{:?}", history.find(&Search::default(), 1));
    assert!(
        !shown.contains("Confidential") && shown.contains("[left out]"),
        "{shown}"
    );
}

#[test]
fn since_is_a_point_in_time_or_an_age() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_hours(24);
    assert_eq!(parse_time("1h", now), Ok(now - Duration::from_hours(1)));
    assert_eq!(
        parse_time("1970-01-02T00:00:00Z", SystemTime::now()),
        Ok(now)
    );
    assert!(parse_time("yesterday", now).unwrap_err().contains("use 1h"));
}
