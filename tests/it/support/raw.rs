//! Bytes that a test chooses, to a door, and the bytes that come back.

use std::net::{IpAddr, SocketAddr};

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::soon;

/// Asks for a path, and returns the whole answer.
pub(crate) async fn get(door: SocketAddr, path: &str) -> String {
    exchange(door, &format!("GET {path} HTTP/1.0\r\n\r\n")).await
}

/// Asks for a path, and returns the whole answer, which may be no text.
pub(crate) async fn get_bytes(door: SocketAddr, path: &str) -> Vec<u8> {
    exchange_bytes(door, format!("GET {path} HTTP/1.0\r\n\r\n")).await
}

/// Sends a request, and returns all that comes back until the connection is closed.
pub(crate) async fn exchange(door: SocketAddr, request: impl AsRef<[u8]>) -> String {
    String::from_utf8(exchange_bytes(door, request).await).unwrap()
}

/// Sends a request, and returns all that comes back until the connection is closed.
pub(crate) async fn exchange_bytes(door: SocketAddr, request: impl AsRef<[u8]>) -> Vec<u8> {
    let mut stream = TcpStream::connect(door).await.unwrap();
    // A server that has read enough may close before it has read all.
    let _ = stream.write_all(request.as_ref()).await;
    let mut told = Vec::new();
    let _ = soon("an answer", stream.read_to_end(&mut told)).await;
    told
}

/// Asks for a path from an address of this machine, and returns the whole answer.
pub(crate) async fn get_from(source: IpAddr, door: SocketAddr, path: &str) -> String {
    let mut stream = connect_from(source, door).await;
    let request = format!("GET {path} HTTP/1.0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut told = String::new();
    let read = soon("an answer", stream.read_to_string(&mut told));
    read.await.unwrap();
    told
}

/// Connects to a door from an address of this machine.
pub(crate) async fn connect_from(source: IpAddr, door: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(source, 0)).unwrap();
    socket.connect(door).await.unwrap()
}

/// Returns a text as it stands in a query, with every odd byte encoded.
pub(crate) fn encoded(text: &str) -> String {
    percent_encode(text.as_bytes(), NON_ALPHANUMERIC).to_string()
}
