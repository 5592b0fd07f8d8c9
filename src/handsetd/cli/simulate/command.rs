//! What the user of a simulated phone does, one line each: opens a page, selects, presses, fills in; and what
//! happens to calls.

use std::str::FromStr;

use handset_simulator::{CallState, SimulatedPhone};

/// Something that the user of a phone does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Command {
    /// Presses a service button to which this URL is assigned.
    Open(String),
    /// Selects the item or entry of this number, from 1.
    Select(usize),
    /// Presses the soft key with this label.
    Press(String),
    /// Types a value into a field, which is named by its label or its parameter.
    Fill { field: String, value: String },
    /// Sends the form.
    Submit,
    /// Is called by this number.
    Ring(String),
    /// Dials this number.
    Dial(String),
    /// Does something with the newest call that it applies to.
    Call(CallAction),
    /// Switches do not disturb.
    Dnd(bool),
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CallAction {
    /// It is answered: here if it came in, else by the other party.
    Answer,
    /// The user puts it on hold.
    Hold,
    /// The user resumes it.
    Resume,
    /// Either side hangs up.
    HangUp,
    /// The dialed party is busy.
    Busy,
}

impl CallAction {
    /// Returns the states of the calls that it applies to.
    fn applies_to(self) -> &'static [CallState] {
        match self {
            Self::Answer => &[CallState::Ringing, CallState::Dialing],
            Self::Hold => &[CallState::Connected],
            Self::Resume => &[CallState::Held],
            Self::HangUp => &[
                CallState::Ringing,
                CallState::Dialing,
                CallState::Connected,
                CallState::Held,
            ],
            Self::Busy => &[CallState::Dialing],
        }
    }

    /// Does it with the newest call that it applies to; the error says that there is none.
    fn run(self, phone: &SimulatedPhone) -> Result<(), String> {
        let state = phone.state();
        let mut newest = state.calls.all().iter().rev();
        let fits = newest.find(|call| self.applies_to().contains(&call.state));
        let done = fits.is_some_and(|call| match self {
            Self::Answer => phone.answer_call(call.id),
            Self::Hold => phone.hold_call(call.id),
            Self::Resume => phone.resume_call(call.id),
            Self::HangUp => phone.end_call(call.id),
            Self::Busy => phone.fail_call(call.id),
        });
        if done {
            Ok(())
        } else {
            Err("there is no call that this applies to".to_owned())
        }
    }
}

impl Command {
    /// Has the phone do this; returns once it has fetched what that leads to. The error says why it
    /// cannot.
    pub(super) async fn run(self, phone: &SimulatedPhone) -> Result<(), String> {
        let done = match &self {
            Self::Open(url) => phone.open(url).await,
            Self::Select(number) => phone.select(number - 1).await,
            Self::Press(label) => phone.press(label).await,
            Self::Fill { field, value } => phone.fill(field, value),
            Self::Submit => phone.submit(&[]).await,
            Self::Ring(number) => {
                phone.receive_call(number);
                Ok(())
            }
            Self::Dial(number) => {
                phone.dial(number);
                Ok(())
            }
            Self::Call(action) => return action.run(phone),
            Self::Dnd(on) => {
                phone.set_dnd(*on);
                Ok(())
            }
        };
        done.map_err(|error| match self {
            Self::Select(number) => format!("the screen has no item {number}"),
            _ => error.to_string(),
        })
    }
}

impl FromStr for Command {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let line = line.trim();
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let needs = |what: &str| format!("{word} needs {what}\n{HELP}");
        match (word, rest) {
            ("open", "") => Err(needs("a URL")),
            ("open", url) => Ok(Self::Open(url.to_owned())),
            ("select", number) => {
                let number = number.parse().ok().filter(|number| *number > 0);
                number
                    .map(Self::Select)
                    .ok_or_else(|| needs("the number of an item, from 1"))
            }
            ("press", "") => Err(needs("the label of a soft key")),
            ("press", label) => Ok(Self::Press(label.to_owned())),
            ("fill", field) => match field.split_once('=') {
                Some((field, value)) => Ok(Self::Fill {
                    field: field.trim().to_owned(),
                    value: value.trim().to_owned(),
                }),
                None => Err(needs("FIELD=VALUE")),
            },
            ("submit", "") => Ok(Self::Submit),
            ("submit", _) => Err(needs("nothing else; fill in the fields before")),
            ("ring" | "dial", "") => Err(needs("a number")),
            ("ring", number) => Ok(Self::Ring(number.to_owned())),
            ("dial", number) => Ok(Self::Dial(number.to_owned())),
            ("answer", "") => Ok(Self::Call(CallAction::Answer)),
            ("hold", "") => Ok(Self::Call(CallAction::Hold)),
            ("resume", "") => Ok(Self::Call(CallAction::Resume)),
            ("hangup", "") => Ok(Self::Call(CallAction::HangUp)),
            ("busy", "") => Ok(Self::Call(CallAction::Busy)),
            ("answer" | "hold" | "resume" | "hangup" | "busy", _) => {
                Err(needs("nothing else; it applies to the newest call"))
            }
            ("dnd", "on") => Ok(Self::Dnd(true)),
            ("dnd", "off") => Ok(Self::Dnd(false)),
            ("dnd", _) => Err(needs("on or off")),
            ("help", _) => Err(HELP.to_owned()),
            _ => Err(format!("unknown command {word:?}\n{HELP}")),
        }
    }
}

/// The commands, for the user.
pub(super) const HELP: &str = "\
open URL          press a service button with this URL, such as http://127.0.0.1:8090/page/menu
select NUMBER     select an item of a menu or directory, counted from 1
press LABEL       press a soft key
fill FIELD=VALUE  fill in a field of a form
submit            send the form
ring NUMBER       let a call from this number come in
dial NUMBER       dial
answer            answer the newest call; one that was dialed is answered by the other party
hold, resume      hold the connected call, resume the held one
hangup            end the newest call
busy              let the dialed party be busy
dnd on|off        switch do not disturb";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_words_with_the_rest_of_the_line() {
        let fill = |field: &str, value: &str| Command::Fill {
            field: field.to_owned(),
            value: value.to_owned(),
        };
        for (line, expected) in [
            (
                "open http://127.0.0.1:8090/page/menu\n",
                Command::Open("http://127.0.0.1:8090/page/menu".to_owned()),
            ),
            ("  select  2 ", Command::Select(2)),
            ("press Call back", Command::Press("Call back".to_owned())),
            ("fill How many = 2 or 3", fill("How many", "2 or 3")),
            ("fill pin=1=2", fill("pin", "1=2")),
            ("fill pin=", fill("pin", "")),
            ("submit", Command::Submit),
            ("ring 0151 2", Command::Ring("0151 2".to_owned())),
            ("dial 700", Command::Dial("700".to_owned())),
            ("answer", Command::Call(CallAction::Answer)),
            ("dnd off", Command::Dnd(false)),
        ] {
            assert_eq!(line.parse(), Ok(expected), "{line}");
        }
    }

    #[test]
    fn errors_name_what_is_missing_and_list_the_commands() {
        for (line, expected) in [
            ("dance", "unknown command \"dance\""),
            ("open", "open needs a URL"),
            ("select 0", "select needs the number of an item, from 1"),
            ("select first", "select needs the number of an item, from 1"),
            ("press ", "press needs the label of a soft key"),
            ("fill pin 1", "fill needs FIELD=VALUE"),
            ("ring", "ring needs a number"),
            (
                "hold 1",
                "hold needs nothing else; it applies to the newest call",
            ),
            ("dnd", "dnd needs on or off"),
            (
                "submit pin=1",
                "submit needs nothing else; fill in the fields before",
            ),
        ] {
            let error = line.parse::<Command>().unwrap_err();
            assert_eq!(error, format!("{expected}\n{HELP}"), "{line}");
        }
        assert_eq!("help".parse::<Command>(), Err(HELP.to_owned()));
    }
}
