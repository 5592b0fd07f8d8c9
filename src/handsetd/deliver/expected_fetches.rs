//! What a phone has to fetch from handsetd for a delivery to have happened.
//!
//! A phone that accepts a push may still be unable to fetch the screen: a wrong `http.url`, an
//! `http.allow` without its network, a firewall. handsetd serves the screen, so it knows.

use std::net::IpAddr;
use std::time::Duration;

use handset_phones::documents::{Document, screen_url};
use handset_phones::phone::{Phone, Vendor};
use handset_phones::vendor::{Image, Plan, PreparedContent, PreparedTone, Step, Task};
use handset_phones::verb::Priority;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::failure::Failure;
use super::local_address;
use crate::content_store::{ContentPublisher, Fetch};
use crate::outcome::Status;

/// The fetches that a delivery expects.
#[derive(Debug, Default)]
pub(super) struct ExpectedFetches {
    /// Without which nothing has happened.
    at_once: Vec<(Url, Fetch)>,
    /// Which may happen in the phone's own time.
    later: Vec<Fetch>,
    /// What to say while these have not happened.
    note: &'static str,
}

impl ExpectedFetches {
    /// Determines what `phone` has to fetch for `task`, of which `documents` were published.
    pub(super) fn of(
        task: &Task,
        plan: &Plan,
        documents: &[Document],
        publisher: &ContentPublisher,
        phone: &Phone,
    ) -> Self {
        let first = documents.iter().filter(|document| document.is_first);
        let mut urls: Vec<Url> = first
            .map(|document| screen_url(publisher.base(), &document.token))
            .collect();
        let is_call = plan.steps.iter().any(|step| matches!(step, Step::Call(_)));
        match task {
            Task::Push(content, priority) => {
                if let PreparedContent::Screen(_, Some(Image::File(image))) = content {
                    urls.push(image.clone());
                }
                // Other vendors' phones ignore the priority.
                match (priority, phone.vendor) {
                    (Priority::Idle | Priority::OnlyIdle, Vendor::Cisco) => {
                        Self::later(&urls, publisher, None, WHEN_IDLE)
                    }
                    _ => Self::at_once(urls, publisher),
                }
            }
            // Whether the phone fetches the tone of a call depends on its settings.
            Task::Ring(PreparedTone::AudioFile(file)) if !is_call => {
                urls.push(file.url.clone());
                Self::at_once(urls, publisher)
            }
            Task::Background(background) => {
                urls.push(background.image.clone());
                Self::later(&urls, publisher, phone.address.ip(), LATER)
            }
            Task::Ringtone(PreparedTone::AudioFile(file), _) => {
                urls.push(file.url.clone());
                Self::later(&urls, publisher, phone.address.ip(), LATER)
            }
            Task::Control(_) | Task::Ring(_) | Task::Ringtone(..) => Self::at_once(urls, publisher),
        }
    }

    /// Expects the URLs of `publisher` among `urls` to be fetched at once.
    pub(super) fn at_once(urls: Vec<Url>, publisher: &ContentPublisher) -> Self {
        let expected = urls.into_iter().filter_map(|url| {
            let fetch = publisher.expect(&url, None)?;
            Some((url, fetch))
        });
        Self {
            at_once: expected.collect(),
            ..Self::default()
        }
    }

    fn later(
        urls: &[Url],
        publisher: &ContentPublisher,
        from: Option<IpAddr>,
        note: &'static str,
    ) -> Self {
        let expected = urls.iter().filter_map(|url| publisher.expect(url, from));
        Self {
            later: expected.collect(),
            note,
            ..Self::default()
        }
    }

    /// Waits for what the phone has to fetch at once in a delivery that has `started`, until `until` at
    /// most.
    pub(super) async fn wait(
        &self,
        until: Option<Instant>,
        started: Instant,
        phone: &Phone,
        publisher: &ContentPublisher,
    ) -> Result<(), Failure> {
        let end = Instant::now() + FETCH_TIMEOUT;
        let end = until.map_or(end, |until| until.min(end));
        for (url, fetch) in &self.at_once {
            if timeout_at(end, fetch.wait()).await.is_err() {
                let reason = not_fetched(url, started, phone, publisher).await;
                return Err(Failure::new(Status::Unknown, reason));
            }
        }
        Ok(())
    }

    /// Returns a note for the caller if something may still be fetched.
    pub(super) fn note(&self) -> Option<&'static str> {
        let is_pending = self.later.iter().any(|fetch| fetch.at().is_none());
        is_pending.then_some(self.note)
    }

    /// Returns whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.at_once.is_empty() && self.later.is_empty()
    }

    /// Returns all of them.
    pub(super) fn fetches(&self) -> Vec<Fetch> {
        let at_once = self.at_once.iter().map(|(_, fetch)| fetch);
        at_once.chain(&self.later).cloned().collect()
    }
}

async fn not_fetched(
    url: &Url,
    started: Instant,
    phone: &Phone,
    publisher: &ContentPublisher,
) -> String {
    if let Some(cure) = refused_by_us(started, phone, publisher).await {
        return format!("the phone took the push, and handsetd refused its connection: {cure}");
    }
    let mut start = url.clone();
    // The token is of no use to anyone, and the reason has to be short.
    start.set_path("");
    format!("the phone took the push and did not fetch {start} (http.url, http.allow, firewall)")
}

/// Explains a failure in which handsetd itself refused the phone's connection, as when the phone
/// wanted to ask the authentication URL, or to fetch a document before it replies.
pub(super) async fn explained(
    failure: Failure,
    started: Instant,
    phone: &Phone,
    publisher: &ContentPublisher,
) -> Failure {
    if !matches!(
        failure.status,
        Status::Denied | Status::Rejected | Status::Unknown
    ) {
        return failure;
    }
    let Failure { status, reason } = failure;
    let reason = match refused_by_us(started, phone, publisher).await {
        Some(cure) => format!("handsetd refused the phone's connection: {cure}; {reason}"),
        None => reason,
    };
    Failure { status, reason }
}

/// Returns what to change if a connection from the phone was refused since `started`.
async fn refused_by_us(
    started: Instant,
    phone: &Phone,
    publisher: &ContentPublisher,
) -> Option<String> {
    let mut addresses = local_address::resolve(&phone.address).await.into_iter();
    let ip = addresses.find(|ip| publisher.was_refused_since(*ip, started))?;
    Some(format!("{ip} is not in http.allow; add its network there"))
}

/// How long a phone may take to fetch what it was sent: real ones take up to two seconds. Less than the
/// budget of a call, which should learn of it.
const FETCH_TIMEOUT: Duration = Duration::from_secs(4);

const LATER: &str = "the phone fetches the file in its own time";
const WHEN_IDLE: &str = "the phone fetches the screen when it is idle";
