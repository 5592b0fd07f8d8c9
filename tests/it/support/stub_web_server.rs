//! A web server that serves one document and records the requested paths.

use std::net::SocketAddr;

use handset_net::tasks::Tasks;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::soon;

/// Serves the same document at every path. It stops when this is dropped.
#[derive(Debug)]
pub(crate) struct StubWebServer {
    address: SocketAddr,
    /// The heads of the requests.
    requests: watch::Receiver<Vec<String>>,
    tasks: Tasks,
}

impl StubWebServer {
    /// Serves `document` as `content_type` on a free port.
    pub(crate) async fn serving(content_type: &str, document: impl AsRef<[u8]>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (recorder, requests) = watch::channel(Vec::new());
        let tasks = Tasks::new();
        let stop = tasks.stop();
        let mut answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            document.as_ref().len()
        )
        .into_bytes();
        answer.extend_from_slice(document.as_ref());
        tasks.spawn("web server", async move {
            loop {
                let (mut stream, _) = tokio::select! {
                    () = stop.cancelled() => return,
                    accepted = listener.accept() => accepted.unwrap(),
                };
                let head = request(&mut stream).await;
                recorder.send_modify(|requests| requests.push(head));
                // The client may have closed the connection.
                let _ = stream.write_all(&answer).await;
            }
        });
        Self {
            address,
            requests,
            tasks,
        }
    }

    /// Returns the URL of `path`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Waits for the first request and returns its path and query.
    pub(crate) async fn requested(&self) -> String {
        self.requested_after(0).await
    }

    /// Waits for the request after `passed` others and returns its path and query.
    pub(crate) async fn requested_after(&self, passed: usize) -> String {
        let mut requests = self.requests.clone();
        let wanted = requests.wait_for(|requests| requests.len() > passed);
        let head = soon("a request", wanted).await.unwrap()[passed].clone();
        head.split(' ').nth(1).unwrap_or_default().to_owned()
    }

    /// Returns path and query of each request that has come.
    pub(crate) fn paths(&self) -> Vec<String> {
        let requests = self.requests.borrow();
        let paths = requests.iter().filter_map(|head| head.split(' ').nth(1));
        paths.map(ToOwned::to_owned).collect()
    }

    /// Waits until as many paths as that begin with `start`, and returns them.
    pub(crate) async fn paths_from(&self, start: &str, count: usize) -> Vec<String> {
        let mut requests = self.requests.clone();
        let matching = || {
            let mut paths = self.paths();
            paths.retain(|path| path.starts_with(start));
            paths
        };
        let wanted = requests.wait_for(|_| matching().len() >= count);
        soon(&format!("{count} requests to {start}"), wanted)
            .await
            .unwrap();
        matching()
    }

    /// Returns the head of a request that has come, counted from 0.
    pub(crate) fn head(&self, index: usize) -> String {
        self.requests.borrow()[index].clone()
    }
}

/// Reads a request including its body and returns its head.
async fn request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let end = request.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&request[..end]).into_owned();
            let lower = head.to_ascii_lowercase();
            let length = lower.split("content-length:").nth(1);
            let length = length.and_then(|rest| rest.lines().next()?.trim().parse().ok());
            if request.len() >= end + 4 + length.unwrap_or(0) {
                return head;
            }
        }
        // The client closed the connection.
        let Ok(1..) = stream.read_buf(&mut request).await else {
            return String::from_utf8_lossy(&request).into_owned();
        };
    }
}

impl Drop for StubWebServer {
    fn drop(&mut self) {
        self.tasks.stop().cancel();
    }
}
