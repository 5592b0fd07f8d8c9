//! Verbs for Cisco's Extension Mobility, which go to the call manager.

use super::key::Key;
use super::row::Row;
use crate::verb::id::Verb;
use crate::verb::kind::Kind;

pub(super) const LOGIN: Row = Row::new(Verb::Login, "logs a user in (Extension Mobility)")
    .details(TO_THE_CALL_MANAGER)
    .main_key("user")
    .keys(&[
        Key::new("user", Kind::User, "The user", "alice").required(),
        Key::new(
            "profile",
            Kind::User,
            "The device profile. If unset, the default of the user",
            "alice-udp",
        ),
        Key::new(
            "device",
            Kind::Device,
            "The device. If unset, the addressed phone",
            "SEP00005E005301",
        ),
        Key::new(
            "minutes",
            Kind::Whole(1, MAX_MINUTES),
            "How many minutes until the user is logged out. If unset, the call manager decides",
            "480",
        ),
    ])
    .examples(&[&[("user", "alice"), ("minutes", "480")]]);

pub(super) const LOGOUT: Row = Row::new(Verb::Logout, "logs a user out (Extension Mobility)")
    .details(
        "It goes to the call manager, and requires a `[cucm]` section. With `user` alone, the user is \
         logged out of all devices.",
    )
    .main_key("user")
    .keys(KEYS)
    .examples(&[&[], &[("user", "alice")]]);

pub(super) const WHO: Row = Row::new(Verb::Who, "reports who is logged in (Extension Mobility)")
    .details(
        "It goes to the call manager, and requires a `[cucm]` section. With `user` it reports the \
         devices of that user.",
    )
    .main_key("user")
    .keys(KEYS)
    .result("`device` and `user`; with `user=` the `devices` of that user")
    .examples(&[&[], &[("user", "alice")]]);

const KEYS: &[Key] = &[
    Key::new("user", Kind::User, "The user", "alice"),
    Key::new(
        "device",
        Kind::Device,
        "The device. If unset, the addressed phone, unless a user is given",
        "SEP00005E005301",
    ),
];

const TO_THE_CALL_MANAGER: &str = "It goes to the call manager, and requires a `[cucm]` section.";

/// The longest time until a logout, 10 days.
const MAX_MINUTES: u32 = 10 * 24 * 60;
