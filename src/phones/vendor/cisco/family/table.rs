//! The tables: URIs and keys by family.

use super::features::Firmware::{Enterprise, Multiplatform, Spa};
use super::features::Keys::{Numbered, One};
use super::features::Scheme::{
    App, Application, Device, Dial, Display, EditDial, Init, Key, Play, Rtp, SendDigits, SoftKey,
    Vibrate,
};
use super::features::{Family, Keys};

/// The families. The last one matches all phones that no other matches.
pub(super) static FAMILIES: &[Family] = &[
    Family {
        title: "the 7832",
        models: &["7832"],
        uris: &[Dial, EditDial, Init, Key, Play, Rtp],
        keys: &[
            KEYPAD,
            STAR,
            POUND,
            One("NavUp"),
            One("NavDwn"),
            One("NavSelect"),
            One("Mute"),
            Numbered("Soft", 1, 4),
            One("Speaker"),
            One("VolUp"),
            One("VolDwn"),
        ],
        ..LISTED
    },
    Family {
        title: "the 7800 series",
        models: &["78"],
        uris: &[Dial, EditDial, Init, Key, Play, Rtp],
        keys: &[
            One("Applications"),
            One("AppMenu"),
            One("Conference"),
            One("Directories"),
            Numbered("Feature", 1, 120),
            One("Headset"),
            One("Hold"),
            One("Info"),
            One("KEMPage"),
            KEYPAD,
            STAR,
            POUND,
            Numbered("Line", 1, 120),
            One("Messages"),
            One("Mute"),
            One("NavBack"),
            One("NavDwn"),
            One("NavSelect"),
            One("NavUp"),
            One("Offhook"),
            One("OnHook"),
            One("PTT"),
            One("Services"),
            One("Settings"),
            Numbered("Soft", 1, 4),
            One("Speaker"),
            One("Transfer"),
            One("VolDwn"),
            One("VolUp"),
        ],
        ..LISTED
    },
    Family {
        title: "the 8831",
        models: &["8831"],
        uris: &[Dial, Display, EditDial, Init, Key, Play, Rtp, SendDigits],
        keys: &[
            KEYPAD,
            STAR,
            POUND,
            Numbered("Soft", 1, 4),
            One("Speaker"),
            One("VolUp"),
            One("VolDwn"),
        ],
        ..LISTED
    },
    Family {
        title: "the 8832",
        models: &["8832"],
        keys: &[
            KEYPAD,
            STAR,
            POUND,
            Numbered("Soft", 1, 4),
            One("Speaker"),
            One("VolUp"),
            One("VolDwn"),
            One("NavUp"),
            One("NavDwn"),
            One("NavSelect"),
        ],
        has_media: true,
        ..LISTED
    },
    Family {
        title: "the 8821",
        models: &["8821"],
        uris: &[
            Device, Dial, Display, Init, Key, Play, Rtp, SoftKey, Vibrate,
        ],
        keys: WIRELESS_KEYS,
        are_keys_listed: false,
        ..LISTED
    },
    Family {
        title: "the 9821",
        models: &["9821"],
        uris: &[
            App, Device, Dial, Display, EditDial, Init, Key, Play, Rtp, SendDigits, Vibrate,
        ],
        keys: WIRELESS_KEYS,
        are_keys_listed: false,
        ..LISTED
    },
    Family {
        title: "the 8875",
        models: &["8875"],
        keys: &[
            One("Applications"),
            One("AppMenu"),
            One("Contacts"),
            One("Directories"),
            Numbered("FixedFeature", 1, 3),
            One("Headset"),
            KEYPAD,
            STAR,
            POUND,
            One("Messages"),
            One("Mute"),
            One("Release"),
            One("Services"),
            One("Settings"),
            One("Speaker"),
            One("VolDwn"),
            One("VolUp"),
        ],
        has_media: true,
        ..LISTED
    },
    Family {
        title: "the 8800 series",
        models: &["88"],
        keys: &[
            One("Applications"),
            One("AppMenu"),
            One("Contacts"),
            One("Directories"),
            Numbered("Feature", 1, 120),
            Numbered("FixedFeature", 1, 3),
            One("Headset"),
            One("KEMPage"),
            KEYPAD,
            STAR,
            POUND,
            Numbered("Line", 1, 120),
            One("Messages"),
            One("Mute"),
            One("NavDwn"),
            One("NavLeft"),
            One("NavRight"),
            One("NavSelect"),
            One("NavUp"),
            One("Release"),
            One("Services"),
            Numbered("Session", 1, 6),
            One("Settings"),
            Numbered("Soft", 1, 5),
            One("Speaker"),
            One("VolDwn"),
            One("VolUp"),
        ],
        has_media: true,
        ..LISTED
    },
    Family {
        title: "the 9871",
        models: &["9871"],
        keys: &[
            One("Applications"),
            One("AppMenu"),
            One("Conference"),
            One("Contacts"),
            One("Directories"),
            Numbered("Feature", 1, 120),
            Numbered("FixedFeature", 1, 3),
            One("Headset"),
            One("Hold"),
            One("KEMPage"),
            KEYPAD,
            STAR,
            POUND,
            Numbered("Line", 1, 120),
            One("Messages"),
            One("Mute"),
            One("Release"),
            One("Services"),
            One("Settings"),
            One("Speaker"),
            One("Transfer"),
            One("VolDwn"),
            One("VolUp"),
        ],
        has_media: true,
        ..LISTED
    },
    Family {
        title: "the 9800 series",
        models: &["98"],
        keys: &[
            One("Applications"),
            One("AppMenu"),
            One("Conference"),
            One("Contacts"),
            One("Directories"),
            Numbered("Feature", 1, 120),
            Numbered("FixedFeature", 1, 3),
            One("Headset"),
            One("Hold"),
            One("KEMPage"),
            KEYPAD,
            STAR,
            POUND,
            Numbered("Line", 1, 120),
            One("Messages"),
            One("Mute"),
            One("NavDwn"),
            One("NavLeft"),
            One("NavRight"),
            One("NavSelect"),
            One("NavUp"),
            One("Release"),
            One("Services"),
            One("Settings"),
            Numbered("Soft", 1, 5),
            One("Speaker"),
            One("Transfer"),
            One("VolDwn"),
            One("VolUp"),
        ],
        has_media: true,
        ..LISTED
    },
    Family {
        title: "the 840 or 860",
        models: &["840", "860"],
        uris: &[Rtp],
        keys: &[],
        ..LISTED
    },
    Family {
        title: "the 6900 series",
        models: &["69"],
        uris: &[Dial, EditDial, Init, Key, Play, Rtp],
        keys: OLD_KEYS,
        are_keys_listed: false,
        ..LISTED
    },
    Family {
        title: "the 7940 or 7960",
        models: &["7940", "7960"],
        ..SEEN
    },
    Family {
        title: "the wireless 7900 series",
        models: &["7920", "7921", "7925", "7926"],
        uris: &[
            App,
            Application,
            Dial,
            Display,
            Init,
            Key,
            Play,
            Rtp,
            Vibrate,
        ],
        ..SEEN
    },
    Family {
        title: "the 7900 series",
        models: &["79"],
        ..SEEN
    },
    Family {
        title: "the 8900 or 9900 series",
        models: &["89", "99"],
        ..SEEN
    },
    Family {
        title: "a multiplatform phone",
        models: &[""],
        firmware: Multiplatform,
        uris: &[Device, Dial, EditDial, Init, Key, Play],
        keys: MULTIPLATFORM_KEYS,
        ..LISTED
    },
    Family {
        title: "an SPA phone",
        models: &[""],
        firmware: Spa,
        uris: &[Key],
        keys: MULTIPLATFORM_KEYS,
        ..SEEN
    },
    Family {
        title: "a phone of an unknown model",
        models: &[""],
        ..SEEN
    },
];

/// A family of the tables with all that an 8800 has.
const LISTED: Family = Family {
    title: "",
    models: &[],
    firmware: Enterprise,
    uris: &[
        App, Device, Dial, Display, EditDial, Init, Key, Play, Rtp, SendDigits,
    ],
    is_listed: true,
    keys: &[],
    are_keys_listed: true,
    has_media: false,
};

/// A family of which is known what tools in the field send it.
const SEEN: Family = Family {
    uris: &[App, Application, Dial, Display, Init, Key, Play, Rtp],
    is_listed: false,
    keys: OLD_KEYS,
    are_keys_listed: false,
    ..LISTED
};

const KEYPAD: Keys = Numbered("KeyPad", 0, 9);
const STAR: Keys = One("KeyPadStar");
const POUND: Keys = One("KeyPadPound");

/// What scripts press on the 7900 series.
const OLD_KEYS: &[Keys] = &[
    One("Services"),
    One("Directories"),
    One("Messages"),
    One("Settings"),
    One("Setup"),
    One("Info"),
    Numbered("Line", 1, 6),
    Numbered("Soft", 1, 4),
    KEYPAD,
    STAR,
    POUND,
    One("NavBack"),
    One("NavDwn"),
    One("NavLeft"),
    One("NavRight"),
    One("NavSelect"),
    One("NavUp"),
    One("Speaker"),
    One("Mute"),
    One("Headset"),
    One("VolUp"),
    One("VolDwn"),
];

const MULTIPLATFORM_KEYS: &[Keys] = &[
    One("Directories"),
    One("Headset"),
    One("Hold"),
    One("Info"),
    KEYPAD,
    STAR,
    POUND,
    Numbered("Line", 1, 120),
    One("Messages"),
    One("Mute"),
    One("NavBack"),
    One("NavDwn"),
    One("NavLeft"),
    One("NavRight"),
    One("NavSelect"),
    One("NavUp"),
    Numbered("Soft", 1, 4),
    One("Speaker"),
    One("VolDwn"),
    One("VolUp"),
];

/// The keys documented for wireless phones.
const WIRELESS_KEYS: &[Keys] = &[
    Numbered("Line", 1, 6),
    Numbered("Soft", 1, 2),
    One("PTT"),
    One("Mute"),
    One("NavBack"),
    One("NavDwn"),
    One("NavLeft"),
    One("NavRight"),
    One("NavSelect"),
    One("NavUp"),
];

/// All names that `Key:` accepts on at least one phone.
pub(super) const ALL_KEYS: &[Keys] = &[
    One("Applications"),
    One("AppMenu"),
    One("Conference"),
    One("Contacts"),
    One("Directories"),
    Numbered("Feature", 1, 120),
    Numbered("FixedFeature", 1, 3),
    One("Headset"),
    One("Hold"),
    One("Info"),
    One("KEMPage"),
    KEYPAD,
    STAR,
    POUND,
    Numbered("Line", 1, 120),
    One("Messages"),
    One("Mute"),
    One("NavBack"),
    One("NavDwn"),
    One("NavLeft"),
    One("NavRight"),
    One("NavSelect"),
    One("NavUp"),
    One("Offhook"),
    One("OnHook"),
    One("PTT"),
    One("Release"),
    One("Services"),
    Numbered("Session", 1, 6),
    One("Settings"),
    One("Setup"),
    Numbered("Soft", 1, 5),
    One("Speaker"),
    One("Transfer"),
    One("VolDwn"),
    One("VolUp"),
];
