//! Requirements on pictures, tones and streams.

use super::*;
use crate::harness::png;

#[tokio::test]
async fn fetched_tones_are_played_and_plain_texts_are_shown() {
    let pages = vec![
        Page::new("/tone", "audio/basic", vec![0xff; 8000]),
        Page::new("/words", "text/plain", "Hello"),
    ];
    let harness = Harness::new(options(), pages).await;
    push(&harness, &execute(&[&harness.url("/tone")])).await;
    let state = harness.wait_until(|state| !state.played.is_empty()).await;
    assert_eq!(state.played[0].sound.len(), 8000);
    push(&harness, &execute(&[&harness.url("/words")])).await;
    let state = harness.wait_until(|state| state.screen.is_some()).await;
    assert_eq!(state.screen.unwrap().content.text(), Some("Hello"));
}

#[tokio::test]
async fn images_must_be_png_and_fit_the_area() {
    for (page, works) in [
        (Page::png("/i", 298, 168), true),
        (Page::png("/i", 299, 168), false),
        (Page::new("/i", "image/jpeg", png(10, 10)), false),
        (Page::new("/i", "image/png", "no picture"), false),
    ] {
        let harness = Harness::new(options(), vec![page.clone()]).await;
        let object = format!(
            "<CiscoIPPhoneImageFile><URL>{}</URL></CiscoIPPhoneImageFile>",
            harness.url("/i")
        );
        let response = push(&harness, &object).await;
        assert_eq!(
            response.contains("Status=\"0\""),
            works,
            "{page:?}: {response}"
        );
        let screen = harness.phone.state().screen;
        assert_eq!(
            screen.is_some_and(|screen| screen.content.picture().is_some()),
            works
        );
    }
}

#[tokio::test]
async fn bitmaps_have_their_first_pixel_in_the_lowest_bits() {
    let harness = Harness::new(options(), Vec::new()).await;
    let object = "<CiscoIPPhoneImage><Width>4</Width><Height>1</Height><Depth>2</Depth>\
                  <Data>2D</Data></CiscoIPPhoneImage>";
    push(&harness, object).await;
    let screen = harness.phone.state().screen.unwrap();
    let picture = screen.content.picture().unwrap();
    let shades: Vec<u8> = picture.pixels.pixels().map(|pixel| pixel.0[0]).collect();
    assert_eq!(shades, [170, 0, 85, 255]);
}

fn background(harness: &Harness) -> String {
    let (image, icon) = (harness.url("/image"), harness.url("/icon"));
    format!(
        "<setBackground><background><icon>{icon}</icon><image>{image}</image></background>\
         </setBackground>"
    )
}

#[tokio::test]
async fn backgrounds_must_have_the_sizes_of_the_model() {
    for (image, icon, works) in [
        (
            Page::png("/image", 320, 212),
            Page::png("/icon", 80, 53),
            true,
        ),
        (
            Page::png("/image", 320, 213),
            Page::png("/icon", 80, 53),
            false,
        ),
        (
            Page::png("/image", 320, 212),
            Page::png("/icon", 80, 49),
            false,
        ),
        (
            Page::new("/image", "text/plain", "x"),
            Page::png("/icon", 80, 53),
            false,
        ),
        (
            Page::png("/image", 320, 212),
            Page::png("/other", 80, 53),
            false,
        ),
    ] {
        let harness = Harness::new(options(), vec![image, icon]).await;
        let response = push(&harness, &background(&harness)).await;
        assert_eq!(response.contains(ERROR_6), !works, "{response}");
        let state = harness.phone.state();
        assert_eq!(
            state.background.is_some() && state.thumbnail.is_some(),
            works
        );
    }
}

#[tokio::test]
async fn ring_tones_must_be_headerless_and_of_the_right_length() {
    for (sound, works) in [
        (vec![0xff; 240], true),
        (vec![0xff; 16_080], true),
        (vec![0xff; 239], false),
        (vec![0xff; 241], false),
        (vec![0xff; 16_320], false),
        ([b"RIFF".as_slice(), &[0; 236]].concat(), false),
    ] {
        let length = sound.len();
        let harness = Harness::new(options(), vec![Page::new("/tone", "audio/basic", sound)]).await;
        let xml = format!(
            "<setRingTone><ringTone>{}</ringTone></setRingTone>",
            harness.url("/tone")
        );
        let response = push(&harness, &xml).await;
        assert_eq!(
            response.contains("Status=\"0\""),
            works,
            "{length}: {response}"
        );
        assert_eq!(harness.phone.state().ringtone.is_some(), works, "{length}");
        let secure = xml.replace("http:", "https:");
        assert!(push(&harness, &secure).await.contains(ERROR_1));
    }
}

#[tokio::test]
async fn media_streams_run_one_at_a_time() {
    let new = Options {
        model: "8851".to_owned(),
        ..options()
    };
    let harness = Harness::new(new, Vec::new()).await;
    let stream = "<type>audio</type><codec>G.711</codec><mode>receive</mode>\
                  <address>239.0.0.1</address>";
    let start =
        |more: &str| format!("<startMedia><mediaStream>{stream}{more}</mediaStream></startMedia>");
    let stop = |id: &str| format!("<stopMedia><mediaStream id=\"{id}\"/></stopMedia>");
    for (xml, words) in [
        (format!("<startMedia>{stream}</startMedia>"), ERROR_1),
        (start("<port>20481</port>"), "InvalidXML"),
        (start("<port>5004</port>"), ERROR_1),
        (start("<port>20480</port>"), "<mediaStream id=\"stream0\"/>"),
        (start("<port>20480</port>"), "Unavailable Resource"),
        (stop("stream9"), "InvalidResourceID"),
        (stop("stream0"), "HTTP/1.1 200"),
        (start(""), "stream1"),
        (
            "<stopMedia><mediaStream/></stopMedia>".to_owned(),
            "HTTP/1.1 200",
        ),
    ] {
        let response = push(&harness, &xml).await;
        assert!(response.contains(words), "{xml}: {response}");
    }
}
