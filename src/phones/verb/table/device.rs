//! Verbs for the phone itself, and in the vendors' own words.

use super::key::Key;
use super::row::Row;
use crate::verb::id::Verb;
use crate::verb::kind::Kind;
use crate::verb::led::LedColor;

pub(super) const CSTA: Row = Row::new(Verb::Csta, "sends any CSTA request")
    .main_key("request")
    .keys(&[Key::new(
        "request",
        Kind::String,
        "The name of the request's element in ECMA-323",
        "AnswerCall",
    )
    .required()])
    .with_elements()
    .result("the elements of the response")
    .examples(&[
        &[("request", "RequestSystemStatus")],
        &[
            ("request", "AnswerCall"),
            ("callToBeAnswered.callID", "-18"),
        ],
    ]);

pub(super) const EXECUTE: Row = Row::new(Verb::Execute, "runs up to three vendor URIs")
    .main_key("uri")
    .keys(&[Key::new(
        "uri",
        Kind::VendorUri,
        "A URI for the phone to run, such as Cisco's `Key:` and `Init:`, Snom's `snom://` or \
         Yealink's `Wav.Play:`",
        "Key:Soft1",
    )
    .required()
    .up_to(MAX_URIS)])
    .result("what the phone reports for each URI")
    .examples(&[
        &[("uri", "Key:Soft1")],
        &[("uri", "Key:Speaker"), ("uri", "Dial:200@1")],
    ]);

pub(super) const FIRMWARE: Row = Row::new(Verb::Firmware, "loads firmware")
    .main_key("url")
    .keys(&[
        Key::new(
            "url",
            Kind::Url,
            "The URL of the firmware, which the phone fetches itself",
            "http://192.0.2.30/D785.bin",
        )
        .required(),
        Key::new(
            "confirm",
            Kind::YES,
            "Confirms that the phone may be out of service meanwhile",
            "yes",
        )
        .required(),
    ])
    .examples(&[&[("url", "http://192.0.2.30/D785.bin"), ("confirm", "yes")]]);

pub(super) const INFO: Row = Row::new(Verb::Info, "reads model, firmware, MAC address and lines")
    .result("what the phone reports about itself");

pub(super) const KEY: Row = Row::new(Verb::Key, "presses keys in order")
    .details(
        "All vendors' phones know `0` to `9`, `*`, `#`, `OK`, `F1` and on (below the display), and \
         `L1` and on (lines); further names are the vendor's.",
    )
    .main_key("keys")
    .keys(&[Key::new("keys", Kind::Keys, "The keys to press", "1,2,OK").required()])
    .examples(&[&[("keys", "1,2,OK")], &[("keys", "F1:800:200,OK")]]);

pub(super) const LED: Row = Row::new(Verb::Led, "switches a lamp")
    .main_key("state")
    .keys(&[
        Key::new(
            "state",
            Kind::Word(&["on", "off", "slow", "fast"]),
            "The state; `slow` and `fast` blink",
            "slow",
        )
        .required(),
        Key::new(
            "led",
            Kind::Led,
            "The lamp. If unset, the message lamp",
            "2",
        ),
        Key::new(
            "color",
            Kind::Word(LedColor::WORDS),
            "The colour, on lamps that have several. If unset, the phone chooses",
            "red",
        ),
    ])
    .examples(&[
        &[("state", "slow")],
        &[("state", "on"), ("led", "2"), ("color", "red")],
    ]);

pub(super) const NOTIFY: Row = Row::new(Verb::Notify, "sends any SIP NOTIFY through Asterisk")
    .details("It requires an `[[asterisk]]` section. `type` and `body` require each other.")
    .main_key("event")
    .keys(&[
        Key::new(
            "event",
            Kind::String,
            "The value of the Event header",
            "check-sync;reboot=true",
        )
        .required(),
        Key::new(
            "type",
            Kind::String,
            "The content type of the body, `type/subtype`",
            "application/simple-message-summary",
        ),
        Key::new("body", Kind::String, "The body", "Messages-Waiting: yes"),
    ])
    .examples(&[
        &[("event", "check-sync;reboot=true")],
        &[("event", "talk"), ("type", "text/plain"), ("body", "Hello")],
    ]);

pub(super) const PING: Row = Row::new(Verb::Ping, "does nothing; checks that handsetd responds")
    .details("It reaches no phone.");

pub(super) const REBOOT: Row = Row::new(Verb::Reboot, "restarts the phone");

pub(super) const RESYNC: Row = Row::new(Verb::Resync, "makes the phone reload its configuration");

pub(super) const SETTINGS: Row = Row::new(Verb::Settings, "reads or writes phone settings")
    .details(
        "At least one `set` or `get` is required; settings are written before others are read.",
    )
    .main_key("set")
    .keys(&[
        Key::new(
            "set",
            Kind::Setting,
            "A setting to write, by the vendor's name",
            "dnd_mode=on",
        )
        .repeatable(),
        Key::new(
            "get",
            Kind::SettingName,
            "A setting to read, by the vendor's name",
            "dnd_mode",
        )
        .repeatable(),
    ])
    .result("the values of the settings of `get`, by name")
    .examples(&[
        &[("get", "user_realname1")],
        &[
            ("set", "user_realname1=Reception"),
            ("get", "user_realname1"),
        ],
    ]);

/// How many URIs Cisco's `CiscoIPPhoneExecute` takes.
const MAX_URIS: usize = 3;
