//! In-memory store of content that phones fetch, addressed by unguessable tokens.
//!
//! Bounded in bytes, and every entry expires. Files that phones fetch again after weeks are inserted
//! again when the daemon starts ([`crate::deliver`]'s media store).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use handset_net::random;
use handset_phones::documents::{Document, Documents, StoredContent, media_url};
use parking_lot::Mutex;
use tokio::time::Instant;
use url::Url;

/// The store. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct ContentStore(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    by_token: HashMap<Arc<str>, (StoredContent, Instant)>,
    /// The same entries, by expiry.
    by_expiry: BTreeSet<(Instant, Arc<str>)>,
    bytes: usize,
}

impl ContentStore {
    /// Inserts `content` under a random token for `lifetime` and returns the token.
    pub fn insert_new(&self, content: StoredContent, lifetime: Duration) -> String {
        let token = random::hex_token::<16>();
        self.insert(token.clone(), content, lifetime);
        token
    }

    /// Inserts `content` for `lifetime` under a token that the caller knows to be unguessable,
    /// replacing what was there.
    pub fn insert(&self, token: String, content: StoredContent, lifetime: Duration) {
        let now = Instant::now();
        let mut entries = self.0.lock();
        entries.remove(&token);
        entries.make_room(content.body.len(), now);
        entries.bytes = entries.bytes.saturating_add(content.body.len());
        let (token, expiry) = (Arc::<str>::from(token), now + lifetime);
        entries.by_expiry.insert((expiry, Arc::clone(&token)));
        entries.by_token.insert(token, (content, expiry));
    }

    /// Returns the content of `token` unless it has expired.
    pub fn get(&self, token: &str) -> Option<StoredContent> {
        let mut entries = self.0.lock();
        match entries.by_token.get(token) {
            Some((content, expiry)) if *expiry > Instant::now() => Some(content.clone()),
            Some(_) => {
                entries.remove(token);
                None
            }
            None => None,
        }
    }
}

impl Entries {
    fn remove(&mut self, token: &str) {
        if let Some((token, (content, expiry))) = self.by_token.remove_entry(token) {
            self.by_expiry.remove(&(expiry, token));
            self.bytes = self.bytes.saturating_sub(content.body.len());
        }
    }

    /// Drops expired entries, then those that expire next, until `bytes` more fit.
    fn make_room(&mut self, bytes: usize, now: Instant) {
        let is_full = |entries: &Self| {
            entries.by_token.len() >= MAX_ENTRIES || entries.bytes.saturating_add(bytes) > MAX_BYTES
        };
        while let Some((expiry, token)) = self.by_expiry.first() {
            if now < *expiry && !is_full(self) {
                return;
            }
            let token = Arc::clone(token);
            self.remove(&token);
        }
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

    /// Starts collecting the documents of a plan.
    pub(crate) fn documents(&self) -> Documents {
        Documents::new(self.base.clone(), random::hex_token::<16>())
    }

    /// Stores the documents of a plan, so that the phone can fetch them.
    pub(crate) fn publish(&self, documents: Vec<Document>) {
        for Document { token, content } in documents {
            self.store.insert(token, content, self.lifetime);
        }
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
    async fn things_expire() {
        let content_store = ContentStore::default();
        let token = content_store.insert_new(text("a"), Duration::from_mins(1));
        assert_eq!(content_store.get(&token), Some(text("a")));
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(content_store.get(&token), None);
        assert_eq!(content_store.0.lock().bytes, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_expired_makes_room_without_being_asked_for() {
        let content_store = ContentStore::default();
        for _ in 0..100 {
            content_store.insert_new(text("a"), Duration::from_mins(1));
        }
        tokio::time::advance(Duration::from_mins(1)).await;
        let token = content_store.insert_new(text("b"), Duration::from_mins(1));
        let counts = |content_store: &ContentStore| {
            let things = content_store.0.lock();
            (things.by_token.len(), things.by_expiry.len(), things.bytes)
        };
        assert_eq!(counts(&content_store), (1, 1, 1));
        // The same name again is the same thing, with another end.
        content_store.insert(token.clone(), text("cc"), Duration::from_mins(2));
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(content_store.get(&token), Some(text("cc")));
        assert_eq!(counts(&content_store), (1, 1, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_shelf_drops_what_expires_next() {
        let content_store = ContentStore::default();
        let half = || StoredContent::new("image/png", vec![0; MAX_BYTES / 2]);
        let long = content_store.insert_new(half(), Duration::from_secs(100));
        let short = content_store.insert_new(half(), Duration::from_secs(10));
        let third = content_store.insert_new(half(), Duration::from_secs(50));
        assert!(content_store.get(&short).is_none());
        assert!(content_store.get(&long).is_some() && content_store.get(&third).is_some());
        assert!(content_store.0.lock().bytes <= MAX_BYTES);
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_extend_the_base_that_phones_know() {
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
    }
}
