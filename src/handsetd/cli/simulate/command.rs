//! What the user of a simulated phone does, one line each: opens a page, selects, presses, fills in.

use std::str::FromStr;

use handset_simulator::SimulatedPhone;

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
submit            send the form";

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
