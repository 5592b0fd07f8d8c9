//! The kinds of values that keys take.

/// The kind of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// `IP:PORT`.
    Address,
    /// The id of a call.
    Call,
    /// The name of a device in the call manager.
    Device,
    /// DTMF digits.
    Digits,
    /// `30s`, `5m`, `1h 30m`, or a number of seconds.
    Duration,
    /// `Name|Number`.
    Entry,
    /// An image: a file or a URL.
    Image,
    /// `Label|param|kind`.
    Input,
    /// `Label|TARGET`.
    Item,
    /// Keys to press, `OFFHOOK,1:800:200`.
    Keys,
    /// A lamp, by number or name.
    Led,
    /// A number to dial.
    Number,
    /// Names of phones and groups, separated by `&`.
    Phones,
    /// `NAME=VALUE`.
    Setting,
    /// The name of a setting.
    SettingName,
    /// The name of a template.
    Template,
    /// Any characters, taken as they are.
    String,
    /// Text for people, in which `\n` is a line break.
    Text,
    /// A tone: a built-in name or number, a file or a URL.
    Tone,
    /// An http or https URL.
    Url,
    /// A user id.
    User,
    /// A URI in the vendor's syntax, `Key:Soft1@0`.
    VendorUri,
    /// A whole number in an inclusive range.
    Whole(u32, u32),
    /// One of a few words.
    Word(&'static [&'static str]),
}

impl Kind {
    /// `yes` or `no`.
    pub const YES_NO: Self = Self::Word(&["yes", "no"]);

    /// `on` or `off`.
    pub const ON_OFF: Self = Self::Word(&["on", "off"]);

    /// `yes`, for keys that have no other value.
    pub const YES: Self = Self::Word(&["yes"]);
}
