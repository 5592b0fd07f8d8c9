//! From a call to the first byte at the phone: `AGI(agi://…/push,text=Hello)`, one call after another.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::subject::{Subject, free_address, listening};
use crate::table::Table;

/// Measures a bare client, and handsetd with a phone that is configured, one that asks for Digest, and one
/// that only Asterisk knows.
pub async fn run(handsetd: &Path) -> anyhow::Result<()> {
    let mut table = Table::new(&[
        "µs to the first byte, least",
        "median",
        "ratio of the medians",
        "µs of the whole call, median",
        "µs CPU",
    ]);
    let bare = bare().await?;
    let (_, floor) = least_and_median(&bare.first);
    let mut add = |name, times: &Times, cpu| {
        let ((least, median), (_, whole)) = (
            least_and_median(&times.first),
            least_and_median(&times.whole),
        );
        table.add(name, &[least, median, median / floor, whole, cpu]);
    };
    add("bare reqwest client", &bare, 0.0);
    for kind in [Kind::Configured, Kind::Digest, Kind::Registered] {
        let (times, cpu) = calls(handsetd, kind).await?;
        add(kind.name(), &times, cpu);
    }
    table.print(
        "`AGI(agi://…/push,text=Hello)` until the phone has the first byte, one call after another",
    );
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Configured,
    Digest,
    Registered,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Configured => "handsetd, `[[phone]]`",
            Self::Digest => "handsetd, `[[phone]]` with Digest",
            Self::Registered => "handsetd, caller known to Asterisk",
        }
    }
}

/// When the first byte was at the phone, and when all was over, of each round.
#[derive(Default)]
struct Times {
    first: Vec<Duration>,
    whole: Vec<Duration>,
}

/// Returns the least and the median of some times, in microseconds.
fn least_and_median(times: &[Duration]) -> (f64, f64) {
    let mut micros: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e6).collect();
    micros.sort_by(f64::total_cmp);
    (micros[0].round(), micros[micros.len() / 2].round())
}

async fn bare() -> anyhow::Result<Times> {
    let (address, mut requests) = phone("127.0.0.1:0", false).await?;
    let client = reqwest::Client::builder()
        .pool_max_idle_per_host(0)
        .build()?;
    let mut times = Times::default();
    for _ in 0..CALLS {
        let start = Instant::now();
        let post = client.post(format!("http://{address}/servlet?push=xml"));
        post.body(BODY).send().await?.text().await?;
        times.whole.push(start.elapsed());
        let at = requests.recv().await.context("no request")?;
        times.first.push(at - start);
    }
    Ok(times)
}

async fn calls(handsetd: &Path, kind: Kind) -> anyhow::Result<(Times, f64)> {
    // Without a [[phone]], handsetd uses the default port.
    let at = match kind {
        Kind::Registered => "127.0.5.1:80",
        _ => "127.0.0.1:0",
    };
    let (address, mut requests) = phone(at, kind == Kind::Digest).await?;
    let agi = free_address()?;
    let subject = Subject::handsetd(handsetd, &config(agi, kind, address)?)?;
    listening(agi).await?;
    let mut times = Times::default();
    for _ in 0..WARM_UP {
        call(agi).await?;
    }
    while requests.try_recv().is_ok() {}
    let before = subject.cpu()?;
    for _ in 0..CALLS {
        let start = Instant::now();
        let status = call(agi).await?;
        anyhow::ensure!(status.contains("HANDSET_STATUS=OK"), "{status}");
        times.whole.push(start.elapsed());
        let at = requests.recv().await.context("no request")?;
        times.first.push(at - start);
    }
    let cpu = (subject.cpu()? - before).as_secs_f64() * 1e6 / CALLS as f64;
    Ok((times, cpu))
}

/// Makes a call, and returns the last command of handsetd.
async fn call(agi: SocketAddr) -> anyhow::Result<String> {
    let mut stream = BufReader::new(TcpStream::connect(agi).await?);
    stream.write_all(ENVIRONMENT.as_bytes()).await?;
    let (mut line, mut last) = (String::new(), String::new());
    while stream.read_line(&mut line).await? > 0 {
        let reply = match line.split_once("remote_addr)}") {
            Some((_, rest)) => {
                let mark: String = rest.chars().take_while(|c| *c != '$').collect();
                format!("200 result=1 (127.0.5.1:5060{mark}Yealink SIP-T54W 96.86.0.100)\n")
            }
            None if line.starts_with("EXEC") => "200 result=0\n".to_owned(),
            None => "200 result=1\n".to_owned(),
        };
        stream.write_all(reply.as_bytes()).await?;
        last = std::mem::take(&mut line);
    }
    Ok(last)
}

/// Starts a phone that tells when each request began that it answered with 200. One that asks for Digest
/// takes a nonce for as long as its count goes up.
async fn phone(
    address: &str,
    digest: bool,
) -> anyhow::Result<(SocketAddr, mpsc::UnboundedReceiver<Instant>)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let (tell, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut last = 0;
        let mut first: Option<Instant> = None;
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            while !is_complete(&request) {
                match stream.read_buf(&mut request).await {
                    Ok(1..) => drop(first.get_or_insert_with(Instant::now)),
                    _ => break,
                }
            }
            let text = String::from_utf8_lossy(&request);
            let count = text.split_once("nc=").and_then(|(_, rest)| rest.get(..8));
            let count = count.and_then(|count| u32::from_str_radix(count, 16).ok());
            let reply = if digest && count.is_none_or(|count| count <= last) {
                last = 0;
                CHALLENGE
            } else {
                last = count.unwrap_or(0);
                OK
            };
            let _ = stream.write_all(reply.as_bytes()).await;
            if reply == OK {
                let _ = tell.send(first.take().unwrap_or_else(Instant::now));
            }
        }
    });
    Ok((address, told))
}

/// Returns whether a request has arrived with all of its body.
pub fn is_complete(request: &[u8]) -> bool {
    let Some(end) = memchr::memmem::find(request, b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.split_once("content-length: ").map_or(0, |(_, rest)| {
        let digits = rest.split("\r\n").next().unwrap_or_default();
        digits.parse().unwrap_or(0)
    });
    request.len() >= end + 4 + length
}

fn config(agi: SocketAddr, kind: Kind, phone: SocketAddr) -> anyhow::Result<String> {
    let (http, admin) = (free_address()?, free_address()?);
    let phone = match kind {
        Kind::Registered => "[phones]\nnetworks = ['127.0.0.0/8']\n".to_owned(),
        _ => format!(
            "[[phone]]\nname = '1001'\nvendor = 'yealink'\nmodel = 'SIP-T54W'\naddress = '{phone}'\n\
             username = 'admin'\npassword = 'secret'\nauth = 'digest'\n"
        ),
    };
    Ok(format!(
        "[agi]\nlisten = '{agi}'\n[http]\nlisten = '{http}'\n\
         [admin]\nlisten = '{admin}'\ntoken = 'a-token-for-this-bench'\n{phone}"
    ))
}

const CALLS: usize = 1000;

const WARM_UP: usize = 100;

const BODY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<YealinkIPPhoneTextScreen>\
    <Title>Hello</Title><Text>Hello</Text></YealinkIPPhoneTextScreen>";

pub const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

const CHALLENGE: &str = "HTTP/1.1 401 Unauthorized\r\n\
    WWW-Authenticate: Digest realm=\"phone\", nonce=\"abcdef\", qop=\"auth\"\r\n\
    Content-Length: 0\r\nConnection: close\r\n\r\n";

const ENVIRONMENT: &str = "agi_network: yes\nagi_network_script: push\n\
    agi_request: agi://127.0.0.1/push\nagi_channel: PJSIP/1001-00000001\nagi_language: en\n\
    agi_type: PJSIP\nagi_uniqueid: 1795229951.60\nagi_version: 22.5.2\nagi_callerid: 1001\n\
    agi_calleridname: Alice\nagi_callingpres: 0\nagi_callingani2: 0\nagi_callington: 0\n\
    agi_callingtns: 0\nagi_dnid: 600\nagi_rdnis: unknown\nagi_context: phones\n\
    agi_extension: 600\nagi_priority: 1\nagi_enhanced: 0.0\nagi_accountcode: \n\
    agi_threadid: 139718267762368\nagi_arg_1: text=Hello\n\n";
