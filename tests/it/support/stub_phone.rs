//! A minimal Snom phone that goes online and offline and records the numbers it dials. It accepts
//! every request, and fetches nothing.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use handset_net::tasks::Tasks;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::loopback::Loopback;
use super::soon;

/// The phone. While it is offline, its port refuses connections.
#[derive(Debug)]
pub(crate) struct StubPhone {
    address: Loopback,
    dialed: Arc<watch::Sender<Vec<String>>>,
    serving: Option<JoinHandle<()>>,
}

/// How the phone handles a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Behavior {
    /// Responds after 5 ms.
    Answers,
    /// Accepts it and never responds.
    Silent,
}

impl StubPhone {
    /// Creates an offline phone.
    pub(crate) fn new() -> Self {
        Self {
            address: Loopback::claim(),
            dialed: Arc::new(watch::Sender::new(Vec::new())),
            serving: None,
        }
    }

    /// Returns a `[[phone]]` entry for it.
    pub(crate) fn entry(&self, name: &str) -> String {
        let address = self.socket();
        format!(
            "[[phone]]\nname = \"{name}\"\nvendor = \"snom\"\nmodel = \"D785\"\n\
             address = \"{address}\"\n"
        )
    }

    /// Starts to accept requests.
    pub(crate) async fn go_online(&mut self, behavior: Behavior) {
        self.go_offline().await;
        let listener = TcpListener::bind(self.socket()).await.unwrap();
        let dialed = Arc::clone(&self.dialed);
        let tasks = Tasks::new();
        let own = tasks.clone();
        self.serving = Some(tasks.spawn("stub phone", async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                own.spawn("request", serve(stream, Arc::clone(&dialed), behavior));
            }
        }));
    }

    /// Stops accepting connections; requests already accepted are still answered.
    pub(crate) async fn go_offline(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            let _ = serving.await;
        }
    }

    /// Returns how often it dialed each number.
    pub(crate) fn dialed(&self) -> HashMap<String, usize> {
        let mut times = HashMap::new();
        for number in self.order() {
            *times.entry(number).or_default() += 1;
        }
        times
    }

    /// Returns the dialed numbers, in order.
    pub(crate) fn order(&self) -> Vec<String> {
        self.dialed.borrow().clone()
    }

    /// Waits until it has dialed `count` times.
    pub(crate) async fn until_dialed(&self, count: usize) {
        let mut dialed = self.dialed.subscribe();
        let waiting = dialed.wait_for(|numbers| numbers.len() >= count);
        soon(&format!("{count} numbers"), waiting).await.unwrap();
    }

    fn socket(&self) -> SocketAddr {
        self.address.port(8080)
    }
}

impl Drop for StubPhone {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.abort();
        }
    }
}

async fn serve(mut stream: TcpStream, dialed: Arc<watch::Sender<Vec<String>>>, behavior: Behavior) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            // The sender may have been killed.
            Err(_) => return,
        }
    }
    let request = String::from_utf8(request).unwrap();
    let target = request.split(' ').nth(1).unwrap();
    if let Some((_, number)) = target.split_once("number=") {
        let number = number.split('&').next().unwrap().to_owned();
        dialed.send_modify(|numbers| numbers.push(number));
    }
    if behavior == Behavior::Silent {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let _ = stream.write_all(answer.as_bytes()).await;
}
