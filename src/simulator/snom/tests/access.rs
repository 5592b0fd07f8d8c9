//! Access to the pages.

use super::*;
use crate::digest::{DigestInput, response};
use crate::options::Scheme;

fn guarded(scheme: Scheme) -> Options {
    Options {
        scheme,
        credentials: Some(("admin".to_owned(), "secret".to_owned())),
        ..options()
    }
}

#[tokio::test]
async fn d8_models_have_no_remote_control() {
    let options = Options {
        model: "D865".to_owned(),
        ..options()
    };
    let harness = Harness::new(options, Vec::new()).await;
    assert!(
        ask(&harness, "/command.htm?key=1", "")
            .await
            .starts_with("HTTP/1.1 404")
    );
}

#[tokio::test]
async fn basic_credentials_are_required_and_checked() {
    let harness = Harness::new(guarded(Scheme::Basic), Vec::new()).await;
    let target = "/command.htm?key=1";
    for (headers, status) in [
        ("", "401"),
        ("Authorization: Basic YWRtaW46d3Jvbmc=\r\n", "401"),
        ("Authorization: Digest username=\"admin\"\r\n", "401"),
        ("Authorization: Basic YWRtaW46c2VjcmV0\r\n", "200"),
    ] {
        let response = ask(&harness, target, headers).await;
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status}")),
            "{headers}: {response}"
        );
        let asks = response.contains("Www-Authenticate: Basic realm=\"snom\"");
        assert_eq!(asks, status == "401", "{response}");
    }
    let state = harness.phone.state();
    assert_eq!((state.keys.len(), state.bad_credentials), (1, 2));
}

fn digest(nonce: &str, target: &str, uri: &str) -> String {
    let response = response(&DigestInput {
        user: "admin",
        password: "secret",
        realm: "snom",
        method: "GET",
        uri: target,
        nonce,
        qop_auth: Some(("00000001", "c")),
    });
    format!(
        "Authorization: Digest username=\"admin\", realm=\"snom\", nonce=\"{nonce}\", \
         uri=\"{uri}\", qop=auth, nc=00000001, cnonce=\"c\", response=\"{response}\"\r\n"
    )
}

#[tokio::test]
async fn digests_are_required_and_checked() {
    let harness = Harness::new(guarded(Scheme::Digest), Vec::new()).await;
    let target = "/command.htm?key=1";
    let response = ask(
        &harness,
        target,
        "Authorization: Basic YWRtaW46c2VjcmV0\r\n",
    )
    .await;
    assert!(response.starts_with("HTTP/1.1 401"), "{response}");
    let (_, nonce) = response.split_once("nonce=\"").unwrap();
    let (nonce, _) = nonce.split_once('"').unwrap();
    let response = ask(&harness, target, &digest(nonce, target, "/command.htm")).await;
    assert!(response.starts_with("HTTP/1.1 401"), "{response}");
    let right = digest(nonce, target, target);
    assert!(
        ask(&harness, target, &right)
            .await
            .starts_with("HTTP/1.1 200")
    );
    let again = ask(&harness, target, &right).await;
    assert!(
        again.starts_with("HTTP/1.1 401") && again.contains("stale=true"),
        "{again}"
    );
}

#[tokio::test]
async fn guarded_pages_refuse_queries() {
    let harness = Harness::new(options(), Vec::new()).await;
    ask(
        &harness,
        "/settings.htm?settings=save&use_hidden_tags=on",
        "",
    )
    .await;
    let response = ask(&harness, "/command.htm?key=1", "").await;
    assert!(response.starts_with("HTTP/1.1 403"), "{response}");
    assert!(
        ask(&harness, "/settings.htm", "")
            .await
            .contains("<use_hidden_tags perm=\"RW\">on<")
    );
}
