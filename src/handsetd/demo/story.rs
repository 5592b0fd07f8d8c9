//! Who dials what, and what must come of it.

use std::io::{self, Write};

use handset_phones::phone::Endpoint;
use handset_simulator::{Direction, Exchange, SimulatedPhone, State, Vendor};

/// A phone with its endpoint.
#[derive(Debug)]
pub(super) struct Player {
    pub(super) endpoint: Endpoint,
    pub(super) phone: SimulatedPhone,
}

impl Player {
    pub(super) fn name(&self) -> String {
        let options = self.phone.options();
        let model = options.model.trim_start_matches("SIP-");
        format!("{} on a {} {model}", self.endpoint, options.vendor.title())
    }

    /// Returns the tone that this phone plays now: a Snom knows its own ringers only.
    pub(super) fn tone(&self) -> &'static str {
        match self.phone.options().vendor {
            Vendor::Snom => "3",
            Vendor::Cisco | Vendor::Yealink => "bell.wav",
        }
    }
}

/// An extension and what dialing it does.
#[derive(Debug)]
pub(super) struct Extension {
    pub(super) number: &'static str,
    pub(super) about: &'static str,
    pub(super) verb: &'static str,
    pub(super) arguments: &'static [&'static str],
    done: fn(&State, &State) -> bool,
}

/// The four of the main job.
pub(super) const EXTENSIONS: [Extension; 4] = [
    Extension {
        number: "700",
        about: "show a screen",
        verb: "push",
        arguments: &[
            "title=Parking",
            "text=You are number 3 in the queue. Ada will be with you soon.",
        ],
        done: |before, now| now.screen.is_some() && now.screen != before.screen,
    },
    Extension {
        number: "701",
        about: "play a tone",
        verb: "ring",
        arguments: &["tone=TONE"],
        done: |before, now| now.played.len() > before.played.len(),
    },
    Extension {
        number: "702",
        about: "set the ring tone",
        verb: "ringtone",
        arguments: &["tone=bell.wav"],
        done: |before, now| now.ringtone.is_some() && now.ringtone != before.ringtone,
    },
    Extension {
        number: "703",
        about: "set the background",
        verb: "background",
        arguments: &["image=night.png"],
        done: |before, now| now.background.is_some() && now.background != before.background,
    },
];

impl Extension {
    /// Returns the arguments of `AGI()` for a caller.
    pub(super) fn arguments(&self, player: &Player) -> Vec<String> {
        self.arguments
            .iter()
            .map(|argument| argument.replace("TONE", player.tone()))
            .collect()
    }

    /// Returns what stands between the parentheses of `AGI()`.
    pub(super) fn application(&self, player: &Player) -> String {
        format!(
            "agi://127.0.0.1/{},{}",
            self.verb,
            self.arguments(player).join(",")
        )
    }

    /// Returns whether the phone did it.
    pub(super) fn is_done(&self, before: &State, now: &State) -> bool {
        (self.done)(before, now)
    }

    /// Returns whether the phone is worth drawing now: when it shows something, and at the end.
    pub(super) fn is_drawn(&self) -> bool {
        matches!(self.verb, "push" | "background")
    }

    /// Says what the phone did.
    pub(super) fn result(&self, state: &State) -> String {
        match self.verb {
            "push" => {
                let title = state.screen.as_ref().map(|shown| shown.title.clone());
                format!("the phone shows {:?}", title.unwrap_or_default())
            }
            "ring" => {
                let name = state.played.last().map(|played| played.name.clone());
                format!(
                    "the phone plays {}",
                    name.unwrap_or_else(|| "nothing".to_owned())
                )
            }
            "ringtone" => {
                let name = state.ringtone.as_ref().map(|tone| tone.name.clone());
                format!(
                    "the phone's ring tone is {}",
                    name.unwrap_or_else(|| "as before".to_owned())
                )
            }
            _ => match &state.background {
                Some(picture) => {
                    let (width, height) = (picture.width(), picture.height());
                    format!("the phone's background is a picture of {width}x{height}")
                }
                None => "the phone's background is as before".to_owned(),
            },
        }
    }
}

/// Tells what went over the wire since `before`: the bytes that matter.
pub(super) fn tell(before: &State, now: &State, out: &mut impl Write) -> io::Result<()> {
    for exchange in new(before, now) {
        let Exchange {
            method,
            target,
            status,
            ..
        } = exchange;
        let status = status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        match exchange.direction {
            Direction::Received => {
                writeln!(out, "   handsetd → phone  {method} {target}  ({status})")?;
                excerpt(&exchange.body, out)?;
            }
            Direction::Fetched => {
                writeln!(
                    out,
                    "   phone → handsetd  {method} {}  ({status})",
                    hidden(target)
                )?;
                excerpt(&exchange.response_body, out)?;
            }
        }
    }
    Ok(())
}

/// Returns why the phone refused something since `before`. To be asked for a password first is no
/// refusal.
pub(super) fn refusals(before: &State, now: &State) -> Vec<String> {
    let refused = |exchange: &&Exchange| exchange.status != Some(401);
    new(before, now)
        .filter(refused)
        .filter_map(|exchange| exchange.refusal.clone())
        .collect()
}

fn new<'a>(before: &State, now: &'a State) -> impl Iterator<Item = &'a Exchange> {
    now.exchanges.iter().skip(before.exchanges.len())
}

/// Writes the first line of a body, decoded, or how long it is if it is no text.
fn excerpt(body: &[u8], out: &mut impl Write) -> io::Result<()> {
    if body.is_empty() {
        return Ok(());
    }
    let text = match body.strip_prefix(b"XML=") {
        Some(form) => form_urlencoded::parse(form)
            .map(|(name, _)| name.into_owned())
            .collect(),
        None => String::from_utf8_lossy(body).into_owned(),
    };
    if text.contains('\u{FFFD}') || text.contains('\0') {
        return writeln!(out, "     {} bytes", body.len());
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(WIDTH).collect();
    let more = if cut.len() < line.len() { "…" } else { "" };
    writeln!(out, "     {cut}{more}")
}

/// Hides a password in a query.
fn hidden(target: &str) -> String {
    match target.split_once("Password=") {
        Some((start, rest)) => {
            let rest = rest
                .split_once('&')
                .map_or(String::new(), |(_, rest)| format!("&{rest}"));
            format!("{start}Password=…{rest}")
        }
        None => target.to_owned(),
    }
}

/// How much of a body is shown.
const WIDTH: usize = 400;
