use super::super::display::{Depth, Encoding};
use super::*;

fn screen(vendor: Vendor, name: &str) -> Result<(u32, u32), &'static str> {
    Model::find(vendor, name)
        .screen_image
        .map(|display| (display.width, display.height))
}

/// Width, height, and width and height of the thumbnail (0 without one).
fn background(vendor: Vendor, name: &str) -> Option<[u32; 4]> {
    let background = Model::find(vendor, name).background.ok()?;
    let (width, height) = background.thumbnail.unwrap_or_default();
    Some([
        background.display.width,
        background.display.height,
        width,
        height,
    ])
}

#[test]
fn names_are_accepted_in_every_spelling() {
    let same = [
        (
            Vendor::Cisco,
            "7970, 7970G, CP-7970G, cp7970g, Cisco-CP7970G,  7970g ",
        ),
        (
            Vendor::Cisco,
            "8865, 8865NR, CP8865NR, CP-8865, Cisco 8865, cisco-cp8865nr",
        ),
        (
            Vendor::Cisco,
            "9851, DP-9851, dp9851, Cisco-DP-9851, CP9851",
        ),
        (Vendor::Cisco, "SPA508, SPA508G, spa-508g, Cisco/SPA508G"),
        (Vendor::Snom, "D785, snomD785, snom D785, d785, Snom-D785"),
        (
            Vendor::Snom,
            "320, snom320, snom 320, Snom-320, snom320-SIP",
        ),
        (
            Vendor::Yealink,
            "T46, T46G, SIP-T46G, Yealink SIP-T46U, sip-t46s, Yealink-T46G",
        ),
        (
            Vendor::Yealink,
            "T21, SIP-T21P_E2, T21P E2, t21p, Yealink T21P",
        ),
        (
            Vendor::Yealink,
            "T49, VP-T49G, SIP VP-T49G, T49G, Yealink VP-T49G",
        ),
    ];
    for (vendor, names) in same {
        let first = Model::find(vendor, names.split(',').next().unwrap());
        for name in names.split(',') {
            assert!(Model::find(vendor, name).known, "{name}");
            assert_eq!(Model::find(vendor, name), first, "{name}");
        }
    }
}

#[test]
fn every_name_of_the_table_finds_its_own_row() {
    for vendor in Vendor::WITH_BACKEND {
        let mut names: Vec<_> = Model::all(vendor).collect();
        assert!(names.iter().all(|name| Model::find(vendor, name).known));
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "a name is there twice");
    }
}

#[test]
fn known_backgrounds() {
    let cases = [
        (Vendor::Cisco, "CP-7942G", Some([320, 196, 80, 53])),
        (Vendor::Cisco, "7945G", Some([320, 212, 80, 53])),
        (Vendor::Cisco, "7975G", Some([320, 216, 80, 53])),
        (Vendor::Cisco, "8821-EX", Some([240, 320, 117, 117])),
        (Vendor::Cisco, "8851", Some([800, 480, 139, 109])),
        (Vendor::Cisco, "9971", Some([640, 480, 123, 111])),
        (Vendor::Cisco, "7821", None),
        (Vendor::Cisco, "CP-8851-3PCC", None),
        (Vendor::Snom, "D735", Some([320, 240, 0, 0])),
        (Vendor::Snom, "D862", Some([1280, 720, 0, 0])),
        (Vendor::Snom, "320", None),
        (Vendor::Yealink, "SIP-T46U", Some([480, 272, 0, 0])),
        (Vendor::Yealink, "T48S", Some([800, 480, 0, 0])),
        (Vendor::Yealink, "T53W", None),
        (Vendor::Yealink, "W60B", None),
    ];
    for (vendor, name, expected) in cases {
        assert_eq!(background(vendor, name), expected, "{name}");
    }
}

#[test]
fn grey_phones_get_grey() {
    let model = Model::find(Vendor::Cisco, "7961G-GE");
    assert_eq!(model.background.unwrap().display.depth, Depth::Grey4);
    assert_eq!(model.screen_image.unwrap().depth, Depth::Grey3);
    let model = Model::find(Vendor::Snom, "snom360");
    assert_eq!(model.screen_image.unwrap().encoding, Encoding::Bmp);
}

#[test]
fn phones_without_pictures_say_why() {
    assert_eq!(
        screen(Vendor::Cisco, "CP7821"),
        Err("the 7800 series shows no pictures")
    );
    assert_eq!(
        screen(Vendor::Cisco, "7832"),
        Err("the 7800 series shows no pictures")
    );
    assert_eq!(
        screen(Vendor::Cisco, "8831"),
        Err("the 8831 shows no pictures")
    );
    assert!(
        screen(Vendor::Cisco, "CP-7841-3PCC")
            .unwrap_err()
            .contains("multiplatform")
    );
    assert_eq!(screen(Vendor::Cisco, "CP-8841-3PCC"), Ok((559, 265)));
    assert_eq!(screen(Vendor::Cisco, "840"), Ok((298, 168)));
}

#[test]
fn displays_of_text_show_no_pictures() {
    for name in ["snom300", "snom320"] {
        let error = screen(Vendor::Snom, name).unwrap_err();
        assert_eq!(error, "its display has two lines of text");
    }
    assert_eq!(screen(Vendor::Snom, "snom360"), Ok((128, 64)));
}

#[test]
fn colour_phones_are_not_monochrome() {
    assert_eq!(screen(Vendor::Yealink, "SIP-T32G"), Ok((400, 240)));
    assert_eq!(screen(Vendor::Snom, "D812"), Ok((240, 120)));
}

#[test]
fn models_without_documented_sizes_are_known() {
    for name in [
        "T73U", "T74W", "T77U", "T85W", "T87W", "T88V", "AX83H", "AX86R",
    ] {
        assert!(Model::find(Vendor::Yealink, name).known, "{name}");
        assert!(
            screen(Vendor::Yealink, name)
                .unwrap_err()
                .contains("no document"),
            "{name}"
        );
    }
    for name in ["D812", "D815", "D892", "D895"] {
        let model = Model::find(Vendor::Snom, name);
        assert!(model.known && model.background.is_err(), "{name}");
    }
}

#[test]
fn unknown_model_gets_the_limits_of_its_family() {
    assert_eq!(screen(Vendor::Cisco, "7899"), screen(Vendor::Cisco, "7821"));
    assert_eq!(screen(Vendor::Cisco, "8899"), screen(Vendor::Cisco, "8811"));
    assert_eq!(screen(Vendor::Snom, "snom3999"), Ok((128, 64)));
    for vendor in Vendor::WITH_BACKEND {
        for name in ["", "?", "XYZ-12345", "79701", "78", "3PCC"] {
            let model = Model::find(vendor, name);
            assert!(!model.known, "{name:?}");
            assert!(model.background.is_err(), "{name:?}: an undocumented size");
        }
    }
}

#[test]
fn vendor_is_guessed_from_the_model() {
    let cases = [
        ("7970", Some(Vendor::Cisco)),
        ("CP-8841-3PCC", Some(Vendor::Cisco)),
        ("SPA508G", Some(Vendor::Cisco)),
        ("860", Some(Vendor::Cisco)),
        ("D785", Some(Vendor::Snom)),
        ("320", Some(Vendor::Snom)),
        ("snom870", Some(Vendor::Snom)),
        ("T46G", Some(Vendor::Yealink)),
        ("SIP-T53W", Some(Vendor::Yealink)),
        ("CP960", Some(Vendor::Yealink)),
        ("W60B", Some(Vendor::Yealink)),
        ("GXP2170", None),
        ("", None),
    ];
    for (name, expected) in cases {
        assert_eq!(guess(name).map(|(vendor, _)| vendor), expected, "{name}");
    }
    assert_eq!(guess("7970").unwrap().1, Model::find(Vendor::Cisco, "7970"));
}

#[test]
fn inline_pixels_fit_into_their_document() {
    for vendor in Vendor::WITH_BACKEND {
        for name in Model::all(vendor) {
            let Ok(display) = Model::find(vendor, name).screen_image else {
                continue;
            };
            let pixels = display.width * display.height;
            match display.encoding {
                Encoding::CiscoPixels => assert!(pixels.div_ceil(4) <= 2162, "{name}"),
                Encoding::YealinkPixels => assert!(pixels <= 9000, "{name}"),
                Encoding::Bmp | Encoding::Jpeg | Encoding::Png => {}
            }
        }
    }
}
