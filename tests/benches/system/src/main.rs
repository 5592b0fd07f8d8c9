//! Measures handsetd from outside, beside what people would use instead and beside the least that any
//! program could do.
//!
//! `cargo run --release -- PATH-OF-HANDSETD [WORKLOAD]…`; without a workload, all. Each subject is a process
//! of its own, so that its CPU time is its own; each table is from one run, so that its ratios hold on a
//! busy machine.

mod calls;
mod decode;
mod delivery;
mod events;
mod group;
mod subject;
mod table;

use std::path::Path;

use anyhow::{Context, bail, ensure};

/// The workloads, each a file; `growth` is in that of `group`.
const WORKLOADS: [&str; 6] = ["decode", "events", "calls", "delivery", "group", "growth"];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["subject", name, address] = *arguments.as_slice() {
        return be(name, address).await;
    }
    let (handsetd, mut wanted) = arguments
        .split_first()
        .context("which handsetd? Give its path.")?;
    let handsetd = Path::new(handsetd);
    ensure!(handsetd.is_file(), "{} is not a file", handsetd.display());
    if wanted.is_empty() {
        wanted = &WORKLOADS;
    }
    for workload in wanted {
        match *workload {
            "calls" => calls::run(handsetd).await?,
            "decode" => decode::run(handsetd)?,
            "delivery" => delivery::run(handsetd).await?,
            "events" => events::run(handsetd).await?,
            "group" => group::run(handsetd).await?,
            "growth" => group::growth(handsetd).await?,
            other => bail!("unknown workload {other}; expected one of {WORKLOADS:?}"),
        }
    }
    Ok(())
}

/// Runs as a subject: a peer or a floor.
async fn be(name: &str, address: &str) -> anyhow::Result<()> {
    match name {
        "floor-agi" => calls::floor(address).await,
        "asterisk-rs-agi" => calls::asterisk_rs(address).await,
        "blazing_agi" => calls::blazing(address).await,
        "floor-ami" => events::floor(address).await,
        "asterisk-rs-ami" => events::asterisk_rs(address).await,
        "light-phones" => group::light_phones(address).await,
        other => bail!("unknown subject {other}"),
    }
}
