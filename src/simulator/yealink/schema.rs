//! The objects of Yealink's XML browser as tables. Names are case-sensitive.

use crate::document::Element;
use crate::schema::{Attribute, Child, ContentModel, Rule, Strictness, Value};

/// Validates a document; the error is human-readable.
pub(super) fn validate(document: &Element) -> Result<(), String> {
    let rule = OBJECTS.iter().find(|rule| rule.name == document.name);
    let rule = rule.ok_or_else(|| format!("unknown object {}", document.name))?;
    rule.validate(
        document,
        Strictness {
            ordered: false,
            case: true,
        },
    )
}

/// Prepends the attributes that every screen may have.
macro_rules! attributes {
    ($($attribute:expr),* $(,)?) => {
        [
            Attribute::optional("Beep", YES_NO),
            Attribute::optional("Timeout", SECONDS),
            Attribute::optional("LockIn", YES_NO),
            Attribute::optional("destroyOnExit", YES_NO),
            Attribute::optional("cancelAction", URI),
            Attribute::optional("doneAction", URI),
            Attribute::optional("refresh", SECONDS),
            Attribute::optional("url", URI),
            $($attribute),*
        ]
    };
}

const OBJECTS: [Rule; 10] = [
    Rule::with(
        "YealinkIPPhoneTextScreen",
        &attributes![],
        &[
            Child::optional(&TITLE),
            Child::required(&Rule::value("Text", LONG)),
            Child::repeated(&SOFT_KEY, MAX_SOFT_KEYS),
        ],
    ),
    Rule::with(
        "YealinkIPPhoneTextMenu",
        &attributes![
            Attribute::optional("defaultIndex", Value::Number(1, 30)),
            Attribute::optional("style", Value::OneOf(&["numbered", "none"])),
            Attribute::optional("wrapList", YES_NO),
        ],
        &[
            Child::optional(&TITLE),
            Child {
                rule: &MENU_ITEM,
                min: 1,
                max: MAX_ITEMS,
            },
            Child::repeated(&SOFT_KEY, MAX_SOFT_KEYS),
        ],
    ),
    Rule::with(
        "YealinkIPPhoneFormattedTextScreen",
        &attributes![],
        &[
            Child::repeated(&LINE, 3),
            Child::optional(&Rule::elements("Scroll", &[Child::repeated(&LINE, 100)])),
            Child::repeated(&SOFT_KEY, MAX_SOFT_KEYS),
        ],
    ),
    Rule::with(
        "YealinkIPPhoneInputScreen",
        &attributes![
            Attribute::optional("type", FIELD_TYPE),
            Attribute::optional("password", YES_NO),
            Attribute::optional("editable", YES_NO),
            Attribute::optional("defaultIndex", Value::Number(1, 32)),
            Attribute::optional("inputLanguage", SHORT),
            Attribute::optional("displayMode", SHORT),
        ],
        &[
            Child::optional(&TITLE),
            Child::required(&Rule::value("URL", Value::Text(1, 512))),
            Child {
                rule: &INPUT_FIELD,
                min: 1,
                max: 32,
            },
            Child::repeated(&SOFT_KEY, MAX_SOFT_KEYS),
        ],
    ),
    Rule::with(
        "YealinkIPPhoneDirectory",
        &attributes![],
        &[
            Child::optional(&TITLE),
            Child::repeated(&MENU_ITEM, MAX_ITEMS),
            Child::repeated(&DIRECTORY_ENTRY, MAX_ITEMS),
            Child::repeated(&SOFT_KEY, MAX_SOFT_KEYS),
        ],
    ),
    Rule::with(
        "YealinkIPPhoneExecute",
        &[
            Attribute::optional("Beep", YES_NO),
            Attribute::optional("refresh", SECONDS),
            Attribute::optional("url", URI),
        ],
        &[Child::repeated(
            &Rule::with("ExecuteItem", &[Attribute::required("URI", URI)], &[]),
            MAX_ITEMS,
        )],
    ),
    Rule::with(
        "YealinkIPPhoneConfiguration",
        &[
            Attribute::optional("Beep", YES_NO),
            Attribute::optional("setType", Value::OneOf(&["config"])),
        ],
        &[Child {
            rule: &Rule::value("Item", Value::Text(1, 1024)),
            min: 1,
            max: 100,
        }],
    ),
    Rule::with(
        "YealinkIPPhoneStatus",
        &[
            Attribute::optional("Beep", YES_NO),
            Attribute::optional("SessionID", SHORT),
            Attribute::optional("Timeout", SECONDS),
            Attribute::optional("wrapList", YES_NO),
        ],
        &[
            Child::optional(&Rule::value("Session", SHORT)),
            Child::repeated(&MESSAGE, 10),
        ],
    ),
    Rule::with(
        "YealinkIPPhoneImageScreen",
        &attributes![Attribute::optional(
            "mode",
            Value::OneOf(&["regular", "fullscreen"])
        )],
        &[
            Child::optional(&TITLE),
            Child::required(&IMAGE),
            Child::repeated(&SOFT_KEY, MAX_SOFT_KEYS),
        ],
    ),
    Rule::with(
        "YealinkIPPhoneImageMenu",
        &attributes![],
        &[
            Child::required(&IMAGE),
            Child::required(&Rule::with(
                "URIList",
                &[Attribute::optional("base", URI)],
                &[Child {
                    rule: &MENU_URI,
                    min: 1,
                    max: 12,
                }],
            )),
            Child::repeated(&SOFT_KEY, MAX_SOFT_KEYS),
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
    attributes: &[Attribute::optional("wrap", YES_NO)],
    content: ContentModel::Value(SHORT),
};
const LINE: Rule = Rule {
    name: "Line",
    attributes: &[
        Attribute::optional("Size", SIZE),
        Attribute::optional("Align", ALIGN),
        Attribute::optional("Color", COLOUR),
    ],
    content: ContentModel::Value(LONG),
};
const MESSAGE: Rule = Rule {
    name: "Message",
    attributes: &[
        Attribute::optional("Index", Value::Number(1, 10)),
        Attribute::optional("Type", Value::OneOf(&["alert"])),
        Attribute::optional("Timeout", SECONDS),
        Attribute::optional("Account", SHORT),
        Attribute::optional("Icon", SHORT),
        Attribute::optional("Size", SIZE),
        Attribute::optional("Align", ALIGN),
        Attribute::optional("Color", COLOUR),
    ],
    content: ContentModel::Value(LONG),
};
const SOFT_KEY: Rule = Rule::with(
    "SoftKey",
    &[Attribute::required("index", Value::Number(1, 6))],
    &[
        Child::required(&Rule::value("Label", SHORT)),
        Child::required(&Rule::value("URI", URI)),
    ],
);
const MENU_ITEM: Rule = Rule::elements(
    "MenuItem",
    &[
        Child::required(&Rule::value("Prompt", SHORT)),
        Child::optional(&Rule::value("URI", URI)),
        Child::optional(&Rule {
            name: "Dial",
            attributes: &[Attribute::optional("line", NUMBER)],
            content: ContentModel::Value(SHORT),
        }),
        Child::optional(&Rule::value("Selection", SHORT)),
    ],
);
const DIRECTORY_ENTRY: Rule = Rule::elements(
    "DirectoryEntry",
    &[
        Child::required(&Rule::value("Name", SHORT)),
        Child::required(&Rule::value("Telephone", SHORT)),
    ],
);
const INPUT_FIELD: Rule = Rule::with(
    "InputField",
    &[
        Attribute::optional("type", FIELD_TYPE),
        Attribute::optional("password", YES_NO),
        Attribute::optional("editable", YES_NO),
    ],
    &[
        Child::optional(&Rule::value("Prompt", SHORT)),
        Child::required(&Rule::value("Parameter", Value::Text(1, 128))),
        Child::optional(&Rule::value("Default", SHORT)),
        Child::optional(&Rule::value("Selection", SHORT)),
    ],
);
const MENU_URI: Rule = Rule {
    name: "URI",
    attributes: &[Attribute::required(
        "key",
        Value::OneOf(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "#"]),
    )],
    content: ContentModel::Value(URI),
};
const IMAGE: Rule = Rule {
    name: "Image",
    attributes: &[
        Attribute::optional("verticalAlign", Value::OneOf(&["top", "middle", "bottom"])),
        Attribute::optional(
            "horizontalAlign",
            Value::OneOf(&["left", "middle", "right"]),
        ),
        Attribute::optional("height", NUMBER),
        Attribute::optional("width", NUMBER),
    ],
    content: ContentModel::Value(Value::Text(1, 10_000)),
};

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// Yealink publishes no schema, so this one is checked against objects that worked on real phones.
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
            // The format of V61 is not XML.
            if name == "push-configuration-v61.xml"
                || file.extension().is_none_or(|end| end != "xml")
            {
                continue;
            }
            let bytes = std::fs::read(&file).unwrap();
            let result = Element::parse(&bytes).and_then(|document| validate(&document));
            assert_eq!(result, Ok(()), "{name}");
        }
    }
}
