//! Requests of other daemons, dispatched by operation.

use handset_cluster::{Cluster, Incoming};
use handset_net::tasks::Tasks;
use tokio::sync::mpsc;

/// Delivers a request to a phone.
pub(super) const DELIVER: &str = "deliver";

/// Cancels the unsent deliveries of a request.
pub(super) const CANCEL: &str = "cancel";

/// Answers a query of a page or the API.
pub(crate) const QUERY: &str = "query";

/// Reports how a stored delivery has ended.
pub(crate) const ENDED: &str = "ended";

/// The queues of requests by operation, each in the order of arrival.
#[derive(Debug)]
pub(crate) struct PeerQuestions {
    pub(crate) deliveries: mpsc::Receiver<Incoming>,
    pub(crate) cancellations: mpsc::Receiver<Incoming>,
    pub(crate) queries: mpsc::Receiver<Incoming>,
    pub(crate) endings: mpsc::Receiver<Incoming>,
}

/// Receives requests until `tasks` stop.
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

/// Capacity of the queue of one operation; requests in excess are refused without any effect.
const WAITING: usize = 1024;
