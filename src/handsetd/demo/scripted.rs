//! Asterisk's side of FastAGI as a script: what the server sees of a call from a PJSIP phone. It shares
//! no code with the server.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::scenario::{DemoPhone, Extension};

/// Makes a call; returns the channel variables that were set.
pub(super) async fn dial(
    agi: SocketAddr,
    phone: &DemoPhone,
    extension: &Extension,
) -> anyhow::Result<Vec<(String, String)>> {
    timeout(CALL_TIMEOUT, call(agi, phone, extension))
        .await
        .context("the call timed out")?
}

async fn call(
    agi: SocketAddr,
    phone: &DemoPhone,
    extension: &Extension,
) -> anyhow::Result<Vec<(String, String)>> {
    let stream = TcpStream::connect(agi)
        .await
        .context("cannot connect to handsetd")?;
    let (reader, mut writer) = stream.into_split();
    writer
        .write_all(environment(phone, extension).as_bytes())
        .await?;
    let mut lines = BufReader::new(reader).lines();
    let mut variables = Vec::new();
    while let Some(line) = lines.next_line().await? {
        let reply = match words(&line).as_slice() {
            [get, full, variable, expression]
                if [get, full, variable] == ["GET", "FULL", "VARIABLE"] =>
            {
                format!("200 result=1 ({})", expand(expression, phone))
            }
            [set, variable, name, value] if [set, variable] == ["SET", "VARIABLE"] => {
                variables.push((name.clone(), value.clone()));
                "200 result=1".to_owned()
            }
            [exec, mset, assignments] if [exec, mset] == ["EXEC", "MSet"] => {
                variables.extend(assigned(assignments));
                "200 result=0".to_owned()
            }
            [verbose, ..] if verbose == "VERBOSE" => "200 result=1".to_owned(),
            _ => bail!("the script does not support the AGI command {line:?}"),
        };
        writer.write_all(format!("{reply}\n").as_bytes()).await?;
    }
    Ok(variables)
}

fn environment(phone: &DemoPhone, extension: &Extension) -> String {
    let (number, verb) = (extension.number, extension.verb);
    let (endpoint, caller) = (&phone.endpoint, phone.endpoint.name());
    let mut text = format!(
        "agi_network: yes\nagi_network_script: {verb}\nagi_request: agi://127.0.0.1/{verb}\n\
         agi_channel: {endpoint}-00000001\nagi_language: en\nagi_type: PJSIP\n\
         agi_uniqueid: 1795221990.1\nagi_version: 22.0.0\nagi_callerid: {caller}\n\
         agi_calleridname: unknown\nagi_callingpres: 0\nagi_callingani2: 0\nagi_callington: 0\n\
         agi_callingtns: 0\nagi_dnid: {number}\nagi_rdnis: unknown\nagi_context: phones\n\
         agi_extension: {number}\nagi_priority: 1\nagi_enhanced: 0.0\nagi_accountcode: \n\
         agi_threadid: 1\n"
    );
    for (at, argument) in extension.arguments(phone).iter().enumerate() {
        let _ = writeln!(text, "agi_arg_{}: {argument}", at + 1);
    }
    text.push('\n');
    text
}

/// Expands the expressions that describe the caller's phone.
fn expand(expression: &str, phone: &DemoPhone) -> String {
    let address = format!("{}:5060", phone.simulated.address().ip());
    let known = [
        ("${CHANNEL(pjsip,remote_addr)}", address),
        (
            "${PJSIP_HEADER(read,User-Agent)}",
            phone.simulated.options().user_agent(),
        ),
    ];
    known
        .iter()
        .fold(expression.to_owned(), |text, (name, value)| {
            text.replace(name, value)
        })
}

/// Splits a command as Asterisk does, with quotes and backslashes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(chars.next()),
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Reads the argument of `MSet`: assignments separated by commas, with backslashes before literal
/// characters.
fn assigned(assignments: &str) -> Vec<(String, String)> {
    let mut parts = vec![String::new()];
    let mut chars = assignments.chars();
    while let Some(c) = chars.next() {
        match (c, parts.last_mut()) {
            (',', _) => parts.push(String::new()),
            ('\\', Some(part)) => part.extend(chars.next()),
            (c, Some(part)) => part.push(c),
            (_, None) => {}
        }
    }
    let pair = |part: String| {
        let (name, value) = part.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    };
    parts.into_iter().filter_map(pair).collect()
}

/// Longer than a call may wait.
const CALL_TIMEOUT: Duration = Duration::from_secs(90);
