//! Verbs for tones and audio.

use super::calls::MAX_LINE;
use super::key::Key;
use super::row::Row;
use crate::verb::id::Verb;
use crate::verb::kind::Kind;
use crate::verb::stream::Codec;

pub(super) const RING: Row = Row::new(Verb::Ring, "plays a tone now")
    .details("Either `tone` or `stop` is required. An audio file is converted for the model.")
    .main_key("tone")
    .keys(&[
        Key::new("tone", Kind::Tone, "The tone to play", "bell.wav"),
        Key::new("stop", Kind::YES, "Stops the tone that is playing", "yes"),
    ])
    .examples(&[&[("tone", "bell.wav")], &[("stop", "yes")]]);

pub(super) const RINGTONE: Row = Row::new(Verb::Ringtone, "sets the phone's ring tone")
    .details("An audio file is converted for the model.")
    .main_key("tone")
    .keys(&[
        Key::new("tone", Kind::Tone, "The ring tone", "bell.wav").required(),
        Key::new(
            "line",
            Kind::Whole(1, MAX_LINE),
            "The line whose ring tone is set, counted from 1. If unset, that of the phone",
            "1",
        ),
    ])
    .examples(&[&[("tone", "bell.wav")]]);

pub(super) const STREAM: Row = Row::new(Verb::Stream, "plays or sends RTP audio")
    .details(
        "Either `address` or `stop` is required; `stop` excludes all other keys of the verb. \
         The phone keeps playing or sending until it is stopped.",
    )
    .main_key("address")
    .keys(&[
        Key::new(
            "address",
            Kind::Address,
            "Where the audio comes from or goes to; may be a multicast group",
            "239.192.0.1:20480",
        ),
        Key::new(
            "mode",
            Kind::Word(&["receive", "send", "both"]),
            "The direction, as seen by the phone. `send` sends what its microphone hears",
            "receive",
        )
        .default("receive"),
        Key::new(
            "codec",
            Kind::Word(Codec::WORDS),
            "The codec. If unset, the phone chooses",
            "g711",
        ),
        Key::new(
            "volume",
            Kind::Whole(0, 100),
            "The volume in percent. If unset, it is unchanged",
            "60",
        ),
        Key::new("stop", Kind::YES, "Stops all streams of the phone", "yes"),
    ])
    .result("the phone's id of the `stream`, if it reports one")
    .examples(&[&[("address", "239.192.0.1:20480")], &[("stop", "yes")]]);
