//! The entry of this daemon among the members: reserves its name while it is renewed.

use std::time::SystemTime;

use bytes::Bytes;
use tokio::time::Instant;

use crate::clock::{from_millis, to_millis};
use crate::error::Reason;
use crate::members::Entry;
use crate::records::{self, Held, Record};
use crate::session::{Failure, Session};
use crate::shared::Shared;
use crate::streams::{MEMBERS, Unusable};

/// Why a membership has ended.
pub(super) enum End {
    Failed(Reason),
    Refused(Reason),
}

impl From<Unusable> for End {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::NotNow(reason) => Self::Failed(reason),
            Unusable::Different(reason) => Self::Refused(reason),
        }
    }
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(Reason::new(failure.to_string()))
    }
}

/// The entry of this daemon among the members.
pub(super) struct Seat {
    pub(super) stream: String,
    pub(super) subject: String,
    entry: Entry,
    sequence: Option<u64>,
}

impl Seat {
    pub(super) fn new(shared: &Shared) -> Self {
        let bucket = shared.subjects.bucket(MEMBERS);
        Self {
            stream: bucket.stream(),
            subject: bucket.key(&[shared.config.name.as_str()]),
            entry: Entry {
                instance: shared.identity.instance.clone(),
                incarnation: shared.identity.incarnation.clone(),
                version: shared.config.version.clone(),
                since: to_millis(shared.clock.now()),
            },
            sequence: None,
        }
    }

    /// Takes the name: at once if it is free or has the same instance, else once its owner stops renewing it.
    pub(super) async fn take(&mut self, shared: &Shared, session: &Session) -> Result<(), End> {
        let mut first: Option<Record> = None;
        let begun = Instant::now();
        loop {
            // The same instance: this daemon, before a restart.
            let instance = self.entry.instance.clone();
            let taken = self.hold(session, |other| other.instance == instance).await;
            match taken {
                Ok(Held::Ours(sequence)) => {
                    self.sequence = Some(sequence);
                    self.learn_time(shared, session).await.map_err(End::from)?;
                    return Ok(());
                }
                Ok(Held::Theirs(record)) => {
                    let first = first.get_or_insert_with(|| record.clone());
                    if first.sequence != record.sequence {
                        // It was renewed in the meantime.
                        return Err(End::Refused(self.taken(shared, &record)));
                    }
                    // NATS deletes it at that age.
                    if begun.elapsed() > shared.config.timing.member_age + session.patience {
                        return Err(End::Failed(Reason::new(format!(
                            "NATS does not forget the daemon {}",
                            shared.config.name
                        ))));
                    }
                }
                Err(failure) => return Err(failure.into()),
            }
            tokio::select! {
                () = tokio::time::sleep(shared.config.timing.member_renewal / 4) => {}
                () = session.ended.cancelled() => {
                    return Err(End::Failed(Reason::new("the connection to NATS was lost")));
                }
            }
        }
    }

    /// Renews the entry.
    pub(super) async fn renew(
        &mut self,
        shared: &Shared,
        session: &Session,
    ) -> Result<Held, Failure> {
        let incarnation = self.entry.incarnation.clone();
        let held = self
            .hold(session, |other| other.incarnation == incarnation)
            .await?;
        if let Held::Ours(sequence) = held {
            self.sequence = Some(sequence);
            self.learn_time(shared, session).await?;
        }
        Ok(held)
    }

    async fn hold(
        &self,
        session: &Session,
        may_take: impl Fn(&Entry) -> bool,
    ) -> Result<Held, Failure> {
        let value = serde_json::to_vec(&self.entry).map(Bytes::from);
        let value = value.map_err(|error| Failure::NotSent(Reason::new(error.to_string())))?;
        // An unreadable entry has no owner.
        let may_take = |value: &Bytes| {
            serde_json::from_slice::<Entry>(value).map_or(true, |entry| may_take(&entry))
        };
        records::hold(
            session,
            &self.stream,
            &self.subject,
            self.sequence,
            &value,
            may_take,
        )
        .await
    }

    /// Sets the clock of NATS from the time at which the entry was stored.
    async fn learn_time(&mut self, shared: &Shared, session: &Session) -> Result<(), Failure> {
        let before = Instant::now();
        let record = records::last(session, &self.stream, &self.subject).await?;
        if let Some(record) = record {
            shared.clock.learn(before, record.at);
        }
        Ok(())
    }

    pub(super) fn is_mine(&self, value: &Bytes) -> bool {
        serde_json::from_slice::<Entry>(value)
            .is_ok_and(|entry| entry.incarnation == self.entry.incarnation)
    }

    /// Reports which daemon has the name, and the remedy.
    pub(super) fn taken(&self, shared: &Shared, record: &Record) -> Reason {
        let name = &shared.config.name;
        let other = record.value.as_ref();
        let other = other.and_then(|value| serde_json::from_slice::<Entry>(value).ok());
        match other {
            Some(other) if other.instance == self.entry.instance => Reason::new(format!(
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
