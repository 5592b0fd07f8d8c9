//! A manager interface that sends whatever a test wants.

use std::net::SocketAddr;

use handset_net::tasks::Tasks;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::soon;

/// Serves AMI on a free port; what is sent to the channel is written to the connection.
pub(crate) async fn stub_manager() -> (SocketAddr, mpsc::Sender<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (outgoing, mut queued) = mpsc::channel::<Vec<u8>>(4);
    let answers = outgoing.clone();
    let tasks = Tasks::new();
    tasks.clone().spawn("manager", async move {
        let (stream, _): (TcpStream, _) = listener.accept().await.unwrap();
        let (reader, mut writer) = stream.into_split();
        tasks.spawn("answers", answer(reader, answers));
        writer
            .write_all(b"Asterisk Call Manager/11.0.0\r\n")
            .await
            .unwrap();
        while let Some(bytes) = queued.recv().await {
            if writer.write_all(&bytes).await.is_err() {
                return;
            }
        }
    });
    (address, outgoing)
}

/// Accepts the login and refuses everything else.
async fn answer(reader: OwnedReadHalf, outgoing: mpsc::Sender<Vec<u8>>) {
    let mut lines = BufReader::new(reader).lines();
    let (mut action, mut id) = (String::new(), String::new());
    while let Ok(Some(line)) = lines.next_line().await {
        match line.split_once(": ") {
            Some(("Action", name)) => name.clone_into(&mut action),
            Some(("ActionID", text)) => text.clone_into(&mut id),
            Some(_) => {}
            None => {
                let rest = match action.as_str() {
                    "Challenge" => "Challenge: 1\r\n\r\n",
                    "Login" => "\r\nEvent: FullyBooted\r\n\r\n",
                    _ => "\r\n",
                };
                let text = format!("Response: Success\r\nActionID: {id}\r\n{rest}");
                let sent = soon("room for an answer", outgoing.send(text.into_bytes()));
                if sent.await.is_err() {
                    return;
                }
            }
        }
    }
}
