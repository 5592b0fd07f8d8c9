//! What there is to draw of a phone: a snapshot, and its texts.

use super::wrap;
use crate::Vendor;
use crate::options::Options;
use crate::state::{Content, SoftKey, State};

/// A snapshot of a phone to draw.
#[derive(Clone, Debug)]
pub struct View {
    /// Vendor.
    pub vendor: Vendor,
    /// Model.
    pub model: String,
    /// Width and height of the display in pixels.
    pub display: (u32, u32),
    /// State.
    pub state: State,
}

impl View {
    pub(crate) fn new(options: &Options, display: (u32, u32), state: State) -> Self {
        Self {
            vendor: options.vendor,
            model: options.model.clone(),
            display,
            state,
        }
    }

    /// Returns vendor and model.
    pub(super) fn name(&self) -> String {
        let model = self.model.trim_start_matches("SIP-");
        format!("{} {model}", self.vendor.title())
    }

    /// Returns the labels of the soft keys by position, empty where there is none; at least four.
    pub(super) fn labels(&self) -> Vec<String> {
        let idle = match self.vendor {
            Vendor::Cisco => ["Redial", "NewCall", "CFwdAll", "more"],
            Vendor::Snom => ["Directory", "Redial", "DND", "Call Fwd"],
            Vendor::Yealink => ["History", "Directory", "DND", "Menu"],
        };
        let Some(screen) = &self.state.screen else {
            return idle.map(ToOwned::to_owned).into();
        };
        let position = |key: &SoftKey| key.position.clamp(1, MAX_KEYS);
        let last = screen.soft_keys.iter().map(position).max();
        let mut labels = vec![String::new(); last.unwrap_or_default().max(4)];
        for key in &screen.soft_keys {
            if let Some(label) = labels.get_mut(position(key) - 1) {
                label.clone_from(&key.label);
            }
        }
        labels
    }

    /// Returns what cannot be seen on the screen, one line each.
    pub(super) fn notes(&self) -> Vec<String> {
        let state = &self.state;
        let tone = state.played.last().map(|tone| {
            let ringing = if state.ringing { " (ringing)" } else { "" };
            format!("Last tone: {}{ringing}", file_name(&tone.name))
        });
        let ringtone = state.ringtone.as_ref().map(|tone| match tone.length {
            Some(length) => {
                let seconds = length.as_secs_f32();
                format!("Ring tone: {} ({seconds:.2} s)", file_name(&tone.name))
            }
            None => format!("Ring tone: {}", tone.name),
        });
        let background = state.background.as_ref().map(|picture| {
            let (width, height) = (picture.width(), picture.height());
            format!(
                "Background: {} ({width}x{height})",
                file_name(&picture.source)
            )
        });
        let status = state
            .status
            .as_ref()
            .map(|status| format!("Status: {status}"));
        let dialed = state
            .dialed
            .last()
            .map(|number| format!("Dialed: {number}"));
        let lamps = (!state.lamps.is_empty()).then(|| {
            let lamps: Vec<_> = state
                .lamps
                .iter()
                .map(|(lamp, state)| format!("{lamp} {state}"))
                .collect();
            format!("Lamps: {}", lamps.join(", "))
        });
        let remark = state
            .remarks
            .last()
            .map(|remark| format!("Remark: {remark}"));
        [status, tone, ringtone, background, lamps, dialed, remark]
            .into_iter()
            .flatten()
            .map(|note| printable(&note))
            .collect()
    }

    /// Returns the lines between title and soft keys, each of at most `width` characters.
    pub(super) fn lines(&self, width: usize) -> Vec<String> {
        let Some(screen) = &self.state.screen else {
            return Vec::new();
        };
        let lines = match &screen.content {
            Content::Directory(entries) => entries
                .iter()
                .map(|entry| {
                    let rest = width.saturating_sub(wrap::width(&entry.name) + 1);
                    format!("{} {:>rest$}", entry.name, entry.number)
                })
                .collect(),
            Content::Error(message) => vec![format!("! {message}")],
            Content::Form { inputs, .. } => inputs
                .iter()
                .map(|input| {
                    let value = if input.secret {
                        "*".repeat(input.value.len())
                    } else {
                        input.value.clone()
                    };
                    format!("{}: [{value:_<12}]", input.label.trim_end_matches(':'))
                })
                .collect(),
            Content::Menu(items) => items
                .iter()
                .zip(1..)
                .map(|(item, number)| format!("{number:>2} {}", item.label))
                .collect(),
            Content::Image { text, .. } | Content::Text(text) => vec![text.clone()],
        };
        lines
            .iter()
            .flat_map(|line| wrap::wrap(&printable(line), width))
            .collect()
    }
}

/// Returns the file name in a URL, or the whole text if it has none.
fn file_name(url: &str) -> &str {
    let path = url.split('?').next().unwrap_or(url);
    path.rsplit('/')
        .next()
        .filter(|last| !last.is_empty())
        .unwrap_or(url)
}

/// Replaces control characters, which would affect a terminal, by a dot.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { '·' } else { c })
        .collect()
}

/// Maximum number of soft keys that are drawn.
const MAX_KEYS: usize = 8;
