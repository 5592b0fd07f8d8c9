//! Cisco's objects and commands as tables, in the order of the vendor's schema.

use crate::document::Element;
use crate::schema::{Attribute, Child, Rule, Strictness, Value};

/// Prepends the children that every displayable object may have.
macro_rules! displayable {
    ($($child:expr),* $(,)?) => {
        [
            Child::optional(&TITLE),
            Child::optional(&PROMPT),
            Child::repeated(&SOFT_KEY_ITEM, 8),
            Child::repeated(&KEY_ITEM, 32),
            $($child),*
        ]
    };
}

/// Validates a document; the error is human-readable.
pub(super) fn validate(document: &Element) -> Result<(), String> {
    let rule = DOCUMENTS.iter().find(|rule| rule.name == document.name);
    let rule = rule.ok_or_else(|| format!("unknown object {}", document.name))?;
    // The order within commands is free, as the vendor's documents use different ones.
    let ordered = !COMMANDS.contains(&document.name.as_str());
    rule.validate(
        document,
        Strictness {
            ordered,
            case: true,
        },
    )
}

/// The documents that are commands rather than objects; their length is limited.
pub(super) const COMMANDS: [&str; 5] = [
    "CiscoIPPhoneExecute",
    "setBackground",
    "setRingTone",
    "startMedia",
    "stopMedia",
];

const DOCUMENTS: [Rule; 16] = [
    displayable("CiscoIPPhoneText", &displayable![Child::optional(&TEXT)]),
    displayable(
        "CiscoIPPhoneMenu",
        &displayable![Child::repeated(&MENU_ITEM, 100)],
    ),
    displayable(
        "CiscoIPPhoneIconMenu",
        &displayable![
            Child::repeated(&ICON_MENU_ITEM, 32),
            Child::repeated(&ICON_ITEM, 10)
        ],
    ),
    Rule::with(
        "CiscoIPPhoneIconFileMenu",
        &ICON_FILE_ATTRIBUTES,
        &displayable![
            Child::repeated(&ICON_MENU_ITEM, 32),
            Child::repeated(&ICON_FILE_ITEM, 10)
        ],
    ),
    displayable(
        "CiscoIPPhoneDirectory",
        &displayable![Child::repeated(&DIRECTORY_ENTRY, 32)],
    ),
    displayable(
        "CiscoIPPhoneInput",
        &displayable![Child::required(&LONG_URL), Child::repeated(&INPUT_ITEM, 5)],
    ),
    displayable(
        "CiscoIPPhoneImage",
        &displayable![
            Child::optional(&IMAGE_X),
            Child::optional(&IMAGE_Y),
            Child::required(&IMAGE_WIDTH),
            Child::required(&IMAGE_HEIGHT),
            Child::required(&DEPTH),
            Child::optional(&IMAGE_DATA),
        ],
    ),
    displayable(
        "CiscoIPPhoneImageFile",
        &displayable![
            Child::optional(&FILE_X),
            Child::optional(&FILE_Y),
            Child::required(&LONG_URL)
        ],
    ),
    displayable(
        "CiscoIPPhoneGraphicMenu",
        &displayable![
            Child::optional(&IMAGE_X),
            Child::optional(&IMAGE_Y),
            Child::required(&IMAGE_WIDTH),
            Child::required(&IMAGE_HEIGHT),
            Child::required(&DEPTH),
            Child::optional(&IMAGE_DATA),
            Child::repeated(&MENU_ITEM, 12),
        ],
    ),
    displayable(
        "CiscoIPPhoneGraphicFileMenu",
        &displayable![
            Child::optional(&FILE_X),
            Child::optional(&FILE_Y),
            Child::required(&LONG_URL),
            Child::repeated(&TOUCH_ITEM, 32),
        ],
    ),
    Rule::elements(
        "CiscoIPPhoneStatus",
        &[
            Child::optional(&STATUS_TEXT),
            Child::optional(&TIMER),
            Child::optional(&STATUS_X),
            Child::optional(&STATUS_Y),
            Child::required(&STATUS_WIDTH),
            Child::required(&STATUS_HEIGHT),
            Child::required(&DEPTH),
            Child::optional(&STATUS_DATA),
        ],
    ),
    Rule::elements(
        "CiscoIPPhoneExecute",
        &[Child {
            rule: &EXECUTE_ITEM,
            min: 1,
            max: 3,
        }],
    ),
    Rule::elements("setBackground", &[Child::required(&BACKGROUND)]),
    Rule::elements("setRingTone", &[Child::required(&RING_TONE)]),
    Rule::elements("startMedia", &[Child::required(&STARTED_STREAM)]),
    Rule::elements("stopMedia", &[Child::optional(&STOPPED_STREAM)]),
];

const fn displayable(name: &'static str, children: &'static [Child]) -> Rule {
    Rule::with(name, &DISPLAYABLE_ATTRIBUTES, children)
}

const EVENT: Value = Value::Text(1, 256);
const DISPLAYABLE_ATTRIBUTES: [Attribute; 6] = [
    Attribute::optional(
        "keypadTarget",
        Value::OneOf(&["application", "applicationCall", "activeCall"]),
    ),
    Attribute::optional("appId", Value::Text(1, 64)),
    Attribute::optional("onAppFocusLost", EVENT),
    Attribute::optional("onAppFocusGained", EVENT),
    Attribute::optional("onAppMinimized", EVENT),
    Attribute::optional("onAppClosed", EVENT),
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
        Attribute::optional("IconIndex", WORD),
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
        Child::optional(&SHORT_NAME),
        Child::required(&Rule::value("Position", Value::Number(1, 8))),
        Child::optional(&URL),
        Child::optional(&URL_DOWN),
    ],
);
const KEY_ITEM: Rule = Rule::elements(
    "KeyItem",
    &[
        Child::required(&Rule::value(
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
        Child::optional(&URL),
        Child::optional(&URL_DOWN),
    ],
);

const MENU_ITEM: Rule = Rule::elements(
    "MenuItem",
    &[Child::optional(&LONG_NAME), Child::optional(&URL)],
);
const ICON_MENU_ITEM: Rule = Rule::elements(
    "MenuItem",
    &[
        Child::optional(&LONG_NAME),
        Child::optional(&URL),
        Child::optional(&Rule::value("IconIndex", Value::Number(0, 9))),
    ],
);
const ICON_ITEM: Rule = Rule::elements(
    "IconItem",
    &[
        Child::required(&Rule::value("Index", WORD)),
        Child::required(&Rule::value("Width", Value::Number(1, 16))),
        Child::required(&Rule::value("Height", Value::Number(1, 10))),
        Child::required(&DEPTH),
        Child::optional(&Rule::value("Data", Value::Hex(40))),
    ],
);
const ICON_FILE_ITEM: Rule = Rule::elements(
    "IconItem",
    &[
        Child::required(&Rule::value("Index", Value::Number(0, 9))),
        Child::required(&LONG_URL),
    ],
);
const TOUCH_ITEM: Rule = Rule::elements(
    "MenuItem",
    &[
        Child::optional(&SHORT_NAME),
        Child::optional(&URL),
        Child::optional(&Rule::with(
            "TouchArea",
            &[
                Attribute::required("X1", WORD),
                Attribute::required("Y1", WORD),
                Attribute::required("X2", WORD),
                Attribute::required("Y2", WORD),
            ],
            &[],
        )),
    ],
);
const DIRECTORY_ENTRY: Rule = Rule::elements(
    "DirectoryEntry",
    &[
        Child::optional(&SHORT_NAME),
        Child::optional(&Rule::value("Telephone", Value::Text(0, 32))),
    ],
);
const INPUT_ITEM: Rule = Rule::elements(
    "InputItem",
    &[
        Child::optional(&Rule::value("DisplayName", Value::Text(0, 32))),
        Child::required(&Rule::value("QueryStringParam", Value::Text(1, 32))),
        Child::required(&Rule::value(
            "InputFlags",
            Value::OneOf(&[
                "A", "T", "N", "E", "U", "L", "AP", "TP", "NP", "EP", "UP", "LP", "PA", "PT", "PN",
                "PE", "PU", "PL",
            ]),
        )),
        Child::optional(&Rule::value("DefaultValue", Value::Text(0, 32))),
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
        Attribute::required("URL", Value::Text(1, 256)),
        Attribute::optional("Priority", Value::Number(0, 2)),
    ],
    &[],
);
const BACKGROUND: Rule = Rule::elements(
    "background",
    &[
        Child::required(&Rule::value("image", Value::Text(1, 256))),
        Child::required(&Rule::value("icon", Value::Text(1, 256))),
    ],
);
const STARTED_STREAM: Rule = Rule::with(
    "mediaStream",
    &[
        Attribute::optional("receiveVolume", Value::Number(0, 100)),
        Attribute::optional("onStopped", EVENT),
    ],
    &[
        Child::required(&Rule::value("type", Value::OneOf(&["audio"]))),
        Child::required(&Rule::value(
            "codec",
            Value::OneOf(&["G.711", "G.722", "G.729"]),
        )),
        Child::required(&Rule::value(
            "mode",
            Value::OneOf(&["send", "receive", "sendReceive"]),
        )),
        Child::required(&Rule::value("address", Value::Text(1, 64))),
        Child::optional(&Rule::value("port", Value::Number(20_480, 32_768))),
    ],
);
const STOPPED_STREAM: Rule = Rule::with(
    "mediaStream",
    &[Attribute::optional("id", Value::Text(1, 64))],
    &[],
);
const RING_TONE: Rule = Rule::value("ringTone", Value::Text(1, 256));
