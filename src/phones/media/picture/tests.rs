use image::codecs::jpeg::JpegEncoder;
use image::{
    DynamicImage, GrayImage, ImageEncoder, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::super::display::{Depth, Encoding};
use super::*;

const RED: Rgb<u8> = Rgb([255, 0, 0]);
const BLUE: Rgb<u8> = Rgb([0, 0, 255]);

fn display(width: u32, height: u32, depth: Depth, encoding: Encoding) -> Display {
    Display {
        width,
        height,
        depth,
        encoding,
    }
}

fn colour(width: u32, height: u32) -> Display {
    display(width, height, Depth::Colour, Encoding::Png)
}

/// The left half red, the right half blue.
fn halves(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| if x < width / 2 { RED } else { BLUE })
}

fn file(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
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

fn assert_near(pixel: Rgb<u8>, expected: Rgb<u8>) {
    let off = pixel
        .0
        .iter()
        .zip(expected.0)
        .any(|(a, b)| a.abs_diff(b) > 12);
    assert!(!off, "{pixel:?}, not {expected:?}");
}

#[test]
fn cut_off_files_are_refused() {
    let noise = RgbImage::from_fn(64, 64, |x, y| {
        Rgb([x * y % 251, x * 7 + y * 3, y * y].map(|value| u8::try_from(value % 256).unwrap()))
    });
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::Bmp,
    ] {
        let whole = file(noise.clone(), format);
        convert(&whole, &colour(64, 64)).unwrap();
        for percent in [10, 30, 50, 70, 90] {
            let cut = &whole[..whole.len() * percent / 100];
            let result = convert(cut, &colour(64, 64));
            assert!(result.is_err(), "{percent} % of a {format:?} file");
        }
    }
}

#[test]
fn end_of_a_thumbnail_is_not_the_end_of_the_picture() {
    let whole = file(halves(64, 64), ImageFormat::Jpeg);
    // A segment APP1 with a whole JPEG in it, and a restart marker, a stuffed byte and fill bytes.
    let mut with_thumbnail = whole[..2].to_vec();
    let length = u16::try_from(whole.len() + 2).unwrap();
    with_thumbnail.extend([0xFF, 0xFF, 0xFF, 0xE1]);
    with_thumbnail.extend(length.to_be_bytes());
    with_thumbnail.extend(&whole);
    with_thumbnail.extend(&whole[2..]);
    convert(&with_thumbnail, &colour(64, 64)).unwrap();
    with_thumbnail.truncate(with_thumbnail.len() - 10);
    let error = convert(&with_thumbnail, &colour(64, 64)).unwrap_err();
    assert!(matches!(error, Error::CutOff), "{error}");
    with_thumbnail.extend(b"trailing garbage");
    assert!(convert(&with_thumbnail, &colour(64, 64)).is_err());
}

#[test]
fn formats_are_detected_by_content() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Jpeg,
        ImageFormat::Gif,
        ImageFormat::Bmp,
    ] {
        let picture = convert(&file(halves(64, 32), format), &colour(32, 32)).unwrap();
        assert_eq!((picture.width, picture.height), (32, 16), "{format:?}");
        let seen = seen(&picture);
        assert_near(*seen.get_pixel(4, 8), RED);
        assert_near(*seen.get_pixel(27, 8), BLUE);
        assert_eq!(
            (picture.content_type, picture.extension),
            ("image/png", "png")
        );
    }
}

#[test]
fn proportions_are_kept_and_nothing_is_enlarged() {
    let sizes = [
        ((10, 10), (10, 10)),
        ((298, 168), (298, 168)),
        ((299, 168), (298, 167)),
        ((600, 100), (298, 50)),
        ((100, 600), (28, 168)),
        ((1, 1), (1, 1)),
        ((1, 4000), (1, 168)),
        ((4000, 1), (298, 1)),
    ];
    for ((width, height), expected) in sizes {
        let source = file(halves(width, height), ImageFormat::Bmp);
        let picture = convert(&source, &colour(298, 168)).unwrap();
        assert_eq!(
            (picture.width, picture.height),
            expected,
            "from {width}x{height}"
        );
    }
}

#[test]
fn grey_display_gets_at_most_its_number_of_shades() {
    let ramp = RgbImage::from_fn(64, 16, |x, _| Rgb([u8::try_from(x * 4).unwrap(); 3]));
    let source = file(ramp, ImageFormat::Png);
    for depth in [Depth::Mono, Depth::Grey2, Depth::Grey3, Depth::Grey4] {
        let picture = convert(&source, &display(64, 16, depth, Encoding::Png)).unwrap();
        let image = image::load_from_memory(&picture.bytes).unwrap();
        assert_eq!(image.color(), image::ColorType::L8);
        let mut shades = image.into_luma8().into_raw();
        let mean = shades.iter().map(|s| u32::from(*s)).sum::<u32>() / 1024;
        assert!(mean.abs_diff(126) < 8, "{depth:?}: {mean}");
        shades.sort_unstable();
        shades.dedup();
        assert_eq!(
            shades.len(),
            usize::from(depth.greys().unwrap()),
            "{depth:?}"
        );
        assert_eq!((shades[0], *shades.last().unwrap()), (0, 255));
    }
}

#[test]
fn transparency_is_white_on_screens() {
    let mut image = RgbaImage::from_pixel(8, 8, Rgba([0, 0, 0, 0]));
    image.put_pixel(0, 0, Rgba([0, 0, 0, 255]));
    image.put_pixel(1, 0, Rgba([255, 0, 0, 128]));
    for format in [ImageFormat::Png, ImageFormat::Gif] {
        let seen = seen(&convert(&file(image.clone(), format), &colour(8, 8)).unwrap());
        assert_eq!(seen.get_pixel(0, 0), &Rgb([0, 0, 0]));
        assert_eq!(seen.get_pixel(7, 7), &Rgb([255, 255, 255]));
    }
    let seen = seen(&convert(&file(image, ImageFormat::Png), &colour(8, 8)).unwrap());
    assert_eq!(seen.get_pixel(1, 0), &Rgb([255, 127, 127]));
}

#[test]
fn exif_orientation_is_applied() {
    let mut source = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut source, 95);
    // A TIFF header and one entry: orientation 6, turn by 90 degrees.
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    encoder.set_exif_metadata(exif.to_vec()).unwrap();
    encoder
        .write_image(&halves(64, 32), 64, 32, image::ExtendedColorType::Rgb8)
        .unwrap();
    let picture = convert(&source, &colour(100, 100)).unwrap();
    assert_eq!((picture.width, picture.height), (32, 64));
    let seen = seen(&picture);
    assert_near(*seen.get_pixel(16, 5), RED);
    assert_near(*seen.get_pixel(16, 58), BLUE);
}

#[test]
fn first_frame_of_an_animation_is_shown() {
    let mut source = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut source);
    for shade in [10, 200] {
        let frame = RgbaImage::from_pixel(4, 4, Rgba([shade, shade, shade, 255]));
        encoder.encode_frame(image::Frame::new(frame)).unwrap();
    }
    drop(encoder);
    assert_near(
        *seen(&convert(&source, &colour(4, 4)).unwrap()).get_pixel(0, 0),
        Rgb([10; 3]),
    );
}

#[test]
fn interlaced_palette_16_bit_and_rle_pictures_are_read() {
    for (name, source) in [
        (
            "interlaced.png",
            &include_bytes!("../../../../tests/fixtures/pictures/interlaced.png")[..],
        ),
        (
            "palette.png",
            include_bytes!("../../../../tests/fixtures/pictures/palette.png"),
        ),
        (
            "sixteen-bit.png",
            include_bytes!("../../../../tests/fixtures/pictures/sixteen-bit.png"),
        ),
        (
            "rle.bmp",
            include_bytes!("../../../../tests/fixtures/pictures/rle.bmp"),
        ),
    ] {
        let shown = seen(&convert(source, &colour(16, 8)).expect(name));
        assert_eq!(shown, halves(16, 8), "{name}");
    }
}

#[test]
fn progressive_and_cmyk_jpegs_are_read() {
    for (name, source) in [
        (
            "progressive.jpg",
            &include_bytes!("../../../../tests/fixtures/pictures/progressive.jpg")[..],
        ),
        (
            "cmyk.jpg",
            include_bytes!("../../../../tests/fixtures/pictures/cmyk.jpg"),
        ),
    ] {
        let shown = seen(&convert(source, &colour(16, 8)).expect(name));
        for (x, expected) in [(2, RED), (13, BLUE)] {
            assert_near(*shown.get_pixel(x, 4), expected);
        }
    }
}

#[test]
fn cisco_pixels_have_their_own_order() {
    // White, light, dark, black in the first byte; the rest is padded with zeros.
    let shades = [255, 170, 85, 0, 0];
    let image = GrayImage::from_fn(5, 1, |x, _| Luma([shades[x as usize]]));
    let wanted = display(133, 65, Depth::Grey2, Encoding::CiscoPixels);
    let picture = convert(&file(image, ImageFormat::Png), &wanted).unwrap();
    assert_eq!(&picture.bytes[..], b"E403");
    assert!(Encoding::CiscoPixels.is_inline());
}

#[test]
fn yealink_pixels_have_their_own_order() {
    let image = GrayImage::from_fn(4, 1, |x, _| Luma([if x == 0 { 0 } else { 255 }]));
    let wanted = display(132, 64, Depth::Mono, Encoding::YealinkPixels);
    let picture = convert(&file(image, ImageFormat::Png), &wanted).unwrap();
    assert_eq!(&picture.bytes[..], b"0F00");
}

#[test]
fn bitmap_of_a_mono_display_has_one_bit_per_pixel() {
    let image = GrayImage::from_fn(33, 3, |x, y| Luma([if (x + y) % 3 == 0 { 255 } else { 0 }]));
    let wanted = display(128, 64, Depth::Mono, Encoding::Bmp);
    let picture = convert(&file(image.clone(), ImageFormat::Png), &wanted).unwrap();
    assert_eq!(picture.bytes[28..30], [1, 0], "bits a pixel");
    assert_eq!(picture.bytes.len(), 62 + 3 * 8);
    assert_eq!(
        image::load_from_memory(&picture.bytes)
            .unwrap()
            .into_luma8(),
        image
    );
    assert_eq!(picture.content_type, "image/bmp");
}

#[test]
fn bitmap_of_a_grey_display_is_indexed() {
    let wanted = display(16, 16, Depth::Grey4, Encoding::Bmp);
    let picture = convert(&file(halves(16, 16), ImageFormat::Png), &wanted).unwrap();
    assert_eq!(picture.bytes[28..30], [8, 0], "bits a pixel");
}

/// A small PNG whose header claims a huge size.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let mut source = file(GrayImage::new(1, 1), ImageFormat::Png);
    source[16..20].copy_from_slice(&width.to_be_bytes());
    source[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc32(&source[12..29]);
    source[29..33].copy_from_slice(&sum.to_be_bytes());
    source
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 {
                (sum >> 1) ^ 0xEDB8_8320
            } else {
                sum >> 1
            }
        })
    })
}

#[test]
fn decompression_bomb_is_refused_by_its_header() {
    for (width, height) in [(8193, 1), (1, 8193), (8192, 8192)] {
        let error = convert(&bomb(width, height), &colour(10, 10))
            .unwrap_err()
            .to_string();
        let expected =
            format!("the picture has {width}x{height} pixels; the limits are 8192 pixels a side");
        assert!(error.starts_with(&expected), "{error}");
    }
    // The decoder refuses it before the check does.
    let error = convert(&bomb(u32::MAX / 2, u32::MAX / 2), &colour(10, 10)).unwrap_err();
    assert!(matches!(error, Error::Memory), "{error}");
    let mut gif = file(halves(2, 2), ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0xFF; 4]);
    let error = convert(&gif, &colour(10, 10)).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Dimensions {
                width: 65_535,
                height: 65_535
            }
        ),
        "{error}"
    );
    let mut bmp = file(halves(2, 2), ImageFormat::Bmp);
    bmp[18..26].copy_from_slice(&[0xFF, 0x1F, 0, 0, 0xFF, 0x1F, 0, 0]);
    let error = convert(&bmp, &colour(10, 10)).unwrap_err();
    assert!(
        matches!(
            error,
            Error::Dimensions {
                width: 8191,
                height: 8191
            }
        ),
        "{error}"
    );
}

#[test]
fn errors_say_what_is_wrong() {
    let cases = [
        (
            b"RIFF\0\0\0\0WEBPVP8 ".to_vec(),
            "the file is in WebP format, not PNG, JPEG, GIF",
        ),
        (
            b"<svg></svg>".to_vec(),
            "the file is in an unknown format, not PNG",
        ),
        (Vec::new(), "the file is in an unknown format, not PNG"),
        (
            vec![0; (16 << 20) + 1],
            "the picture file has 16777217 bytes, and the limit is 16777216",
        ),
        (b"\x89PNG\r\n\x1a\n".to_vec(), "the picture cannot be read"),
    ];
    for (source, expected) in cases {
        let error = convert(&source, &colour(10, 10)).unwrap_err().to_string();
        assert!(
            error.contains(expected),
            "{error:?} should contain {expected:?}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn damaged_pictures_never_panic(
        format in prop_oneof![
            Just(ImageFormat::Png), Just(ImageFormat::Jpeg),
            Just(ImageFormat::Gif), Just(ImageFormat::Bmp),
        ],
        harm in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut source = file(halves(9, 7), format);
        for (at, value) in harm {
            // The size stays: 40 megapixels are slow, not an error.
            let at = at.index(source.len());
            if at > 30 {
                source[at] = value;
            }
        }
        let _ = convert(&source, &colour(8, 8));
        source.truncate(cut.index(source.len()));
        let _ = convert(&source, &colour(8, 8));
    }

    #[test]
    fn pictures_never_exceed_their_display(
        (width, height) in (1..60_u32, 1..60_u32),
        (wide, high) in (1..40_u32, 1..40_u32),
        depth in prop_oneof![Just(Depth::Mono), Just(Depth::Grey4), Just(Depth::Colour)],
    ) {
        let source = file(halves(width, height), ImageFormat::Bmp);
        let wanted = display(wide, high, depth, Encoding::Png);
        let picture = convert(&source, &wanted).unwrap();
        prop_assert!(picture.width <= wide && picture.height <= high);
        prop_assert!(picture.width <= width && picture.height <= height);
    }
}
