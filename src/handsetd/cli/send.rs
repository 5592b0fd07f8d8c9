//! `handsetd send`: asks the running daemon for what a dialplan could ask.

mod progress;

use std::convert::Infallible;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::ConfigFile;
use super::admin_client::{AdminClient, EventStream};
use super::output_format::OutputFormat;
use crate::dialplan;
use crate::telemetry::{TerminalSafe, TerminalSafeJson};
use handset_phones::verb::{Refusal, Verb};
use progress::Progress;

/// Ask the running daemon to make phones act
///
/// A verb and its keys are those of the dialplan; a value that starts with no key of the verb belongs
/// to its main key
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Send {
    /// What to do: push, ring, background, …
    #[arg(value_name = "VERB")]
    verb: String,
    /// With what, and whom: phone=1001
    #[arg(value_name = "KEY=VALUE")]
    keys: Vec<String>,
    #[command(flatten)]
    file: ConfigFile,
}

impl Send {
    /// Asks, and shows the status.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let body = body(&self.verb, &self.keys)?;
        let door = AdminClient::of(&self.file.load()?)?;
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let path = format!("/api/v1/do/{}", self.verb);
        let answer = runtime.block_on(async {
            if !io::stderr().is_terminal() {
                return door.post(&path, &body).await;
            }
            let mut progress = Progress::new(&self.verb, &body);
            // Before it is asked, so that nothing is missed. What can't be seen is no failure.
            let mut listening = door.listen("handsetd.delivery").await.ok();
            let answer = {
                let watch = watch(listening.as_mut(), &mut progress);
                tokio::select! {
                    answer = door.post(&path, &body) => answer,
                    never = watch => match never {},
                }
            };
            // The last words may come after the answer.
            while let Some(listening) = listening.as_mut().filter(|_| progress.is_open()) {
                let told = timeout(LAST_WORDS, listening.next()).await;
                let Some(told) = told.ok().flatten() else {
                    break;
                };
                show_progress(&mut progress, &told);
            }
            if progress.is_shown() {
                let _ = writeln!(io::stderr());
            }
            answer
        })?;
        match OutputFormat::of_stdout() {
            OutputFormat::People => show(&answer, out),
            OutputFormat::Programs => writeln!(out, "{}", TerminalSafeJson(&answer)),
        }
        .context("cannot write the answer")?;
        let is_fine = matches!(answer["status"].as_str(), Some("OK" | "QUEUED"));
        Ok(if is_fine {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// Shows how far it has come, for ever.
async fn watch(listening: Option<&mut EventStream>, progress: &mut Progress) -> Infallible {
    if let Some(listening) = listening {
        while let Some(told) = listening.next().await {
            show_progress(progress, &told);
        }
    }
    std::future::pending().await
}

fn show_progress(progress: &mut Progress, told: &Value) {
    if let Some(line) = progress.note(told) {
        // Nobody misses what can't be shown.
        let _ = write!(io::stderr(), "\r{line}");
    }
}

/// Makes the JSON of a request of words; lists where a key repeats.
fn body(name: &str, words: &[String]) -> anyhow::Result<Value> {
    let Some(verb) = Verb::find(name) else {
        let name = name.to_owned();
        return Err(Refusal::UnknownVerb { name }.into());
    };
    let mut body = Map::new();
    for word in words {
        let (key, value) = dialplan::pair(verb, word)?;
        match body.get_mut(&key) {
            None => drop(body.insert(key, value.into())),
            Some(Value::Array(list)) => list.push(value.into()),
            Some(one) => *one = Value::Array(vec![one.take(), value.into()]),
        }
    }
    Ok(Value::Object(body))
}

fn show(answer: &Value, out: &mut impl Write) -> io::Result<()> {
    let text = |key: &str| answer[key].as_str().unwrap_or_default();
    write!(out, "{}", TerminalSafe(text("status")))?;
    for (key, before) in [("phone", " "), ("reason", ": ")] {
        if !text(key).is_empty() {
            write!(out, "{before}{}", TerminalSafe(text(key)))?;
        }
    }
    writeln!(out)?;
    match &answer["result"] {
        Value::Null => Ok(()),
        Value::String(text) => writeln!(out, "{}", TerminalSafe(text)),
        result => writeln!(out, "{:#}", TerminalSafeJson(result)),
    }
}

/// How long is waited for the last of the progress.
const LAST_WORDS: Duration = Duration::from_millis(300);

const EXAMPLES: &str = "\
Exit codes: 0 if the status is OK or QUEUED, 1 if it is another one or nobody could be asked

Examples:
  handsetd send push phone=1001 title=AdminClient 'Somebody is there'
  handsetd send background phone=reception image=/srv/pictures/night.jpg
  handsetd send settings phone=1001 get=ringer | jq .result";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use handset_phones::verb::TABLE;

    fn of(verb: &str, words: &[&str]) -> Result<Value, String> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        body(verb, &words).map_err(|error| error.to_string())
    }

    #[test]
    fn words_are_keys_and_values_as_in_the_dialplan() {
        let all = ["phone=1", "item=A|exit", "item=B|exit", "2+2=4"];
        let body = json!({"phone": "1", "item": ["A|exit", "B|exit"], "text": "2+2=4"});
        assert_eq!(of("push", &all), Ok(body));
        assert!(
            of("pusch", &[])
                .unwrap_err()
                .starts_with("\"pusch\" is no verb")
        );
        assert!(
            of("ping", &["x"])
                .unwrap_err()
                .starts_with("ping takes no value")
        );
        assert!(TABLE.iter().all(|row| of(row.name, &[]) == Ok(json!({}))));
    }

    #[test]
    fn people_get_a_line() {
        let answer = json!({
            "status": "DENIED", "phone": "1001", "reason": "wrong\u{1b}password", "result": null,
        });
        let mut out = Vec::new();
        show(&answer, &mut out).unwrap();
        let told = String::from_utf8(out).unwrap();
        assert_eq!(told, "DENIED 1001: wrong\\u{1b}password\n");
    }
}
