//! In-memory store of content that phones fetch, addressed by unguessable tokens.
//!
//! Bounded in bytes, and every entry expires. Files that phones fetch again after weeks are inserted
//! again when the daemon starts ([`crate::deliver`]'s media store).

mod fetches;
mod forms;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use handset_net::random;
use handset_phones::documents::{Document, Documents, StoredContent, media_url};
use handset_phones::screen::Screen;
use parking_lot::Mutex;
use tokio::time::Instant;
use url::Url;

use fetches::Fetches;
pub(crate) use fetches::{Fetch, Refusals};
use forms::Forms;

/// The store. Clones share it.
#[derive(Clone, Debug)]
pub struct ContentStore(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    entries: Mutex<Entries>,
    fetches: Mutex<Fetches>,
    forms: Forms,
    /// Connections refused since the start.
    refused: AtomicU64,
}

/// Content by token; an entry weighs as many bytes as its body has.
type Entries = ExpiringMap<Arc<str>, StoredContent>;

impl Default for ContentStore {
    fn default() -> Self {
        let entries = Entries::with_max_weight(MAX_ENTRIES, MAX_BYTES);
        Self(Arc::new(Shared {
            entries: Mutex::new(entries),
            fetches: Mutex::default(),
            forms: Forms::default(),
            refused: AtomicU64::new(0),
        }))
    }
}

impl ContentStore {
    /// Inserts `content` under a random token for `lifetime` and returns the token.
    pub fn insert_new(&self, content: StoredContent, lifetime: Duration) -> String {
        let token = random::hex_token::<16>();
        self.insert(token.clone(), content, lifetime);
        token
    }

    /// Inserts `content` for `lifetime` under a token that the caller knows to be unguessable,
    /// replacing what was there. When the store is full, the entries that expire next make room.
    pub fn insert(&self, token: String, content: StoredContent, lifetime: Duration) {
        let (token, bytes) = (Arc::from(token), content.body.len());
        let mut entries = self.0.entries.lock();
        entries.insert_weighted(token, content, bytes, lifetime, Instant::now());
    }

    /// Returns the content of `token` unless it has expired.
    pub fn get(&self, token: &str) -> Option<StoredContent> {
        let (mut entries, now) = (self.0.entries.lock(), Instant::now());
        entries.remove_expired(now);
        entries.get(token, now).cloned()
    }

    /// Returns the content of `token`, which `peer` fetches, unless it has expired.
    pub(crate) fn fetch(&self, token: &str, peer: IpAddr) -> Option<StoredContent> {
        let content = self.get(token)?;
        self.0.fetches.lock().fetched(token, peer);
        Some(content)
    }

    /// Returns the pushed form of `token` unless it has expired.
    pub(crate) fn form(&self, token: &str) -> Option<Arc<Screen>> {
        self.0.forms.get(token)
    }

    /// Records that a connection from `peer` was refused, so that it could fetch nothing.
    pub(crate) fn refuse(&self, peer: IpAddr) {
        self.0.refused.fetch_add(1, Ordering::Relaxed);
        self.0.fetches.lock().refused(peer);
    }

    /// Returns how many connections were refused since the start.
    pub(crate) fn refused_count(&self) -> u64 {
        self.0.refused.load(Ordering::Relaxed)
    }
}

/// Publishes content at URLs that one phone reaches.
#[derive(Clone, Debug)]
pub(crate) struct ContentPublisher {
    store: ContentStore,
    base: Url,
    lifetime: Duration,
}

impl ContentPublisher {
    /// Creates a publisher whose URLs start with `base`, for content that lives for `lifetime`.
    pub(crate) fn new(store: ContentStore, base: Url, lifetime: Duration) -> Self {
        Self {
            store,
            base,
            lifetime,
        }
    }

    /// Returns the URL that all others start with.
    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// Starts collecting the documents of a plan.
    pub(crate) fn documents(&self) -> Documents {
        Documents::new(self.base.clone(), random::hex_token::<16>())
    }

    /// Stores the documents of a plan, so that the phone can fetch them.
    pub(crate) fn publish(&self, documents: Vec<Document>) {
        for Document { token, content, .. } in documents {
            self.store.insert(token, content, self.lifetime);
        }
    }

    /// Stores the form that a document sends to handsetd under `token`.
    pub(crate) fn publish_form(&self, token: &str, form: Screen) {
        self.store.0.forms.insert(token, form, self.lifetime);
    }

    /// Expects the phone at `from`, or any, to fetch a URL of this publisher; `None` if it is not one.
    pub(crate) fn expect(&self, url: &Url, from: Option<IpAddr>) -> Option<Fetch> {
        let path = url
            .as_str()
            .strip_prefix(self.base.as_str().trim_end_matches('/'))?;
        let mut segments = path.strip_prefix('/')?.split('/');
        let (kind, token) = (segments.next()?, segments.next()?);
        let mut fetches = self.store.0.fetches.lock();
        matches!(kind, "screen" | "media").then(|| fetches.expect(token, from, self.lifetime))
    }

    /// Returns the refused connections of `peer` within the last day.
    pub(crate) fn refusals(&self, peer: IpAddr) -> Option<Refusals> {
        self.store.0.fetches.lock().refusals(peer)
    }

    /// Returns whether a connection from `peer` was refused since `start`.
    pub(crate) fn was_refused_since(&self, peer: IpAddr, start: Instant) -> bool {
        self.store.0.fetches.lock().was_refused_since(peer, start)
    }

    /// Stores a picture or tone and returns its URL, which ends with `name`.
    pub(crate) fn publish_media(&self, content: StoredContent, name: &str) -> Url {
        let token = self.store.insert_new(content, self.lifetime);
        self.media_url(&token, name)
    }

    /// Returns the URL of the picture or tone stored under `token`.
    pub(crate) fn media_url(&self, token: &str, name: &str) -> Url {
        media_url(&self.base, token, name)
    }
}

/// Maximum bytes in the store: pictures of a few hundred kilobytes, for hundreds of phones.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// Maximum number of entries, however small.
const MAX_ENTRIES: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &'static str) -> StoredContent {
        StoredContent::new("text/plain", body)
    }

    #[tokio::test(start_paused = true)]
    async fn entries_expire() {
        let content_store = ContentStore::default();
        let token = content_store.insert_new(text("a"), Duration::from_mins(1));
        assert_eq!(content_store.get(&token), Some(text("a")));
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(content_store.get(&token), None);
        assert_eq!(content_store.0.entries.lock().weight(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn expired_entries_are_released_by_an_insertion() {
        let content_store = ContentStore::default();
        for _ in 0..100 {
            content_store.insert_new(text("a"), Duration::from_mins(1));
        }
        tokio::time::advance(Duration::from_mins(1)).await;
        let token = content_store.insert_new(text("b"), Duration::from_mins(1));
        let counts = |content_store: &ContentStore| {
            let entries = content_store.0.entries.lock();
            (entries.len(), entries.weight())
        };
        assert_eq!(counts(&content_store), (1, 1));
        // The same token replaces the content and its expiry.
        content_store.insert(token.clone(), text("cc"), Duration::from_mins(2));
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(content_store.get(&token), Some(text("cc")));
        assert_eq!(counts(&content_store), (1, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn full_store_drops_entries_that_expire_next() {
        let content_store = ContentStore::default();
        let half = || StoredContent::new("image/png", vec![0; MAX_BYTES / 2]);
        let long = content_store.insert_new(half(), Duration::from_secs(100));
        let short = content_store.insert_new(half(), Duration::from_secs(10));
        let third = content_store.insert_new(half(), Duration::from_secs(50));
        assert!(content_store.get(&short).is_none());
        assert!(content_store.get(&long).is_some() && content_store.get(&third).is_some());
        assert!(content_store.0.entries.lock().weight() <= MAX_BYTES);
    }

    #[tokio::test(start_paused = true)]
    async fn forms_expire_like_screens() {
        let store = ContentStore::default();
        let base = Url::parse("http://192.0.2.10:8090").unwrap();
        let publisher = ContentPublisher::new(store.clone(), base, Duration::from_mins(1));
        let form = Screen {
            title: Some("PIN".to_owned()),
            prompt: None,
            body: handset_phones::screen::Body::Text(String::new()),
            softkeys: Vec::new(),
            timeout: None,
            beep: None,
        };
        publisher.publish_form("a1", form.clone());
        assert_eq!(store.form("a1").as_deref(), Some(&form));
        assert_eq!(store.form("a2"), None);
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(store.form("a1"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn urls_extend_the_base_url() {
        let base = |base: &str| {
            ContentPublisher::new(
                ContentStore::default(),
                Url::parse(base).unwrap(),
                Duration::from_secs(1),
            )
        };
        let url = base("http://192.0.2.10:8090").media_url("abc", "bell.wav");
        assert_eq!(url.as_str(), "http://192.0.2.10:8090/media/abc/bell.wav");
        let publisher = base("http://pbx.example.com/handsetd/");
        let documents = publisher.documents();
        let url = documents.publish_screen(text("a"));
        publisher.publish(documents.into_items());
        let token = url.path().rsplit('/').next().unwrap();
        assert_eq!(publisher.store.get(token), Some(text("a")));
        assert!(
            url.as_str()
                .starts_with("http://pbx.example.com/handsetd/screen/"),
            "{url}"
        );
        let fetch = publisher.expect(&url, None).unwrap();
        assert_eq!(fetch.at(), None);
        publisher.store.fetch(token, [192, 0, 2, 1].into());
        assert!(fetch.at().is_some());
        for foreign in [
            "http://192.0.2.9/screen/a",
            "http://pbx.example.com/handsetd/page/a",
        ] {
            assert!(publisher.expect(&foreign.parse().unwrap(), None).is_none());
        }
    }
}
