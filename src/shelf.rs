//! What lies ready for phones to fetch: documents, pictures and tones under names nobody can guess.
//!
//! Memory only, bounded in bytes, and everything on it expires. Files that a phone fetches again
//! after weeks are put back on the shelf when the daemon starts.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;
use url::Url;

/// The shelf. Cheap to clone; all clones are one shelf.
#[derive(Clone, Debug, Default)]
pub struct Shelf(Arc<Mutex<Things>>);

#[derive(Debug, Default)]
struct Things {
    by_token: HashMap<Arc<str>, (Content, Instant)>,
    /// The same, the one first whose time is over first.
    by_end: BTreeSet<(Instant, Arc<str>)>,
    bytes: usize,
}

/// One thing to fetch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Content {
    /// Its `Content-Type`.
    pub media_type: &'static str,
    /// What it is.
    pub body: Bytes,
    /// The `Refresh` header, where the phone shall go on by itself.
    pub refresh: Option<String>,
}

impl Content {
    /// Creates something without a `Refresh`.
    pub fn new(media_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            media_type,
            body: body.into(),
            refresh: None,
        }
    }
}

impl Shelf {
    /// Puts `content` on the shelf for `lifetime`, under a random name, and returns the name.
    pub fn put(&self, content: Content, lifetime: Duration) -> String {
        let token = crate::token::random::<16>();
        self.put_as(token.clone(), content, lifetime);
        token
    }

    /// Puts `content` on the shelf under a name that the caller knows to be unguessable; what lay
    /// there before is replaced.
    pub fn put_as(&self, token: String, content: Content, lifetime: Duration) {
        let now = Instant::now();
        let mut things = self.lock();
        things.remove(&token);
        things.make_room(content.body.len(), now);
        things.bytes = things.bytes.saturating_add(content.body.len());
        let (token, until) = (Arc::<str>::from(token), now + lifetime);
        things.by_end.insert((until, Arc::clone(&token)));
        things.by_token.insert(token, (content, until));
    }

    /// Returns what lies under `token`, unless its time is over.
    pub fn take_copy(&self, token: &str) -> Option<Content> {
        let mut things = self.lock();
        match things.by_token.get(token) {
            Some((content, until)) if *until > Instant::now() => Some(content.clone()),
            Some(_) => {
                things.remove(token);
                None
            }
            None => None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Things> {
        // Nothing panics while the lock is held; if it did, the shelf would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Things {
    fn remove(&mut self, token: &str) {
        if let Some((token, (content, until))) = self.by_token.remove_entry(token) {
            self.by_end.remove(&(until, token));
            self.bytes = self.bytes.saturating_sub(content.body.len());
        }
    }

    /// Drops what has expired, then what would expire next, until `bytes` more fit.
    fn make_room(&mut self, bytes: usize, now: Instant) {
        let is_full = |things: &Self| {
            things.by_token.len() >= MAX_THINGS || things.bytes.saturating_add(bytes) > MAX_BYTES
        };
        while let Some((until, token)) = self.by_end.first() {
            if now < *until && !is_full(self) {
                return;
            }
            let token = Arc::clone(token);
            self.remove(&token);
        }
    }
}

/// The shelf as one phone reaches it.
#[derive(Clone, Debug)]
pub struct Stand {
    shelf: Shelf,
    base: Url,
    lifetime: Duration,
}

impl Stand {
    /// Creates a stand whose addresses start with `base`, for things that live for `lifetime`.
    pub fn new(shelf: Shelf, base: Url, lifetime: Duration) -> Self {
        Self {
            shelf,
            base,
            lifetime,
        }
    }

    /// Returns the address that all others start with.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Lays a document out and returns where the phone finds it.
    pub fn screen(&self, content: Content) -> Url {
        let token = self.shelf.put(content, self.lifetime);
        self.address(&["screen", &token])
    }

    /// Lays a picture or tone out and returns where the phone finds it; the address ends with
    /// `name`, since some phones name the file after it.
    pub fn media(&self, content: Content, name: &str) -> Url {
        let token = self.shelf.put(content, self.lifetime);
        self.media_address(&token, name)
    }

    /// Returns where the phone finds the picture or tone that lies under `token`.
    pub fn media_address(&self, token: &str, name: &str) -> Url {
        self.address(&["media", token, name])
    }

    fn address(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        // An http URL always has a path that can be extended.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }
}

/// The most that lies on the shelf: pictures of a few hundred kilobytes, for hundreds of phones.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// The most things, however small.
const MAX_THINGS: usize = 100_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: &'static str) -> Content {
        Content::new("text/plain", body)
    }

    #[tokio::test(start_paused = true)]
    async fn things_expire() {
        let shelf = Shelf::default();
        let token = shelf.put(text("a"), Duration::from_mins(1));
        assert_eq!(shelf.take_copy(&token), Some(text("a")));
        tokio::time::advance(Duration::from_mins(1)).await;
        assert_eq!(shelf.take_copy(&token), None);
        assert_eq!(shelf.lock().bytes, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_has_expired_makes_room_without_being_asked_for() {
        let shelf = Shelf::default();
        for _ in 0..100 {
            shelf.put(text("a"), Duration::from_mins(1));
        }
        tokio::time::advance(Duration::from_mins(1)).await;
        let token = shelf.put(text("b"), Duration::from_mins(1));
        let counts = |shelf: &Shelf| {
            let things = shelf.lock();
            (things.by_token.len(), things.by_end.len(), things.bytes)
        };
        assert_eq!(counts(&shelf), (1, 1, 1));
        // The same name again is the same thing, with another end.
        shelf.put_as(token.clone(), text("cc"), Duration::from_mins(2));
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(shelf.take_copy(&token), Some(text("cc")));
        assert_eq!(counts(&shelf), (1, 1, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_shelf_drops_what_expires_next() {
        let shelf = Shelf::default();
        let half = || Content::new("image/png", vec![0; MAX_BYTES / 2]);
        let long = shelf.put(half(), Duration::from_secs(100));
        let short = shelf.put(half(), Duration::from_secs(10));
        let third = shelf.put(half(), Duration::from_secs(50));
        assert!(shelf.take_copy(&short).is_none());
        assert!(shelf.take_copy(&long).is_some() && shelf.take_copy(&third).is_some());
        assert!(shelf.lock().bytes <= MAX_BYTES);
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_extend_the_base_that_phones_know() {
        let base = |base: &str| {
            Stand::new(
                Shelf::default(),
                Url::parse(base).unwrap(),
                Duration::from_secs(1),
            )
        };
        let url = base("http://192.0.2.10:8090").media_address("abc", "bell.wav");
        assert_eq!(url.as_str(), "http://192.0.2.10:8090/media/abc/bell.wav");
        let url = base("http://pbx.example.com/handsetd/").screen(text("a"));
        assert!(
            url.as_str()
                .starts_with("http://pbx.example.com/handsetd/screen/"),
            "{url}"
        );
    }
}
