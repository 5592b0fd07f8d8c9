//! CSTA requests to a Snom phone over HTTP in both dialects, and to phones in sessions over SIP; their replies
//! and events.

use std::sync::LazyLock;

use handset_phones::csta::{CallTable, Incoming, SessionDialect};
use handset_phones::phone::{CstaAccount, CstaCalls, Phone, Vendor};
use handset_phones::verb::Via;

use super::conversation;

/// Runs the same conversation with a phone of each dialect, and reads the whole input, its parts between lines `--`
/// and what follows their first line as messages of a session.
pub fn check(bytes: &[u8]) {
    for phone in &*PHONES {
        conversation::check(phone, Some(Via::Csta), bytes);
    }
    let dialect = SessionDialect::of(&PHONES[2]).expect("it has an account");
    let mut table = CallTable::new(&dialect);
    let text = String::from_utf8_lossy(bytes);
    for part in text.split("\n--\n").chain([&*text]) {
        let body = part.split_once('\n').map_or(part, |(_, body)| body);
        for message in [part, body] {
            note(&mut table, message.as_bytes());
        }
    }
}

/// Reads a message that a phone sends by itself.
fn note(table: &mut CallTable, message: &[u8]) {
    let Incoming::Event(event) = Incoming::read(message) else {
        return;
    };
    if let Some(named) = table.note(&event) {
        for (name, value) in &named.values {
            let is_short = value.chars().count() <= MAX_VALUE;
            let is_printable = !value.chars().any(char::is_control);
            assert!(is_short && is_printable, "{name}: {value:?}");
        }
    }
    assert!(table.activities().count() <= MAX_CALLS);
}

static PHONES: LazyLock<[Phone; 4]> = LazyLock::new(|| {
    let of = |vendor, model, firmware| conversation::phone(vendor, model, firmware);
    let account = || CstaAccount::new("1001-csta", "secret".into()).ok();
    [
        of(Vendor::Snom, "D785", "8.4.35"),
        of(Vendor::Snom, "D785", "10.1.198.12"),
        Phone {
            csta: account(),
            ..of(Vendor::Snom, "D865", "10.1.226.13")
        },
        Phone {
            csta: account(),
            csta_calls: Some(CstaCalls::Flat),
            ..of(Vendor::Yealink, "T54W", "96.86.0.70")
        },
    ]
});

/// The longest value of an event, in characters.
const MAX_VALUE: usize = 256;

/// The most calls of a phone that are kept.
const MAX_CALLS: usize = 64;
