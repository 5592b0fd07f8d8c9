//! From the values of a verb's keys to what they ask for. Each key was read by itself before; here
//! they are held against each other.

use std::time::Duration;

use super::action::{Action, Fit};
use super::call::{CallControl, Forward, ForwardKind, TransferKind};
use super::control::{Backlight, Control};
use super::led::{Led, LedColor, LedState};
use super::request::Refusal;
use super::setting::Settings;
use super::stream::{Codec, Mode, Stream};
use super::value::{Values, Wanted};
use super::{Csta, Mobility, Notify, Push, Verb};

/// Reads what `verb` asks for with these values.
pub(super) fn action(verb: Verb, values: &mut Values) -> Result<Action, Refusal> {
    Ok(match verb.name() {
        "background" => Action::Background {
            image: needed(verb, values, "image")?,
            fit: match values.take("fit") {
                Some("contain") => Fit::Contain,
                _ => Fit::Cover,
            },
        },
        "login" => Action::Mobility(Mobility::Login {
            user: needed(verb, values, "user")?,
            profile: values.take("profile"),
            device: values.take("device"),
            time: values
                .take("minutes")
                .map(|minutes: u32| Duration::from_mins(minutes.into())),
        }),
        "logout" => Action::Mobility(Mobility::Logout {
            user: values.take("user"),
            device: values.take("device"),
        }),
        "who" => Action::Mobility(Mobility::Who {
            user: values.take("user"),
            device: values.take("device"),
        }),
        "ping" => Action::Ping,
        "push" => Action::Push(Push::parse(verb, values)?),
        "ring" => match (values.take("stop"), values.take("tone")) {
            (Some("yes"), None) => Action::Control(Control::RingStop),
            (None, Some(tone)) => Action::Ring(tone),
            (Some(_), Some(_)) => return Err(both("tone", "stop")),
            (_, None) => return Err(Refusal::MissingKey { verb, key: "tone" }),
        },
        "ringtone" => Action::Ringtone {
            tone: needed(verb, values, "tone")?,
            line: line(values),
        },
        _ => Action::Control(control(verb, values)?),
    })
}

fn control(verb: Verb, values: &mut Values) -> Result<Control, Refusal> {
    Ok(match verb.name() {
        "answer" => Control::Call(CallControl::Answer, values.take("call")),
        "hangup" => Control::Call(CallControl::Hangup, values.take("call")),
        "hold" => Control::Call(CallControl::Hold, values.take("call")),
        "resume" => Control::Call(CallControl::Resume, values.take("call")),
        "clear" => Control::Clear,
        "csta" => {
            let request: String = needed(verb, values, "request")?;
            let csta = Csta::parse(&request, values.take_elements());
            Control::Csta(csta.map_err(|why| Refusal::malformed("request", why))?)
        }
        "dial" => Control::Dial {
            number: needed(verb, values, "number")?,
            line: line(values),
        },
        "display" => Control::Display(
            match values.take("state") {
                Some("on") => Backlight::On,
                Some("off") => Backlight::Off,
                _ => Backlight::Default,
            },
            values
                .take("minutes")
                .map(|minutes: u32| Duration::from_mins(minutes.into())),
        ),
        "dnd" => Control::Dnd(values.take("state") == Some("on")),
        "dtmf" => Control::Dtmf(needed(verb, values, "digits")?),
        "execute" => {
            let uris = values.take_all("uri");
            if uris.len() > MAX_URIS {
                let why = format!(
                    "{} are too many; a phone runs {MAX_URIS} at once",
                    uris.len()
                );
                return Err(Refusal::malformed("uri", why));
            }
            Control::Execute(uris)
        }
        "firmware" => Control::Firmware(needed(verb, values, "url")?),
        "forward" => Control::Forward(forward(verb, values)?),
        "info" => Control::Info,
        "key" => Control::Keys(needed(verb, values, "keys")?),
        "led" => Control::Led(led(values)),
        "notify" => {
            let event: String = needed(verb, values, "event")?;
            let (content_type, body) = (values.take("type"), values.take("body"));
            Control::Notify(Notify::parse(&event, content_type, body)?)
        }
        "reboot" => Control::Reboot,
        "screenshot" => Control::Screenshot,
        "settings" if !values.has("set") && !values.has("get") => {
            return Err(Refusal::MissingKey { verb, key: "set" });
        }
        "settings" => Control::Settings(Settings {
            set: values.take_all("set"),
            get: values.take_all("get"),
        }),
        "stream" => stream(verb, values)?,
        "transfer" => Control::Transfer {
            number: needed(verb, values, "number")?,
            kind: match values.take("kind") {
                Some("attended") => TransferKind::Attended,
                _ => TransferKind::Blind,
            },
            call: values.take("call"),
        },
        // The one verb that is left; a test holds the table against this.
        _ => Control::Resync,
    })
}

fn forward(verb: Verb, values: &mut Values) -> Result<Forward, Refusal> {
    let kind = match values.take("kind") {
        Some("busy") => ForwardKind::Busy,
        Some("noanswer") => ForwardKind::NoAnswer,
        _ => ForwardKind::All,
    };
    let after = values
        .take("after")
        .map(|seconds: u32| Duration::from_secs(seconds.into()));
    if after.is_some() && kind != ForwardKind::NoAnswer {
        let why = "only kind=noanswer waits before it forwards".to_owned();
        return Err(Refusal::malformed("after", why));
    }
    // A number says where to, also when that ends; it is not needed then.
    let number = values.take("number");
    let to = match (values.take("state"), number) {
        (Some("off"), _) => None,
        (_, Some(number)) => Some(number),
        (_, None) => {
            let key = "number";
            return Err(Refusal::MissingKey { verb, key });
        }
    };
    Ok(Forward { kind, to, after })
}

fn led(values: &mut Values) -> Led {
    let color = values.take("color").and_then(|word: &str| {
        let mut all = LedColor::ALL.into_iter();
        all.find(|(known, _)| *known == word)
            .map(|(_, color)| color)
    });
    Led {
        state: match values.take("state") {
            Some("on") => LedState::On,
            Some("slow") => LedState::Slow,
            Some("fast") => LedState::Fast,
            _ => LedState::Off,
        },
        name: values.take("led"),
        color,
    }
}

fn stream(verb: Verb, values: &mut Values) -> Result<Control, Refusal> {
    if values.has("stop") {
        let started = ["address", "mode", "codec", "volume"];
        return match started.into_iter().find(|key| values.has(key)) {
            Some(key) => Err(both(key, "stop")),
            None => Ok(Control::StreamStop),
        };
    }
    Ok(Control::Stream(Stream {
        address: needed(verb, values, "address")?,
        mode: match values.take("mode") {
            Some("send") => Mode::Send,
            Some("both") => Mode::Both,
            _ => Mode::Receive,
        },
        codec: values.take("codec").map(Codec::of_word),
        volume: values
            .take("volume")
            .and_then(|percent: u32| u8::try_from(percent).ok()),
    }))
}

fn needed<T: Wanted>(verb: Verb, values: &mut Values, key: &'static str) -> Result<T, Refusal> {
    values.take(key).ok_or(Refusal::MissingKey { verb, key })
}

fn line(values: &mut Values) -> Option<u8> {
    values
        .take("line")
        .and_then(|line: u32| u8::try_from(line).ok())
}

fn both(one: &'static str, other: &'static str) -> Refusal {
    Refusal::Conflict { one, other }
}

/// How many URIs one request may hold.
const MAX_URIS: usize = 3;
