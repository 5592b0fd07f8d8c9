//! Whether a phone fetches what handsetd serves, without a delivery.
//!
//! The phone is pushed the URL of a document that shows nothing, or as little as its vendor's documents
//! allow. handsetd also requests that URL itself: a wrong `http.url` shows at once.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use handset_phones::documents::StoredContent;
use handset_phones::phone::Phone;
use handset_phones::vendor;
use handset_phones::verb::Request;
use reqwest::redirect::Policy;
use tokio::time::Instant;
use url::Url;

use super::courier::Courier;
use super::expected_fetches::ExpectedFetches;
use super::failure::root_cause;
use super::local_address;
use super::shared_plans::SharedPlans;
use crate::commit_point::CommitPoint;
use crate::content_store::{ContentPublisher, Refusals};
use crate::fleet::CarriedFiles;
use crate::outcome::{Outcome, Status};

/// The result of a fetch test.
#[derive(Debug)]
pub(crate) struct FetchTest {
    /// The address that the phone was to fetch from: `http.url`, or the address towards the phone.
    pub(crate) url: Option<Url>,
    /// What the phone shows meanwhile.
    pub(crate) shows: &'static str,
    /// Whether the phone has fetched the document, with the reason.
    pub(crate) fetched: Outcome,
    /// Whether handsetd itself answers at that address, as seen from this machine.
    pub(crate) own_request: Outcome,
    /// The connections of the phone that `http.allow` refused within the last day.
    pub(crate) refusals: Option<(IpAddr, Refusals)>,
}

impl Courier {
    /// Makes `phone` fetch a document from handsetd, and says whether it did.
    pub(crate) async fn test_fetch(&self, phone: &Phone) -> FetchTest {
        let started = Instant::now();
        let (document, shows) = vendor::test_document(phone);
        let Some(publisher) = self.publisher(phone).await else {
            let reason = format!("no route to {}", phone.address.host);
            return FetchTest {
                url: None,
                shows,
                fetched: Outcome::new(Status::Unreachable, reason.clone()),
                own_request: Outcome::new(Status::Unreachable, reason),
                refusals: None,
            };
        };
        let documents = publisher.documents();
        let url = documents.publish_screen(document.clone());
        publisher.publish(documents.into_items());
        // Before the phone's, which alone is expected.
        let own_request = request_own(&url, &document, &publisher).await;
        let fetched = self.fetched(phone, &url, started, &publisher).await;
        let addresses = local_address::resolve(&phone.address).await.into_iter();
        let refusals = addresses.filter_map(|ip| Some((ip, publisher.refusals(ip)?)));
        let refusals = refusals.max_by_key(|(_, refusals)| refusals.count);
        FetchTest {
            url: Some(publisher.base().clone()),
            shows,
            fetched,
            own_request,
            refusals,
        }
    }

    /// Requests a document at `http.url` from this machine; `None` if no URL is configured. Its address is
    /// returned with the result.
    pub(crate) async fn test_own_url(&self) -> Option<(Url, Outcome)> {
        let publisher = self.publisher_at(self.own_url()?);
        let document = StoredContent::new("text/plain", "handsetd\n");
        let documents = publisher.documents();
        let url = documents.publish_screen(document.clone());
        publisher.publish(documents.into_items());
        let outcome = request_own(&url, &document, &publisher).await;
        Some((publisher.base().clone(), outcome))
    }

    async fn fetched(
        &self,
        phone: &Phone,
        url: &Url,
        started: Instant,
        publisher: &ContentPublisher,
    ) -> Outcome {
        let expected = ExpectedFetches::at_once(vec![url.clone()], publisher);
        let request = match Request::parse("push", [("url", url.as_str())]) {
            Ok(request) => request,
            Err(refusal) => return Outcome::new(Status::Error, refusal.to_string()),
        };
        let outcome = self
            .deliver(
                phone,
                &request,
                &CarriedFiles::default(),
                &SharedPlans::default(),
                &CommitPoint::default(),
            )
            .await;
        if outcome.status != Status::Ok {
            return outcome;
        }
        match expected.wait(None, started, phone, publisher).await {
            Ok(()) => {
                let millis = started.elapsed().as_millis();
                Outcome::new(
                    Status::Ok,
                    format!("the phone fetched it within {millis} ms"),
                )
            }
            Err(failure) => Outcome::new(failure.status, failure.reason),
        }
    }
}

/// Requests `url` from this machine, and checks that `document` is what comes.
async fn request_own(url: &Url, document: &StoredContent, publisher: &ContentPublisher) -> Outcome {
    let started = Instant::now();
    let failure = match get(url).await {
        Ok(body) if body == document.body => {
            return Outcome::new(Status::Ok, "handsetd answers there");
        }
        Ok(_) => "another server answers there; correct http.url".to_owned(),
        Err(why) => format!("{why}; correct http.url, unless only phones reach it"),
    };
    // This machine need not be in http.allow; that handsetd refused it shows who answers.
    let host = url.host_str().unwrap_or_default();
    if let Some(own) = local_address::towards(host).await
        && publisher.was_refused_since(own, started)
    {
        let reason =
            format!("handsetd answers there; this machine, {own}, need not be in http.allow");
        return Outcome::new(Status::Ok, reason);
    }
    Outcome::new(Status::Unreachable, failure)
}

async fn get(url: &Url) -> Result<Bytes, String> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .timeout(OWN_TIMEOUT)
        .build()
        .map_err(|error| root_cause(&error))?;
    let sent = client.get(url.clone()).send().await;
    let mut response = sent.map_err(|error| root_cause(&error))?;
    let status = response.status();
    if !status.is_success() {
        return Err(format!("HTTP {} from there", status.as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| root_cause(&error))? {
        body.extend_from_slice(&chunk);
        if MAX_BODY < body.len() {
            break;
        }
    }
    Ok(body.into())
}

/// How long the request of this machine may take.
const OWN_TIMEOUT: Duration = Duration::from_secs(5);

/// How much of an answer is read, in bytes; the documents of the test are shorter.
const MAX_BODY: usize = 4 * 1024;
