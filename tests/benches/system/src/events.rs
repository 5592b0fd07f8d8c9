//! A flood of AMI events, as a busy Asterisk sends them after a reload.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use asterisk_rs_ami::AmiClient;
use asterisk_rs_core::event::EventReceive;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::subject::{Subject, free_address};
use crate::table::{HANDSETD, Table};

/// Floods each subject and prints what that cost it.
pub async fn run(handsetd: &Path) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let ami = listener.local_addr()?;
    let admin = free_address()?;
    let flood = flood();
    let mut table = Table::new(&["events/s", "µs CPU an event", "lost", "MB at the peak"]);
    for name in ["floor-ami", "asterisk-rs-ami", HANDSETD] {
        let subject = match name {
            HANDSETD => Subject::handsetd(handsetd, &config(ami, admin)?)?,
            name => Subject::own(name, ami)?,
        };
        let mut stream = log_in(&listener).await.context(name)?;
        let (before, start) = (subject.cpu()?, Instant::now());
        stream.write_all(flood.as_bytes()).await?;
        // Each shows by an action that it has handled the last event.
        let reported = acknowledged(&mut stream).await.context(name)?;
        let took = start.elapsed().as_secs_f64();
        // What it does afterwards counts, too.
        tokio::time::sleep(SETTLING).await;
        let cpu = subject.cpu()? - before;
        let got = match name {
            HANDSETD => judged(admin).await?,
            _ => reported.parse()?,
        };
        let (rate, cpu) = (FLOOD as f64 / took, cpu.as_secs_f64() * 1e6 / FLOOD as f64);
        let lost = FLOOD.saturating_sub(got);
        table.add(name, &[rate, cpu, lost as f64, subject.peak_memory()?]);
    }
    table.print("A flood of 200,000 events: 100 rules in handsetd, none elsewhere");
    Ok(())
}

/// Reads the flood and counts its events by their blank lines.
pub async fn floor(address: &str) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(b"Action: Login\r\nActionID: floor\r\n\r\n")
        .await?;
    let finder = memchr::memmem::Finder::new(b"\r\n\r\n");
    let (mut buffer, mut kept, mut count) = (vec![0; 1 << 16], 0, 0);
    // The banner has no blank line; the response to the login is not an event.
    while count < FLOOD + 1 {
        let read = stream.read(&mut buffer[kept..]).await?;
        ensure!(read > 0, "closed");
        let end = kept + read;
        count += finder.find_iter(&buffer[..end]).count();
        let tail = 3.min(end);
        // A blank line that was counted must not be found again.
        let from = if buffer[..end].ends_with(b"\r\n\r\n") {
            end
        } else {
            end - tail
        };
        buffer.copy_within(from..end, 0);
        kept = end - from;
    }
    acknowledge(&mut stream, count - 1).await
}

/// Receives the flood by a subscription with room for all of it.
pub async fn asterisk_rs(address: &str) -> anyhow::Result<()> {
    let address: SocketAddr = address.parse()?;
    let client = AmiClient::builder()
        .host(address.ip().to_string())
        .port(address.port())
        .credentials("bench", "secret")
        .event_capacity(500_000)
        .build()
        .await?;
    let mut events = client.subscribe();
    let mut count = 0;
    loop {
        match events.recv_outcome().await {
            EventReceive::Event(event) => match event.event_name() {
                "FullyBooted" => (),
                "UserEvent" => break,
                _ => count += 1,
            },
            EventReceive::Lagged(_) => (),
            EventReceive::Closed => bail!("the subscription ended"),
        }
    }
    // The last one.
    count += 1;
    let _ = client.command(format!("got {count}")).await;
    // Its threads are measured after that.
    std::future::pending().await
}

async fn acknowledge(stream: &mut TcpStream, count: usize) -> anyhow::Result<()> {
    let action = format!("Action: Command\r\nCommand: got {count}\r\n\r\n");
    stream.write_all(action.as_bytes()).await?;
    std::future::pending().await
}

/// Waits for the action of a subject that has handled the last event; returns what it reports.
async fn acknowledged(stream: &mut BufReader<TcpStream>) -> anyhow::Result<String> {
    loop {
        let mut line = String::new();
        let read = tokio::time::timeout(TIMEOUT, stream.read_line(&mut line)).await;
        ensure!(read.context("no report")?? > 0, "the subject ended");
        if let Some((_, report)) = line.trim_end().split_once("got ") {
            return Ok(report.to_owned());
        }
    }
}

/// Returns how many events of the flood have reached the rules: the marked ones are counted by one.
async fn judged(admin: SocketAddr) -> anyhow::Result<usize> {
    let rules = reqwest::Client::new()
        .get(format!("http://{admin}/api/v1/rules"))
        .bearer_auth(TOKEN)
        .send()
        .await?
        .text()
        .await?;
    let rules: serde_json::Value = serde_json::from_str(&rules)?;
    let judged = rules["result"][0]["unmet"]
        .as_u64()
        .context(rules.to_string())?;
    Ok(usize::try_from(judged)? * MARKED)
}

/// Accepts a client and answers its actions until it has logged in.
async fn log_in(listener: &TcpListener) -> anyhow::Result<BufReader<TcpStream>> {
    let (stream, _) = listener.accept().await?;
    let mut stream = BufReader::new(stream);
    stream.write_all(b"Asterisk Call Manager/7.0.3\r\n").await?;
    let mut pending = TIMEOUT;
    loop {
        let (mut id, mut action) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            let read = stream.read_line(&mut line);
            match tokio::time::timeout(pending, read).await {
                // After the login, handsetd asks some more and then is quiet.
                Err(_) => return Ok(stream),
                Ok(read) => ensure!(read? > 0, "the subject ended"),
            }
            match line.trim_end().split_once(": ") {
                Some(("ActionID", value)) => id = value.to_owned(),
                Some(("Action", value)) => action = value.to_owned(),
                Some(_) => (),
                None => break,
            }
        }
        let mut reply = format!("Response: Success\r\nActionID: {id}\r\n");
        match action.as_str() {
            "Challenge" => reply.push_str("Challenge: 1\r\n\r\n"),
            // It counts blank lines: no event before the flood.
            "Login" if id == "floor" => {
                reply.push_str("\r\n");
                pending = SETTLING;
            }
            "Login" => {
                reply.push_str("\r\nEvent: FullyBooted\r\nStatus: Fully Booted\r\n\r\n");
                pending = SETTLING;
            }
            _ => reply.push_str("\r\n"),
        }
        stream.write_all(reply.as_bytes()).await?;
    }
}

fn flood() -> String {
    let mut text = String::new();
    for number in 0..FLOOD {
        if number == FLOOD - 1 {
            text.push_str(LAST);
        } else if number % MARKED == 0 {
            let _ = write!(text, "{PAUSE}Reason: {number}\r\n\r\n");
        } else {
            text.push_str(EVENTS[number % EVENTS.len()]);
        }
    }
    text
}

fn config(ami: SocketAddr, admin: SocketAddr) -> anyhow::Result<String> {
    let mut config = format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{ami}'\nusername = 'bench'\nsecret = 'secret'\n\
         [agi]\nlisten = '{}'\n[http]\nlisten = '{}'\n[admin]\nlisten = '{admin}'\ntoken = '{TOKEN}'\n",
        free_address()?,
        free_address()?
    );
    config.push_str(REPORT);
    for number in 1..100 {
        let on = format!("Other{number}");
        let _ = write!(
            config,
            "[[rule]]\nname = 'r{number}'\non = '{on}'\nwhen = \"event.Queue == 'q{number}'\"\n\
             do = [{{ verb = 'ping' }}]\n"
        );
    }
    Ok(config)
}

/// How many events are sent at once.
const FLOOD: usize = 200_000;

/// One in this many events is for a rule, which judges it.
const MARKED: usize = 100;

/// How long a subject may take for anything.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A subject that asks nothing for so long has started.
const SETTLING: Duration = Duration::from_secs(2);

const TOKEN: &str = "a-token-for-this-bench";

const PAUSE: &str = "Event: QueueMemberPause\r\nPrivilege: agent,all\r\nQueue: support\r\n\
    MemberName: Alice\r\nInterface: PJSIP/1001\r\nPaused: 1\r\n";

/// The last event of the flood.
const LAST: &str = "Event: UserEvent\r\nPrivilege: user,all\r\nUserEvent: Last\r\n\r\n";

/// Rules of handsetd: one that counts the marked events, and one that reports the last.
const REPORT: &str = "[[rule]]\nname = 'marked'\non = 'QueueMemberPause'\n\
    when = \"event.Queue == 'sales'\"\ndo = [{ verb = 'ping' }]\n\
    [[rule]]\nname = 'last'\non = 'UserEvent.Last'\n\
    do = [{ ami = 'Command', Command = 'got it' }]\n";

/// Events as Asterisk 22 sends them during a call.
pub const EVENTS: [&str; 3] = [
    "Event: Newstate\r\nPrivilege: call,all\r\nChannel: PJSIP/1001-0000003c\r\nChannelState: 4\r\n\
     ChannelStateDesc: Ring\r\nCallerIDNum: 1001\r\nCallerIDName: Alice\r\n\
     ConnectedLineNum: <unknown>\r\nConnectedLineName: <unknown>\r\nLanguage: en\r\n\
     AccountCode: \r\nContext: phones\r\nExten: 1002\r\nPriority: 1\r\n\
     Uniqueid: 1795229951.60\r\nLinkedid: 1795229951.60\r\n\r\n",
    "Event: VarSet\r\nPrivilege: dialplan,all\r\nChannel: PJSIP/1001-0000003c\r\nChannelState: 6\r\n\
     ChannelStateDesc: Up\r\nCallerIDNum: 1001\r\nCallerIDName: Alice\r\n\
     ConnectedLineNum: 1002\r\nConnectedLineName: Bob\r\nLanguage: en\r\nAccountCode: \r\n\
     Context: phones\r\nExten: 1002\r\nPriority: 2\r\nUniqueid: 1795229951.60\r\n\
     Linkedid: 1795229951.60\r\nVariable: DIALSTATUS\r\nValue: ANSWER\r\n\r\n",
    "Event: Hangup\r\nPrivilege: call,all\r\nChannel: PJSIP/1002-0000003d\r\nChannelState: 6\r\n\
     ChannelStateDesc: Up\r\nCallerIDNum: 1002\r\nCallerIDName: Bob\r\nConnectedLineNum: 1001\r\n\
     ConnectedLineName: Alice\r\nLanguage: en\r\nAccountCode: \r\nContext: phones\r\nExten: \r\n\
     Priority: 1\r\nUniqueid: 1795229951.61\r\nLinkedid: 1795229951.60\r\nCause: 16\r\n\
     Cause-txt: Normal Clearing\r\n\r\n",
];
