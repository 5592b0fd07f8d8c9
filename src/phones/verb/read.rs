//! From the values of a verb's keys to an action. Each value was parsed on its own before; here keys
//! are checked against each other.

use std::time::Duration;

use super::action::{Action, Fit};
use super::call::{CallControl, Forward, ForwardKind, TransferKind};
use super::control::{Backlight, Control};
use super::csta::Csta;
use super::id::Verb;
use super::led::{Led, LedColor, LedState};
use super::mobility::Mobility;
use super::notify::Notify;
use super::push::Push;
use super::refusal::Refusal;
use super::setting::Settings;
use super::stream::{Codec, Mode, Stream};
use super::value::Values;
use crate::invalid_value::InvalidValue;
use crate::screen::Number;

/// Builds the action of `verb` from its values.
pub(super) fn action(verb: Verb, values: &mut Values) -> Result<Action, Refusal> {
    let control = match verb {
        Verb::Answer => Control::Call(CallControl::Answer, values.optional("call")),
        Verb::Background => {
            return Ok(Action::Background {
                image: values.required("image")?,
                fit: values
                    .word("fit", &[("contain", Fit::Contain), ("cover", Fit::Cover)])
                    .unwrap_or_default(),
            });
        }
        Verb::Clear => Control::Clear,
        Verb::Csta => {
            let request: String = values.required("request")?;
            let csta = Csta::new(&request, values.elements());
            Control::Csta(csta.map_err(|error| Refusal::invalid("request", error))?)
        }
        Verb::Dial => Control::Dial {
            number: values.required("number")?,
            line: line(values),
        },
        Verb::Display => {
            let states = [
                ("on", Backlight::On),
                ("off", Backlight::Off),
                ("default", Backlight::Default),
            ];
            Control::Display(values.required_word("state", &states)?, minutes(values))
        }
        Verb::Dnd => Control::Dnd(values.required_word("state", ON_OFF)?),
        Verb::Dtmf => Control::Dtmf(values.required("digits")?),
        Verb::Execute => Control::Execute(values.all("uri")),
        Verb::Firmware => {
            values.required_word("confirm", YES)?;
            Control::Firmware(values.required("url")?)
        }
        Verb::Forward => Control::Forward(forward(values)?),
        Verb::Hangup => Control::Call(CallControl::Hangup, values.optional("call")),
        Verb::Hold => Control::Call(CallControl::Hold, values.optional("call")),
        Verb::Info => Control::Info,
        Verb::Key => Control::Keys(values.required("keys")?),
        Verb::Led => Control::Led(led(values)?),
        Verb::Login => {
            return Ok(Action::Mobility(Mobility::Login {
                user: values.required("user")?,
                profile: values.optional("profile"),
                device: values.optional("device"),
                time: minutes(values),
            }));
        }
        Verb::Logout => {
            return Ok(Action::Mobility(Mobility::Logout {
                user: values.optional("user"),
                device: values.optional("device"),
            }));
        }
        Verb::Notify => {
            let event: String = values.required("event")?;
            let (content_type, body) = (values.optional("type"), values.optional("body"));
            Control::Notify(Notify::new(&event, content_type, body)?)
        }
        Verb::Ping => return Ok(Action::Ping),
        Verb::Push => return Push::read(values).map(Action::Push),
        Verb::Reboot => Control::Reboot,
        Verb::Resume => Control::Call(CallControl::Resume, values.optional("call")),
        Verb::Resync => Control::Resync,
        Verb::Ring => return ring(values),
        Verb::Ringtone => {
            return Ok(Action::Ringtone {
                tone: values.required("tone")?,
                line: line(values),
            });
        }
        Verb::Screenshot => Control::Screenshot,
        Verb::Settings => settings(values)?,
        Verb::Stream => stream(values)?,
        Verb::Transfer => Control::Transfer {
            number: values.required("number")?,
            kind: values
                .word(
                    "kind",
                    &[
                        ("attended", TransferKind::Attended),
                        ("blind", TransferKind::Blind),
                    ],
                )
                .unwrap_or_default(),
            call: values.optional("call"),
        },
        Verb::Who => {
            return Ok(Action::Mobility(Mobility::Who {
                user: values.optional("user"),
                device: values.optional("device"),
            }));
        }
    };
    Ok(Action::Control(control))
}

fn ring(values: &mut Values) -> Result<Action, Refusal> {
    match (values.word("stop", YES), values.optional("tone")) {
        (Some(()), None) => Ok(Action::Control(Control::RingStop)),
        (Some(()), Some(_)) => Err(conflict("tone", "stop")),
        (None, Some(tone)) => Ok(Action::Ring(tone)),
        (None, None) => Err(values.missing("tone")),
    }
}

fn forward(values: &mut Values) -> Result<Forward, Refusal> {
    let kinds = [
        ("all", ForwardKind::All),
        ("busy", ForwardKind::Busy),
        ("noanswer", ForwardKind::NoAnswer),
    ];
    let kind = values.word("kind", &kinds).unwrap_or_default();
    let after = values
        .optional("after")
        .map(|seconds: u32| Duration::from_secs(seconds.into()));
    if after.is_some() && kind != ForwardKind::NoAnswer {
        return Err(Refusal::RequiresKey {
            key: "after",
            required: "kind=noanswer",
        });
    }
    // A number is accepted with state=off, too, but has no effect.
    let number = values.optional("number");
    let to = match (values.word("state", ON_OFF), number) {
        (Some(false), _) => None,
        (_, Some(number)) => Some(not_a_state(number)?),
        (_, None) => return Err(values.missing("number")),
    };
    Ok(Forward { kind, to, after })
}

/// Refuses a state in place of a number, as in `forward off`: calls would be lost.
fn not_a_state(number: Number) -> Result<Number, Refusal> {
    let text = number.as_str();
    let is_state = ON_OFF
        .iter()
        .any(|(word, _)| text.eq_ignore_ascii_case(word));
    if !is_state {
        return Ok(number);
    }
    let hint = format!("write state={}", text.to_ascii_lowercase());
    Err(Refusal::invalid(
        "number",
        InvalidValue::malformed("number", text, hint),
    ))
}

fn led(values: &mut Values) -> Result<Led, Refusal> {
    let states = [
        ("on", LedState::On),
        ("off", LedState::Off),
        ("slow", LedState::Slow),
        ("fast", LedState::Fast),
    ];
    Ok(Led {
        state: values.required_word("state", &states)?,
        name: values.optional("led"),
        color: values.word("color", &LedColor::ALL),
    })
}

fn settings(values: &mut Values) -> Result<Control, Refusal> {
    if !values.has("set") && !values.has("get") {
        return Err(values.missing("set"));
    }
    Ok(Control::Settings(Settings {
        set: values.all("set"),
        get: values.all("get"),
    }))
}

fn stream(values: &mut Values) -> Result<Control, Refusal> {
    if values.word("stop", YES).is_some() {
        let other_keys = ["address", "mode", "codec", "volume"];
        return match other_keys.into_iter().find(|key| values.has(key)) {
            Some(key) => Err(conflict(key, "stop")),
            None => Ok(Control::StreamStop),
        };
    }
    let modes = [
        ("receive", Mode::Receive),
        ("send", Mode::Send),
        ("both", Mode::Both),
    ];
    Ok(Control::Stream(Stream {
        address: values.required("address")?,
        mode: values.word("mode", &modes).unwrap_or_default(),
        codec: values.word("codec", &Codec::ALL),
        volume: values
            .optional("volume")
            .and_then(|percent: u32| u8::try_from(percent).ok()),
    }))
}

fn line(values: &mut Values) -> Option<u8> {
    values
        .optional("line")
        .and_then(|line: u32| u8::try_from(line).ok())
}

fn minutes(values: &mut Values) -> Option<Duration> {
    values
        .optional("minutes")
        .map(|minutes: u32| Duration::from_mins(minutes.into()))
}

fn conflict(one: &'static str, other: &'static str) -> Refusal {
    Refusal::Conflict { one, other }
}

const ON_OFF: &[(&str, bool)] = &[("on", true), ("off", false)];
const YES: &[(&str, ())] = &[("yes", ())];
