use super::*;
use crate::admin::daemons::Part;
use crate::resolver::PhoneSummary;

fn row(server: &str, name: &str) -> PhoneRow {
    let text = |text: &str| text.to_owned();
    PhoneRow {
        phone: PhoneSummary {
            name: text(name),
            server: text(server),
            endpoint: if server.is_empty() {
                String::new()
            } else {
                format!("PJSIP/{name}")
            },
            address: text("192.0.2.1:80"),
            ..PhoneSummary::default()
        },
        state: super::super::row::Activity::default(),
        shown: Shown::Registered,
        push: None,
    }
}

fn lists(parts: Vec<(&str, Vec<PhoneRow>)>) -> Gathered<PhoneList> {
    let part = |(daemon, rows): (&str, Vec<PhoneRow>)| Part {
        daemon: Some(daemon.into()),
        answer: PhoneList {
            summary: Summary::of(&rows),
            errors: vec!["Asterisk is away".to_owned()],
            rows,
        },
    };
    Gathered {
        parts: parts.into_iter().map(part).collect(),
        missing: Vec::new(),
    }
}

#[test]
fn phone_of_two_daemons_is_listed_once() {
    let merged = merge(lists(vec![
        (
            "a",
            vec![row("pbx", "1001"), row("", "lab"), row("", "lab")],
        ),
        (
            "b",
            vec![row("pbx", "1001"), row("pbx", "1002"), row("", "lab")],
        ),
    ]));
    let rows = merged.rows.iter();
    let rows: Vec<_> = rows
        .map(|(daemon, row)| (daemon.as_deref().unwrap(), row.phone.name.as_str()))
        .collect();
    // Nothing shows that phones without a server are the same.
    let expected = [
        ("a", "1001"),
        ("a", "lab"),
        ("a", "lab"),
        ("b", "1002"),
        ("b", "lab"),
    ];
    assert_eq!(rows, expected);
    assert_eq!(
        merged.errors,
        ["a: Asterisk is away", "b: Asterisk is away"]
    );
    assert_eq!(merged.summary.count(Shown::Registered), 6);
}

#[test]
fn names_that_mean_several_phones_have_their_server() {
    let mut rows = merge(lists(vec![
        ("a", vec![row("berlin", "1001")]),
        (
            "b",
            vec![
                row("hamburg", "1001"),
                row("hamburg", "1002"),
                row("hamburg", "1003"),
            ],
        ),
        ("c", vec![row("kiel", "1003"), row("", "1001")]),
    ]))
    .rows;
    // 1002 is a name here that the list does not show.
    qualify(&mut rows, Some("a"), |name| name == "1002");
    let names: Vec<_> = rows
        .iter()
        .map(|(_, row)| row.phone.name.as_str())
        .collect();
    let expected = [
        "1001",
        "hamburg/1001",
        "hamburg/1002",
        "hamburg/1003",
        "kiel/1003",
        "1001",
    ];
    assert_eq!(names, expected);
}

#[test]
fn rows_of_other_versions_are_read() {
    let newer = r#"{"rows": [{"name": "1001", "shown": "dancing", "colour": "red", "csta": {"mood": 1}}],
        "states": {"dancing": 1}, "total": 1, "weather": "fine"}"#;
    let list: PhoneList = serde_json::from_str(newer).unwrap();
    let row = &list.rows[0];
    assert_eq!(
        (row.phone.name.as_str(), row.shown),
        ("1001", Shown::Unfollowed)
    );
    assert!(row.phone.csta.is_some());
    for wrong in [r#"{"rows": [{"name": 5}]}"#, r#"{"rows": {}}"#, "[]", "5"] {
        assert!(serde_json::from_str::<PhoneList>(wrong).is_err(), "{wrong}");
    }
}
