//! Draws a simulated phone: as text for a terminal, and as a picture.
//!
//! Both show what the phone shows; neither is what a real display looks like point for point.

mod canvas;
mod display;
mod phone_picture;
#[cfg(test)]
mod tests;
mod text;
mod wrap;

use crate::Vendor;
use crate::options::Options;
use crate::state::{Content, SoftKey, State};

pub use phone_picture::png;
pub use text::text;

/// Draws the display alone, point for point, as a phone's own screenshot shows it.
pub(crate) fn screen(view: &View) -> image::RgbImage {
    display::render(view)
}

/// What there is to draw of a phone at one moment.
#[derive(Clone, Debug)]
pub struct View {
    /// The maker.
    pub vendor: Vendor,
    /// The model.
    pub model: String,
    /// Width and height of the display in points.
    pub display: (u32, u32),
    /// What it shows, plays and was told.
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

    /// Returns the maker and the model in one line.
    fn name(&self) -> String {
        let vendor = match self.vendor {
            Vendor::Cisco => "Cisco",
            Vendor::Snom => "Snom",
            Vendor::Yealink => "Yealink",
        };
        format!("{vendor} {}", self.model.trim_start_matches("SIP-"))
    }

    /// Returns the labels below the screen, each in its place; four at least.
    fn labels(&self) -> Vec<String> {
        let idle = match self.vendor {
            Vendor::Cisco => ["Redial", "NewCall", "CFwdAll", "more"],
            Vendor::Snom => ["Directory", "Redial", "DND", "Call Fwd"],
            Vendor::Yealink => ["History", "Directory", "DND", "Menu"],
        };
        let Some(screen) = &self.state.screen else {
            return idle.map(ToOwned::to_owned).into();
        };
        let place = |key: &SoftKey| key.position.clamp(1, MAX_KEYS);
        let count = screen
            .soft_keys
            .iter()
            .map(place)
            .max()
            .unwrap_or_default()
            .max(4);
        let mut labels = vec![String::new(); count];
        for key in &screen.soft_keys {
            if let Some(label) = labels.get_mut(place(key) - 1) {
                label.clone_from(&key.label);
            }
        }
        labels
    }

    /// Returns what is known beside the screen, one line each.
    fn notes(&self) -> Vec<String> {
        let state = &self.state;
        let played = state.played.last().map(|played| {
            let ringing = if state.ringing { " (ringing)" } else { "" };
            format!("Last tone: {}{ringing}", file(&played.name))
        });
        let ringtone = state.ringtone.as_ref().map(|tone| match tone.length {
            Some(length) => {
                format!(
                    "Ring tone: {} ({:.2} s)",
                    file(&tone.name),
                    length.as_secs_f32()
                )
            }
            None => format!("Ring tone: {}", tone.name),
        });
        let background = state.background.as_ref().map(|picture| {
            format!(
                "Background: {} ({}x{})",
                file(&picture.source),
                picture.width(),
                picture.height()
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
                .map(|(led, does)| format!("{led} {does}"))
                .collect();
            format!("Lamps: {}", lamps.join(", "))
        });
        let remark = state
            .remarks
            .last()
            .map(|remark| format!("Remark: {remark}"));
        [status, played, ringtone, background, lamps, dialed, remark]
            .into_iter()
            .flatten()
            .map(|note| printable(&note))
            .collect()
    }

    /// Returns the lines of the screen's body, each no longer than `width` characters.
    fn lines(&self, width: usize) -> Vec<String> {
        let Some(screen) = &self.state.screen else {
            return Vec::new();
        };
        let lines = match &screen.content {
            Content::Directory(entries) => {
                let lines = entries.iter().map(|entry| {
                    let gap = width.saturating_sub(wrap::width(&entry.name) + 1);
                    format!("{} {:>gap$}", entry.name, entry.number)
                });
                lines.collect()
            }
            Content::Error(words) => vec![format!("! {words}")],
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
            Content::Menu(items) => {
                let numbered = items.iter().zip(1..);
                numbered
                    .map(|(item, number)| format!("{number:>2} {}", item.label))
                    .collect()
            }
            Content::Image { text, .. } | Content::Text(text) => vec![text.clone()],
        };
        lines
            .iter()
            .flat_map(|line| wrap::wrap(&printable(line), width))
            .collect()
    }
}

/// Returns the name of the file that an address leads to; the rest of it says nothing to people.
fn file(name: &str) -> &str {
    let path = name.split('?').next().unwrap_or(name);
    path.rsplit('/')
        .next()
        .filter(|last| !last.is_empty())
        .unwrap_or(name)
}

/// Puts a point in place of what would move a terminal's cursor.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\n' { '·' } else { c })
        .collect()
}

/// The most soft keys that are drawn.
const MAX_KEYS: usize = 8;
