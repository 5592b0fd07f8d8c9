//! Authentication: the site is asked whether who pushes may.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

use super::*;
use crate::options::AuthenticationMethod;

async fn authenticated(answer: Page, headers: &str, change: impl FnOnce(&mut Options)) -> String {
    // The site's address must be known before the phone starts.
    let site = Harness::new(options(), vec![answer]).await;
    let mut options = options();
    options.authentication_url = Some(Url::parse(&site.url("/auth")).unwrap());
    change(&mut options);
    let harness = Harness::new(options, Vec::new()).await;
    let answer = harness
        .send(post(headers, &encoded(&execute(&["Key:Soft1"]))))
        .await;
    assert_eq!(
        harness.phone.state().keys.is_empty(),
        !answer.contains("Status=\"0\"")
    );
    answer
}

fn basic(user: &str, password: &str) -> String {
    format!(
        "Authorization: Basic {}\r\n",
        STANDARD.encode(format!("{user}:{password}"))
    )
}

#[tokio::test]
async fn the_authentication_answer_counts_to_the_byte() {
    for body in [
        "AUTHORIZED\n",
        " AUTHORIZED",
        "authorized",
        "UN-AUTHORIZED",
        "",
        "\u{feff}AUTHORIZED",
    ] {
        let page = Page::new("/auth", "text/plain", body);
        let answer = authenticated(page, &basic("push", "secret"), |_| ()).await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains(ERROR_4),
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
        let answer = authenticated(page, &basic("push", "secret"), |_| ()).await;
        assert!(answer.contains(ERROR_4), "{answer}");
    }
}

#[tokio::test]
async fn the_authentication_url_is_asked_with_the_pushers_words() {
    let right = "/auth?UserID=p%26sh&Password=s+%3A%C3%A9&devicename=SEP00005E005301";
    let page = Page::new(right, "text/plain", "AUTHORIZED");
    let answer = authenticated(page, &basic("p&sh", "s :é"), |_| ()).await;
    assert!(answer.contains("Status=\"0\""), "{answer}");
    let form = |options: &mut Options| options.authentication_method = AuthenticationMethod::Post;
    let page = Page::new("/auth", "text/plain", "AUTHORIZED");
    assert!(
        authenticated(page, &basic("a", "b"), form)
            .await
            .contains("Status=\"0\"")
    );
}

#[tokio::test]
async fn without_credentials_there_is_error_4_or_401_by_model() {
    let page = Page::new("/auth", "text/plain", "AUTHORIZED");
    for headers in [
        "",
        "Authorization: Digest x\r\n",
        "Authorization: Basic %%\r\n",
    ] {
        let answer = authenticated(page.clone(), headers, |_| ()).await;
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains(ERROR_4),
            "{answer}"
        );
    }
    let old = |options: &mut Options| options.model = "7940".to_owned();
    let answer = authenticated(page, "", old).await;
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}
