//! One push to a group of many phones, and what phones and rules cost while nothing happens.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::delivery::{OK, is_complete};
use crate::subject::{Subject, free_address, listening};
use crate::table::Table;

/// Pushes to groups of several sizes, beside a bare loop with the best concurrency.
pub async fn run(handsetd: &Path) -> anyhow::Result<()> {
    let phones = free_address()?;
    let _light = Subject::own("light-phones", phones)?;
    listening(phones).await?;
    let mut table = Table::new(&[
        "phones",
        "pushes/s",
        "µs CPU a push",
        "MB at the peak",
        "seen half-way",
    ]);
    let mut best = 0.0_f64;
    for at_once in [8, 32, 128, 512] {
        let rate = bare(phones, at_once).await?;
        let name = format!("bare reqwest loop, {at_once} at once");
        table.add(&name, &[MOST as f64, rate, 0.0, 0.0, 0.0]);
        best = best.max(rate);
    }
    let mut ratio = 0.0;
    for count in [10, 100, 1000, MOST] {
        let figures = push(handsetd, phones, count).await?;
        table.add(&format!("handsetd, {count}"), &figures);
        ratio = figures[1] / best;
    }
    table.print(&format!(
        "One push to a group; handsetd makes {ratio:.2} of the best bare loop with {MOST} phones"
    ));
    Ok(())
}

/// Pushes to a group of that number of phones; returns their number, pushes a second, microseconds of CPU for each,
/// the peak of memory, and how many deliveries the metrics counted meanwhile.
async fn push(handsetd: &Path, phones: SocketAddr, count: usize) -> anyhow::Result<[f64; 5]> {
    let admin = free_address()?;
    let subject = Subject::handsetd(handsetd, &phones_config(admin, phones, count)?)?;
    listening(admin).await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (before, start) = (subject.cpu()?, Instant::now());
    let client = reqwest::Client::new();
    let push = client
        .post(format!("http://{admin}/api/v1/do/push"))
        .bearer_auth(TOKEN)
        .header("Content-Type", "application/json")
        .body("{\"phone\": \"all\", \"text\": \"Hello\"}")
        .send();
    let half_way = async {
        tokio::time::sleep(Duration::from_micros(50 * count as u64)).await;
        done(&client, admin).await
    };
    let (reply, seen) = tokio::join!(push, half_way);
    let reply = reply?.text().await?;
    let took = start.elapsed().as_secs_f64();
    anyhow::ensure!(reply.contains("\"status\":\"OK\""), "{reply:.300}");
    let cpu = (subject.cpu()? - before).as_secs_f64() * 1e6 / count as f64;
    let rate = count as f64 / took;
    Ok([
        count as f64,
        rate.round(),
        cpu,
        subject.peak_memory()?,
        seen? as f64,
    ])
}

/// Prints what configured phones and rules cost until handsetd is ready.
pub async fn growth(handsetd: &Path) -> anyhow::Result<()> {
    let mut table = Table::new(&["ms until ready", "ms CPU until then", "MB at the peak"]);
    let phones = |count| phones_config(free_address()?, free_address()?, count);
    for count in [10, 100, 1000, MOST] {
        let figures = start(handsetd, &phones(count)?).await?;
        table.add(&format!("{count} phones, in one group"), &figures);
    }
    for count in [1, 10, 100, 1000] {
        let mut config = phones(1)?;
        for number in 0..count {
            let _ = write!(
                config,
                "[[rule]]\nname = 'r{number}'\non = 'Hangup'\nwhen = \"event.Exten == '{number}'\"\n\
                 do = [{{ verb = 'ping' }}]\n"
            );
        }
        table.add(&format!("{count} rules"), &start(handsetd, &config).await?);
    }
    table.print(&format!("Start, the best of {STARTS}"));
    Ok(())
}

/// Starts handsetd and stops it again; returns milliseconds until it is ready, of CPU until then, and the
/// peak of memory, each the least of several.
async fn start(handsetd: &Path, config: &str) -> anyhow::Result<[f64; 3]> {
    let admin = config.split("[admin]\nlisten = '").nth(1);
    let admin = admin.and_then(|rest| rest.split('\'').next());
    let admin: SocketAddr = admin.context("no [admin]")?.parse()?;
    let mut best = [f64::MAX; 3];
    for _ in 0..STARTS {
        let begin = Instant::now();
        let mut subject = Subject::handsetd(handsetd, config)?;
        while tokio::net::TcpStream::connect(admin).await.is_err() {
            subject.ensure_running()?;
            tokio::time::sleep(Duration::from_micros(500)).await;
        }
        let ready = begin.elapsed().as_millis() as f64;
        let figures = [
            ready,
            subject.cpu()?.as_millis() as f64,
            subject.peak_memory()?,
        ];
        for (best, figure) in best.iter_mut().zip(figures) {
            *best = best.min(figure);
        }
    }
    Ok(best)
}

/// Returns how many deliveries the metrics count.
async fn done(client: &reqwest::Client, admin: SocketAddr) -> anyhow::Result<u64> {
    let metrics = client
        .get(format!("http://{admin}/metrics"))
        .bearer_auth(TOKEN)
        .send()
        .await?
        .text()
        .await?;
    let counts = metrics
        .lines()
        .filter(|line| line.starts_with("handsetd_deliveries_total{"));
    let counts = counts.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
    Ok(counts.sum::<f64>() as u64)
}

async fn bare(phones: SocketAddr, at_once: usize) -> anyhow::Result<f64> {
    let client = reqwest::Client::builder()
        .pool_max_idle_per_host(0)
        .build()?;
    let (places, start) = (Arc::new(Semaphore::new(at_once)), Instant::now());
    let mut all = Vec::new();
    for number in 0..MOST {
        let place = Arc::clone(&places).acquire_owned().await?;
        let post = client.post(format!("http://{}/servlet?push=xml", at(phones, number)));
        let post = post.body(DOCUMENT).send();
        all.push(tokio::spawn(async move {
            let reply = post.await?.text().await;
            drop(place);
            reply
        }));
    }
    for one in all {
        one.await??;
    }
    Ok(MOST as f64 / start.elapsed().as_secs_f64())
}

/// Many phones at one port: reads a request, answers, and closes.
pub async fn light_phones(address: &str) -> anyhow::Result<()> {
    let address: SocketAddr = address.parse()?;
    let listener = TcpListener::bind(("0.0.0.0", address.port())).await?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let mut request = Vec::with_capacity(2048);
            while !is_complete(&request) {
                if !matches!(stream.read_buf(&mut request).await, Ok(1..)) {
                    return;
                }
            }
            let _ = stream.write_all(OK.as_bytes()).await;
        });
    }
}

/// Returns the address of one of many phones.
fn at(phones: SocketAddr, number: usize) -> SocketAddr {
    let ip = std::net::Ipv4Addr::new(127, 1, (number / 250) as u8, (number % 250 + 1) as u8);
    SocketAddr::new(ip.into(), phones.port())
}

fn phones_config(admin: SocketAddr, phones: SocketAddr, count: usize) -> anyhow::Result<String> {
    let (agi, http) = (free_address()?, free_address()?);
    let mut config = format!(
        "[agi]\nlisten = '{agi}'\n[http]\nlisten = '{http}'\n\
         [admin]\nlisten = '{admin}'\ntoken = '{TOKEN}'\n"
    );
    let mut members = String::new();
    for number in 0..count {
        let address = at(phones, number);
        let _ = write!(
            config,
            "[[phone]]\nname = 'p{number}'\nvendor = 'yealink'\nmodel = 'SIP-T54W'\n\
             address = '{address}'\n"
        );
        let _ = write!(members, "'p{number}', ");
    }
    let _ = write!(config, "[[group]]\nname = 'all'\nmembers = [{members}]\n");
    Ok(config)
}

/// The largest group.
const MOST: usize = 10_000;

const STARTS: usize = 3;

const TOKEN: &str = "a-token-for-this-bench";

const DOCUMENT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<YealinkIPPhoneTextScreen>\
    <Title>Hello</Title><Text>Hello</Text></YealinkIPPhoneTextScreen>";
