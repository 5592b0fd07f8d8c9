//! Requests of other daemons, dispatched by operation.

use handset_cluster::{Cluster, IncomingRequest};
use handset_net::tasks::Tasks;
use tokio::sync::mpsc;

/// Delivers a request to a phone.
pub(super) const DELIVER: &str = "deliver";

/// Cancels the unsent deliveries of a request.
pub(super) const CANCEL: &str = "cancel";

/// Answers a query of a page or the API.
pub(crate) const QUERY: &str = "query";

/// Reports how a stored delivery has ended.
pub(crate) const OUTCOME: &str = "ended";

/// The queues of requests by operation, each in the order of arrival.
#[derive(Debug)]
pub(crate) struct PeerRequests {
    pub(crate) deliveries: mpsc::Receiver<IncomingRequest>,
    pub(crate) cancellations: mpsc::Receiver<IncomingRequest>,
    pub(crate) queries: mpsc::Receiver<IncomingRequest>,
    pub(crate) outcomes: mpsc::Receiver<IncomingRequest>,
}

/// Receives requests until `tasks` stop.
pub(crate) fn receive(cluster: &Cluster, tasks: &Tasks) -> PeerRequests {
    let mut incoming = cluster.serve(&[DELIVER, CANCEL, QUERY, OUTCOME]);
    let channels = [(); 4].map(|()| mpsc::channel::<IncomingRequest>(QUEUE_CAPACITY));
    let [deliveries, cancellations, queries, outcomes] = channels;
    let requests = PeerRequests {
        deliveries: deliveries.1,
        cancellations: cancellations.1,
        queries: queries.1,
        outcomes: outcomes.1,
    };
    let senders = [
        (DELIVER, deliveries.0),
        (CANCEL, cancellations.0),
        (QUERY, queries.0),
        (OUTCOME, outcomes.0),
    ];
    let stop = tasks.stop();
    let dispatch = async move {
        while let Some(request) = incoming.recv().await {
            let operation = request.operation;
            let sender = senders.iter().find(|(kind, _)| *kind == operation);
            let Some((_, sender)) = sender else { continue };
            if let Err(refused) = sender.try_send(request) {
                let responder = refused.into_inner().responder;
                responder
                    .refuse("the daemon has too many requests to answer")
                    .await;
            }
        }
    };
    tasks.spawn("peers", async move {
        tokio::select! {
            () = dispatch => {}
            () = stop.cancelled() => {}
        }
    });
    requests
}

/// Capacity of the queue of one operation; requests in excess are refused without any effect.
const QUEUE_CAPACITY: usize = 1024;
