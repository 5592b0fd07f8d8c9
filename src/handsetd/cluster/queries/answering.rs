//! Answers the queries of other daemons.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use handset_cluster::{Incoming, Reply};
use handset_net::expiring::ExpiringMap;
use handset_net::random;
use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout_at};

use super::parts::{Asked, Part, count, part};
use crate::fleet::AnswerQuestions;

/// Answers queries, each in a separate task, until `tasks` stop.
pub(crate) async fn answer(
    mut questions: mpsc::Receiver<Incoming>,
    answers: Arc<dyn AnswerQuestions>,
    tasks: Tasks,
) {
    let stop = tasks.stop();
    let kept = Kept::default();
    let places = Arc::new(Semaphore::new(MAX_ANSWERING));
    loop {
        let question = tokio::select! {
            () = stop.cancelled() => return,
            question = questions.recv() => question,
        };
        let Some(question) = question else { return };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            let reason = "the daemon answers too many questions already";
            question.reply.refuse(reason).await;
            continue;
        };
        let (answers, kept) = (Arc::clone(&answers), kept.clone());
        tasks.spawn("query", async move {
            reply(question, answers, &kept).await;
            drop(place);
        });
    }
}

async fn reply(question: Incoming, answers: Arc<dyn AnswerQuestions>, kept: &Kept) {
    let Incoming {
        from,
        body,
        deadline,
        reply,
        ..
    } = question;
    let (id, number, answer) = match Asked::parse(&body) {
        Some(Asked::Question(question)) => {
            let answer = answers.answer(from.to_string(), question);
            // The requester no longer waits.
            let Ok(answer) = timeout_at(deadline, answer).await else {
                return;
            };
            let id = random::hex_token::<16>();
            if 1 < count(&answer) {
                kept.insert(&id, answer.clone());
            }
            (id, 0, answer)
        }
        Some(Asked::Part { id, number }) => match kept.get(&id) {
            Some(answer) => (id, number, answer),
            None => {
                return reply
                    .refuse("the answer is no longer kept; ask again")
                    .await;
            }
        },
        None => {
            return reply
                .refuse("the question is in no form that is understood")
                .await;
        }
    };
    send(reply, id, number, &answer).await;
}

async fn send(reply: Reply, id: String, number: usize, answer: &Bytes) {
    let Some(bytes) = part(answer, number) else {
        return reply.refuse("the answer has no such part").await;
    };
    let part = Part {
        id,
        count: count(answer),
        bytes,
    };
    // The requester reports this daemon as one that did not answer.
    let _ = reply.send(part.to_bytes()).await;
}

/// The long answers whose parts may be requested.
#[derive(Clone, Debug)]
struct Kept(Arc<Mutex<ExpiringMap<String, Bytes>>>);

impl Default for Kept {
    fn default() -> Self {
        let map = ExpiringMap::with_max_weight(MAX_ANSWERING, MAX_KEPT);
        Self(Arc::new(Mutex::new(map)))
    }
}

impl Kept {
    fn insert(&self, id: &str, answer: Bytes) {
        let weight = answer.len();
        let mut kept = self.0.lock();
        kept.insert_weighted(id.to_owned(), answer, weight, LIFETIME, Instant::now());
    }

    fn get(&self, id: &str) -> Option<Bytes> {
        self.0.lock().get(id, Instant::now()).cloned()
    }
}

/// Maximum number of queries answered concurrently; one that waits for events costs only its task.
const MAX_ANSWERING: usize = 256;

/// Maximum size of all long answers together, in bytes; beyond it, the oldest are dropped.
const MAX_KEPT: usize = 64 * 1024 * 1024;

/// How long a long answer is kept; all parts are requested within the two seconds that a page waits.
const LIFETIME: Duration = Duration::from_secs(10);
