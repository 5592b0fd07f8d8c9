//! Cisco's objects and commands as tables, in the order of the vendor's schema.

use super::super::document::Element;
use super::super::schema::{Attribute, Child, Rule, Strictness, Value};

/// Puts what every displayable object may begin with before what it alone may hold.
macro_rules! shown {
    ($($child:expr),* $(,)?) => {
        [
            Child::maybe(&TITLE),
            Child::maybe(&PROMPT),
            Child::many(&SOFT_KEY_ITEM, 8),
            Child::many(&KEY_ITEM, 32),
            $($child),*
        ]
    };
}

/// Judges a document; the error says in words what is wrong.
pub(super) fn judge(document: &Element) -> Result<(), String> {
    let rule = DOCUMENTS.iter().find(|rule| rule.name == document.name);
    let rule = rule.ok_or_else(|| format!("the unknown object {}", document.name))?;
    // The order within these two is free, as the vendor's own pages show them.
    let ordered = !COMMANDS.contains(&document.name.as_str());
    rule.judge(
        document,
        Strictness {
            ordered,
            case: true,
        },
    )
}

/// The documents that are no objects to show; they are short.
pub(super) const COMMANDS: [&str; 5] = [
    "CiscoIPPhoneExecute",
    "setBackground",
    "setRingTone",
    "startMedia",
    "stopMedia",
];

const DOCUMENTS: [Rule; 16] = [
    displayable("CiscoIPPhoneText", &shown![Child::maybe(&TEXT)]),
    displayable("CiscoIPPhoneMenu", &shown![Child::many(&MENU_ITEM, 100)]),
    displayable(
        "CiscoIPPhoneIconMenu",
        &shown![
            Child::many(&ICON_MENU_ITEM, 32),
            Child::many(&ICON_ITEM, 10)
        ],
    ),
    Rule::with(
        "CiscoIPPhoneIconFileMenu",
        &ICON_FILE_ATTRIBUTES,
        &shown![
            Child::many(&ICON_MENU_ITEM, 32),
            Child::many(&ICON_FILE_ITEM, 10)
        ],
    ),
    displayable(
        "CiscoIPPhoneDirectory",
        &shown![Child::many(&DIRECTORY_ENTRY, 32)],
    ),
    displayable(
        "CiscoIPPhoneInput",
        &shown![Child::one(&LONG_URL), Child::many(&INPUT_ITEM, 5)],
    ),
    displayable(
        "CiscoIPPhoneImage",
        &shown![
            Child::maybe(&IMAGE_X),
            Child::maybe(&IMAGE_Y),
            Child::one(&IMAGE_WIDTH),
            Child::one(&IMAGE_HEIGHT),
            Child::one(&DEPTH),
            Child::maybe(&IMAGE_DATA),
        ],
    ),
    displayable(
        "CiscoIPPhoneImageFile",
        &shown![
            Child::maybe(&FILE_X),
            Child::maybe(&FILE_Y),
            Child::one(&LONG_URL)
        ],
    ),
    displayable(
        "CiscoIPPhoneGraphicMenu",
        &shown![
            Child::maybe(&IMAGE_X),
            Child::maybe(&IMAGE_Y),
            Child::one(&IMAGE_WIDTH),
            Child::one(&IMAGE_HEIGHT),
            Child::one(&DEPTH),
            Child::maybe(&IMAGE_DATA),
            Child::many(&MENU_ITEM, 12),
        ],
    ),
    displayable(
        "CiscoIPPhoneGraphicFileMenu",
        &shown![
            Child::maybe(&FILE_X),
            Child::maybe(&FILE_Y),
            Child::one(&LONG_URL),
            Child::many(&TOUCH_ITEM, 32),
        ],
    ),
    Rule::elements(
        "CiscoIPPhoneStatus",
        &[
            Child::maybe(&STATUS_TEXT),
            Child::maybe(&TIMER),
            Child::maybe(&STATUS_X),
            Child::maybe(&STATUS_Y),
            Child::one(&STATUS_WIDTH),
            Child::one(&STATUS_HEIGHT),
            Child::one(&DEPTH),
            Child::maybe(&STATUS_DATA),
        ],
    ),
    Rule::elements(
        "CiscoIPPhoneExecute",
        &[Child {
            rule: &EXECUTE_ITEM,
            least: 1,
            most: 3,
        }],
    ),
    Rule::elements("setBackground", &[Child::one(&BACKGROUND)]),
    Rule::elements("setRingTone", &[Child::one(&RING_TONE)]),
    Rule::elements("startMedia", &[Child::one(&STARTED_STREAM)]),
    Rule::elements("stopMedia", &[Child::maybe(&STOPPED_STREAM)]),
];

const fn displayable(name: &'static str, children: &'static [Child]) -> Rule {
    Rule::with(name, &DISPLAYABLE_ATTRIBUTES, children)
}

const EVENT: Value = Value::Text(1, 256);
const DISPLAYABLE_ATTRIBUTES: [Attribute; 6] = [
    Attribute::maybe(
        "keypadTarget",
        Value::OneOf(&["application", "applicationCall", "activeCall"]),
    ),
    Attribute::maybe("appId", Value::Text(1, 64)),
    Attribute::maybe("onAppFocusLost", EVENT),
    Attribute::maybe("onAppFocusGained", EVENT),
    Attribute::maybe("onAppMinimized", EVENT),
    Attribute::maybe("onAppClosed", EVENT),
];
const ICON_FILE_ATTRIBUTES: [Attribute; 7] = {
    let [target, id, lost, gained, minimized, closed] = DISPLAYABLE_ATTRIBUTES;
    [
        target,
        id,
        lost,
        gained,
        minimized,
        closed,
        Attribute::maybe("IconIndex", WORD),
    ]
};

const WORD: Value = Value::Number(0, 65_535);
const SHORT_NAME: Rule = Rule::value("Name", Value::Text(0, 32));
const LONG_NAME: Rule = Rule::value("Name", Value::Text(0, 64));
const URL: Rule = Rule::value("URL", Value::Text(0, 256));
const LONG_URL: Rule = Rule::value("URL", Value::Text(1, 256));
const URL_DOWN: Rule = Rule::value("URLDown", Value::Text(0, 256));
const TITLE: Rule = Rule::value("Title", Value::Text(0, 32));
const PROMPT: Rule = Rule::value("Prompt", Value::Text(0, 32));
const TEXT: Rule = Rule::value("Text", Value::Text(0, 4000));

const SOFT_KEY_ITEM: Rule = Rule::elements(
    "SoftKeyItem",
    &[
        Child::maybe(&SHORT_NAME),
        Child::one(&Rule::value("Position", Value::Number(1, 8))),
        Child::maybe(&URL),
        Child::maybe(&URL_DOWN),
    ],
);
const KEY_ITEM: Rule = Rule::elements(
    "KeyItem",
    &[
        Child::one(&Rule::value(
            "Key",
            Value::OneOf(&[
                "KeyPad0",
                "KeyPad1",
                "KeyPad2",
                "KeyPad3",
                "KeyPad4",
                "KeyPad5",
                "KeyPad6",
                "KeyPad7",
                "KeyPad8",
                "KeyPad9",
                "KeyPadStar",
                "KeyPadPound",
                "NavUp",
                "NavDown",
                "NavLeft",
                "NavRight",
                "NavSelect",
                "NavBack",
                "PushToTalk",
            ]),
        )),
        Child::maybe(&URL),
        Child::maybe(&URL_DOWN),
    ],
);

const MENU_ITEM: Rule = Rule::elements("MenuItem", &[Child::maybe(&LONG_NAME), Child::maybe(&URL)]);
const ICON_MENU_ITEM: Rule = Rule::elements(
    "MenuItem",
    &[
        Child::maybe(&LONG_NAME),
        Child::maybe(&URL),
        Child::maybe(&Rule::value("IconIndex", Value::Number(0, 9))),
    ],
);
const ICON_ITEM: Rule = Rule::elements(
    "IconItem",
    &[
        Child::one(&Rule::value("Index", WORD)),
        Child::one(&Rule::value("Width", Value::Number(1, 16))),
        Child::one(&Rule::value("Height", Value::Number(1, 10))),
        Child::one(&DEPTH),
        Child::maybe(&Rule::value("Data", Value::Hex(40))),
    ],
);
const ICON_FILE_ITEM: Rule = Rule::elements(
    "IconItem",
    &[
        Child::one(&Rule::value("Index", Value::Number(0, 9))),
        Child::one(&LONG_URL),
    ],
);
const TOUCH_ITEM: Rule = Rule::elements(
    "MenuItem",
    &[
        Child::maybe(&SHORT_NAME),
        Child::maybe(&URL),
        Child::maybe(&Rule::with(
            "TouchArea",
            &[
                Attribute::one("X1", WORD),
                Attribute::one("Y1", WORD),
                Attribute::one("X2", WORD),
                Attribute::one("Y2", WORD),
            ],
            &[],
        )),
    ],
);
const DIRECTORY_ENTRY: Rule = Rule::elements(
    "DirectoryEntry",
    &[
        Child::maybe(&SHORT_NAME),
        Child::maybe(&Rule::value("Telephone", Value::Text(0, 32))),
    ],
);
const INPUT_ITEM: Rule = Rule::elements(
    "InputItem",
    &[
        Child::maybe(&Rule::value("DisplayName", Value::Text(0, 32))),
        Child::one(&Rule::value("QueryStringParam", Value::Text(1, 32))),
        Child::one(&Rule::value(
            "InputFlags",
            Value::OneOf(&[
                "A", "T", "N", "E", "U", "L", "AP", "TP", "NP", "EP", "UP", "LP", "PA", "PT", "PN",
                "PE", "PU", "PL",
            ]),
        )),
        Child::maybe(&Rule::value("DefaultValue", Value::Text(0, 32))),
    ],
);

const DEPTH: Rule = Rule::value("Depth", Value::Number(1, 2));
const IMAGE_X: Rule = Rule::value("LocationX", Value::Number(-1, 132));
const IMAGE_Y: Rule = Rule::value("LocationY", Value::Number(-1, 64));
const IMAGE_WIDTH: Rule = Rule::value("Width", Value::Number(1, 133));
const IMAGE_HEIGHT: Rule = Rule::value("Height", Value::Number(1, 65));
const IMAGE_DATA: Rule = Rule::value("Data", Value::Hex(2162));
const FILE_X: Rule = Rule::value("LocationX", Value::Number(-1, 297));
const FILE_Y: Rule = Rule::value("LocationY", Value::Number(-1, 167));

const STATUS_TEXT: Rule = Rule::value("Text", Value::Text(0, 32));
const TIMER: Rule = Rule::value("Timer", WORD);
const STATUS_X: Rule = Rule::value("LocationX", Value::Number(-1, 105));
const STATUS_Y: Rule = Rule::value("LocationY", Value::Number(-1, 20));
const STATUS_WIDTH: Rule = Rule::value("Width", Value::Number(1, 106));
const STATUS_HEIGHT: Rule = Rule::value("Height", Value::Number(1, 21));
const STATUS_DATA: Rule = Rule::value("Data", Value::Hex(557));

const EXECUTE_ITEM: Rule = Rule::with(
    "ExecuteItem",
    &[
        Attribute::one("URL", Value::Text(1, 256)),
        Attribute::maybe("Priority", Value::Number(0, 2)),
    ],
    &[],
);
const BACKGROUND: Rule = Rule::elements(
    "background",
    &[
        Child::one(&Rule::value("image", Value::Text(1, 256))),
        Child::one(&Rule::value("icon", Value::Text(1, 256))),
    ],
);
const STARTED_STREAM: Rule = Rule::with(
    "mediaStream",
    &[
        Attribute::maybe("receiveVolume", Value::Number(0, 100)),
        Attribute::maybe("onStopped", EVENT),
    ],
    &[
        Child::one(&Rule::value("type", Value::OneOf(&["audio"]))),
        Child::one(&Rule::value(
            "codec",
            Value::OneOf(&["G.711", "G.722", "G.729"]),
        )),
        Child::one(&Rule::value(
            "mode",
            Value::OneOf(&["send", "receive", "sendReceive"]),
        )),
        Child::one(&Rule::value("address", Value::Text(1, 64))),
        Child::maybe(&Rule::value("port", Value::Number(20_480, 32_768))),
    ],
);
const STOPPED_STREAM: Rule = Rule::with(
    "mediaStream",
    &[Attribute::maybe("id", Value::Text(1, 64))],
    &[],
);
const RING_TONE: Rule = Rule::value("ringTone", Value::Text(1, 256));
