//! The entry of this daemon among the members: reserves its name while it is renewed.

use std::time::SystemTime;

use bytes::Bytes;
use tokio::time::Instant;

use crate::clock::{from_millis, to_millis};
use crate::error::Reason;
use crate::members::MemberValue;
use crate::revisions::{self, Owner, Revision};
use crate::session::{Failure, LOST, Session};
use crate::shared::Shared;
use crate::streams::{MEMBERS, StreamError};

/// Why a membership has ended.
pub(super) enum End {
    Failed(Reason),
    Refused(Reason),
}

impl From<StreamError> for End {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Unavailable(reason) => Self::Failed(reason),
            StreamError::Incompatible(reason) => Self::Refused(reason),
        }
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.into())
    }
}

/// The entry of this daemon among the members.
pub(super) struct MemberEntry {
    pub(super) stream: String,
    pub(super) subject: String,
    value: MemberValue,
    sequence: Option<u64>,
}

impl MemberEntry {
    pub(super) fn new(shared: &Shared) -> Self {
        let bucket = shared.subjects.bucket(MEMBERS);
        Self {
            stream: bucket.stream(),
            subject: bucket.key(&[shared.config.name.as_str()]),
            value: MemberValue {
                instance: shared.identity.instance.clone(),
                incarnation: shared.identity.incarnation.clone(),
                version: shared.config.version.clone(),
                since: to_millis(shared.clock.now()),
            },
            sequence: None,
        }
    }

    /// Acquires the name: at once if it is free or has the same instance, else once its owner stops renewing
    /// it.
    pub(super) async fn acquire(&mut self, shared: &Shared, session: &Session) -> Result<(), End> {
        let mut first: Option<Revision> = None;
        let started = Instant::now();
        loop {
            // The same instance: this daemon, before a restart.
            let instance = &self.value.instance;
            match self
                .put(session, |other| other.instance == *instance)
                .await?
            {
                Owner::This(sequence) => {
                    self.sequence = Some(sequence);
                    self.set_clock(shared, session).await?;
                    return Ok(());
                }
                Owner::Other(revision) => {
                    let first = first.get_or_insert_with(|| revision.clone());
                    if first.sequence != revision.sequence {
                        // It was renewed in the meantime.
                        return Err(End::Refused(self.name_taken(shared, &revision)));
                    }
                    // NATS deletes it at that age.
                    let expiry = shared.config.timing.member_ttl + session.reply_timeout;
                    if started.elapsed() > expiry {
                        return Err(End::Failed(Reason::new(format!(
                            "NATS does not forget the daemon {}",
                            shared.config.name
                        ))));
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(shared.config.timing.member_renewal_interval / 4) => {}
                () = session.ended.cancelled() => return Err(End::Failed(Reason::new(LOST))),
            }
        }
    }

    /// Renews the entry.
    pub(super) async fn renew(
        &mut self,
        shared: &Shared,
        session: &Session,
    ) -> Result<Owner, Failure> {
        let incarnation = &self.value.incarnation;
        let owner = self
            .put(session, |other| other.incarnation == *incarnation)
            .await?;
        if let Owner::This(sequence) = owner {
            self.sequence = Some(sequence);
            self.set_clock(shared, session).await?;
        }
        Ok(owner)
    }

    /// Stores the entry if the name is free, or if `may_replace` permits to replace its value.
    async fn put(
        &self,
        session: &Session,
        may_replace: impl Fn(&MemberValue) -> bool,
    ) -> Result<Owner, Failure> {
        let value = serde_json::to_vec(&self.value).map(Bytes::from);
        let value = value.map_err(|error| Failure::NotSent(Reason::new(error)))?;
        // An unreadable value has no owner.
        let may_replace =
            |value: &Bytes| serde_json::from_slice(value).map_or(true, |value| may_replace(&value));
        revisions::acquire(
            session,
            &self.stream,
            &self.subject,
            self.sequence,
            &value,
            may_replace,
        )
        .await
    }

    /// Sets the clock of NATS from the time at which the entry was stored.
    async fn set_clock(&self, shared: &Shared, session: &Session) -> Result<(), Failure> {
        let before = Instant::now();
        let revision = revisions::last(session, &self.stream, &self.subject).await?;
        if let Some(revision) = revision {
            shared.clock.set(before, revision.at);
        }
        Ok(())
    }

    /// Returns whether a value is that of this process.
    pub(super) fn is_own(&self, value: &Bytes) -> bool {
        serde_json::from_slice::<MemberValue>(value)
            .is_ok_and(|value| value.incarnation == self.value.incarnation)
    }

    /// Returns which daemon has the name, and the remedy.
    pub(super) fn name_taken(&self, shared: &Shared, revision: &Revision) -> Reason {
        let name = &shared.config.name;
        let other = revision.value.as_ref();
        let other = other.and_then(|value| serde_json::from_slice::<MemberValue>(value).ok());
        match other {
            Some(other) if other.instance == self.value.instance => Reason::new(format!(
                "the name {name} was taken over by a daemon with a copy of this one's state directory; \
                 remove the file cluster-instance there, and set [cluster] name to another one",
            )),
            other => {
                let since = other.map_or(SystemTime::UNIX_EPOCH, |other| from_millis(other.since));
                let seconds = shared
                    .clock
                    .now()
                    .duration_since(since)
                    .unwrap_or_default()
                    .as_secs();
                Reason::new(format!(
                    "the name {name} is taken by another daemon that lives, a member for {seconds} s; \
                     set [cluster] name to another one",
                ))
            }
        }
    }
}
