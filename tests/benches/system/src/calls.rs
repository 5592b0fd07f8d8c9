//! Fifty calls at once, again and again, and bursts of five hundred: `AGI(agi://…/ping)`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use asterisk_rs_agi::{AgiChannel, AgiHandler, AgiRequest, AgiServer};
use blazing_agi::command::set_variable::SetVariable;
use blazing_agi::router::Router;
use blazing_agi_macros::create_handler;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::subject::{Subject, free_address, listening};
use crate::table::{HANDSETD, Table};

/// Calls each subject and prints what that cost.
pub async fn run(handsetd: &Path) -> anyhow::Result<()> {
    steady(handsetd).await?;
    bursts(handsetd).await
}

async fn steady(handsetd: &Path) -> anyhow::Result<()> {
    let mut table = Table::new(&[
        "calls/s",
        "µs CPU a call",
        "commands a call",
        "MB at the peak",
    ]);
    for name in SUBJECTS {
        let (subject, agi) = started(name, handsetd).await?;
        let (before, start) = (subject.cpu()?, Instant::now());
        let (done, commands) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let callers: Vec<_> = (0..CALLERS)
            .map(|_| {
                tokio::spawn(call_until(
                    start + TIME,
                    agi,
                    Arc::clone(&done),
                    Arc::clone(&commands),
                ))
            })
            .collect();
        for caller in callers {
            caller.await?.with_context(|| name)?;
        }
        let (took, cpu) = (start.elapsed().as_secs_f64(), subject.cpu()? - before);
        let calls = done.load(Ordering::Relaxed) as f64;
        let (rate, cpu) = (calls / took, cpu.as_secs_f64() * 1e6 / calls);
        let commands = commands.load(Ordering::Relaxed) as f64 / calls;
        table.add(name, &[rate, cpu, commands, subject.peak_memory()?]);
    }
    table.print("`AGI(agi://…/ping)`, 50 at once; peers set one variable, handsetd all of its own");
    Ok(())
}

/// Makes all calls of a burst at once, and prints how long they took, from the start of their burst.
async fn bursts(handsetd: &Path) -> anyhow::Result<()> {
    let mut table = Table::new(&[
        "ms, median",
        "ms, 99 of 100",
        "ms, longest",
        "µs CPU a call",
    ]);
    for name in SUBJECTS {
        let (subject, agi) = started(name, handsetd).await?;
        // The first one fills caches and pools.
        burst(agi).await.with_context(|| name)?;
        let before = subject.cpu()?;
        let mut times = Vec::new();
        for _ in 0..BURSTS {
            tokio::time::sleep(Duration::from_millis(100)).await;
            times.extend(burst(agi).await.with_context(|| name)?);
        }
        let cpu = (subject.cpu()? - before).as_secs_f64() * 1e6 / times.len() as f64;
        times.sort_unstable();
        let at = |index: usize| times[index].as_secs_f64() * 1e3;
        let (median, last) = (at(times.len() / 2), at(times.len() - 1));
        table.add(name, &[median, at(times.len() * 99 / 100), last, cpu]);
    }
    table.print("`AGI(agi://…/ping)`, bursts of 500 connections opened at once");
    Ok(())
}

/// Starts a subject and waits until it listens.
async fn started(name: &str, handsetd: &Path) -> anyhow::Result<(Subject, SocketAddr)> {
    let agi = free_address()?;
    let subject = match name {
        HANDSETD => Subject::handsetd(handsetd, &config(agi)?)?,
        name => Subject::own(name, agi)?,
    };
    listening(agi).await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    Ok((subject, agi))
}

/// Makes the calls of one burst; returns how long after its start each was over.
async fn burst(agi: SocketAddr) -> anyhow::Result<Vec<Duration>> {
    let start = Instant::now();
    let calls: Vec<_> = (0..BURST)
        .map(|_| tokio::spawn(async move { call(agi).await.map(|_| start.elapsed()) }))
        .collect();
    let mut times = Vec::new();
    for call in calls {
        times.push(call.await??);
    }
    Ok(times)
}

async fn call_until(
    end: Instant,
    agi: SocketAddr,
    done: Arc<AtomicU64>,
    commands: Arc<AtomicU64>,
) -> anyhow::Result<()> {
    while Instant::now() < end {
        commands.fetch_add(call(agi).await?, Ordering::Relaxed);
        done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// Makes one call; returns how many commands it got.
async fn call(agi: SocketAddr) -> anyhow::Result<u64> {
    let mut stream = BufReader::new(TcpStream::connect(agi).await?);
    stream.write_all(ENVIRONMENT.as_bytes()).await?;
    let (mut line, mut commands) = (String::new(), 0);
    while stream.read_line(&mut line).await? > 0 {
        let reply = if line.starts_with("EXEC") {
            "200 result=0\n"
        } else {
            "200 result=1\n"
        };
        stream.write_all(reply.as_bytes()).await?;
        commands += 1;
        line.clear();
    }
    Ok(commands)
}

/// Reads the environment, understands nothing, and closes.
pub async fn floor(address: &str) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await?;
    loop {
        let (mut stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            let (mut buffer, mut length) = ([0; 4096], 0);
            while !buffer[..length].ends_with(b"\n\n") {
                match stream.read(&mut buffer[length..]).await {
                    Ok(read @ 1..) => length += read,
                    _ => return,
                }
            }
            let _ = stream.write_all(b"NOOP\n").await;
            let _ = stream.read(&mut buffer).await;
        });
    }
}

struct Ping;

impl AgiHandler for Ping {
    async fn handle(
        &self,
        _: AgiRequest,
        mut channel: AgiChannel,
    ) -> asterisk_rs_agi::error::Result<()> {
        channel.set_variable("HANDSET_STATUS", "OK").await?;
        Ok(())
    }
}

/// Sets one variable.
pub async fn asterisk_rs(address: &str) -> anyhow::Result<()> {
    let server = AgiServer::builder()
        .bind(address)
        .handler(Ping)
        .max_connections(1000);
    let (server, _shutdown) = server.build().await?;
    Ok(server.run().await?)
}

#[create_handler]
async fn ping(connection: &mut Connection, request: &AGIRequest) -> Result<(), AGIError> {
    let set = SetVariable::new("HANDSET_STATUS".to_owned(), "OK".to_owned());
    connection.send_command(set).await?;
    Ok(())
}

/// Sets one variable.
pub async fn blazing(address: &str) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await?;
    let router = Router::new().route("/ping", ping);
    let served = blazing_agi::serve::serve(listener, router).await;
    served.map_err(|error| anyhow::anyhow!("{error}"))
}

fn config(agi: SocketAddr) -> anyhow::Result<String> {
    let (http, admin) = (free_address()?, free_address()?);
    Ok(format!(
        "[agi]\nlisten = '{agi}'\n[http]\nlisten = '{http}'\n\
         [admin]\nlisten = '{admin}'\ntoken = 'a-token-for-this-bench'\n"
    ))
}

const SUBJECTS: [&str; 4] = ["floor-agi", "asterisk-rs-agi", "blazing_agi", HANDSETD];

const CALLERS: usize = 50;

const BURST: usize = 500;

const BURSTS: usize = 20;

const TIME: Duration = Duration::from_secs(5);

const ENVIRONMENT: &str = "agi_network: yes\nagi_network_script: ping\n\
    agi_request: agi://127.0.0.1/ping\nagi_channel: PJSIP/1001-00000001\nagi_language: en\n\
    agi_type: PJSIP\nagi_uniqueid: 1795229951.60\nagi_version: 22.5.2\nagi_callerid: 1001\n\
    agi_calleridname: Alice\nagi_callingpres: 0\nagi_callingani2: 0\nagi_callington: 0\n\
    agi_callingtns: 0\nagi_dnid: 600\nagi_rdnis: unknown\nagi_context: phones\n\
    agi_extension: 600\nagi_priority: 1\nagi_enhanced: 0.0\nagi_accountcode: \n\
    agi_threadid: 139718267762368\n\n";
