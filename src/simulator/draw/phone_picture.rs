//! A picture of the whole phone: handset, display and keys, with notes below.

use std::io::Cursor;

use embedded_graphics::mono_font::iso_8859_15::{FONT_9X18_BOLD, FONT_10X20};
use embedded_graphics::pixelcolor::Rgb888;
use embedded_graphics::text::Alignment;
use image::{ImageFormat, RgbImage};

use super::canvas::{Canvas, area, point};
use super::display::{accent, render};
use super::view::View;
use super::wrap;

/// Draws a phone as a PNG, with its display enlarged by a whole factor.
pub fn png(view: &View) -> Vec<u8> {
    let display = render(view);
    let scale = (SCREEN / display.width().max(1)).max(1);
    let (wide, high) = (display.width() * scale, display.height() * scale);
    let display = RgbImage::from_fn(wide, high, |x, y| *display.get_pixel(x / scale, y / scale));

    let notes = view.notes();
    let rows = u32::try_from(notes.len()).unwrap_or_default();
    let layout = Layout {
        wide,
        high,
        foot: if rows == 0 { 0 } else { rows * NOTE_LINE + 12 },
    };

    let mut picture = Canvas::new(layout.width(), layout.height(), BACKDROP);
    layout.body(&mut picture, view);
    layout.captions(&mut picture, view, &notes);
    picture.place(&display, i64::from(Layout::LEFT), i64::from(TOP));

    let mut bytes = Cursor::new(Vec::new());
    match picture.0.write_to(&mut bytes, ImageFormat::Png) {
        Ok(()) => bytes.into_inner(),
        // Writing to memory fails only for an empty picture.
        Err(_) => Vec::new(),
    }
}

/// Layout of the picture in pixels.
struct Layout {
    /// Width of the display.
    wide: u32,
    /// Height of the display.
    high: u32,
    /// Height of the notes below the phone.
    foot: u32,
}

impl Layout {
    /// Left edge of the display.
    const LEFT: u32 = HANDSET + 60;

    fn width(&self) -> u32 {
        Self::LEFT + self.wide + KEYPAD + 88
    }

    fn height(&self) -> u32 {
        self.floor() + 30 + self.foot
    }

    /// Returns the bottom edge of the phone.
    fn floor(&self) -> u32 {
        (TOP + self.high + 130).max(TOP + 480)
    }

    /// Draws everything but text.
    fn body(&self, canvas: &mut Canvas, view: &View) {
        let mut panel = |x: u32, y: u32, width: u32, height: u32, radius: u32, colour: Rgb888| {
            canvas.panel(area(x, y, width, height), radius, colour);
        };
        let (width, floor) = (self.width(), self.floor());
        // Housing with shadow and a lighter edge.
        panel(
            32,
            38,
            width - 60,
            floor - 34,
            46,
            Rgb888::new(196, 202, 210),
        );
        panel(28, 28, width - 56, floor - 28, 46, Rgb888::new(74, 80, 90));
        panel(31, 31, width - 62, floor - 34, 44, Rgb888::new(44, 48, 56));
        // Handset in its cradle.
        panel(
            58,
            60,
            HANDSET - 38,
            floor - 90,
            40,
            Rgb888::new(30, 33, 39),
        );
        panel(
            80,
            100,
            HANDSET - 82,
            floor - 170,
            34,
            Rgb888::new(66, 71, 80),
        );
        panel(64, 66, HANDSET - 50, 150, 40, Rgb888::new(78, 84, 94));
        panel(
            64,
            floor - 186,
            HANDSET - 50,
            150,
            40,
            Rgb888::new(78, 84, 94),
        );
        for row in 0..3 {
            for column in 0..4 {
                panel(
                    98 + column * 18,
                    120 + row * 18,
                    8,
                    8,
                    4,
                    Rgb888::new(40, 44, 51),
                );
            }
        }
        // Frame of the display.
        panel(
            Self::LEFT - 18,
            TOP - 18,
            self.wide + 36,
            self.high + 36,
            16,
            FRAME,
        );
        // Message lamp, lit while a ringer plays.
        let lamp = if view.state.ringing {
            Rgb888::new(255, 70, 60)
        } else {
            Rgb888::new(96, 44, 46)
        };
        panel(width - 190, 52, 120, 16, 8, lamp);
        self.soft_keys(&mut panel, view);
        self.navigation(&mut panel);
        self.keypad(&mut panel, view);
    }

    fn soft_keys(&self, panel: &mut impl FnMut(u32, u32, u32, u32, u32, Rgb888), view: &View) {
        let count = u32::try_from(view.labels().len()).unwrap_or(4);
        let each = self.wide / count;
        for index in 0..count {
            let x = Self::LEFT + each * index + each / 2 - KEY_WIDTH / 2;
            panel(x, TOP + self.high + 36, KEY_WIDTH, 34, 15, EDGE);
            panel(x + 2, TOP + self.high + 37, KEY_WIDTH - 4, 30, 14, KEY);
        }
    }

    /// Draws the navigation ring above the keypad.
    fn navigation(&self, panel: &mut impl FnMut(u32, u32, u32, u32, u32, Rgb888)) {
        let (x, y) = (self.pad_left() + 49, TOP);
        panel(x, y, 140, 140, 70, EDGE);
        panel(x + 3, y + 3, 134, 134, 67, KEY);
        panel(x + 44, y + 44, 52, 52, 26, EDGE);
        panel(x + 47, y + 47, 46, 46, 23, Rgb888::new(70, 76, 86));
        for (right, down) in [(64, 16), (64, 112), (16, 64), (112, 64)] {
            panel(x + right, y + down, 12, 12, 6, Rgb888::new(150, 156, 166));
        }
    }

    fn keypad(&self, panel: &mut impl FnMut(u32, u32, u32, u32, u32, Rgb888), view: &View) {
        for (x, y, _) in self.keys() {
            panel(x, y, 70, 50, 14, EDGE);
            panel(x + 2, y + 1, 66, 46, 13, KEY);
        }
        // Speaker key in the vendor's colour.
        let y = self.keys().last().map_or(TOP, |(_, y, _)| y + 72);
        panel(self.pad_left(), y, 238, 20, 10, accent(view.vendor));
    }

    fn keys(&self) -> impl Iterator<Item = (u32, u32, char)> {
        let (left, top) = (self.pad_left(), TOP + 168);
        let positions = (0..4).flat_map(|row| (0..3).map(move |column| (column, row)));
        positions
            .zip("123456789*0#".chars())
            .map(move |((column, row), label)| (left + column * 84, top + row * 62, label))
    }

    fn pad_left(&self) -> u32 {
        Self::LEFT + self.wide + 52
    }

    /// Draws the text.
    fn captions(&self, canvas: &mut Canvas, view: &View, notes: &[String]) {
        let silver = Rgb888::new(206, 212, 220);
        let at = point(Self::LEFT, 50);
        canvas.write(&view.name(), at, &FONT_9X18_BOLD, silver, Alignment::Left);
        for (x, y, label) in self.keys() {
            let at = point(x + 35, y + 14);
            canvas.write(
                &label.to_string(),
                at,
                &FONT_10X20,
                silver,
                Alignment::Center,
            );
        }
        let columns = usize::try_from((self.width() - 80) / 10).unwrap_or_default();
        for (note, row) in notes.iter().zip(0..) {
            let at = point(44, self.floor() + 26 + row * NOTE_LINE);
            let note = wrap::cut(note, columns);
            canvas.write(
                &note,
                at,
                &FONT_10X20,
                Rgb888::new(52, 60, 72),
                Alignment::Left,
            );
        }
    }
}

/// Maximum width of the enlarged display.
const SCREEN: u32 = 960;

/// Top edge of the display.
const TOP: u32 = 100;

/// Width of the handset with its cradle.
const HANDSET: u32 = 220;

/// Width of the keypad with its margins.
const KEYPAD: u32 = 270;

/// Width of a soft key.
const KEY_WIDTH: u32 = 110;

/// Height of a note.
const NOTE_LINE: u32 = 28;

const BACKDROP: Rgb888 = Rgb888::new(236, 239, 243);
const FRAME: Rgb888 = Rgb888::new(12, 14, 18);
const KEY: Rgb888 = Rgb888::new(58, 63, 72);
const EDGE: Rgb888 = Rgb888::new(24, 27, 32);
