//! AMI of a simulated Asterisk with many phones.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

use super::phones;

/// A simulated Asterisk, which answers actions and sends the given events.
#[derive(Debug)]
pub(crate) struct Manager {
    address: SocketAddr,
    outgoing: mpsc::Sender<String>,
    sent: AtomicU64,
    pauses: AtomicU64,
    actions: Actions,
}

/// Number of received actions by name.
type Actions = Arc<Mutex<BTreeMap<String, u64>>>;

impl Manager {
    /// Starts to wait for one client.
    pub(crate) async fn start(phones: usize, tasks: &Tasks) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (outgoing, queued) = mpsc::channel(64);
        let actions = Actions::default();
        let (own, stop, answers, log) = (
            tasks.clone(),
            tasks.stop(),
            outgoing.clone(),
            actions.clone(),
        );
        tasks.spawn("manager", async move {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let (reader, writer) = stream.into_split();
            own.spawn("manager, writing", write(writer, queued));
            tokio::select! {
                () = stop.cancelled() => {}
                () = answer(reader, answers, phones, &log) => {}
            }
        });
        Self {
            address,
            outgoing,
            // Counts `FullyBooted`.
            sent: AtomicU64::new(1),
            pauses: AtomicU64::new(0),
            actions,
        }
    }

    /// Returns its address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sends `text`, which contains `events` events, `pauses` of them for the rule.
    pub(crate) async fn send(&self, text: String, events: usize, pauses: usize) {
        // An error means that the client is gone, which is noticed elsewhere.
        if self.outgoing.send(text).await.is_ok() {
            self.sent.fetch_add(events as u64, Ordering::Relaxed);
            self.pauses.fetch_add(pauses as u64, Ordering::Relaxed);
        }
    }

    /// Returns the number of sent events.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Returns the number of sent events that the rule handles.
    pub(crate) fn pauses(&self) -> u64 {
        self.pauses.load(Ordering::Relaxed)
    }

    /// Returns the number of received actions by name, as text.
    pub(crate) fn actions(&self) -> String {
        let actions = self.actions.lock();
        let each = actions
            .iter()
            .map(|(name, count)| format!("{name} {count}"));
        each.collect::<Vec<_>>().join(", ")
    }
}

async fn write(mut writer: OwnedWriteHalf, mut queued: mpsc::Receiver<String>) {
    while let Some(text) = queued.recv().await {
        if writer.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Answers each action.
async fn answer(
    reader: OwnedReadHalf,
    outgoing: mpsc::Sender<String>,
    phones: usize,
    actions: &Actions,
) {
    let mut reader = BufReader::new(reader);
    if outgoing
        .send("Asterisk Call Manager/11.0.0\r\n".to_owned())
        .await
        .is_err()
    {
        return;
    }
    loop {
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            if !matches!(reader.read_line(&mut line).await, Ok(1..)) {
                return;
            }
            match line.trim_end().split_once(": ") {
                Some((name, value)) => headers.insert(name.to_owned(), value.to_owned()),
                None => break,
            };
        }
        let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
        let (action, id) = (header("Action"), header("ActionID"));
        *actions.lock().entry(action.clone()).or_default() += 1;
        let text = match action.as_str() {
            "Challenge" => "Challenge: 1\n\n".to_owned(),
            "Login" => "\nEvent: FullyBooted\nStatus: Fully Booted\n\n".to_owned(),
            "ListCommands" => {
                "PJSIPShowContacts: Lists.\nPJSIPShowEndpoint: Details.\n\n".to_owned()
            }
            "PJSIPShowContacts" => contacts(phones),
            "PJSIPShowEndpoint" => details(&header("Endpoint")),
            _ => "\n".to_owned(),
        };
        let text = format!("Response: Success\nActionID: {id}\n{text}").replace("@ID@", &id);
        if outgoing.send(text.replace('\n', "\r\n")).await.is_err() {
            return;
        }
    }
}

fn contacts(phones: usize) -> String {
    let mut text = "EventList: start\n\n".to_owned();
    for at in 0..phones {
        let (name, ip) = (phones::name(at), phones::ip(at));
        write!(
            text,
            "Event: ContactList\nActionID: @ID@\nObjectType: contact\nObjectName: {name};@{at:032x}\n\
             ViaAddr: {ip}\nViaPort: 5060\nQualifyTimeout: 3.000000\nCallID: {at}-1@{ip}\n\
             Uri: sip:{name}@{ip}:5060\nUserAgent: {}\nEndpoint: {name}\nStatus: Reachable\n\
             RoundtripUsec: 1234\n\n",
            user_agent(at)
        )
        .unwrap();
    }
    write!(
        text,
        "Event: ContactListComplete\nActionID: @ID@\nEventList: Complete\nListItems: {phones}\n\n"
    )
    .unwrap();
    text
}

fn details(name: &str) -> String {
    let at = name.parse::<usize>().map_or(0, |number| number - 10_000);
    let ip = phones::ip(at);
    format!(
        "EventList: start\n\nEvent: ContactStatusDetail\nActionID: @ID@\nAOR: {name}\n\
         URI: sip:{name}@{ip}:5060\nUserAgent: {}\nViaAddress: {ip}:5060\nCallID: {at}-1@{ip}\n\
         Status: Reachable\nEndpointName: {name}\nID: {name};@{at:032x}\n\n\
         Event: EndpointDetailComplete\nActionID: @ID@\nEventList: Complete\nListItems: 1\n\n",
        user_agent(at)
    )
}

/// All phones are of one vendor, because they all respond to a push in the same way.
fn user_agent(at: usize) -> String {
    format!(
        "Yealink SIP-T46G 28.83.0.130 00:00:5e:00:{:02x}:{:02x}",
        at >> 8,
        at & 0xff
    )
}
