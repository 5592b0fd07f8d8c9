//! Raw bytes to and from a server.

use std::net::{IpAddr, SocketAddr};

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use super::soon;

/// Requests a path and returns the whole response.
pub(crate) async fn get(server: SocketAddr, path: &str) -> String {
    exchange(server, &format!("GET {path} HTTP/1.0\r\n\r\n")).await
}

/// Requests a path and returns the whole response, which need not be text.
pub(crate) async fn get_bytes(server: SocketAddr, path: &str) -> Vec<u8> {
    exchange_bytes(server, format!("GET {path} HTTP/1.0\r\n\r\n")).await
}

/// Sends a request and returns everything received until the connection closes.
pub(crate) async fn exchange(server: SocketAddr, request: impl AsRef<[u8]>) -> String {
    String::from_utf8(exchange_bytes(server, request).await).unwrap()
}

/// Sends a request and returns everything received until the connection closes.
pub(crate) async fn exchange_bytes(server: SocketAddr, request: impl AsRef<[u8]>) -> Vec<u8> {
    let mut stream = TcpStream::connect(server).await.unwrap();
    // A server that has read enough may close early.
    let _ = stream.write_all(request.as_ref()).await;
    let mut received = Vec::new();
    let _ = soon("a response", stream.read_to_end(&mut received)).await;
    received
}

/// Requests a path from a local address and returns the whole response.
pub(crate) async fn get_from(source: IpAddr, server: SocketAddr, path: &str) -> String {
    let mut stream = connect_from(source, server).await;
    let request = format!("GET {path} HTTP/1.0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = String::new();
    let read = soon("a response", stream.read_to_string(&mut received));
    read.await.unwrap();
    received
}

/// Connects to a server from a local address.
pub(crate) async fn connect_from(source: IpAddr, server: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(source, 0)).unwrap();
    socket.connect(server).await.unwrap()
}

/// Percent-encodes every non-alphanumeric byte of `text`, as in a query.
pub(crate) fn encoded(text: &str) -> String {
    percent_encode(text.as_bytes(), NON_ALPHANUMERIC).to_string()
}
