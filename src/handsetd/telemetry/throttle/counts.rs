//! How many lines of each kind were written and left out. No I/O.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use handset_net::listener::rate_limit_key;
use tokio::time::Instant;
use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata};

use super::limits::Limits;

/// The counts of the present minute.
#[derive(Debug)]
pub(super) struct Counts {
    /// By place in the source, of which there is a fixed number.
    kinds: HashMap<Identifier, Kind>,
    /// How many lines of a kind a source has caused, by the hash of both: a group may have more phones than there
    /// is room for, so that each line makes one of them make room for another.
    sources: ExpiringMap<u64, u64>,
    hasher: RandomState,
}

/// What is known of one kind of line.
#[derive(Debug)]
struct Kind {
    metadata: &'static Metadata<'static>,
    minute: Instant,
    written: u64,
    left_out: u64,
    /// The source of the lines left out; `None` after those of a second one.
    only_source: Option<Source>,
    /// The sentence of the first line left out.
    message: String,
}

/// Lines that were left out.
#[derive(Debug)]
pub(super) struct LeftOut {
    pub(super) metadata: &'static Metadata<'static>,
    pub(super) count: u64,
    /// Who caused them: an address, the name of a phone or server, or `several`.
    pub(super) peer: Option<String>,
    pub(super) message: String,
}

/// The peer, phone or server that a line names.
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub(super) enum Source {
    #[default]
    Unnamed,
    Address(IpAddr),
    Name(String),
}

impl Source {
    /// Returns the source that the fields of a line name.
    pub(super) fn of(event: &Event<'_>) -> Self {
        let mut reader = SourceReader::default();
        event.record(&mut reader);
        match reader.text.parse::<SocketAddr>() {
            Ok(address) => Self::Address(rate_limit_key(address.ip())),
            Err(_) => match reader.text.parse() {
                Ok(ip) => Self::Address(rate_limit_key(ip)),
                Err(_) if reader.text.is_empty() => Self::Unnamed,
                Err(_) => Self::Name(reader.text),
            },
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Unnamed => None,
            Self::Address(ip) => Some(ip.to_string()),
            Self::Name(name) => Some(name.clone()),
        }
    }
}

impl Counts {
    /// Returns whether a line is written, and counts it.
    pub(super) fn admit(
        &mut self,
        event: &Event<'_>,
        source: Source,
        limits: Limits,
        now: Instant,
    ) -> bool {
        let metadata = event.metadata();
        let id = metadata.callsite();
        let kind = self.kinds.entry(id.clone()).or_insert_with(|| Kind {
            metadata,
            minute: now,
            written: 0,
            left_out: 0,
            only_source: None,
            message: String::new(),
        });
        if kind.minute + MINUTE <= now {
            kind.minute = now;
            kind.written = 0;
        }
        let key = self.hasher.hash_one((id, &source));
        let count = if let Some(count) = self.sources.get_mut(&key, now) {
            *count = count.saturating_add(1);
            *count
        } else {
            self.sources.insert(key, 1, MINUTE, now);
            1
        };
        if count <= limits.each && kind.written < limits.all {
            kind.written += 1;
            return true;
        }
        if kind.left_out == 0 {
            kind.message = message(event);
            kind.only_source = Some(source);
        } else if kind.only_source.as_ref() != Some(&source) {
            kind.only_source = None;
        }
        kind.left_out = kind.left_out.saturating_add(1);
        false
    }

    /// Returns the lines left out of those kinds whose minute has ended.
    pub(super) fn take_ended(&mut self, now: Instant) -> Vec<LeftOut> {
        self.sources.remove_expired(now);
        let ended = |kind: &Kind| kind.minute + MINUTE <= now;
        self.kinds
            .values_mut()
            .filter(|kind| ended(kind))
            .filter_map(Kind::take)
            .collect()
    }

    /// Returns all lines left out.
    pub(super) fn take_all(&mut self) -> Vec<LeftOut> {
        self.kinds.values_mut().filter_map(Kind::take).collect()
    }

    /// Returns the number of sources in memory.
    #[cfg(test)]
    pub(super) fn sources(&self) -> usize {
        self.sources.len()
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            kinds: HashMap::new(),
            sources: ExpiringMap::new(MAX_SOURCES),
            hasher: RandomState::new(),
        }
    }
}

impl Kind {
    fn take(&mut self) -> Option<LeftOut> {
        let count = std::mem::take(&mut self.left_out);
        let peer = match self.only_source.take() {
            Some(source) => source.text(),
            None => Some(SEVERAL.to_owned()),
        };
        (count > 0).then(|| LeftOut {
            metadata: self.metadata,
            count,
            peer,
            message: std::mem::take(&mut self.message),
        })
    }
}

/// Reads the first of [`SOURCES`] that a line has.
#[derive(Default)]
struct SourceReader {
    text: String,
    rank: Option<usize>,
}

impl SourceReader {
    fn read(&mut self, field: &Field, text: impl FnOnce() -> String) {
        let Some(rank) = SOURCES.iter().position(|name| *name == field.name()) else {
            return;
        };
        if self.rank.is_none_or(|known| rank < known) {
            self.rank = Some(rank);
            self.text = text();
        }
    }
}

impl Visit for SourceReader {
    fn record_str(&mut self, field: &Field, value: &str) {
        let end = value.floor_char_boundary(MAX_NAME);
        self.read(field, || value.get(..end).unwrap_or_default().to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.read(field, || cut(value, MAX_NAME));
    }
}

fn message(event: &Event<'_>) -> String {
    struct Reader(String);
    impl Visit for Reader {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            if field.name() == "message" {
                self.0 = cut(value, MAX_MESSAGE);
            }
        }
    }
    let mut reader = Reader(String::new());
    event.record(&mut reader);
    reader.0
}

/// Returns the start of a value, up to `most` bytes.
fn cut(value: &dyn fmt::Debug, most: usize) -> String {
    struct Cutting(String, usize);
    impl Write for Cutting {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let room = self.1.saturating_sub(self.0.len());
            let end = text.floor_char_boundary(room);
            self.0.push_str(text.get(..end).unwrap_or_default());
            if end < text.len() {
                Err(fmt::Error)
            } else {
                Ok(())
            }
        }
    }
    let mut cutting = Cutting(String::new(), most);
    // An error means that it was cut.
    let _ = write!(cutting, "{value:?}");
    cutting.0
}

/// The fields that name a source, the most significant first.
pub(super) const SOURCES: [&str; 3] = ["peer", "phone", "server"];

/// How long a count lasts, from its first line on.
pub(super) const MINUTE: Duration = Duration::from_mins(1);

/// Maximum number of sources in memory; those that expire next make room. A source that was forgotten
/// may cause more lines, within the limit of all.
pub(super) const MAX_SOURCES: usize = 4096;

/// The longest name of a source, in bytes.
const MAX_NAME: usize = 64;

/// The longest sentence that is repeated, in bytes.
const MAX_MESSAGE: usize = 200;

/// Stands for the source of lines of more than one.
const SEVERAL: &str = "several";
