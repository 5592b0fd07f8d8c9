//! The minibrowser's objects as tables. Tags are told apart by name, not by case or order.

use super::super::document::Element;
use super::super::schema::{Attribute, Child, Contains, Rule, Strictness, Value};

/// Puts what every object may hold before what it alone may hold.
macro_rules! shown {
    ($($child:expr),* $(,)?) => {
        [
            Child::maybe(&TITLE),
            Child::maybe(&PROMPT),
            Child::maybe(&FETCH),
            Child::many(&SOFT_KEY_ITEM, 32),
            Child::many(&LED, 64),
            $($child),*
        ]
    };
}

/// Returns what an object is called without its prefix, in lower case.
pub(super) fn kind(document: &Element) -> Option<String> {
    let name = document.name.to_ascii_lowercase();
    let name = name.strip_prefix("snom").unwrap_or(&name);
    name.strip_prefix("ipphone").map(ToOwned::to_owned)
}

/// Judges a document; the error says in words what is wrong.
pub(super) fn judge(document: &Element) -> Result<(), String> {
    let unknown = || format!("the unknown object {}", document.name);
    let kind = kind(document).ok_or_else(unknown)?;
    if kind == "batch" {
        let mut parts = document.children().peekable();
        if parts.peek().is_none() {
            return Err("an empty batch".to_owned());
        }
        return parts.try_for_each(judge);
    }
    let rule = OBJECTS
        .iter()
        .find(|rule| rule.name == kind)
        .ok_or_else(unknown)?;
    rule.judge(
        document,
        Strictness {
            ordered: false,
            case: false,
        },
    )
}

const OBJECTS: [Rule; 7] = [
    object("directory", &shown![Child::many(&DIRECTORY_ENTRY, 100)]),
    object(
        "image",
        &shown![Child::maybe(&X), Child::maybe(&Y), Child::one(&DATA)],
    ),
    object(
        "imagefile",
        &shown![
            Child::maybe(&X),
            Child::maybe(&Y),
            Child::maybe(&WIDTH),
            Child::maybe(&HEIGHT),
            Child::one(&URL),
        ],
    ),
    object("input", &shown![Child::one(&URL), Child::one(&INPUT_ITEM)]),
    object("menu", &shown![Child::many(&MENU_ITEM, 100)]),
    Rule::with("silent", &ATTRIBUTES, &[Child::maybe(&FETCH)]),
    object(
        "text",
        &shown![
            Child::maybe(&TEXT),
            Child::maybe(&X),
            Child::maybe(&Y),
            Child::maybe(&IMAGE),
        ],
    ),
];

const fn object(name: &'static str, children: &'static [Child]) -> Rule {
    Rule::with(name, &ATTRIBUTES, children)
}

const ANY: Value = Value::Text(0, 4096);
const ATTRIBUTES: [Attribute; 11] = [
    Attribute::maybe("title", ANY),
    Attribute::maybe("sort", Value::YesNo),
    Attribute::maybe("selectable", Value::YesNo),
    Attribute::maybe("predict", Value::YesNo),
    Attribute::maybe("dtmf", Value::YesNo),
    Attribute::maybe("id", ANY),
    Attribute::maybe("document_id", ANY),
    Attribute::maybe("track", Value::YesNo),
    Attribute::maybe(
        "state",
        Value::OneOf(&["relevant", "only_mb", "others_except_mb"]),
    ),
    Attribute::maybe(
        "show_line_info_layer",
        Value::OneOf(&["on", "off", "smart"]),
    ),
    Attribute::maybe("has_scrollbar", Value::YesNo),
];

const TITLE: Rule = Rule::value("Title", ANY);
const PROMPT: Rule = Rule::value("Prompt", ANY);
const TEXT: Rule = Rule {
    name: "Text",
    attributes: &[],
    content: Contains::Mixed,
};
const URL: Rule = Rule {
    name: "URL",
    attributes: &[
        Attribute::maybe("new_context", Value::YesNo),
        Attribute::maybe("track", Value::YesNo),
    ],
    content: Contains::Value(ANY),
};
const FETCH: Rule = Rule {
    name: "fetch",
    attributes: &[Attribute::one("mil", Value::Number(0, 86_400_000))],
    content: Contains::Value(ANY),
};
const LED: Rule = Rule {
    name: "Led",
    attributes: &[
        Attribute::one("number", Value::Number(0, 255)),
        Attribute::maybe(
            "color",
            Value::OneOf(&["red", "green", "orange", "redgreen", "greenorange"]),
        ),
    ],
    content: Contains::Value(ANY),
};
const SOFT_KEY_ITEM: Rule = Rule::elements(
    "SoftKeyItem",
    &[
        Child::one(&Rule::value("Name", Value::OneOf(&KEYS))),
        Child::maybe(&Rule::value("Label", ANY)),
        Child::maybe(&URL),
        Child::maybe(&Rule::value("SoftKey", ANY)),
        Child::maybe(&Rule::value("Icon", ANY)),
    ],
);
const KEYS: [&str; 44] = [
    "F1",
    "F2",
    "F3",
    "F4",
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
    "*",
    "#",
    "CANCEL",
    "ENTER",
    "ONHOOK",
    "RIGHT",
    "LEFT",
    "REDIAL",
    "SPEAKER",
    "TRANSFER",
    "CONFERENCE",
    "HELP",
    "REC",
    "SNOM",
    "DND",
    "RECALL",
    "F_MUTE",
    "F_UP",
    "F_DOWN",
    "F_LEFT",
    "F_RIGHT",
    "F_MINIBROWSER_SELECT",
    "F_MINIBROWSER_EXIT",
    "F_MINIBROWSER_UPDATE",
    "F_MINIBROWSER_SEARCH",
    "F_MINIBROWSER_CANCEL",
    "F_MINIBROWSER_BACK",
    "F_MINIBROWSER_DIAL",
    "F_MINIBROWSER_EDIT_DIAL",
    "F_MINIBROWSER_EDIT_NEXT",
];
const MENU_ITEM: Rule = Rule::with(
    "MenuItem",
    &[
        Attribute::maybe("name", ANY),
        Attribute::maybe("id", ANY),
        Attribute::maybe("sel", Value::YesNo),
        Attribute::maybe("sort_key", ANY),
    ],
    &[
        Child::maybe(&Rule::value("Name", ANY)),
        Child::maybe(&URL),
        Child::maybe(&Rule::value("SoftKey", ANY)),
        Child::maybe(&Rule::value("Icon", ANY)),
        Child::maybe(&Rule::value("extratext", ANY)),
    ],
);
const DIRECTORY_ENTRY: Rule = Rule::with(
    "DirectoryEntry",
    &[Attribute::maybe("sel", Value::YesNo)],
    &[
        Child::one(&Rule::value("Name", ANY)),
        Child::one(&Rule::value("Telephone", ANY)),
    ],
);
const INPUT_ITEM: Rule = Rule::elements(
    "InputItem",
    &[
        Child::maybe(&Rule::value("DisplayName", ANY)),
        Child::maybe(&Rule::value("QueryStringParam", Value::Text(1, 256))),
        Child::maybe(&Rule::value("InputToken", Value::Text(1, 256))),
        Child::maybe(&Rule::value("DefaultValue", ANY)),
        Child::one(&Rule::value(
            "InputFlags",
            Value::OneOf(&["a", "t", "n", "e", "u", "l", "p", "pn"]),
        )),
        Child::maybe(&Rule::value("InputMask", ANY)),
    ],
);
const COORDINATE: Value = Value::Number(-1, 4096);
const X: Rule = Rule::value("LocationX", COORDINATE);
const Y: Rule = Rule::value("LocationY", COORDINATE);
const WIDTH: Rule = Rule::value("Width", COORDINATE);
const HEIGHT: Rule = Rule::value("Height", COORDINATE);
const DATA: Rule = Rule {
    name: "Data",
    attributes: &[Attribute::one("encoding", Value::OneOf(&["base64"]))],
    content: Contains::Value(Value::Text(1, 1_000_000)),
};
const IMAGE: Rule = Rule::elements(
    "Image",
    &[Child::maybe(&X), Child::maybe(&Y), Child::one(&URL)],
);
