//! A Snom phone that comes and goes, and counts what it is told to dial.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use handset_net::tasks::Tasks;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::loopback::Loopback;
use super::soon;

/// The phone. While it is away, its port refuses connections.
#[derive(Debug)]
pub(crate) struct Booth {
    address: Loopback,
    dialed: Arc<Mutex<Vec<String>>>,
    serving: Option<JoinHandle<()>>,
}

/// What a phone does with a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Manner {
    /// Answers, a moment later.
    Answers,
    /// Takes it, and says nothing.
    Silent,
}

impl Booth {
    /// Makes a phone that is away.
    pub(crate) fn new() -> Self {
        Self {
            address: Loopback::claim(),
            dialed: Arc::default(),
            serving: None,
        }
    }

    /// Returns a `[[phone]]` of the configuration that tells all about it.
    pub(crate) fn entry(&self, name: &str) -> String {
        let address = self.socket();
        format!(
            "[[phone]]\nname = \"{name}\"\nvendor = \"snom\"\nmodel = \"D785\"\n\
             address = \"{address}\"\n"
        )
    }

    /// Lets it be there from now on.
    pub(crate) async fn come(&mut self, manner: Manner) {
        self.go().await;
        let listener = TcpListener::bind(self.socket()).await.unwrap();
        let dialed = Arc::clone(&self.dialed);
        let tasks = Tasks::new();
        let own = tasks.clone();
        self.serving = Some(tasks.spawn("booth", async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                own.spawn("request", serve(stream, Arc::clone(&dialed), manner));
            }
        }));
    }

    /// Lets it be away from now on; what it has accepted it still answers.
    pub(crate) async fn go(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
            let _ = serving.await;
        }
    }

    /// Returns how often it was told to dial each number.
    pub(crate) fn dialed(&self) -> HashMap<String, usize> {
        let mut times = HashMap::new();
        for number in self.order() {
            *times.entry(number).or_default() += 1;
        }
        times
    }

    /// Returns the numbers that it was told to dial, in order.
    pub(crate) fn order(&self) -> Vec<String> {
        self.dialed.lock().unwrap().clone()
    }

    /// Waits until it was told to dial `count` times.
    pub(crate) async fn until_dialed(&self, count: usize) {
        let waiting = async {
            while self.order().len() < count {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        soon(&format!("{count} numbers"), waiting).await;
    }

    fn socket(&self) -> SocketAddr {
        self.address.port(8080)
    }
}

impl Drop for Booth {
    fn drop(&mut self) {
        if let Some(serving) = &self.serving {
            serving.abort();
        }
    }
}

async fn serve(mut stream: TcpStream, dialed: Arc<Mutex<Vec<String>>>, manner: Manner) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => request.push(byte),
            // Who sent it may have been killed.
            Err(_) => return,
        }
    }
    let request = String::from_utf8(request).unwrap();
    let target = request.split(' ').nth(1).unwrap();
    let number = target.split_once("number=").unwrap().1;
    let number = number.split('&').next().unwrap().to_owned();
    dialed.lock().unwrap().push(number);
    if manner == Manner::Silent {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let _ = stream.write_all(answer.as_bytes()).await;
}
