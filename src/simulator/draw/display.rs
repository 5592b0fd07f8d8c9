//! The display: background, pushed screen and soft key labels.

use embedded_graphics::geometry::Point;
use embedded_graphics::mono_font::MonoFont;
use embedded_graphics::mono_font::iso_8859_15::{
    FONT_4X6, FONT_5X8, FONT_6X13, FONT_6X13_BOLD, FONT_8X13, FONT_8X13_BOLD, FONT_9X18,
    FONT_9X18_BOLD, FONT_10X20,
};
use embedded_graphics::pixelcolor::{Rgb888, WebColors};
use embedded_graphics::text::Alignment;
use image::RgbImage;
use image::imageops::{self, FilterType};

use super::canvas::{Canvas, area, point};
use super::view::View;
use super::wrap;
use crate::Vendor;
use crate::picture::Picture;
use crate::state::{Content, Screen};

/// Draws the display at its native resolution, as the phone's own screenshot shows it.
pub(crate) fn render(view: &View) -> RgbImage {
    let (width, height) = view.display;
    let layout = Layout::new(width, height);
    let mut canvas = wallpaper(view);
    let name = view.name();
    let title = view
        .state
        .screen
        .as_ref()
        .map_or("", |screen| screen.title.as_str());
    let title = if title.is_empty() { &name } else { title };
    canvas.tint(area(0, 0, width, layout.bar), accent(view.vendor), 235);
    let title = wrap::cut(title, layout.columns(width, layout.bold));
    let top = (layout.bar - layout.bold.character_size.height) / 2;
    canvas.write(
        &title,
        point(layout.margin, top),
        layout.bold,
        WHITE,
        Alignment::Left,
    );
    if let Some(screen) = &view.state.screen {
        body(&mut canvas, view, screen, &layout);
    } else if let Some(status) = &view.state.status {
        let at = point(width / 2, height / 2);
        canvas.write(status, at, layout.font, WHITE, Alignment::Center);
    }
    labels(&mut canvas, view, &layout);
    canvas.0
}

fn body(canvas: &mut Canvas, view: &View, screen: &Screen, layout: &Layout) {
    let (width, height) = view.display;
    let bottom = height - layout.bar;
    canvas.tint(area(0, layout.bar, width, bottom - layout.bar), PAPER, 244);
    let font = layout.font;
    let mut top = layout.bar + layout.margin;
    let mut last = bottom;
    if !screen.prompt.is_empty() {
        last = bottom.saturating_sub(layout.line + 1);
        canvas.tint(
            area(0, last, width, layout.line + 1),
            accent(view.vendor),
            60,
        );
        let prompt = wrap::cut(&screen.prompt, layout.columns(width, font));
        let at = point(layout.margin, last + 2);
        canvas.write(&prompt, at, font, INK, Alignment::Left);
    }
    if let Some(picture) = screen.content.picture() {
        let picture = picture.clone().fitted(width, last - layout.bar);
        let x = (width - picture.width()) / 2;
        let rest = (last - layout.bar).saturating_sub(picture.height());
        let has_text = matches!(&screen.content, Content::Image { text, .. } if !text.is_empty());
        let y = layout.bar + if has_text { 0 } else { rest / 2 };
        canvas.place(&picture.pixels, i64::from(x), i64::from(y));
        top = y + picture.height() + layout.margin;
    }
    let is_menu = matches!(screen.content, Content::Menu(_));
    let colour = if matches!(screen.content, Content::Error(_)) {
        Rgb888::CSS_FIRE_BRICK
    } else {
        INK
    };
    for (index, line) in view.lines(layout.columns(width, font)).iter().enumerate() {
        if top + layout.line > last {
            break;
        }
        let is_selected = is_menu && index == 0;
        if is_selected {
            let row = area(0, top - 1, width, layout.line);
            canvas.tint(row, accent(view.vendor), 255);
        }
        let colour = if is_selected { WHITE } else { colour };
        canvas.write(
            line,
            point(layout.margin, top),
            font,
            colour,
            Alignment::Left,
        );
        top += layout.line;
    }
}

/// Draws the labels of the soft keys, each above its key.
fn labels(canvas: &mut Canvas, view: &View, layout: &Layout) {
    let (width, height) = view.display;
    let labels = view.labels();
    let count = u32::try_from(labels.len()).unwrap_or(4);
    let top = height - layout.bar;
    canvas.tint(
        area(0, top, width, layout.bar),
        Rgb888::new(16, 20, 26),
        215,
    );
    for (index, label) in labels.iter().enumerate() {
        if label.is_empty() {
            continue;
        }
        let index = u32::try_from(index).unwrap_or_default();
        let (left, right) = (width * index / count, width * (index + 1) / count);
        let key = area(left + 1, top + 1, right - left - 2, layout.bar - 2);
        canvas.tint(key, accent(view.vendor), 150);
        let label = wrap::cut(label, layout.columns(right - left, layout.font));
        let y = top + (layout.bar - layout.font.character_size.height) / 2;
        let at = Point::new(
            i32::midpoint(point(left, 0).x, point(right, 0).x),
            point(0, y).y,
        );
        canvas.write(&label, at, layout.font, WHITE, Alignment::Center);
    }
}

/// Draws the background, or a gradient without one.
fn wallpaper(view: &View) -> Canvas {
    let (width, height) = view.display;
    if let Some(picture) = &view.state.background {
        return Canvas(covering(picture, width, height));
    }
    let mut canvas = Canvas::new(width, height, Rgb888::new(20, 30, 44));
    for y in 0..height {
        let strength = u8::try_from(y * 140 / height.max(1)).unwrap_or(u8::MAX);
        canvas.tint(area(0, y, width, 1), accent(view.vendor), strength);
    }
    canvas
}

/// Scales a picture so that it covers the display, and crops the rest.
fn covering(picture: &Picture, width: u32, height: u32) -> RgbImage {
    if (picture.width(), picture.height()) == (width, height) {
        return (*picture.pixels).clone();
    }
    let scaled = image::DynamicImage::ImageRgb8((*picture.pixels).clone());
    let scaled = scaled.resize_to_fill(width, height, FilterType::Triangle);
    imageops::crop_imm(&scaled.to_rgb8(), 0, 0, width, height).to_image()
}

/// Fonts and sizes in pixels that suit a display.
struct Layout {
    font: &'static MonoFont<'static>,
    bold: &'static MonoFont<'static>,
    /// Height of title bar and soft key bar.
    bar: u32,
    /// Height of a line of text.
    line: u32,
    margin: u32,
}

impl Layout {
    fn new(width: u32, height: u32) -> Self {
        let (font, bold): (&MonoFont<'_>, &MonoFont<'_>) = match (width, height) {
            (..=180, _) => (&FONT_4X6, &FONT_5X8),
            (_, ..=140) => (&FONT_5X8, &FONT_5X8),
            (..=250, _) => (&FONT_6X13, &FONT_6X13_BOLD),
            (..=400, _) => (&FONT_8X13, &FONT_8X13_BOLD),
            (..=560, _) => (&FONT_9X18, &FONT_9X18_BOLD),
            _ => (&FONT_10X20, &FONT_10X20),
        };
        let line = font.character_size.height + font.character_size.height / 5;
        let bar = bold.character_size.height + bold.character_size.height / 2;
        Self {
            font,
            bold,
            bar,
            line,
            margin: font.character_size.width,
        }
    }

    /// Returns how many characters fit into `width` pixels.
    fn columns(&self, width: u32, font: &MonoFont<'_>) -> usize {
        let columns = width.saturating_sub(self.margin) / font.character_size.width.max(1);
        usize::try_from(columns).unwrap_or_default()
    }
}

/// Returns the accent colour of a vendor.
pub(super) fn accent(vendor: Vendor) -> Rgb888 {
    match vendor {
        Vendor::Cisco => Rgb888::new(4, 106, 150),
        Vendor::Snom => Rgb888::new(24, 92, 168),
        Vendor::Yealink => Rgb888::new(12, 128, 112),
    }
}

const WHITE: Rgb888 = Rgb888::CSS_WHITE;
const INK: Rgb888 = Rgb888::new(24, 30, 38);
const PAPER: Rgb888 = Rgb888::new(244, 247, 250);
