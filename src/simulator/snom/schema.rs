//! The minibrowser's objects as tables. Case and order of elements are ignored.

use crate::document::Element;
use crate::schema::{Attribute, Child, ContentModel, Rule, Strictness, Value};

/// Prepends the children that every object may have.
macro_rules! displayable {
    ($($child:expr),* $(,)?) => {
        [
            Child::optional(&TITLE),
            Child::optional(&PROMPT),
            Child::optional(&FETCH),
            Child::repeated(&SOFT_KEY_ITEM, 32),
            Child::repeated(&LED, 64),
            $($child),*
        ]
    };
}

/// Returns the name of an object without its prefix, in lower case.
pub(super) fn kind(document: &Element) -> Option<String> {
    let name = document.name.to_ascii_lowercase();
    let name = name.strip_prefix("snom").unwrap_or(&name);
    name.strip_prefix("ipphone").map(ToOwned::to_owned)
}

/// Validates a document; the error is human-readable.
pub(super) fn validate(document: &Element) -> Result<(), String> {
    let unknown = || format!("unknown object {}", document.name);
    let kind = kind(document).ok_or_else(unknown)?;
    if kind == "batch" {
        let mut parts = document.children().peekable();
        if parts.peek().is_none() {
            return Err("empty batch".to_owned());
        }
        return parts.try_for_each(validate);
    }
    let rule = OBJECTS
        .iter()
        .find(|rule| rule.name == kind)
        .ok_or_else(unknown)?;
    rule.validate(
        document,
        Strictness {
            ordered: false,
            case: false,
        },
    )
}

const OBJECTS: [Rule; 7] = [
    object(
        "directory",
        &displayable![Child::repeated(&DIRECTORY_ENTRY, 100)],
    ),
    object(
        "image",
        &displayable![
            Child::optional(&X),
            Child::optional(&Y),
            Child::required(&DATA)
        ],
    ),
    object(
        "imagefile",
        &displayable![
            Child::optional(&X),
            Child::optional(&Y),
            Child::optional(&WIDTH),
            Child::optional(&HEIGHT),
            Child::required(&URL),
        ],
    ),
    object(
        "input",
        &displayable![Child::required(&URL), Child::required(&INPUT_ITEM)],
    ),
    object("menu", &displayable![Child::repeated(&MENU_ITEM, 100)]),
    Rule::with("silent", &ATTRIBUTES, &[Child::optional(&FETCH)]),
    object(
        "text",
        &displayable![
            Child::optional(&TEXT),
            Child::optional(&X),
            Child::optional(&Y),
            Child::optional(&IMAGE),
        ],
    ),
];

const fn object(name: &'static str, children: &'static [Child]) -> Rule {
    Rule::with(name, &ATTRIBUTES, children)
}

const ANY: Value = Value::Text(0, 4096);
const ATTRIBUTES: [Attribute; 11] = [
    Attribute::optional("title", ANY),
    Attribute::optional("sort", Value::YesNo),
    Attribute::optional("selectable", Value::YesNo),
    Attribute::optional("predict", Value::YesNo),
    Attribute::optional("dtmf", Value::YesNo),
    Attribute::optional("id", ANY),
    Attribute::optional("document_id", ANY),
    Attribute::optional("track", Value::YesNo),
    Attribute::optional(
        "state",
        Value::OneOf(&["relevant", "only_mb", "others_except_mb"]),
    ),
    Attribute::optional(
        "show_line_info_layer",
        Value::OneOf(&["on", "off", "smart"]),
    ),
    Attribute::optional("has_scrollbar", Value::YesNo),
];

const TITLE: Rule = Rule::value("Title", ANY);
const PROMPT: Rule = Rule::value("Prompt", ANY);
const TEXT: Rule = Rule {
    name: "Text",
    attributes: &[],
    content: ContentModel::Mixed,
};
const URL: Rule = Rule {
    name: "URL",
    attributes: &[
        Attribute::optional("new_context", Value::YesNo),
        Attribute::optional("track", Value::YesNo),
    ],
    content: ContentModel::Value(ANY),
};
const FETCH: Rule = Rule {
    name: "fetch",
    attributes: &[Attribute::required("mil", Value::Number(0, 86_400_000))],
    content: ContentModel::Value(ANY),
};
const LED: Rule = Rule {
    name: "Led",
    attributes: &[
        Attribute::required("number", Value::Number(0, 255)),
        Attribute::optional(
            "color",
            Value::OneOf(&["red", "green", "orange", "redgreen", "greenorange"]),
        ),
    ],
    content: ContentModel::Value(ANY),
};
const SOFT_KEY_ITEM: Rule = Rule::elements(
    "SoftKeyItem",
    &[
        Child::required(&Rule::value("Name", Value::OneOf(&KEYS))),
        Child::optional(&Rule::value("Label", ANY)),
        Child::optional(&URL),
        Child::optional(&Rule::value("SoftKey", ANY)),
        Child::optional(&Rule::value("Icon", ANY)),
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
        Attribute::optional("name", ANY),
        Attribute::optional("id", ANY),
        Attribute::optional("sel", Value::YesNo),
        Attribute::optional("sort_key", ANY),
    ],
    &[
        Child::optional(&Rule::value("Name", ANY)),
        Child::optional(&URL),
        Child::optional(&Rule::value("SoftKey", ANY)),
        Child::optional(&Rule::value("Icon", ANY)),
        Child::optional(&Rule::value("extratext", ANY)),
    ],
);
const DIRECTORY_ENTRY: Rule = Rule::with(
    "DirectoryEntry",
    &[Attribute::optional("sel", Value::YesNo)],
    &[
        Child::required(&Rule::value("Name", ANY)),
        Child::required(&Rule::value("Telephone", ANY)),
    ],
);
const INPUT_ITEM: Rule = Rule::elements(
    "InputItem",
    &[
        Child::optional(&Rule::value("DisplayName", ANY)),
        Child::optional(&Rule::value("QueryStringParam", Value::Text(1, 256))),
        Child::optional(&Rule::value("InputToken", Value::Text(1, 256))),
        Child::optional(&Rule::value("DefaultValue", ANY)),
        Child::required(&Rule::value(
            "InputFlags",
            Value::OneOf(&["a", "t", "n", "e", "u", "l", "p", "pn"]),
        )),
        Child::optional(&Rule::value("InputMask", ANY)),
    ],
);
const COORDINATE: Value = Value::Number(-1, 4096);
const X: Rule = Rule::value("LocationX", COORDINATE);
const Y: Rule = Rule::value("LocationY", COORDINATE);
const WIDTH: Rule = Rule::value("Width", COORDINATE);
const HEIGHT: Rule = Rule::value("Height", COORDINATE);
const DATA: Rule = Rule {
    name: "Data",
    attributes: &[Attribute::required("encoding", Value::OneOf(&["base64"]))],
    content: ContentModel::Value(Value::Text(1, 1_000_000)),
};
const IMAGE: Rule = Rule::elements(
    "Image",
    &[
        Child::optional(&X),
        Child::optional(&Y),
        Child::required(&URL),
    ],
);
