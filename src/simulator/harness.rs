//! A harness for tests: a phone, and a web server and a client that send exact bytes.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use handset_net::tasks::Tasks;
use image::{ImageFormat, RgbImage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::options::Options;
use crate::phone::{SimulatedPhone, start};
use crate::state::State;

/// A phone, and a web server for it.
pub(crate) struct Harness {
    pub(crate) phone: SimulatedPhone,
    pub(crate) server: SocketAddr,
    pub(crate) tasks: Tasks,
}

impl Harness {
    /// Starts a phone, and a web server with these pages.
    pub(crate) async fn new(options: Options, pages: Vec<Page>) -> Self {
        let tasks = Tasks::new();
        let server = server(pages, &tasks).await;
        let phone = start(options, &tasks).await.unwrap();
        Self {
            phone,
            server,
            tasks,
        }
    }

    /// Returns the URL of a page.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server)
    }

    /// Sends bytes to the phone; returns everything that it sends back.
    pub(crate) async fn send(&self, bytes: impl AsRef<[u8]>) -> String {
        send(self.phone.address(), bytes).await
    }

    /// Waits until a condition holds.
    pub(crate) async fn wait_until(&self, condition: impl FnMut(&State) -> bool) -> State {
        match self.phone.wait_until(condition, WAIT_TIMEOUT).await {
            Some(state) => state,
            None => panic!("not so within {WAIT_TIMEOUT:?}: {:#?}", self.phone.state()),
        }
    }

    /// Waits until the phone has refused something; returns the reason.
    pub(crate) async fn refusal(&self) -> String {
        let state = self
            .wait_until(|state| state.refusals().next().is_some())
            .await;
        let refusal = state.refusals().last().map(|(_, reason)| reason.to_owned());
        refusal.unwrap()
    }
}

/// A page of the web server: the exact response to a path.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    path: String,
    response: Vec<u8>,
}

impl Page {
    /// Creates a page from a media type and a body.
    pub(crate) fn new(path: &str, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        Self::with_headers(path, &[("Content-Type", content_type)], body)
    }

    /// Creates a page from headers and a body.
    pub(crate) fn with_headers(
        path: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Self {
        let body = body.as_ref();
        let mut head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        Self::raw(path, [format!("{head}\r\n").as_bytes(), body].concat())
    }

    /// Creates a page from an XML document.
    pub(crate) fn xml(path: &str, body: impl AsRef<[u8]>) -> Self {
        Self::new(path, "text/xml; charset=UTF-8", body)
    }

    /// Creates a page from a black PNG.
    pub(crate) fn png(path: &str, width: u32, height: u32) -> Self {
        Self::new(path, "image/png", png(width, height))
    }

    /// Creates a page from bytes, which need not be HTTP.
    pub(crate) fn raw(path: &str, response: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.to_owned(),
            response: response.into(),
        }
    }
}

/// Creates a black PNG.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    RgbImage::new(width, height)
        .write_to(&mut bytes, ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// Sends bytes; returns everything until the other side closes the connection.
pub(crate) async fn send(address: SocketAddr, bytes: impl AsRef<[u8]>) -> String {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes.as_ref()).await.unwrap();
        let mut response = Vec::new();
        // A reset after the response is an end as well.
        let _ = stream.read_to_end(&mut response).await;
        String::from_utf8_lossy(&response).into_owned()
    };
    timeout(WAIT_TIMEOUT, exchange).await.unwrap()
}

async fn server(pages: Vec<Page>, tasks: &Tasks) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let pages: HashMap<_, _> = pages
        .into_iter()
        .map(|page| (page.path, page.response))
        .collect();
    let stop = tasks.stop();
    tasks.spawn("server", async move {
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            let (mut stream, _) = accepted.unwrap();
            let mut request = Vec::new();
            while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                if stream.read_buf(&mut request).await.unwrap_or_default() == 0 {
                    break;
                }
            }
            let request = String::from_utf8_lossy(&request).into_owned();
            let target = request.split(' ').nth(1).unwrap_or_default();
            let path = target.split('?').next().unwrap_or_default();
            let missing = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_vec();
            let response = pages
                .get(target)
                .or_else(|| pages.get(path))
                .unwrap_or(&missing);
            let _ = stream.write_all(response).await;
        }
    });
    address
}

/// How long a test waits for an event.
pub(crate) const WAIT_TIMEOUT: Duration = Duration::from_secs(10);
