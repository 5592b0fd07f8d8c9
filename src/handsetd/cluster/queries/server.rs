//! Answers the queries of other daemons.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use handset_cluster::{IncomingRequest, Responder};
use handset_net::expiring::ExpiringMap;
use handset_net::random;
use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, timeout_at};

use super::parts::{Part, QueryMessage, count, part};
use crate::fleet::AnswerQueries;

/// Answers queries, each in a separate task, until `tasks` stop.
pub(crate) async fn answer(
    mut queries: mpsc::Receiver<IncomingRequest>,
    answers: Arc<dyn AnswerQueries>,
    tasks: Tasks,
) {
    let stop = tasks.stop();
    let long_answers = LongAnswers::default();
    let permits = Arc::new(Semaphore::new(MAX_ANSWERING));
    loop {
        let query = tokio::select! {
            () = stop.cancelled() => return,
            query = queries.recv() => query,
        };
        let Some(query) = query else { return };
        let Ok(permit) = Arc::clone(&permits).try_acquire_owned() else {
            let reason = "the daemon has too many queries to answer";
            query.responder.refuse(reason).await;
            continue;
        };
        let (answers, long_answers) = (Arc::clone(&answers), long_answers.clone());
        tasks.spawn("query", async move {
            reply(query, answers, &long_answers).await;
            drop(permit);
        });
    }
}

async fn reply(
    query: IncomingRequest,
    answers: Arc<dyn AnswerQueries>,
    long_answers: &LongAnswers,
) {
    let IncomingRequest {
        from,
        body,
        deadline,
        responder,
        ..
    } = query;
    let (id, number, answer) = match QueryMessage::parse(&body) {
        Some(QueryMessage::Query(query)) => {
            let answer = answers.answer(from.to_string(), query);
            // The requester no longer waits.
            let Ok(answer) = timeout_at(deadline, answer).await else {
                return;
            };
            let id = random::hex_token::<16>();
            if 1 < count(&answer) {
                long_answers.insert(&id, answer.clone());
            }
            (id, 0, answer)
        }
        Some(QueryMessage::Part { id, number }) => match long_answers.get(&id) {
            Some(answer) => (id, number, answer),
            None => {
                return responder
                    .refuse("the answer is no longer kept; ask again")
                    .await;
            }
        },
        None => {
            return responder.refuse("the query is malformed").await;
        }
    };
    send(responder, id, number, &answer).await;
}

async fn send(responder: Responder, id: String, number: usize, answer: &Bytes) {
    let Some(bytes) = part(answer, number) else {
        return responder.refuse("the answer has no such part").await;
    };
    let part = Part {
        id,
        count: count(answer),
        bytes,
    };
    // The requester reports this daemon as one that did not answer.
    let _ = responder.send(part.to_bytes()).await;
}

/// The long answers whose parts may be requested.
#[derive(Clone, Debug)]
struct LongAnswers(Arc<Mutex<ExpiringMap<String, Bytes>>>);

impl Default for LongAnswers {
    fn default() -> Self {
        let map = ExpiringMap::with_max_weight(MAX_ANSWERING, MAX_LONG_ANSWERS);
        Self(Arc::new(Mutex::new(map)))
    }
}

impl LongAnswers {
    fn insert(&self, id: &str, answer: Bytes) {
        let weight = answer.len();
        let mut long_answers = self.0.lock();
        long_answers.insert_weighted(id.to_owned(), answer, weight, LIFETIME, Instant::now());
    }

    fn get(&self, id: &str) -> Option<Bytes> {
        self.0.lock().get(id, Instant::now()).cloned()
    }
}

/// Maximum number of queries answered concurrently; one that waits for events costs only its task.
const MAX_ANSWERING: usize = 256;

/// Maximum size of all long answers together, in bytes; beyond it, the oldest are dropped.
const MAX_LONG_ANSWERS: usize = 64 * 1024 * 1024;

/// How long a long answer is kept; all parts are requested within the two seconds that a page waits.
const LIFETIME: Duration = Duration::from_secs(10);
