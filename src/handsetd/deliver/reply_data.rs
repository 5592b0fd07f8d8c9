//! Data of a reply as the result of a request. Pictures of all formats become PNG.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use handset_phones::documents::StoredContent;
use handset_phones::media::picture;
use handset_phones::vendor::ReplyData;
use serde_json::{Value, json};

use super::blocking::blocking;
use super::failure::Failure;
use crate::content_store::ContentPublisher;
use crate::outcome::Status;

/// Converts `data` to JSON. A picture becomes an object with the file in Base64 as `png` and its
/// published URL as `url`, since a channel variable cannot hold the file.
pub(super) async fn to_json(
    data: ReplyData,
    publisher: &ContentPublisher,
) -> Result<Value, Failure> {
    let png = match data {
        ReplyData::Value(value) => return Ok(value),
        ReplyData::ImageFile(file) => blocking(move || picture::png(&file)).await,
        ReplyData::Grey {
            width,
            height,
            pixels,
        } => blocking(move || picture::grey_png(width, height, pixels)).await,
    };
    let png = png.map_err(|error| {
        let reason = format!("the phone sent an unreadable picture: {error}");
        Failure::new(Status::Rejected, reason)
    })?;
    let base64 = BASE64_STANDARD.encode(&png);
    let url = publisher.publish_media(StoredContent::new("image/png", png), "screen.png");
    Ok(json!({ "png": base64, "url": url.as_str() }))
}

/// Adds `value` to the result so far: members of objects are merged.
pub(super) fn merge(result: &mut Option<Value>, value: Value) {
    match (result, value) {
        (Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
        (result, value) => *result = Some(value),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use url::Url;

    use super::*;
    use crate::content_store::ContentStore;

    #[test]
    fn results_of_several_steps_are_merged() {
        let mut result = None;
        merge(&mut result, json!({ "a": 1 }));
        merge(&mut result, json!({ "b": 2 }));
        assert_eq!(result, Some(json!({ "a": 1, "b": 2 })));
        merge(&mut result, Value::from("text"));
        assert_eq!(result, Some(Value::from("text")));
    }

    #[tokio::test]
    async fn picture_becomes_a_png_and_garbage_is_rejected() {
        let pixels = vec![0, 255];
        let grey = ReplyData::Grey {
            width: 2,
            height: 1,
            pixels,
        };
        let content_store = ContentStore::default();
        let base = Url::parse("http://192.0.2.10:8090").unwrap();
        let publisher = ContentPublisher::new(content_store.clone(), base, Duration::from_mins(1));
        let value = to_json(grey, &publisher).await.unwrap();
        let png = BASE64_STANDARD
            .decode(value["png"].as_str().unwrap())
            .unwrap();
        assert!(png.starts_with(b"\x89PNG"));
        let url = value["url"].as_str().unwrap();
        assert!(url.starts_with("http://192.0.2.10:8090/media/"), "{url}");
        let broken = ReplyData::ImageFile(bytes::Bytes::from_static(b"BM and no picture"));
        let failure = to_json(broken, &publisher).await.unwrap_err();
        assert_eq!(failure.status, Status::Rejected);
        assert!(failure.reason.contains("unreadable"), "{failure:?}");
    }
}
