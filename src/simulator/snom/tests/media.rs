//! Requirements on ringers and backgrounds.

use super::*;
use crate::harness::png;
use crate::state::State;
use crate::wave::silence;

#[tokio::test]
async fn custom_ringers_are_fetched_and_validated() {
    for (file, works) in [
        (silence(1, 1, 8000, 16, 16_000), true),
        (silence(7, 1, 8000, 8, 8000), false),
        (silence(1, 2, 8000, 16, 16_000), false),
        (silence(1, 1, 16_000, 16, 16_000), false),
        (vec![0xff; 240], false),
    ] {
        let harness =
            Harness::new(options(), vec![Page::new("/tone.wav", "audio/wav", file)]).await;
        let url = encoded(&harness.url("/tone.wav"));
        let query = format!("settings=save&user_ringer1=custom&user_custom1={url}");
        let response = ask(
            &harness,
            &format!("/settings.htm?{query}&store_settings=save"),
            "",
        )
        .await;
        assert!(response.starts_with("HTTP/1.1 302"), "{response}");
        let resource = |state: &State| state.exchanges.len() == 2;
        let state = harness
            .wait_until(|state| resource(state) && works == state.ringtone.is_some())
            .await;
        assert_eq!(state.refusals().count(), usize::from(!works));
        assert_eq!(state.settings["user_ringer1"], "custom");
    }
}

#[tokio::test]
async fn backgrounds_must_be_png_of_the_displays_size() {
    for (page, works) in [
        (Page::png("/bg", 480, 272), true),
        (Page::png("/bg", 480, 271), false),
        (Page::new("/bg", "image/png", "x"), false),
    ] {
        let harness = Harness::new(options(), vec![page, Page::png("/before", 480, 272)]).await;
        let set = async |path: &str| {
            let url = encoded(&harness.url(path));
            ask(
                &harness,
                &format!("/settings.htm?settings=save&custom_bg_image_url={url}"),
                "",
            )
            .await;
        };
        set("/before").await;
        harness.wait_until(|state| state.background.is_some()).await;
        set("/bg").await;
        let source = harness.url("/bg");
        harness
            .wait_until(|state| match &state.background {
                Some(picture) => works && picture.source == source,
                None => !works,
            })
            .await;
    }
    assert!(!png(1, 1).is_empty());
}
