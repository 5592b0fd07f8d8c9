use std::collections::BTreeMap;
use std::future::{Ready, ready};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;
use crate::fleet::Peer;

/// Daemons with scripted answers. This one is called `site-a`.
#[derive(Debug, Default)]
pub(in crate::admin) struct FakePeers {
    /// The answer of each; a daemon without one times out.
    answers: BTreeMap<String, Bytes>,
    absent: BTreeMap<String, String>,
    /// The daemons that were queried, with the queries.
    pub(in crate::admin) asked: Mutex<Vec<(String, Value)>>,
}

impl FakePeers {
    pub(in crate::admin) fn answering(mut self, daemon: &str, answer: &Value) -> Self {
        let answer = json!({"answer": answer}).to_string();
        self.answers.insert(daemon.to_owned(), answer.into());
        self
    }

    fn replying(mut self, daemon: &str, reply: &str) -> Self {
        let reply = Bytes::copy_from_slice(reply.as_bytes());
        self.answers.insert(daemon.to_owned(), reply);
        self
    }

    fn without(mut self, daemon: &str, reason: &str) -> Self {
        self.absent.insert(daemon.to_owned(), reason.to_owned());
        self
    }

    pub(in crate::admin) fn daemons(self) -> (Daemons, Arc<Self>) {
        let peers = Arc::new(self);
        (Daemons::new(Some(Arc::clone(&peers) as _)), peers)
    }
}

impl Peers for FakePeers {
    fn own_name(&self) -> &'static str {
        "site-a"
    }

    fn others(&self) -> Vec<Peer> {
        let live = self.answers.keys().map(|name| (name, None));
        let absent = self.absent.iter();
        let absent = absent.map(|(name, reason)| (name, Some(reason.clone())));
        let mut others: Vec<Peer> = live
            .chain(absent)
            .map(|(name, absence)| Peer {
                name: name.clone(),
                absence,
            })
            .collect();
        others.sort_by(|a, b| a.name.cmp(&b.name));
        others
    }

    fn answers_for(&self, server: &str) -> bool {
        server != "other"
    }

    fn query<'a>(
        &'a self,
        daemon: &'a str,
        question: Bytes,
        _until: Instant,
    ) -> BoxFuture<'a, Result<Bytes, QueryError>> {
        let asked = serde_json::from_slice(&question).unwrap();
        self.asked.lock().push((daemon.to_owned(), asked));
        let answer = self.answers.get(daemon).cloned();
        async move {
            match answer {
                Some(answer) if answer.is_empty() => std::future::pending().await,
                Some(answer) => Ok(answer),
                None => Err(QueryError::NotSent("it is not known".to_owned())),
            }
        }
        .boxed()
    }
}

/// A query for words.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Words;

impl Question for Words {
    const NAME: &'static str = "words";
    type Answer = Vec<String>;

    fn shorten(words: &mut Vec<String>) -> bool {
        words.truncate(words.len() / 2);
        !words.is_empty()
    }
}

fn here() -> Ready<Vec<String>> {
    ready(vec!["a".to_owned()])
}

fn words(gathered: Gathered<Vec<String>>) -> (Vec<String>, Vec<String>) {
    let (rows, missing) = gathered.into_rows();
    let row = |(daemon, word): (Option<Arc<str>>, String)| match daemon {
        Some(daemon) => format!("{daemon}: {word}"),
        None => word,
    };
    (
        rows.into_iter().map(row).collect(),
        missing.iter().map(ToString::to_string).collect(),
    )
}

#[tokio::test]
async fn the_only_daemon_has_no_name_and_sends_no_query() {
    let daemons = Daemons::default();
    let gathered = daemons.gather(&Wanted::All, &Words, here()).await;
    assert_eq!(words(gathered), (vec!["a".to_owned()], vec![]));
    assert!(daemons.names().is_empty() && daemons.answers_for("any"));
    assert!(daemons.wanted("site-b").unwrap_err().contains("[cluster]"));
    let until = Instant::now();
    assert!(daemons.ask("site-b", &Words, until).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn answers_are_gathered_and_who_does_not_answer_is_named() {
    let (daemons, peers) = FakePeers::default()
        .answering("site-b", &json!(["b", "c"]))
        .replying(
            "site-c",
            r#"{"error": "it does not know the question \"words\""}"#,
        )
        .replying("site-d", "")
        .replying("site-e", r#"{"answer": {"not": "words"}}"#)
        .replying(
            "site-f",
            r#"{"is_cut": true, "answer": ["f"], "colour": "red"}"#,
        )
        .replying("site-g", "{}")
        .without("site-h", "it has been gone since 12:00")
        .daemons();
    let gathered = daemons.gather(&Wanted::All, &Words, here()).await;
    let (rows, missing) = words(gathered);
    assert_eq!(rows, ["site-a: a", "site-b: b", "site-b: c", "site-f: f"]);
    let expected = [
        "site-c: it does not know the question \"words\"",
        "site-d: it did not answer in time",
        "site-e: its answer is not understood",
        "site-f: it has more than is shown",
        "site-g: its answer is empty",
        "site-h: it has been gone since 12:00",
    ];
    assert_eq!(missing.len(), expected.len(), "{missing:?}");
    for (reason, expected) in missing.iter().zip(expected) {
        assert!(reason.starts_with(expected), "{reason}");
    }
    // A daemon that is gone is not queried.
    assert_eq!(peers.asked.lock().len(), 6);
    assert_eq!(daemons.names().len(), 8);
}

#[tokio::test]
async fn a_single_daemon_can_be_queried() {
    let daemons = || {
        FakePeers::default()
            .answering("site-b", &json!(["b"]))
            .without("site-c", "it is gone")
            .daemons()
    };
    for (name, expected) in [
        ("site-a", (vec!["site-a: a"], vec![])),
        ("site-b", (vec!["site-b: b"], vec![])),
        ("site-c", (vec![], vec!["site-c: it is gone"])),
    ] {
        let (daemons, _) = daemons();
        let wanted = daemons.wanted(name).unwrap();
        let (rows, missing) = words(daemons.gather(&wanted, &Words, here()).await);
        let (rows, missing): (Vec<&str>, Vec<&str>) = (
            rows.iter().map(String::as_str).collect(),
            missing.iter().map(String::as_str).collect(),
        );
        assert_eq!((rows, missing), expected, "{name}");
    }
    let (daemons, _) = daemons();
    let reason = daemons.wanted("site-x").unwrap_err();
    assert!(
        reason.ends_with("use one of site-a, site-b, site-c"),
        "{reason}"
    );
}

#[tokio::test]
async fn each_of_many_daemons_may_answer_less() {
    let mut peers = FakePeers::default();
    for number in 0..20 {
        peers = peers.answering(&format!("site-{number}"), &json!([]));
    }
    let (daemons, peers) = peers.daemons();
    daemons.gather(&Wanted::All, &Words, here()).await;
    let asked = peers.asked.lock();
    let total: u64 = asked
        .iter()
        .map(|(_, asked)| asked["max_bytes"].as_u64().unwrap())
        .sum();
    assert!(total <= MAX_ANSWERS as u64, "{total}");
}

#[test]
fn long_answers_are_cut_and_say_so() {
    let answer: Vec<String> = (0..1000).map(|number| format!("word {number}")).collect();
    let (read, is_cut): (Vec<String>, bool) =
        parse(&write::<Words>(answer.clone(), 100_000)).unwrap();
    assert_eq!((read.len(), is_cut), (1000, false));
    let written = write::<Words>(answer.clone(), 1000);
    assert!(written.len() <= 1000);
    let (read, is_cut): (Vec<String>, bool) = parse(&written).unwrap();
    assert_eq!((&*read, is_cut), (&answer[..62], true));
    let error = parse::<Vec<String>>(&write::<Words>(vec!["x".repeat(200)], 100)).unwrap_err();
    assert!(error.contains("too long"), "{error}");
}
