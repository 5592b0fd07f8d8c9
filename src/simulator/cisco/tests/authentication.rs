//! The authentication URL is asked about pushes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::*;
use crate::options::AuthenticationMethod;

async fn authenticated(response: Page, headers: &str, change: impl FnOnce(&mut Options)) -> String {
    // The address of the server must be known before the phone starts.
    let site = Harness::new(options(), vec![response]).await;
    let mut options = options();
    options.authentication_url = Some(Url::parse(&site.url("/auth")).unwrap());
    change(&mut options);
    let harness = Harness::new(options, Vec::new()).await;
    let response = harness
        .send(post(headers, &encoded(&execute(&["Key:Soft1"]))))
        .await;
    assert_eq!(
        harness.phone.state().keys.is_empty(),
        !response.contains("Status=\"0\"")
    );
    response
}

fn basic(user: &str, password: &str) -> String {
    format!(
        "Authorization: Basic {}\r\n",
        STANDARD.encode(format!("{user}:{password}"))
    )
}

#[tokio::test]
async fn authentication_responses_must_match_to_the_byte() {
    for body in [
        "AUTHORIZED\n",
        " AUTHORIZED",
        "authorized",
        "UN-AUTHORIZED",
        "",
        "\u{feff}AUTHORIZED",
    ] {
        let page = Page::new("/auth", "text/plain", body);
        let response = authenticated(page, &basic("push", "secret"), |_| ()).await;
        assert!(
            response.starts_with("HTTP/1.1 200") && response.contains(ERROR_4),
            "{body:?}"
        );
    }
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nAUTHORIZED\r\n0\r\n\r\n";
    for page in [
        Page::raw("/auth", chunked),
        Page::raw(
            "/auth",
            "HTTP/1.1 302 Found\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n",
        ),
        Page::raw(
            "/auth",
            "HTTP/1.1 500 Oops\r\nContent-Length: 10\r\n\r\nAUTHORIZED",
        ),
    ] {
        let response = authenticated(page, &basic("push", "secret"), |_| ()).await;
        assert!(response.contains(ERROR_4), "{response}");
    }
}

#[tokio::test]
async fn authentication_url_receives_the_credentials_of_the_push() {
    let right = "/auth?UserID=p%26sh&Password=s+%3A%C3%A9&devicename=SEP00005E005301";
    let page = Page::new(right, "text/plain", "AUTHORIZED");
    let response = authenticated(page, &basic("p&sh", "s :é"), |_| ()).await;
    assert!(response.contains("Status=\"0\""), "{response}");
    let form = |options: &mut Options| options.authentication_method = AuthenticationMethod::Post;
    let page = Page::new("/auth", "text/plain", "AUTHORIZED");
    assert!(
        authenticated(page, &basic("a", "b"), form)
            .await
            .contains("Status=\"0\"")
    );
}

#[tokio::test]
async fn missing_credentials_yield_error_4_or_401_by_model() {
    let page = Page::new("/auth", "text/plain", "AUTHORIZED");
    for headers in [
        "",
        "Authorization: Digest x\r\n",
        "Authorization: Basic %%\r\n",
    ] {
        let response = authenticated(page.clone(), headers, |_| ()).await;
        assert!(
            response.starts_with("HTTP/1.1 200") && response.contains(ERROR_4),
            "{response}"
        );
    }
    let old = |options: &mut Options| options.model = "7940".to_owned();
    let response = authenticated(page, "", old).await;
    assert!(response.starts_with("HTTP/1.1 401"), "{response}");
}
