//! What other daemons ask of this one: each kind of question goes to whoever answers it.

use handset_cluster::{Cluster, Incoming};
use handset_net::tasks::Tasks;
use tokio::sync::mpsc;

/// Delivers a request to a phone.
pub(super) const DELIVER: &str = "deliver";

/// Cancels what is not sent of a request.
pub(super) const CANCEL: &str = "cancel";

/// Tells what this daemon has, for pages and the API.
pub(crate) const QUERY: &str = "query";

/// Tells how a stored delivery has ended.
pub(crate) const ENDED: &str = "ended";

/// The questions that wait, by kind; each in the order of its arrival.
#[derive(Debug)]
pub(crate) struct PeerQuestions {
    pub(crate) deliveries: mpsc::Receiver<Incoming>,
    pub(crate) cancellations: mpsc::Receiver<Incoming>,
    pub(crate) queries: mpsc::Receiver<Incoming>,
    pub(crate) endings: mpsc::Receiver<Incoming>,
}

/// Receives questions until `tasks` stop.
pub(crate) fn receive(cluster: &Cluster, tasks: &Tasks) -> PeerQuestions {
    let mut incoming = cluster.serve(&[DELIVER, CANCEL, QUERY, ENDED]);
    let channels = [(); 4].map(|()| mpsc::channel::<Incoming>(WAITING));
    let [deliveries, cancellations, queries, endings] = channels;
    let questions = PeerQuestions {
        deliveries: deliveries.1,
        cancellations: cancellations.1,
        queries: queries.1,
        endings: endings.1,
    };
    let senders = [
        (DELIVER, deliveries.0),
        (CANCEL, cancellations.0),
        (QUERY, queries.0),
        (ENDED, endings.0),
    ];
    let stop = tasks.stop();
    let sort = async move {
        while let Some(question) = incoming.recv().await {
            let operation = question.operation;
            let sender = senders.iter().find(|(kind, _)| *kind == operation);
            let Some((_, sender)) = sender else { continue };
            if let Err(refused) = sender.try_send(question) {
                let reply = refused.into_inner().reply;
                reply
                    .refuse("the daemon has too many requests to answer")
                    .await;
            }
        }
    };
    tasks.spawn("peers", async move {
        tokio::select! {
            () = sort => {}
            () = stop.cancelled() => {}
        }
    });
    questions
}

/// How many questions of one kind wait; more are refused, and nothing is done.
const WAITING: usize = 1024;
