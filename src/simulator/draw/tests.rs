use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use image::{ImageFormat, Rgb, RgbImage};

use super::{View, png, text};
use crate::Vendor;
use crate::options::Options;
use crate::picture::Picture;
use crate::state::{
    Content, DirectoryEntry, FormField, MenuItem, Ringtone, Screen, SoftKey, State, Tone,
};

fn view(vendor: Vendor, screen: Option<Screen>) -> View {
    let display = if vendor == Vendor::Cisco {
        (320, 212)
    } else {
        (480, 272)
    };
    View::new(
        &Options::new(vendor),
        display,
        State {
            screen,
            ..State::default()
        },
    )
}

fn key(position: usize, label: &str) -> SoftKey {
    SoftKey {
        position,
        label: label.to_owned(),
        target: String::new(),
    }
}

fn words() -> Screen {
    Screen {
        title: "Parking".to_owned(),
        prompt: "Please come".to_owned(),
        content: Content::Text("Your car's lights are on: row 3, next to the lift.".to_owned()),
        soft_keys: vec![key(1, "Call"), key(3, "Exit")],
        ..Screen::default()
    }
}

fn menu() -> Screen {
    let item = |label: &str| MenuItem {
        label: label.to_owned(),
        target: String::new(),
    };
    Screen {
        title: "Queues".to_owned(),
        content: Content::Menu(vec![
            item("Join support"),
            item("Leave support"),
            item("Pause"),
        ]),
        soft_keys: vec![key(1, "Select"), key(4, "Exit")],
        ..Screen::default()
    }
}

fn sunset(width: u32, height: u32) -> Picture {
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        let down = y * 255 / height;
        let sun = (x.abs_diff(width * 3 / 4).pow(2) + y.abs_diff(height / 2).pow(2)) < 900;
        let shade = |value: u32| u8::try_from(value.min(255)).unwrap();
        if sun {
            return Rgb([255, 226, 150]);
        }
        Rgb([
            shade(40 + down),
            shade(30 + down / 3),
            shade(110 - down / 4),
        ])
    });
    Picture {
        source: "http://192.0.2.10/night.png".to_owned(),
        bytes: Bytes::new(),
        format: ImageFormat::Png,
        pixels: Arc::new(pixels),
    }
}

#[test]
fn texts_are_drawn_in_a_frame_with_notes_below() {
    let mut view = view(Vendor::Cisco, Some(words()));
    let sound = Bytes::new();
    let length = Some(Duration::from_millis(1500));
    view.state.ringtone = Some(Ringtone {
        name: "http://192.0.2.10/media/0123/bell.raw".into(),
        sound,
        length,
    });
    insta::assert_snapshot!(text(&view), @r"
    ┌──────────────────────────────────────────────────┐
    │ Parking                                          │
    ├──────────────────────────────────────────────────┤
    │ Your car's lights are on: row 3, next to the     │
    │ lift.                                            │
    │                                                  │
    │                                                  │
    │                                                  │
    │                                                  │
    │ » Please come                                    │
    ├───────────┬────────────┬────────────┬────────────┤
    │   Call    │            │    Exit    │            │
    └───────────┴────────────┴────────────┴────────────┘
      Ring tone: bell.raw (1.50 s)
    ");
}

#[test]
fn menus_forms_and_directories_are_drawn() {
    let form = Screen {
        title: "Log in".to_owned(),
        content: Content::Form {
            submit: String::new(),
            inputs: vec![
                FormField {
                    label: "User".to_owned(),
                    parameter: "u".to_owned(),
                    value: "ann".to_owned(),
                    kind: "A".to_owned(),
                    secret: false,
                },
                FormField {
                    label: "PIN:".to_owned(),
                    parameter: "p".to_owned(),
                    value: "1234".to_owned(),
                    kind: "NP".to_owned(),
                    secret: true,
                },
            ],
        },
        ..Screen::default()
    };
    let entry = |name: &str, number: &str| DirectoryEntry {
        name: name.into(),
        number: number.into(),
    };
    let book = Screen {
        title: "Book".to_owned(),
        content: Content::Directory(vec![entry("Ann", "201"), entry("Bob", "+49 30 123")]),
        ..Screen::default()
    };
    let drawn = [menu(), form, book].map(|screen| text(&view(Vendor::Yealink, Some(screen))));
    insta::assert_snapshot!(drawn.concat(), @r"
    ┌──────────────────────────────────────────────────┐
    │ Queues                                           │
    ├──────────────────────────────────────────────────┤
    │  1 Join support                                  │
    │  2 Leave support                                 │
    │  3 Pause                                         │
    │                                                  │
    │                                                  │
    │                                                  │
    ├───────────┬────────────┬────────────┬────────────┤
    │  Select   │            │            │    Exit    │
    └───────────┴────────────┴────────────┴────────────┘
    ┌──────────────────────────────────────────────────┐
    │ Log in                                           │
    ├──────────────────────────────────────────────────┤
    │ User: [ann_________]                             │
    │ PIN: [****________]                              │
    │                                                  │
    │                                                  │
    │                                                  │
    │                                                  │
    ├───────────┬────────────┬────────────┬────────────┤
    │           │            │            │            │
    └───────────┴────────────┴────────────┴────────────┘
    ┌──────────────────────────────────────────────────┐
    │ Book                                             │
    ├──────────────────────────────────────────────────┤
    │ Ann                                          201 │
    │ Bob                                   +49 30 123 │
    │                                                  │
    │                                                  │
    │                                                  │
    │                                                  │
    ├───────────┬────────────┬────────────┬────────────┤
    │           │            │            │            │
    └───────────┴────────────┴────────────┴────────────┘
    ");
}

#[test]
fn control_characters_are_replaced() {
    let screen = Screen {
        content: Content::Text("a\u{1b}[2Jb".to_owned()),
        ..Screen::default()
    };
    let drawn = text(&view(Vendor::Snom, Some(screen)));
    assert!(
        !drawn.contains('\u{1b}') && drawn.contains("a·[2Jb"),
        "{drawn}"
    );
}

#[test]
fn displays_of_any_size_are_drawn() {
    let long = Screen {
        title: "T".repeat(200),
        content: Content::Text("word ".repeat(1000)),
        soft_keys: (0..20)
            .map(|position| key(position, "A long label"))
            .collect(),
        ..Screen::default()
    };
    for display in [(132, 64), (240, 320), (320, 212), (1280, 720)] {
        let view = View {
            display,
            ..view(Vendor::Cisco, Some(long.clone()))
        };
        let picture = image::load_from_memory(&png(&view)).unwrap();
        assert!(picture.width() > display.0 && picture.height() > display.1);
    }
}

#[test]
fn pictures_show_screen_and_background() {
    let idle = png(&view(Vendor::Snom, None));
    let mut lit = view(Vendor::Snom, None);
    lit.state.background = Some(sunset(480, 272));
    lit.state.ringing = true;
    lit.state.play(Tone {
        name: "Ringer3".to_owned(),
        sound: Bytes::new(),
    });
    let lit = png(&lit);
    assert_ne!(idle, lit);
    let image = Screen {
        title: "Door".to_owned(),
        content: Content::Image {
            picture: sunset(298, 168),
            text: String::new(),
        },
        soft_keys: vec![key(1, "Open"), key(3, "Exit")],
        ..Screen::default()
    };
    assert_ne!(
        png(&view(Vendor::Cisco, Some(image.clone()))),
        png(&view(Vendor::Cisco, None))
    );
}
