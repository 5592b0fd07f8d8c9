//! Events, as the admin API streams them.

use serde_json::Value;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::admin_client::AdminClient;
use super::daemon::{Daemon, TOKEN};
use super::soon;

/// Events, as the admin API streams them.
pub(crate) struct Events {
    stream: TcpStream,
    buffer: String,
}

impl Events {
    /// Opens the stream of events of phones.
    pub(crate) async fn open(daemon: &Daemon) -> Self {
        Self::open_filtered(daemon, "?event=phone.*").await
    }

    /// Opens a stream with this query.
    pub(crate) async fn open_filtered(daemon: &Daemon, query: &str) -> Self {
        Self::open_at(daemon, &format!("/api/v1/events{query}")).await
    }

    /// Opens the stream at this path.
    pub(crate) async fn open_at(daemon: &Daemon, path: &str) -> Self {
        let token = format!("Bearer {TOKEN}");
        let headers = [("Authorization", token.as_str())];
        let admin = AdminClient::new(daemon.admin());
        let stream = admin.open("GET", path, &headers, "").await;
        let mut events = Self {
            stream,
            buffer: String::new(),
        };
        soon("the event stream", events.until("\r\n\r\n")).await;
        events
    }

    /// Returns the data of the next event; fails if none comes. What keeps the stream alive is none.
    pub(crate) async fn next(&mut self) -> Value {
        let data = soon("an event", async {
            self.until("data: ").await;
            self.until("\n").await
        });
        serde_json::from_str(data.await.trim_end()).unwrap()
    }

    /// Reads up to the end of `wanted`.
    async fn until(&mut self, wanted: &str) -> String {
        loop {
            if let Some(at) = self.buffer.find(wanted) {
                let rest = self.buffer.split_off(at + wanted.len());
                return std::mem::replace(&mut self.buffer, rest);
            }
            let mut chunk = [0; 4096];
            let read = self.stream.read(&mut chunk).await.unwrap();
            assert_ne!(read, 0, "the stream ended before {wanted:?}");
            self.buffer
                .push_str(&String::from_utf8_lossy(&chunk[..read]));
        }
    }
}
