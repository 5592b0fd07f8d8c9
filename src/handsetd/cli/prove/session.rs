//! The walk through the trials.

use std::io::{self, Write};

use anyhow::{Context, anyhow, bail};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use handset_phones::phone::Vendor;
use handset_phones::verb::Verb;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::options::Options;
use super::person::{Answer, Person};
use super::report::{Entry, Folder, Judgement, Report};
use super::signals::{BestEffort, Signals};
use super::trials::{Judged, Needs, TRIALS, Trial, UNTRIED, Undo};
use crate::cli::admin_client::AdminClient;
use crate::telemetry::TerminalSafe;

/// What the daemon knows of the phone.
#[derive(Debug, Deserialize)]
pub(super) struct KnownPhone {
    pub(super) name: String,
    pub(super) vendor: String,
    pub(super) model: String,
    pub(super) firmware: String,
    pub(super) address: String,
    pub(super) mac: String,
    pub(super) endpoint: String,
    pub(super) registered: bool,
}

/// Returns what the daemon knows of a phone.
pub(super) async fn find(client: &AdminClient, name: &str) -> anyhow::Result<KnownPhone> {
    let asked = serde_json::json!({ "phone": name });
    let outcome = client.post("/api/v1/do/info", &asked).await?;
    let text = |key: &str| outcome[key].as_str().unwrap_or_default();
    if matches!(text("status"), "INVALID" | "NOTFOUND") {
        bail!("{}", text("reason"));
    }
    if text("phone").contains('&') {
        bail!("{name} is several phones; name one of {}", text("phone"));
    }
    let phones = client.get("/api/v1/phones").await?;
    let phones: Vec<KnownPhone> =
        serde_json::from_value(phones).context("unexpected reply of the daemon")?;
    let mut found = phones
        .into_iter()
        .filter(|phone| phone.name == text("phone"));
    found
        .next()
        .ok_or_else(|| anyhow!("{name} is not among the phones that the daemon lists"))
}

/// A walk, and what it has to take back.
pub(super) struct Session<'a> {
    client: &'a AdminClient,
    phone: &'a KnownPhone,
    folder: &'a Folder,
    options: &'a Options,
    /// Whether the daemon can ask a call manager.
    has_call_manager: bool,
    person: Person,
    /// The effects that have not been taken back.
    effects: Vec<Undo>,
    trials: Vec<Entry>,
    cleanup: Vec<Entry>,
}

impl<'a> Session<'a> {
    /// Creates a walk that has not begun.
    pub(super) fn new(
        client: &'a AdminClient,
        phone: &'a KnownPhone,
        folder: &'a Folder,
        options: &'a Options,
        has_call_manager: bool,
    ) -> Self {
        Self {
            client,
            phone,
            folder,
            options,
            has_call_manager,
            person: Person::new(),
            effects: Vec::new(),
            trials: Vec::new(),
            cleanup: Vec::new(),
        }
    }

    /// Tries everything, until a signal; afterwards the phone is as it was.
    pub(super) async fn run(&mut self, out: &mut impl Write) -> anyhow::Result<Report> {
        let mut signals = Signals::new().context("cannot listen for signals")?;
        let tried = tokio::select! {
            tried = self.try_all(out) => Some(tried),
            () = signals.next() => None,
        };
        // The terminal or the reader of the pipe may be gone.
        let out = &mut BestEffort(out);
        if !self.effects.is_empty() {
            writeln!(out, "\nTaking back what is left.")?;
        }
        while let Some(undo) = self.effects.pop() {
            self.take_back(undo, out).await?;
        }
        if let Some(Err(error)) = &tried {
            writeln!(out, "Stopped: {}", TerminalSafe(format!("{error:#}")))?;
        }
        let interrupted = !matches!(tried, Some(Ok(())));
        let left = UNTRIED.iter().map(|(verb, reason)| untried(*verb, reason));
        self.trials.extend(left);
        Ok(Report {
            handsetd: env!("CARGO_PKG_VERSION"),
            date: jiff::Zoned::now().date().to_string(),
            vendor: self.phone.vendor.clone(),
            model: self.phone.model.clone(),
            firmware: self.phone.firmware.clone(),
            trials: self.trials.clone(),
            cleanup: self.cleanup.clone(),
            interrupted,
        })
    }

    async fn try_all(&mut self, out: &mut impl Write) -> anyhow::Result<()> {
        let mut is_ringing = None;
        for trial in TRIALS {
            let mut obstacle = self.obstacle(trial.needs);
            if obstacle.is_none() && matches!(trial.needs, Needs::Ringing | Needs::Transfer) {
                if is_ringing.is_none() {
                    let question = "Call the phone from another one, if you can. Does it ring?";
                    let answer = self.person.ask(question, out).await?;
                    is_ringing = Some(answer == Answer::Yes);
                }
                obstacle = (is_ringing != Some(true)).then_some("the phone was not called");
            }
            if obstacle.is_none() && trial.needs == Needs::Transfer {
                let question = "Call the phone once more, and answer there. May the call be \
                                transferred to the number of --number?";
                let answer = self.person.ask(question, out).await?;
                obstacle = (answer != Answer::Yes).then_some("it was not permitted");
            }
            match obstacle {
                Some(reason) => self.trials.push(untried(trial.verb, reason)),
                None => self.attempt(trial, out).await?,
            }
        }
        Ok(())
    }

    /// Returns why a trial is left out, if it is.
    fn obstacle(&self, needs: Needs) -> Option<&'static str> {
        let options = self.options;
        match needs {
            Needs::Number | Needs::Transfer if options.number.is_none() => {
                Some("it needs --number")
            }
            Needs::Background if options.background.is_none() => Some("it needs --background"),
            Needs::Ringtone if options.ringtone.is_none() => Some("it needs --ringtone"),
            Needs::Restart if !options.restart => Some("it needs --restart"),
            Needs::Cisco if self.phone.vendor != Vendor::Cisco.name() => {
                Some("which URIs are harmless, the site knows")
            }
            Needs::CallManager | Needs::TestUser if !self.has_call_manager => {
                Some("it needs [cucm]")
            }
            Needs::TestUser if options.test_user.is_none() => Some("it needs --test-user"),
            Needs::Registration if !self.phone.registered => {
                Some("it needs an Asterisk with which the phone is registered")
            }
            _ => None,
        }
    }

    async fn attempt(&mut self, trial: &Trial, out: &mut impl Write) -> anyhow::Result<()> {
        let keys = self.filled(trial.keys);
        // Before it is sent, since the reply may not be waited for.
        self.effects.extend(trial.undo);
        let outcome = self.send(trial.verb, &keys, out).await?;
        let mut entry = entry(trial.verb, keys, &outcome);
        let is_done = matches!(&*entry.status, "OK" | "QUEUED");
        match trial.judged {
            _ if entry.status == "UNSUPPORTED" => entry.judgement = Judgement::Unsupported,
            _ if !is_done => entry.judgement = Judgement::Failed,
            Judged::Unseen => entry.judgement = Judgement::Unjudged,
            Judged::ByResult => {
                let has_result = !outcome["result"].is_null();
                entry.judgement = if has_result {
                    Judgement::Proven
                } else {
                    Judgement::Failed
                };
                entry.picture = self.picture(&outcome)?;
            }
            Judged::ByEye(question, is_pictured) => {
                if is_pictured {
                    let shot = self.post(Verb::Screenshot, &[]).await?;
                    entry.picture = self.picture(&shot)?;
                }
                entry.judgement = match self.person.ask(question, out).await? {
                    Answer::Yes => Judgement::Proven,
                    Answer::No => Judgement::Failed,
                    Answer::Skip => Judgement::Unjudged,
                };
            }
        }
        self.trials.push(entry);
        if let Some(undo) = trial.undo {
            // What has no effect needs no undoing, unless it may have happened.
            let had_none = [
                "UNSUPPORTED",
                "INVALID",
                "UNREACHABLE",
                "DENIED",
                "NOTFOUND",
            ];
            let status = outcome["status"].as_str().unwrap_or_default();
            self.effects.pop();
            if !had_none.contains(&status) {
                self.effects.push(undo);
                self.take_back(undo, out).await?;
                self.effects.pop();
            }
        }
        Ok(())
    }

    async fn take_back(&mut self, undo: Undo, out: &mut impl Write) -> anyhow::Result<()> {
        let (verb, keys) = undo;
        let keys = self.filled(keys);
        // Also if the output is no longer read.
        let out = &mut BestEffort(out);
        let outcome = match self.send(verb, &keys, out).await {
            Ok(outcome) => outcome,
            // The report says what is left on the phone.
            Err(error) => serde_json::json!({ "status": "ERROR", "reason": format!("{error:#}") }),
        };
        let mut entry = entry(verb, keys, &outcome);
        entry.judgement = match &*entry.status {
            "OK" | "QUEUED" => Judgement::Unjudged,
            "UNSUPPORTED" => Judgement::Unsupported,
            _ => Judgement::Failed,
        };
        self.cleanup.push(entry);
        Ok(())
    }

    /// Sends a request, and shows it with its outcome.
    async fn send(
        &self,
        verb: Verb,
        keys: &[(String, String)],
        out: &mut impl Write,
    ) -> anyhow::Result<Value> {
        let shown: Vec<String> = keys
            .iter()
            .map(|(key, value)| format!(" {key}={value}"))
            .collect();
        write!(out, "{verb}{}: ", TerminalSafe(shown.concat()))?;
        out.flush()?;
        let outcome = self.post(verb, keys).await?;
        let text = |key: &str| outcome[key].as_str().unwrap_or_default();
        write!(out, "{}", TerminalSafe(text("status")))?;
        if !text("reason").is_empty() {
            write!(out, ", {}", TerminalSafe(text("reason")))?;
        }
        writeln!(out)?;
        Ok(outcome)
    }

    async fn post(&self, verb: Verb, keys: &[(String, String)]) -> anyhow::Result<Value> {
        let mut body = Map::new();
        body.insert("phone".to_owned(), self.phone.name.clone().into());
        for (key, value) in keys {
            let value: Value = value.clone().into();
            match body.get_mut(key) {
                None => drop(body.insert(key.clone(), value)),
                Some(Value::Array(list)) => list.push(value),
                Some(first) => *first = Value::Array(vec![first.take(), value]),
            }
        }
        let path = format!("/api/v1/do/{verb}");
        self.client.post(&path, &Value::Object(body)).await
    }

    /// Stores the picture of a result, if it has one; returns the name of the file.
    fn picture(&self, outcome: &Value) -> io::Result<Option<String>> {
        let Some(encoded) = outcome["result"]["png"].as_str() else {
            return Ok(None);
        };
        let Ok(png) = BASE64_STANDARD.decode(encoded) else {
            return Ok(None);
        };
        let number = self.trials.len().saturating_add(1);
        self.folder
            .add_picture(&format!("screen-{number:02}"), &png)
            .map(Some)
    }

    fn filled(&self, keys: &[(&str, &str)]) -> Vec<(String, String)> {
        let options = self.options;
        let fill = |(key, value): &(&str, &str)| {
            let value = match *value {
                "$number" => options.number.as_deref(),
                "$image" => options.background.as_deref(),
                "$tone" => options.ringtone.as_deref(),
                "$user" => options.test_user.as_deref(),
                "$setting" => Some(readable_setting(&self.phone.vendor)),
                other => Some(other),
            };
            ((*key).to_owned(), value.unwrap_or_default().to_owned())
        };
        keys.iter().map(fill).collect()
    }
}

/// Returns the name of a setting that a phone reports over HTTP, and that is not a secret.
fn readable_setting(vendor: &str) -> &'static str {
    match vendor.parse() {
        Ok(Vendor::Yealink) => "DND",
        _ => "language",
    }
}

fn entry(verb: Verb, keys: Vec<(String, String)>, outcome: &Value) -> Entry {
    let text = |key: &str| outcome[key].as_str().unwrap_or_default().to_owned();
    Entry {
        verb: verb.name(),
        keys,
        status: text("status"),
        reason: text("reason"),
        judgement: Judgement::Unjudged,
        picture: None,
    }
}

fn untried(verb: Verb, reason: &str) -> Entry {
    Entry {
        verb: verb.name(),
        keys: Vec::new(),
        status: String::new(),
        reason: reason.to_owned(),
        judgement: Judgement::Untried,
        picture: None,
    }
}
