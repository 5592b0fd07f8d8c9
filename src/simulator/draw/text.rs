//! A phone as text: its screen in a frame, with notes below.

use std::fmt::Write as _;

use image::imageops::{self, FilterType};

use super::view::{View, printable};
use super::wrap::{cut, width};
use crate::picture::Picture;

/// Draws a phone with box-drawing characters, for a terminal.
pub fn text(view: &View) -> String {
    let screen = view.state.screen.clone().unwrap_or_default();
    let title = if screen.title.is_empty() {
        view.name()
    } else {
        screen.title.clone()
    };
    let mut body = body(view);
    if body.len() > MAX_LINES {
        body.truncate(MAX_LINES - 1);
        body.push("…".to_owned());
    }
    body.resize(body.len().max(MIN_LINES), String::new());
    let mut drawn = String::new();
    let _ = writeln!(drawn, "┌{}┐", "─".repeat(WIDTH + 2));
    line(&mut drawn, &printable(&title));
    let _ = writeln!(drawn, "├{}┤", "─".repeat(WIDTH + 2));
    for text in &body {
        line(&mut drawn, text);
    }
    if !screen.prompt.is_empty() {
        line(&mut drawn, &format!("» {}", printable(&screen.prompt)));
    }
    keys(&mut drawn, &view.labels());
    for note in view.notes() {
        let _ = writeln!(drawn, "  {}", cut(&note, MAX_NOTE));
    }
    drawn
}

fn body(view: &View) -> Vec<String> {
    let Some(screen) = &view.state.screen else {
        return match &view.state.background {
            Some(picture) => shades(picture),
            None => vec![String::new(), format!("{:^WIDTH$}", "(idle)")],
        };
    };
    let mut lines = screen.content.picture().map(shades).unwrap_or_default();
    lines.extend(view.lines(WIDTH));
    lines
}

fn line(drawn: &mut String, text: &str) {
    let text = cut(&text.replace('\n', " "), WIDTH);
    let _ = writeln!(drawn, "│ {text:WIDTH$} │");
}

/// Draws the soft keys over the width of the frame.
fn keys(drawn: &mut String, labels: &[String]) {
    // Without the separators between the keys.
    let inside = WIDTH + 2 - (labels.len() - 1);
    let widths: Vec<usize> = (0..labels.len())
        .map(|index| inside * (index + 1) / labels.len() - inside * index / labels.len())
        .collect();
    let rule = |joint: &str| {
        let parts: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        parts.join(joint)
    };
    let labels: Vec<String> = labels
        .iter()
        .zip(&widths)
        .map(|(label, width)| format!("{:^width$}", cut(&printable(label), *width)))
        .collect();
    let _ = writeln!(drawn, "├{}┤", rule("┬"));
    let _ = writeln!(drawn, "│{}│", labels.join("│"));
    let _ = writeln!(drawn, "└{}┘", rule("┴"));
}

/// Draws a picture in five shades, in about its proportions.
fn shades(picture: &Picture) -> Vec<String> {
    let lines = u32::try_from(MAX_LINES - 1).unwrap_or_default();
    let columns = u32::try_from(WIDTH).unwrap_or_default();
    // A character is twice as high as it is wide.
    let wide = (picture.width() * lines * 2 / picture.height().max(1)).clamp(1, columns);
    let small = imageops::resize(&*picture.pixels, wide, lines, FilterType::Triangle);
    let small = imageops::grayscale(&small);
    small
        .rows()
        .map(|row| {
            let line: String = row
                .map(|point| SHADES[usize::from(point.0[0]) * SHADES.len() / 256])
                .collect();
            let margin = (WIDTH - width(&line)) / 2;
            format!("{}{line}", " ".repeat(margin))
        })
        .collect()
}

/// Characters per line inside the frame.
const WIDTH: usize = 48;

/// Minimum number of lines between title and soft keys.
const MIN_LINES: usize = 6;

/// Maximum number of lines between title and soft keys.
const MAX_LINES: usize = 13;

/// Maximum length of a note in characters.
const MAX_NOTE: usize = 100;

/// From dark to light.
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
