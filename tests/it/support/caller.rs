//! Asterisk's side of an AGI session, for calls that need no real Asterisk.
//!
//! It sends the environment, answers the commands, and records the variables that are set.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::agi_variables::{self, unquoted};
use super::soon;

/// A call that is about to run `AGI()`.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    agi: SocketAddr,
    channel: String,
    values: Vec<(String, String)>,
}

/// The channel variables after `AGI()`.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallResult {
    pub(crate) status: String,
    pub(crate) reason: String,
    pub(crate) phone: String,
    pub(crate) vendor: String,
    pub(crate) id: String,
}

impl CallResult {
    /// Asserts that the reason fits into a variable and a line of the log.
    pub(crate) fn assert_one_short_line(&self) {
        assert!(self.reason.chars().count() <= 200, "{}", self.reason);
        assert!(!self.reason.contains(['\n', '\r']), "{:?}", self.reason);
    }
}

impl Caller {
    /// Creates a call on a channel that belongs to no phone.
    pub(crate) fn new(agi: SocketAddr) -> Self {
        Self {
            agi,
            channel: "Local/600@phones-00000001;2".to_owned(),
            values: Vec::new(),
        }
    }

    /// Makes it a call of `PJSIP/NAME`, with the address and User-Agent of its INVITE.
    pub(crate) fn at_phone(self, name: &str, address: &str, user_agent: &str) -> Self {
        self.on(&format!("PJSIP/{name}-00000001"))
            .with_variable("CHANNEL(pjsip,remote_addr)", address)
            .with_variable("PJSIP_HEADER(read,User-Agent)", user_agent)
    }

    /// Sets the channel.
    pub(crate) fn on(mut self, channel: &str) -> Self {
        channel.clone_into(&mut self.channel);
        self
    }

    /// Sets the value of `${EXPRESSION}`; all others are empty.
    pub(crate) fn with_variable(mut self, expression: &str, value: &str) -> Self {
        self.values.push((expression.to_owned(), value.to_owned()));
        self
    }

    /// Runs `AGI(agi://…/SCRIPT,ARGUMENTS…)` to completion.
    pub(crate) async fn run(&self, script: &str, arguments: &[&str]) -> CallResult {
        soon(
            &format!("the end of {script}"),
            self.converse(script, arguments),
        )
        .await
    }

    /// Connects and sends the environment; the test does the rest of the conversation.
    pub(crate) async fn open(&self, script: &str, arguments: &[&str]) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.agi).await.unwrap();
        let environment = self.environment(script, arguments);
        stream.write_all(environment.as_bytes()).await.unwrap();
        BufReader::new(stream)
    }

    async fn converse(&self, script: &str, arguments: &[&str]) -> CallResult {
        let mut stream = self.open(script, arguments).await;
        let mut variables = BTreeMap::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap() == 0 {
                break;
            }
            let answer = self.answer(line.trim_end_matches('\n'), &mut variables);
            let written = stream.get_mut().write_all(answer.as_bytes()).await;
            written.unwrap();
        }
        let mut take = |name: &str| match variables.remove(&format!("HANDSET_{name}")) {
            Some(value) => value,
            None => panic!("no HANDSET_{name} was set by {script} {arguments:?}"),
        };
        CallResult {
            status: take("STATUS"),
            reason: take("REASON"),
            phone: take("PHONE"),
            vendor: take("VENDOR"),
            id: take("ID"),
        }
    }

    fn environment(&self, script: &str, arguments: &[&str]) -> String {
        let mut text = format!(
            "agi_network: yes\nagi_network_script: {script}\n\
             agi_request: agi://127.0.0.1/{script}\nagi_channel: {}\nagi_language: en\n\
             agi_type: PJSIP\nagi_uniqueid: 1.1\nagi_version: 22.5.2\nagi_callerid: 1001\n\
             agi_calleridname: unknown\nagi_callingpres: 0\nagi_callingani2: 0\n\
             agi_callington: 0\nagi_callingtns: 0\nagi_dnid: 600\nagi_rdnis: unknown\n\
             agi_context: phones\nagi_extension: 600\nagi_priority: 1\nagi_enhanced: 0.0\n\
             agi_accountcode: \nagi_threadid: 1\n",
            self.channel
        );
        for (at, argument) in arguments.iter().enumerate() {
            writeln!(text, "agi_arg_{}: {argument}", at + 1).unwrap();
        }
        text + "\n"
    }

    fn answer(&self, command: &str, variables: &mut BTreeMap<String, String>) -> String {
        if let Some((set, reply)) = agi_variables::set_by(command) {
            for (name, value) in set {
                let before = variables.insert(name.clone(), value);
                assert_eq!(before, None, "{name} is set twice");
            }
            return reply.to_owned();
        }
        if let Some(expression) = command.strip_prefix("GET FULL VARIABLE ") {
            let value = self.expanded(&unquoted(expression));
            return if value.is_empty() {
                "200 result=0\n".to_owned()
            } else {
                format!("200 result=1 ({value})\n")
            };
        }
        panic!("an unexpected AGI command: {command}");
    }

    /// Expands each `${…}` as Asterisk does.
    fn expanded(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (expression, next) = after.split_once('}').unwrap();
            let known = self.values.iter().find(|(known, _)| known == expression);
            out.push_str(before);
            out.push_str(known.map_or("", |(_, value)| value));
            rest = next;
        }
        out + rest
    }
}
