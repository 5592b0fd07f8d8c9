//! Scaling. Neither sources nor displays are empty.

use image::imageops::{self, FilterType};
use image::{GenericImageView, Rgb, RgbImage};

use super::super::fit::Fit;

/// Scales down, where necessary, to at most the given size.
pub(super) fn within(image: RgbImage, width: u32, height: u32) -> RgbImage {
    if image.width() <= width && image.height() <= height {
        return image;
    }
    let (width, height) = inscribed(image.dimensions(), (width, height));
    resize(&image, width, height)
}

/// Scales to exactly the given size.
pub(in crate::media) fn exactly(image: &RgbImage, width: u32, height: u32, fit: Fit) -> RgbImage {
    let full = image.dimensions();
    match fit {
        Fit::Contain => {
            let (inner_width, inner_height) = inscribed(full, (width, height));
            let mut framed = RgbImage::new(width, height);
            let inner = resize(image, inner_width, inner_height);
            let (left, top) = ((width - inner_width) / 2, (height - inner_height) / 2);
            imageops::replace(&mut framed, &inner, left.into(), top.into());
            framed
        }
        Fit::Cover => {
            // The largest part of the source with the aspect ratio of the target is kept.
            let (kept_width, kept_height) = inscribed((width, height), full);
            let (left, top) = ((full.0 - kept_width) / 2, (full.1 - kept_height) / 2);
            let kept = imageops::crop_imm(image, left, top, kept_width, kept_height);
            resize(&*kept, width, height)
        }
    }
}

/// Returns the largest size with the aspect ratio of `shape` that fits into `area`.
fn inscribed(shape: (u32, u32), area: (u32, u32)) -> (u32, u32) {
    let (wide, high) = (u64::from(shape.0), u64::from(shape.1));
    let (width, height) = (u64::from(area.0), u64::from(area.1));
    if wide * height >= high * width {
        (area.0, divided(high * width, wide, area.1))
    } else {
        (divided(wide * height, high, area.0), area.1)
    }
}

/// Returns the rounded quotient, but at least 1 and at most `most`.
fn divided(dividend: u64, divisor: u64, most: u32) -> u32 {
    let quotient = (dividend + divisor / 2) / divisor;
    u32::try_from(quotient).unwrap_or(most).clamp(1, most)
}

fn resize<V>(image: &V, width: u32, height: u32) -> RgbImage
where
    V: GenericImageView<Pixel = Rgb<u8>>,
{
    let (coarse_width, coarse_height) = (width * COARSE, height * COARSE);
    if image.width() / 2 > coarse_width && image.height() / 2 > coarse_height {
        // For photographs, averaging first is ten times faster and looks the same.
        let coarse = imageops::thumbnail(image, coarse_width, coarse_height);
        return imageops::resize(&coarse, width, height, FilterType::Lanczos3);
    }
    imageops::resize(image, width, height, FilterType::Lanczos3)
}

/// Size after the coarse step, as a multiple of the result.
const COARSE: u32 = 3;
