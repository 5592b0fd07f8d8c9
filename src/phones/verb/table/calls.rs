//! Verbs for calls.

use super::key::Key;
use super::row::Row;
use crate::verb::id::Verb;
use crate::verb::kind::Kind;

pub(super) const ANSWER: Row = Row::new(Verb::Answer, "answers a call")
    .keys(&[CALL])
    .examples(&[&[]]);

pub(super) const DIAL: Row = Row::new(Verb::Dial, "places a call")
    .details(
        "With `via=pbx` Asterisk calls the phone, which answers by itself, and then the number.",
    )
    .main_key("number")
    .keys(&[
        Key::new(
            "number",
            Kind::Number,
            "The number to call",
            "(030) 123-456",
        )
        .required(),
        Key::new(
            "line",
            Kind::Whole(1, MAX_LINE),
            "The line, counted from 1. If unset, the phone chooses",
            "2",
        ),
    ])
    .examples(&[&[("number", "200")], &[("number", "200"), ("via", "pbx")]]);

pub(super) const DND: Row = Row::new(Verb::Dnd, "switches do-not-disturb")
    .main_key("state")
    .keys(&[Key::new(
        "state",
        Kind::ON_OFF,
        "Whether the phone rejects calls",
        "on",
    )
    .required()])
    .examples(&[&[("state", "on")]]);

pub(super) const DTMF: Row = Row::new(Verb::Dtmf, "sends digits in the call")
    .main_key("digits")
    .keys(&[Key::new("digits", Kind::Digits, "The digits to send", "12#").required()])
    .examples(&[&[("digits", "12#")]]);

pub(super) const FORWARD: Row = Row::new(Verb::Forward, "forwards calls")
    .details("`number` is required, except to switch forwarding off with `state=off`.")
    .main_key("number")
    .keys(&[
        Key::new(
            "number",
            Kind::Number,
            "The number to forward calls to",
            "200",
        ),
        Key::new(
            "kind",
            Kind::Word(&["all", "busy", "noanswer"]),
            "The calls to forward",
            "busy",
        )
        .default("all"),
        Key::new(
            "state",
            Kind::ON_OFF,
            "Whether the phone forwards calls",
            "off",
        )
        .default("on"),
        Key::new(
            "after",
            Kind::Whole(0, 3600),
            "How many seconds the phone rings first, with `kind=noanswer`. If unset, the phone \
             decides",
            "20",
        ),
    ])
    .examples(&[
        &[("number", "200")],
        &[("number", "200"), ("kind", "noanswer"), ("after", "20")],
        &[("kind", "noanswer"), ("state", "off")],
    ]);

pub(super) const HANGUP: Row = Row::new(Verb::Hangup, "ends a call")
    .details("A ringing call is rejected.")
    .keys(&[CALL])
    .examples(&[&[]]);

pub(super) const HOLD: Row = Row::new(Verb::Hold, "holds a call")
    .keys(&[CALL])
    .examples(&[&[]]);

pub(super) const RESUME: Row = Row::new(Verb::Resume, "resumes a held call")
    .keys(&[CALL])
    .examples(&[&[]]);

pub(super) const TRANSFER: Row = Row::new(Verb::Transfer, "transfers a call")
    .main_key("number")
    .keys(&[
        Key::new(
            "number",
            Kind::Number,
            "The number to transfer the call to",
            "200",
        )
        .required(),
        Key::new(
            "kind",
            Kind::Word(&["blind", "attended"]),
            "`blind` transfers at once; with `attended` the phone calls the number first",
            "attended",
        )
        .default("blind"),
        CALL,
    ])
    .examples(&[&[("number", "200")]]);

const CALL: Key = Key::new(
    "call",
    Kind::Call,
    "The call. If unset, the one that the phone selects",
    "7",
);

/// The highest number of a line: what the vendors' commands have room for.
pub(super) const MAX_LINE: u32 = 255;
