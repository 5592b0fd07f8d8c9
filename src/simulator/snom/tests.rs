mod access;
mod control;
mod csta;
mod media;
mod page;

use url::form_urlencoded;

use super::super::lab::{Lab, Page};
use super::super::options::Options;
use crate::Vendor;

fn options() -> Options {
    Options::new(Vendor::Snom)
}

async fn ask(lab: &Lab, target: &str, headers: &str) -> String {
    lab.send(format!(
        "GET {target} HTTP/1.1\r\nHost: phone\r\nConnection: close\r\n{headers}\r\n"
    ))
    .await
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

async fn browse(lab: &Lab, path: &str) -> String {
    ask(
        lab,
        &format!("/minibrowser.htm?url={}", encoded(&lab.url(path))),
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
