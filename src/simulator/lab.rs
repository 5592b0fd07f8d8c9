//! What the tests of the phones need: a web site that says exactly what it is told to, and a
//! client that sends exactly what it is told to.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use image::{ImageFormat, RgbImage};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::options::Options;
use super::phone::{Simulated, start};
use super::state::State;
use handset_net::tasks::Tasks;

/// A phone on its desk, and a web site for it.
pub(super) struct Lab {
    pub(super) phone: Simulated,
    pub(super) site: SocketAddr,
    pub(super) tasks: Tasks,
}

impl Lab {
    /// Starts a phone, and a site with these pages.
    pub(super) async fn new(options: Options, pages: Vec<Page>) -> Self {
        let tasks = Tasks::new();
        let site = site(pages, &tasks).await;
        let phone = start(options, &tasks).await.unwrap();
        Self { phone, site, tasks }
    }

    /// Returns the URL of a page of the site.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.site)
    }

    /// Sends bytes to the phone, and returns all that it answers.
    pub(super) async fn send(&self, bytes: impl AsRef<[u8]>) -> String {
        send(self.phone.address(), bytes).await
    }

    /// Waits until the phone is as wanted.
    pub(super) async fn until(&self, what: impl FnMut(&State) -> bool) -> State {
        match self.phone.until(what, PATIENCE).await {
            Some(state) => state,
            None => panic!("not so within {PATIENCE:?}: {:#?}", self.phone.state()),
        }
    }

    /// Waits until the phone has refused something, and returns why.
    pub(super) async fn refusal(&self) -> String {
        let state = self.until(|state| state.refusals().next().is_some()).await;
        let refusal = state.refusals().last().map(|(_, reason)| reason.to_owned());
        refusal.unwrap()
    }
}

/// A page of the site: the answer to a path, to the byte.
#[derive(Clone, Debug)]
pub(super) struct Page {
    path: String,
    answer: Vec<u8>,
}

impl Page {
    /// Makes a page of a content type and a body.
    pub(super) fn new(path: &str, content_type: &str, body: impl AsRef<[u8]>) -> Self {
        Self::with_headers(path, &[("Content-Type", content_type)], body)
    }

    /// Makes a page of headers and a body.
    pub(super) fn with_headers(
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

    /// Makes a page of an XML document.
    pub(super) fn xml(path: &str, body: impl AsRef<[u8]>) -> Self {
        Self::new(path, "text/xml; charset=UTF-8", body)
    }

    /// Makes a page of a black PNG.
    pub(super) fn png(path: &str, width: u32, height: u32) -> Self {
        Self::new(path, "image/png", png(width, height))
    }

    /// Makes a page of bytes that need be no HTTP.
    pub(super) fn raw(path: &str, answer: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.to_owned(),
            answer: answer.into(),
        }
    }
}

/// Makes a black PNG.
pub(super) fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    RgbImage::new(width, height)
        .write_to(&mut bytes, ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// Sends bytes, and returns all that comes back until the other side closes.
pub(super) async fn send(address: SocketAddr, bytes: impl AsRef<[u8]>) -> String {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes.as_ref()).await.unwrap();
        let mut answer = Vec::new();
        // A reset after the answer is an end as well.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    timeout(PATIENCE, exchange).await.unwrap()
}

async fn site(pages: Vec<Page>, tasks: &Tasks) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let pages: HashMap<_, _> = pages
        .into_iter()
        .map(|page| (page.path, page.answer))
        .collect();
    let stop = tasks.stop();
    tasks.spawn("site", async move {
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
            let answer = pages
                .get(target)
                .or_else(|| pages.get(path))
                .unwrap_or(&missing);
            let _ = stream.write_all(answer).await;
        }
    });
    address
}

/// How long a test waits for what must come.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
