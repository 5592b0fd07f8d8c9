use std::collections::BTreeMap;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};

use super::super::display::{Depth, Encoding};
use super::super::model::Model;
use super::*;
use crate::phone::Vendor;

const RED: Rgb<u8> = Rgb([255, 0, 0]);
const GREEN: Rgb<u8> = Rgb([0, 255, 0]);
const BLACK: Rgb<u8> = Rgb([0, 0, 0]);

fn png(image: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Three equal stripes side by side: red, green, red.
fn stripes(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(
        width,
        height,
        |x, _| if x * 3 / width == 1 { GREEN } else { RED },
    )
}

fn wanted(width: u32, height: u32) -> Background {
    let display = Display {
        width,
        height,
        depth: Depth::Colour,
        encoding: Encoding::Png,
    };
    Background {
        display,
        thumbnail: Some((8, 5)),
    }
}

fn seen(picture: &Picture) -> RgbImage {
    let image = image::load_from_memory(&picture.bytes).unwrap();
    assert!(!image.color().has_alpha());
    assert_eq!(
        (image.width(), image.height()),
        (picture.width, picture.height)
    );
    image.into_rgb8()
}

/// Every distinct background of the table, with a model that has it.
fn backgrounds() -> Vec<(&'static str, Background)> {
    let mut distinct = BTreeMap::new();
    for vendor in Vendor::WITH_BACKEND {
        for name in Model::all(vendor) {
            if let Ok(background) = Model::find(vendor, name).background {
                distinct.insert(format!("{background:?}"), (name, background));
            }
        }
    }
    distinct.into_values().collect()
}

#[test]
fn every_model_gets_exactly_its_sizes() {
    let sources = [
        stripes(30, 20),
        stripes(20, 31),
        stripes(1, 1),
        stripes(900, 3),
    ];
    let mut turn = 0;
    for (model, wanted) in backgrounds() {
        let pixels = wanted.display.width * wanted.display.height;
        for source in &sources {
            for fit in [Fit::Contain, Fit::Cover] {
                turn += 1;
                // Large ones are slow in a debug build: each gets one of the eight.
                if pixels > 70_000 && turn % 9 != 0 {
                    continue;
                }
                let made = convert(&png(source.clone()), &wanted, fit).unwrap();
                let full = seen(&made.image);
                let expected = (wanted.display.width, wanted.display.height);
                assert_eq!(full.dimensions(), expected, "{model} {fit:?}");
                let thumbnail = made
                    .thumbnail
                    .as_ref()
                    .map(|small| seen(small).dimensions());
                assert_eq!(thumbnail, wanted.thumbnail, "{model} {fit:?}");
                assert_eq!(made.image.extension, wanted.display.encoding.extension());
            }
        }
    }
}

#[test]
fn cover_cuts_off_both_sides_equally() {
    let made = convert(&png(stripes(90, 30)), &wanted(30, 30), Fit::Cover).unwrap();
    assert!(seen(&made.image).pixels().all(|pixel| *pixel == GREEN));
}

#[test]
fn contain_adds_black_bars() {
    let made = convert(&png(stripes(90, 30)), &wanted(90, 90), Fit::Contain).unwrap();
    let seen = seen(&made.image);
    assert_eq!(
        [seen.get_pixel(45, 29), seen.get_pixel(45, 60)],
        [&BLACK; 2]
    );
    assert_eq!(
        [seen.get_pixel(45, 30), seen.get_pixel(45, 59)],
        [&GREEN; 2]
    );
    assert_eq!([seen.get_pixel(0, 45), seen.get_pixel(89, 45)], [&RED; 2]);
}

#[test]
fn photograph_keeps_its_aspect_ratio_and_colours() {
    let made = convert(&png(stripes(1200, 800)), &wanted(60, 40), Fit::Cover).unwrap();
    let seen = seen(&made.image);
    assert_eq!(
        (seen.get_pixel(5, 20), seen.get_pixel(30, 20)),
        (&RED, &GREEN)
    );
}

#[test]
fn transparency_is_black_in_colour_and_white_in_grey() {
    let source = png(RgbaImage::from_pixel(9, 9, Rgba([200, 200, 200, 0])));
    let in_colour = convert(&source, &wanted(20, 20), Fit::Cover).unwrap();
    assert_eq!(seen(&in_colour.image).get_pixel(10, 10), &BLACK);
    let mut grey = wanted(20, 20);
    grey.display.depth = Depth::Grey4;
    let in_grey = convert(&source, &grey, Fit::Cover).unwrap();
    assert_eq!(seen(&in_grey.image).get_pixel(10, 10), &Rgb([255; 3]));
    let thumbnail = image::load_from_memory(&in_grey.thumbnail.unwrap().bytes).unwrap();
    assert_eq!(thumbnail.color(), image::ColorType::L8);
}
