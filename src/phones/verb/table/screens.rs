//! Verbs for the display.

use super::key::Key;
use super::row::Row;
use crate::verb::id::Verb;
use crate::verb::kind::Kind;

pub(super) const BACKGROUND: Row = Row::new(Verb::Background, "sets the background")
    .details("The image is converted and scaled for the model, with its thumbnail.")
    .main_key("image")
    .keys(&[
        Key::new("image", Kind::Image, "The image", "night.jpg").required(),
        Key::new(
            "fit",
            Kind::Word(&["cover", "contain"]),
            "`cover` fills the display and cuts off what is outside of it; `contain` shows the \
             whole image with margins",
            "contain",
        )
        .default("cover"),
    ])
    .examples(&[&[("image", "night.jpg"), ("fit", "contain")]]);

pub(super) const CLEAR: Row = Row::new(Verb::Clear, "closes a pushed screen");

pub(super) const DISPLAY: Row = Row::new(Verb::Display, "switches the backlight")
    .main_key("state")
    .keys(&[
        Key::new(
            "state",
            Kind::Word(&["on", "off", "default"]),
            "The state; `default` is that of the phone's configuration",
            "off",
        )
        .required(),
        Key::new(
            "minutes",
            Kind::Whole(0, MINUTES_OF_A_DAY),
            "How many minutes the state lasts. If unset or 0, until the next change",
            "60",
        ),
    ])
    .examples(&[&[("state", "off")], &[("state", "on"), ("minutes", "60")]]);

pub(super) const PUSH: Row = Row::new(Verb::Push, "shows a screen")
    .details(
        "A screen shows a text, or one of `image`, `item` (a menu), `entry` (a directory), `input` \
         (a form), `template`, `xml` and `url`. With `image`, `item`, `entry` and `input`, `text` is \
         the prompt. `xml` and `url` exclude all keys of a screen; `template` excludes `softkey`, \
         `timeout` and `beep`. What does not fit the phone is cut or paged, and the reason notes it.",
    )
    .main_key("text")
    .keys(&[
        Key::new("text", Kind::Text, "The text", "You are number 3"),
        Key::new("title", Kind::Text, "The title line", "Parking"),
        Key::new(
            "prompt",
            Kind::Text,
            "An instruction. Phones without a place for it show it with the title or the text",
            "Choose a dish",
        ),
        Key::new("image", Kind::Image, "An image to show", "door.jpg"),
        Key::new("item", Kind::Item, "An item of a menu", "Soup|dial:201").repeatable(),
        Key::new(
            "entry",
            Kind::Entry,
            "An entry of a directory, dialed when it is chosen",
            "Reception|200",
        )
        .repeatable(),
        Key::new(
            "input",
            Kind::Input,
            "A field of a form. Its kind limits what can be entered",
            "Room|room|number",
        )
        .repeatable(),
        Key::new(
            "submit",
            Kind::Url,
            "The URL that the phone requests with the values of the form. If unset, they come back \
             to handsetd, as the event `phone.form`",
            "http://192.0.2.30/room",
        ),
        Key::new(
            "softkey",
            Kind::Item,
            "A key below the display. If unset, the phone shows its own",
            "Close|exit",
        )
        .repeatable(),
        Key::new(
            "template",
            Kind::Template,
            "A document in the vendor's format with Jinja placeholders for `title`, `prompt` and \
             `text`",
            "queue.xml",
        ),
        Key::new(
            "xml",
            Kind::String,
            "A document in the vendor's format, sent unchanged",
            "<CiscoIPPhoneText><Text>Hello</Text></CiscoIPPhoneText>",
        ),
        Key::new(
            "url",
            Kind::Url,
            "The URL of a document that the phone fetches itself",
            "http://192.0.2.30/menu.xml",
        ),
        Key::new(
            "timeout",
            Kind::Duration,
            "How long the screen stays. If unset, until it is closed",
            "30s",
        ),
        Key::new(
            "beep",
            Kind::YES_NO,
            "Whether the phone beeps. If unset, it does not",
            "yes",
        ),
        Key::new(
            "priority",
            Kind::Word(&["now", "idle", "only-idle"]),
            "When to show the screen: at once, once the phone is idle, or at once if it is idle \
             and otherwise never",
            "idle",
        )
        .default("now"),
    ])
    .examples(&[
        &[("title", "Parking"), ("text", "You are number 3")],
        &[
            ("title", "Lunch"),
            ("item", "Soup|dial:201"),
            ("item", "Salad|dial:202"),
        ],
        &[
            ("text", "Somebody is at the door"),
            ("softkey", "Open|dial:*99"),
        ],
        &[("text", "Back at two"), ("phone", "1002"), ("keep", "8h")],
        &[("title", "Room"), ("input", "Room|room|number")],
    ]);

pub(super) const SCREENSHOT: Row = Row::new(Verb::Screenshot, "takes a screenshot")
    .result("the picture as PNG: its `url`, and the file in Base64 as `png`; `HANDSET_RESULT` has the URL alone");

const MINUTES_OF_A_DAY: u32 = 24 * 60;
