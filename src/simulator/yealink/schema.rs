//! The objects of Yealink's XML browser as tables. Names are told apart by case.

use super::super::document::Element;
use super::super::schema::{Attribute, Child, Contains, Rule, Strictness, Value};

/// Judges a document; the error says in words what is wrong.
pub(super) fn judge(document: &Element) -> Result<(), String> {
    let rule = OBJECTS.iter().find(|rule| rule.name == document.name);
    let rule = rule.ok_or_else(|| format!("the unknown object {}", document.name))?;
    rule.judge(
        document,
        Strictness {
            ordered: false,
            case: true,
        },
    )
}

/// Puts the attributes of every screen before those that it alone may carry.
macro_rules! attributes {
    ($($attribute:expr),* $(,)?) => {
        [
            Attribute::maybe("Beep", YES_NO),
            Attribute::maybe("Timeout", SECONDS),
            Attribute::maybe("LockIn", YES_NO),
            Attribute::maybe("destroyOnExit", YES_NO),
            Attribute::maybe("cancelAction", URI),
            Attribute::maybe("doneAction", URI),
            Attribute::maybe("refresh", SECONDS),
            Attribute::maybe("url", URI),
            $($attribute),*
        ]
    };
}

const OBJECTS: [Rule; 10] = [
    Rule::with(
        "YealinkIPPhoneTextScreen",
        &attributes![],
        &[
            Child::maybe(&TITLE),
            Child::one(&Rule::value("Text", LONG)),
            Child::many(&SOFT_KEY, MAX_SOFT_KEYS),
        ],
    ),
    Rule::with(
        "YealinkIPPhoneTextMenu",
        &attributes![
            Attribute::maybe("defaultIndex", Value::Number(1, 30)),
            Attribute::maybe("style", Value::OneOf(&["numbered", "none"])),
            Attribute::maybe("wrapList", YES_NO),
        ],
        &[
            Child::maybe(&TITLE),
            Child {
                rule: &MENU_ITEM,
                least: 1,
                most: MAX_ITEMS,
            },
            Child::many(&SOFT_KEY, MAX_SOFT_KEYS),
        ],
    ),
    Rule::with(
        "YealinkIPPhoneFormattedTextScreen",
        &attributes![],
        &[
            Child::many(&LINE, 3),
            Child::maybe(&Rule::elements("Scroll", &[Child::many(&LINE, 100)])),
            Child::many(&SOFT_KEY, MAX_SOFT_KEYS),
        ],
    ),
    Rule::with(
        "YealinkIPPhoneInputScreen",
        &attributes![
            Attribute::maybe("type", FIELD_TYPE),
            Attribute::maybe("password", YES_NO),
            Attribute::maybe("editable", YES_NO),
            Attribute::maybe("defaultIndex", Value::Number(1, 32)),
            Attribute::maybe("inputLanguage", SHORT),
            Attribute::maybe("displayMode", SHORT),
        ],
        &[
            Child::maybe(&TITLE),
            Child::one(&Rule::value("URL", Value::Text(1, 512))),
            Child {
                rule: &INPUT_FIELD,
                least: 1,
                most: 32,
            },
            Child::many(&SOFT_KEY, MAX_SOFT_KEYS),
        ],
    ),
    Rule::with(
        "YealinkIPPhoneDirectory",
        &attributes![],
        &[
            Child::maybe(&TITLE),
            Child::many(&MENU_ITEM, MAX_ITEMS),
            Child::many(&DIRECTORY_ENTRY, MAX_ITEMS),
            Child::many(&SOFT_KEY, MAX_SOFT_KEYS),
        ],
    ),
    Rule::with(
        "YealinkIPPhoneExecute",
        &[
            Attribute::maybe("Beep", YES_NO),
            Attribute::maybe("refresh", SECONDS),
            Attribute::maybe("url", URI),
        ],
        &[Child::many(
            &Rule::with("ExecuteItem", &[Attribute::one("URI", URI)], &[]),
            MAX_ITEMS,
        )],
    ),
    Rule::with(
        "YealinkIPPhoneConfiguration",
        &[
            Attribute::maybe("Beep", YES_NO),
            Attribute::maybe("setType", Value::OneOf(&["config"])),
        ],
        &[Child {
            rule: &Rule::value("Item", Value::Text(1, 1024)),
            least: 1,
            most: 100,
        }],
    ),
    Rule::with(
        "YealinkIPPhoneStatus",
        &[
            Attribute::maybe("Beep", YES_NO),
            Attribute::maybe("SessionID", SHORT),
            Attribute::maybe("Timeout", SECONDS),
            Attribute::maybe("wrapList", YES_NO),
        ],
        &[
            Child::maybe(&Rule::value("Session", SHORT)),
            Child::many(&MESSAGE, 10),
        ],
    ),
    Rule::with(
        "YealinkIPPhoneImageScreen",
        &attributes![Attribute::maybe(
            "mode",
            Value::OneOf(&["regular", "fullscreen"])
        )],
        &[
            Child::maybe(&TITLE),
            Child::one(&IMAGE),
            Child::many(&SOFT_KEY, MAX_SOFT_KEYS),
        ],
    ),
    Rule::with(
        "YealinkIPPhoneImageMenu",
        &attributes![],
        &[
            Child::one(&IMAGE),
            Child::one(&Rule::with(
                "URIList",
                &[Attribute::maybe("base", URI)],
                &[Child {
                    rule: &MENU_URI,
                    least: 1,
                    most: 12,
                }],
            )),
            Child::many(&SOFT_KEY, MAX_SOFT_KEYS),
        ],
    ),
];

const YES_NO: Value = Value::OneOf(&["yes", "no"]);
const SECONDS: Value = Value::Number(0, 86_400);
const URI: Value = Value::Text(0, 512);
const SHORT: Value = Value::Text(0, 128);
const LONG: Value = Value::Text(0, 10_000);
const NUMBER: Value = Value::Number(0, 4096);
const MAX_ITEMS: usize = 30;
const MAX_SOFT_KEYS: usize = 6;
const FIELD_TYPE: Value = Value::OneOf(&[
    "IP", "string", "number", "timeUS", "timeInt", "dateUS", "dateInt", "empty",
]);
const COLOUR: Value = Value::OneOf(&[
    "white",
    "black",
    "red",
    "green",
    "brown",
    "blue",
    "magenta",
    "cyan",
    "lightgray",
    "darkgray",
    "lightred",
    "lightgreen",
    "yellow",
    "lightblue",
    "lightmagenta",
    "lightcyan",
]);
const SIZE: Value = Value::OneOf(&["small", "normal", "double", "large"]);
const ALIGN: Value = Value::OneOf(&["left", "center", "right"]);

const TITLE: Rule = Rule {
    name: "Title",
    attributes: &[Attribute::maybe("wrap", YES_NO)],
    content: Contains::Value(SHORT),
};
const LINE: Rule = Rule {
    name: "Line",
    attributes: &[
        Attribute::maybe("Size", SIZE),
        Attribute::maybe("Align", ALIGN),
        Attribute::maybe("Color", COLOUR),
    ],
    content: Contains::Value(LONG),
};
const MESSAGE: Rule = Rule {
    name: "Message",
    attributes: &[
        Attribute::maybe("Index", Value::Number(1, 10)),
        Attribute::maybe("Type", Value::OneOf(&["alert"])),
        Attribute::maybe("Timeout", SECONDS),
        Attribute::maybe("Account", SHORT),
        Attribute::maybe("Icon", SHORT),
        Attribute::maybe("Size", SIZE),
        Attribute::maybe("Align", ALIGN),
        Attribute::maybe("Color", COLOUR),
    ],
    content: Contains::Value(LONG),
};
const SOFT_KEY: Rule = Rule::with(
    "SoftKey",
    &[Attribute::one("index", Value::Number(1, 6))],
    &[
        Child::one(&Rule::value("Label", SHORT)),
        Child::one(&Rule::value("URI", URI)),
    ],
);
const MENU_ITEM: Rule = Rule::elements(
    "MenuItem",
    &[
        Child::one(&Rule::value("Prompt", SHORT)),
        Child::maybe(&Rule::value("URI", URI)),
        Child::maybe(&Rule {
            name: "Dial",
            attributes: &[Attribute::maybe("line", NUMBER)],
            content: Contains::Value(SHORT),
        }),
        Child::maybe(&Rule::value("Selection", SHORT)),
    ],
);
const DIRECTORY_ENTRY: Rule = Rule::elements(
    "DirectoryEntry",
    &[
        Child::one(&Rule::value("Name", SHORT)),
        Child::one(&Rule::value("Telephone", SHORT)),
    ],
);
const INPUT_FIELD: Rule = Rule::with(
    "InputField",
    &[
        Attribute::maybe("type", FIELD_TYPE),
        Attribute::maybe("password", YES_NO),
        Attribute::maybe("editable", YES_NO),
    ],
    &[
        Child::maybe(&Rule::value("Prompt", SHORT)),
        Child::one(&Rule::value("Parameter", Value::Text(1, 128))),
        Child::maybe(&Rule::value("Default", SHORT)),
        Child::maybe(&Rule::value("Selection", SHORT)),
    ],
);
const MENU_URI: Rule = Rule {
    name: "URI",
    attributes: &[Attribute::one(
        "key",
        Value::OneOf(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"]),
    )],
    content: Contains::Value(URI),
};
const IMAGE: Rule = Rule {
    name: "Image",
    attributes: &[
        Attribute::maybe("verticalAlign", Value::OneOf(&["top", "middle", "bottom"])),
        Attribute::maybe(
            "horizontalAlign",
            Value::OneOf(&["left", "middle", "right"]),
        ),
        Attribute::maybe("height", NUMBER),
        Attribute::maybe("width", NUMBER),
    ],
    content: Contains::Value(Value::Text(1, 10_000)),
};

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// No schema of Yealink's is known, so this one is held against objects that worked on phones.
    #[test]
    fn objects_of_real_phones_pass() {
        let folder = std::env::var_os("HANDSETD_FIXTURES").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/fixtures"),
            PathBuf::from,
        );
        let Ok(files) = std::fs::read_dir(folder.join("yealink/xml")) else {
            println!("Skipped: no yealink/xml in {}.", folder.display());
            return;
        };
        for file in files.map(|file| file.unwrap().path()) {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            // V61 took what is no XML, in a form of its own; a template is no object.
            if name == "push-configuration-v61.xml"
                || file.extension().is_none_or(|end| end != "xml")
            {
                continue;
            }
            let bytes = std::fs::read(&file).unwrap();
            let judged = Element::parse(&bytes).and_then(|document| judge(&document));
            assert_eq!(judged, Ok(()), "{name}");
        }
    }
}
