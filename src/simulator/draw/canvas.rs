//! A picture to draw on with embedded-graphics, and the few shapes that a phone consists of.

use std::convert::Infallible;

use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::primitives::{PointsIter, Rectangle};
use embedded_graphics::text::{Alignment, Baseline, Text, TextStyleBuilder};
use embedded_graphics::{Drawable, Pixel};
use image::{Rgb, RgbImage, imageops};

/// A picture to draw on.
#[derive(Debug)]
pub(super) struct Canvas(pub(super) RgbImage);

impl Canvas {
    pub(super) fn new(width: u32, height: u32, colour: Rgb888) -> Self {
        Self(RgbImage::from_pixel(width, height, rgb(colour)))
    }

    /// Draws a rectangle with rounded, antialiased corners.
    pub(super) fn panel(&mut self, area: Rectangle, radius: u32, colour: Rgb888) {
        let Rectangle {
            top_left,
            size: Size { width, height },
        } = area;
        for row in 0..height {
            // The coverage of a pixel is the average of four lines through it.
            let insets = [0.125, 0.375, 0.625, 0.875]
                .map(|part| inset(f64::from(row) + part, f64::from(height), f64::from(radius)));
            let edge = (0..width / 2).find(|x| insets.iter().all(|inset| *inset <= f64::from(*x)));
            let edge = edge.unwrap_or(width / 2);
            let at = |x: u32| top_left + point(x, row);
            let inner = Rectangle::new(at(edge), Size::new(width - 2 * edge, 1));
            let Ok(()) = self.fill_solid(&inner, colour);
            for x in 0..edge {
                let covered = insets.map(|inset| (f64::from(x + 1) - inset).clamp(0.0, 1.0));
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "the average of four fractions times 255 is at most 255"
                )]
                let strength = (covered.iter().sum::<f64>() / 4.0 * 255.0) as u8;
                for x in [x, width - 1 - x] {
                    self.tint(Rectangle::new(at(x), Size::new_equal(1)), colour, strength);
                }
            }
        }
    }

    /// Blends a colour into an area; a strength of 255 is opaque.
    pub(super) fn tint(&mut self, area: Rectangle, colour: Rgb888, strength: u8) {
        let strength = u16::from(strength);
        let mix = |under: u8, over: u8| {
            let mixed = u16::from(under) * (255 - strength) + u16::from(over) * strength;
            u8::try_from(mixed / 255).unwrap_or(u8::MAX)
        };
        let over = rgb(colour).0;
        for Point { x, y } in area.intersection(&self.area()).points() {
            if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
                && let Some(pixel) = self.0.get_pixel_mut_checked(x, y)
            {
                let [red, green, blue] = pixel.0;
                pixel.0 = [mix(red, over[0]), mix(green, over[1]), mix(blue, over[2])];
            }
        }
    }

    /// Writes a line whose top left, centre or right is `at`, depending on `alignment`.
    pub(super) fn write(
        &mut self,
        text: &str,
        at: Point,
        font: &MonoFont<'_>,
        colour: Rgb888,
        alignment: Alignment,
    ) {
        let text = plain(text);
        let style = TextStyleBuilder::new()
            .alignment(alignment)
            .baseline(Baseline::Top)
            .build();
        let character = MonoTextStyle::new(font, colour);
        let Ok(_) = Text::with_text_style(&text, at, character, style).draw(self);
    }

    /// Copies a picture onto the canvas.
    pub(super) fn place(&mut self, picture: &RgbImage, x: i64, y: i64) {
        imageops::replace(&mut self.0, picture, x, y);
    }

    fn area(&self) -> Rectangle {
        Rectangle::new(Point::zero(), self.size())
    }
}

impl OriginDimensions for Canvas {
    fn size(&self) -> Size {
        Size::new(self.0.width(), self.0.height())
    }
}

impl DrawTarget for Canvas {
    type Color = Rgb888;
    type Error = Infallible;

    fn draw_iter<I>(&mut self, pixels: I) -> Result<(), Infallible>
    where
        I: IntoIterator<Item = Pixel<Rgb888>>,
    {
        for Pixel(Point { x, y }, colour) in pixels {
            if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
                && let Some(pixel) = self.0.get_pixel_mut_checked(x, y)
            {
                *pixel = rgb(colour);
            }
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, colour: Rgb888) -> Result<(), Infallible> {
        let area = area.intersection(&self.area());
        let row = usize::try_from(self.0.width()).unwrap_or_default() * 3;
        let left = usize::try_from(area.top_left.x).unwrap_or_default() * 3;
        let right = left + usize::try_from(area.size.width).unwrap_or_default() * 3;
        let top = usize::try_from(area.top_left.y).unwrap_or_default();
        let high = usize::try_from(area.size.height).unwrap_or_default();
        for line in self.0.chunks_exact_mut(row.max(1)).skip(top).take(high) {
            for pixel in line
                .get_mut(left..right)
                .unwrap_or_default()
                .chunks_exact_mut(3)
            {
                pixel.copy_from_slice(&rgb(colour).0);
            }
        }
        Ok(())
    }
}

/// Creates a rectangle from its top left corner and its size.
pub(super) fn area(x: u32, y: u32, width: u32, height: u32) -> Rectangle {
    Rectangle::new(point(x, y), Size::new(width, height))
}

/// Creates a point. The pictures here are far too small to overflow.
pub(super) fn point(x: u32, y: u32) -> Point {
    Point::new(
        i32::try_from(x).unwrap_or(i32::MAX),
        i32::try_from(y).unwrap_or(i32::MAX),
    )
}

/// Returns the inset of a rounded rectangle from its side at height `y`.
fn inset(y: f64, height: f64, radius: f64) -> f64 {
    let beyond = (radius - y).max(y - (height - radius)).clamp(0.0, radius);
    radius - (radius * radius - beyond * beyond).sqrt()
}

fn rgb(colour: Rgb888) -> Rgb<u8> {
    Rgb([colour.r(), colour.g(), colour.b()])
}

/// Replaces characters that the fonts lack.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '…' => plain.push_str("..."),
            '‘' | '’' => plain.push('\''),
            '“' | '”' | '„' => plain.push('"'),
            '–' | '—' => plain.push('-'),
            other => plain.push(other),
        }
    }
    plain
}
