mod access;
mod control;
mod csta;
mod media;
mod page;

use url::form_urlencoded;

use crate::Vendor;
use crate::harness::{Harness, Page};
use crate::options::Options;

fn options() -> Options {
    Options::new(Vendor::Snom)
}

async fn ask(harness: &Harness, target: &str, headers: &str) -> String {
    harness
        .send(format!(
            "GET {target} HTTP/1.1\r\nHost: phone\r\nConnection: close\r\n{headers}\r\n"
        ))
        .await
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn browse(harness: &Harness, path: &str) -> String {
    ask(
        harness,
        &format!("/minibrowser.htm?url={}", encoded(&harness.url(path))),
        "",
    )
    .await
}

fn of_firmware(model: &str, firmware: &str) -> Options {
    Options {
        model: model.to_owned(),
        firmware: firmware.to_owned(),
        ..options()
    }
}
