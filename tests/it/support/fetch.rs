//! Fetching published content.

use image::RgbImage;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use super::soon;

/// Fetches a picture from the phone-facing HTTP server.
pub(crate) async fn picture(url: &str) -> RgbImage {
    let (head, body) = content(url).await;
    assert!(head.contains("content-type: image/png"), "{head}");
    image::load_from_memory(&body).unwrap().into_rgb8()
}

/// Fetches content as a phone does; returns the head of the response in lower case, and the body.
pub(crate) async fn content(url: &str) -> (String, Vec<u8>) {
    let url = Url::parse(url).expect(url);
    let address = url.socket_addrs(|| None).unwrap();
    let mut stream = TcpStream::connect(address.as_slice()).await.unwrap();
    let request = format!("GET {} HTTP/1.0\r\nHost: test\r\n\r\n", url.path());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    let read = stream.read_to_end(&mut reply);
    soon("a response", read).await.unwrap();
    let at = reply.windows(4).position(|four| four == b"\r\n\r\n");
    let (head, body) = reply.split_at(at.unwrap() + 4);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    (head, body.to_vec())
}
