//! How NATS 2.9 applies the settings: it ignores unknown ones.

use std::time::Duration;

use futures_util::TryStreamExt as _;

use super::{Daemon, config, servers};
use crate::{Identity, QueueEvent, State};

#[tokio::test]
async fn all_settings_of_streams_and_consumers_take_effect() {
    let Some(servers) = servers(3, "").await else {
        return;
    };
    let one = Daemon::join(&servers, "one").await;
    let mut watcher = one.run(|cluster| cluster.queue().watch());
    assert_eq!(watcher.next().await, Some(QueueEvent::Current));
    let client = async_nats::connect(servers.url(0)).await.unwrap();
    assert!(
        client.server_info().version.starts_with("2.9."),
        "{:?}",
        client.server_info()
    );
    let context = async_nats::jetstream::new(client);
    let mut names = Vec::new();
    for required in crate::streams::required(one.shared()) {
        let stream = context.get_stream(&required.name).await.unwrap();
        assert_eq!(stream.cached_info().config, required);
        assert_eq!(required.num_replicas, 3);
        names.push(required.name);
    }
    assert_eq!(
        names,
        [
            "KV_handsetd_daemons",
            "KV_handsetd_leases",
            "KV_handsetd_claims",
            "KV_handsetd_phones",
            "handsetd_outbox",
            "OBJ_handsetd_files",
        ]
    );
    let stream = context.get_stream("handsetd_outbox").await.unwrap();
    assert_eq!(
        stream.cached_info().config.duplicate_window,
        Duration::from_hours(24)
    );
    let consumers: Vec<_> = stream.consumers().try_collect().await.unwrap();
    let [consumer] = &consumers[..] else {
        panic!("{consumers:?}")
    };
    let config = &consumer.config;
    assert!(config.flow_control && config.memory_storage);
    assert_eq!(config.filter_subject, "handsetd.outbox.*.*");
    assert_eq!((config.num_replicas, config.max_deliver), (1, 1));
    assert_eq!(config.idle_heartbeat, Duration::from_secs(2));
}

#[tokio::test]
async fn stream_that_differs_is_used_if_compatible_or_refused_with_the_remedy() {
    let Some(servers) = servers(1, "").await else {
        return;
    };
    drop(Daemon::join(&servers, "one").await);
    let mut other = config(&servers, "two");
    other.limits.queue_entries = 7;
    other.timing.duplicate_window = Duration::from_mins(1);
    Daemon::start_with(other, Identity::temporary())
        .joined()
        .await;
    let mut other = config(&servers, "three");
    other.timing.claim_ttl = Duration::from_mins(1);
    let three = Daemon::start_with(other, Identity::temporary());
    let mut state = three.cluster.state();
    let refused = state.wait_for(|state| matches!(state, State::Refused { .. }));
    let state = tokio::time::timeout(super::TIMEOUT, refused)
        .await
        .unwrap()
        .unwrap()
        .clone();
    let expected = "the stream KV_handsetd_claims of NATS is there already and differs in max_age; delete it, or set \
                    [cluster] prefix to another one";
    assert_eq!(state.reason().unwrap().as_str(), expected);
}
