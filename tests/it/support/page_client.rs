//! A client of the web page that is no browser: it has the cookie and sends what it likes.

use std::net::SocketAddr;

use super::admin_client::{AdminClient, Response};

/// A session of the page.
#[derive(Debug)]
pub(crate) struct PageClient {
    admin: AdminClient,
    cookie: String,
    csrf_token: String,
    /// The page as it was after the login.
    pub(crate) home: String,
}

impl PageClient {
    /// Logs in with a token.
    pub(crate) async fn log_in(server: SocketAddr, token: &str) -> Self {
        let admin = AdminClient::new(server);
        let entered = post_token(server, token).await;
        assert_eq!(entered.code, 303, "{}", entered.head);
        let mut lines = entered.head.lines();
        let cookie = lines.find_map(|line| line.strip_prefix("set-cookie: "));
        let cookie = cookie.unwrap().split(';').next().unwrap().to_owned();
        let headers = [("Cookie", cookie.as_str())];
        let home = admin.request_with_headers("GET", "/", &headers, "").await;
        let home = String::from_utf8(home.body).unwrap();
        let csrf_token = home.split("X-CSRF-Token\": \"").nth(1).unwrap();
        let csrf_token = csrf_token.split('"').next().unwrap().to_owned();
        Self {
            admin,
            cookie,
            csrf_token,
            home,
        }
    }

    /// Returns the same session at another address.
    pub(crate) fn at(self, server: SocketAddr) -> Self {
        Self {
            admin: AdminClient::new(server),
            ..self
        }
    }

    /// Sends a request with the cookie and the CSRF token.
    pub(crate) async fn request(&self, method: &str, path: &str, form: &str) -> Response {
        self.request_with(method, path, &[], form).await
    }

    /// Sends a request with more headers.
    pub(crate) async fn request_with(
        &self,
        method: &str,
        path: &str,
        more: &[(&str, &str)],
        form: &str,
    ) -> Response {
        let own = [
            ("Cookie", self.cookie.as_str()),
            ("X-CSRF-Token", self.csrf_token.as_str()),
            FORM,
        ];
        let headers = [&own[..], more].concat();
        self.admin
            .request_with_headers(method, path, &headers, form)
            .await
    }

    /// Opens the stream of updates; returns the connection.
    pub(crate) async fn updates(&self) -> tokio::net::TcpStream {
        self.stream("/page/updates").await
    }

    /// Opens a stream at this path; returns the connection.
    pub(crate) async fn stream(&self, path: &str) -> tokio::net::TcpStream {
        let headers = [("Cookie", self.cookie.as_str())];
        self.admin.open("GET", path, &headers, "").await
    }
}

/// Sends the login form.
pub(crate) async fn post_token(server: SocketAddr, token: &str) -> Response {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("token", token)
        .finish();
    AdminClient::new(server)
        .request_with_headers("POST", "/login", &[FORM], &form)
        .await
}

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
