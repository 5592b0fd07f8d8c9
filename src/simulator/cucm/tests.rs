use handset_net::tasks::Tasks;
use url::form_urlencoded;

use super::http::PATH;
use super::*;
use crate::harness::send;

async fn ask(manager: &CallManager, xml: &str) -> String {
    let form: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("xml", xml)
        .finish();
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: ccm\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        form.len()
    );
    send(manager.address(), head + &form).await
}

const APP: &str = "<appInfo><appID> MobilityManagerUser </appID><appCertificate>secret\
                   </appCertificate></appInfo>";

#[tokio::test]
async fn elements_must_have_the_right_names_case_and_order() {
    let tasks = Tasks::new();
    let manager = start(Options::default(), &tasks).await.unwrap();
    let device = "<deviceName>SEP00005E005301</deviceName>";
    for (xml, expected) in [
        (
            format!("<request>{APP}<login>{device}<userID>john</userID></login></request>"),
            "<success/>",
        ),
        (
            format!("<request>{APP}<login><userID>john</userID>{device}</login></request>"),
            "\"1\"",
        ),
        (
            format!(
                "<request>{APP}<login>{}<userID>john</userID></login></request>",
                device.to_lowercase()
            ),
            "\"1\"",
        ),
        (
            format!("<request>{APP}<login>{device}<userID>nobody</userID></login></request>"),
            "\"23\"",
        ),
        (
            format!(
                "<request>{APP}<login>{device}<userID>em@example.com</userID></login></request>"
            ),
            "\"18\"",
        ),
        (
            format!("<query>{APP}<deviceUserQuery>{device}</deviceUserQuery></query>"),
            "<userID> john </userID>",
        ),
        (
            format!(
                "<query>{APP}<userDevicesQuery><userID>em@example.com</userID></userDevicesQuery></query>"
            ),
            "em%40example%2Ecom",
        ),
        (
            format!(
                "<query>{APP}<deviceProfileQuery><userID>john</userID></deviceProfileQuery></query>"
            ),
            "\"8\"",
        ),
        (
            format!("<request>{APP}<logout>{device}</logout></request>"),
            "<success/>",
        ),
        (
            format!("<request>{APP}<logout>{device}</logout></request>"),
            "\"19\"",
        ),
        (
            format!(
                "<request>{}<logout>{device}</logout></request>",
                APP.replace("secret", "other")
            ),
            "\"3\"",
        ),
        ("<request/>".to_owned(), "\"1\""),
        ("no document".to_owned(), "\"1\""),
    ] {
        let response = ask(&manager, &xml).await;
        assert!(
            response.starts_with("HTTP/1.1 200") && response.contains(expected),
            "{xml}: {response}"
        );
    }
    let state = manager.state();
    assert!(state.logged_in.is_empty());
    assert!(
        state
            .requests
            .iter()
            .all(|(_, xml)| !xml.contains("secret"))
    );
}

#[tokio::test]
async fn bodies_other_than_forms_fail() {
    let tasks = Tasks::new();
    let manager = start(Options::default(), &tasks).await.unwrap();
    let request = |path: &str, kind: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: ccm\r\nConnection: close\r\nContent-Type: {kind}\r\n\
             Content-Length: 4\r\n\r\n<a/>"
        )
    };
    for (path, kind, status) in [(PATH, "text/xml", "500"), ("/", "text/xml", "404")] {
        let response = send(manager.address(), request(path, kind)).await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status}")),
            "{response}"
        );
    }
}

#[tokio::test]
async fn xml_in_the_query_need_not_be_encoded() {
    let tasks = Tasks::new();
    let manager = start(Options::default(), &tasks).await.unwrap();
    let device = "<deviceName>SEP00005E005301</deviceName>";
    let xml = format!("<query>{APP}<deviceUserQuery>{device}</deviceUserQuery></query>");
    let encoded: String = form_urlencoded::byte_serialize(xml.as_bytes()).collect();
    for xml in [xml, encoded] {
        let head =
            format!("GET {PATH}?xml={xml} HTTP/1.1\r\nHost: ccm\r\nConnection: close\r\n\r\n");
        let answer = send(manager.address(), head).await;
        assert!(answer.contains("<deviceUserResults> <device"), "{answer}");
    }
    tasks.shut_down(std::time::Duration::from_secs(5)).await;
}
