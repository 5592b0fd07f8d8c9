//! Requests to a Cisco phone, and its replies.

use std::sync::LazyLock;

use handset_phones::phone::{Phone, Vendor};

use super::conversation;

/// Runs a conversation.
pub fn check(bytes: &[u8]) {
    conversation::check(&PHONE, None, bytes);
}

static PHONE: LazyLock<Phone> =
    LazyLock::new(|| conversation::phone(Vendor::Cisco, "7970G", "9.4.2"));
