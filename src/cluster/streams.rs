//! The streams of the cluster: created when missing, used when compatible.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};

use crate::error::Reason;
use crate::session::Session;
use crate::shared::Shared;
use crate::subjects::Bucket;

/// The kinds of keys, each in a separate bucket because their maximum ages differ.
pub(crate) const MEMBERS: &str = "daemons";
pub(crate) const LEASES: &str = "leases";
pub(crate) const CLAIMS: &str = "claims";
pub(crate) const PRESENCE: &str = "phones";

/// Returns the required configuration of all streams.
pub(crate) fn required(shared: &Shared) -> Vec<Config> {
    let timing = &shared.config.timing;
    let replicas = usize::from(shared.config.replicas.get());
    let bucket = |kind, age, max| bucket(&shared.subjects.bucket(kind), replicas, age, max);
    vec![
        bucket(MEMBERS, timing.member_ttl, MAX_MEMBERS),
        bucket(LEASES, timing.lease_ttl, MAX_LEASES),
        bucket(CLAIMS, timing.claim_ttl, MAX_CLAIMS),
        bucket(PRESENCE, Duration::ZERO, MAX_PRESENCE),
        Config {
            name: shared.subjects.queue_stream(),
            subjects: vec![shared.subjects.queue_entries()],
            max_messages: i64::from(shared.config.limits.queue_entries),
            max_bytes: i64::from(shared.config.limits.queue_bytes),
            max_messages_per_subject: 1,
            discard: DiscardPolicy::New,
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            num_replicas: replicas,
            duplicate_window: timing.duplicate_window,
            description: Some("Kept deliveries of handsetd".to_owned()),
            ..unlimited()
        },
        files(shared, replicas),
    ]
}

/// The stream of an object store, as the client library creates it.
fn files(shared: &Shared, replicas: usize) -> Config {
    let name = shared.subjects.files();
    Config {
        name: format!("OBJ_{name}"),
        subjects: vec![format!("$O.{name}.C.>"), format!("$O.{name}.M.>")],
        max_age: shared.config.timing.file_ttl,
        max_bytes: i64::from(shared.config.limits.file_bytes),
        discard: DiscardPolicy::New,
        storage: StorageType::File,
        num_replicas: replicas,
        duplicate_window: BUCKET_DUPLICATE_WINDOW.min(shared.config.timing.file_ttl),
        allow_rollup: true,
        allow_direct: true,
        ..unlimited()
    }
}

fn bucket(bucket: &Bucket, replicas: usize, age: Duration, max: i64) -> Config {
    let window = if age.is_zero() {
        BUCKET_DUPLICATE_WINDOW
    } else {
        BUCKET_DUPLICATE_WINDOW.min(age)
    };
    Config {
        name: bucket.stream(),
        subjects: vec![format!("$KV.{}.>", bucket.name())],
        max_messages: max,
        max_messages_per_subject: 1,
        // As in any bucket: when it is full, a new key is rejected and none is deleted.
        discard: DiscardPolicy::New,
        max_age: age,
        storage: StorageType::File,
        num_replicas: replicas,
        duplicate_window: window,
        allow_rollup: true,
        ..unlimited()
    }
}

fn unlimited() -> Config {
    Config {
        max_bytes: -1,
        max_messages: -1,
        max_consumers: -1,
        max_message_size: -1,
        max_messages_per_subject: -1,
        ..Config::default()
    }
}

/// Why a stream cannot be used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum StreamError {
    /// NATS did not reply, or is not ready.
    Unavailable(Reason),
    /// It exists with an incompatible configuration.
    Incompatible(Reason),
}

/// Creates a stream, or checks the existing one.
pub(crate) async fn ensure(session: &Session, required: &Config) -> Result<(), StreamError> {
    let name = &required.name;
    let ensuring = async {
        // Read first: creating an existing stream needs its leader, reading it needs any server.
        let stream = if let Ok(stream) = session.jetstream.get_stream(name).await {
            stream
        } else {
            let created = session.jetstream.create_stream(required.clone()).await;
            created.map_err(Reason::new)?
        };
        Ok(stream.cached_info().config.clone())
    };
    let found = session.within(CREATE_TIMEOUT, ensuring).await;
    let found = found.map_err(|reason| {
        let reason = format!("cannot create the stream {name}: {reason}");
        StreamError::Unavailable(Reason::new(reason))
    })?;
    check_compatible(required, &found).map_err(StreamError::Incompatible)
}

/// Compares the required settings only: an administrator may have chosen other replicas, limits or windows.
fn check_compatible(required: &Config, found: &Config) -> Result<(), Reason> {
    let differs = if required.subjects != found.subjects {
        "its subjects"
    } else if required.max_messages_per_subject != found.max_messages_per_subject {
        "max_msgs_per_subject"
    } else if required.max_age != found.max_age {
        "max_age"
    } else if required.discard != found.discard {
        "its discard policy"
    } else if required.retention != found.retention {
        "its retention policy"
    } else if found.sealed || found.deny_purge || found.mirror.is_some() {
        "its permissions to write"
    } else {
        return Ok(());
    };
    Err(Reason::new(format!(
        "the stream {} of NATS is there already and differs in {differs}; delete it, or set [cluster] prefix to \
         another one",
        required.name
    )))
}

/// The deduplication window of NATS's own buckets.
const BUCKET_DUPLICATE_WINDOW: Duration = Duration::from_mins(2);

/// Time limit for creating a stream: NATS has to place all its replicas.
const CREATE_TIMEOUT: Duration = Duration::from_secs(5);

/// Upper bound, ten times the daemons of any installation.
const MAX_MEMBERS: i64 = 10_000;

/// One lease for each Asterisk of each daemon.
const MAX_LEASES: i64 = 100_000;

/// The claims of one hour.
const MAX_CLAIMS: i64 = 1_000_000;

/// 100 sites with 10,000 phones each, and several keys for each phone.
const MAX_PRESENCE: i64 = 5_000_000;
