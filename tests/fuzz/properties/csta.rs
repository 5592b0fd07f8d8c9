//! CSTA requests to a Snom phone in both dialects, and its replies.

use std::sync::LazyLock;

use handset_phones::phone::{Phone, Vendor};
use handset_phones::verb::Via;

use super::conversation;

/// Runs the same conversation with a phone of each dialect.
pub fn check(bytes: &[u8]) {
    for phone in &*PHONES {
        conversation::check(phone, Some(Via::Csta), bytes);
    }
}

static PHONES: LazyLock<[Phone; 2]> = LazyLock::new(|| {
    ["8.4.35", "10.1.198.12"].map(|firmware| conversation::phone(Vendor::Snom, "D785", firmware))
});
