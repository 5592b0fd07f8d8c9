mod authentication;
mod execute;
mod media;
mod models;
mod page;
mod push;

use url::form_urlencoded;

use crate::Vendor;
use crate::harness::{Harness, Page};
use crate::options::Options;

fn options() -> Options {
    Options::new(Vendor::Cisco)
}

fn encoded(xml: &str) -> String {
    form_urlencoded::Serializer::new(String::new())
        .append_pair("XML", xml)
        .finish()
}

fn post(headers: &str, body: &str) -> String {
    format!(
        "POST /CGI/Execute HTTP/1.1\r\nHost: phone\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len()
    )
}

async fn push(harness: &Harness, xml: &str) -> String {
    harness.send(post("", &encoded(xml))).await
}

fn execute(urls: &[&str]) -> String {
    let items: Vec<_> = urls
        .iter()
        .map(|url| format!("<ExecuteItem URL=\"{url}\"/>"))
        .collect();
    let items = items.concat();
    format!("<CiscoIPPhoneExecute>{items}</CiscoIPPhoneExecute>")
}

const ERROR_1: &str = "<CiscoIPPhoneError Number=\"1\" />";
const ERROR_4: &str = "<CiscoIPPhoneError Number=\"4\" />";
const ERROR_6: &str = "<CiscoIPPhoneError Number=\"6\" />";
