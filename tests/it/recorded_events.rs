//! Events of real Asterisk servers, recorded for the tests of the rules in the documentation.
//!
//! Each test has a server raise the events, and compares them with `tests/fixtures/events`. With
//! `HANDSETD_REWRITE` set, it records them there instead.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use handset_ami::Event;
use handset_ami::wire::{Frame, Framer};
use handset_net::tasks::Tasks;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::watch;

use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::on_both_versions;
use super::support::sip_client::{Course, SipPhone};
use super::support::soon;
use super::support::udp_phone::UdpPhone;

on_both_versions! {
    recorded_events_are_those_of_asterisk
}

async fn recorded_events_are_those_of_asterisk(version: Version) {
    let options = Options {
        dialplan: DIALPLAN,
        files: FILES,
        ..Options::registrar(&[
            (Driver::Pjsip, "1001"),
            (Driver::Pjsip, "1002"),
            (Driver::Pjsip, "door-front"),
        ])
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let mut recorder = Recorder::connect(&asterisk).await;
    telephones(&asterisk, &recorder).await;
    queues(&asterisk, &mut recorder).await;
    others(&asterisk, &mut recorder).await;

    let live = kept(&recorder.bytes.borrow());
    let path = fixture(version);
    if std::env::var_os("HANDSETD_REWRITE").is_some() {
        fs::write(&path, written(&live)).unwrap();
    }
    // A recorded event has the headers that a live one of its name has.
    let names = |events: &[Vec<(String, String)>]| {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for event in events {
            let headers = event.iter().map(|(name, _)| name.clone());
            names.entry(event[0].1.clone()).or_default().extend(headers);
        }
        names
    };
    let live = names(&live);
    for (event, headers) in names(&kept(&fs::read(&path).unwrap())) {
        let found = live.get(&event);
        let missing: Vec<_> = headers
            .iter()
            .filter(|header| !found.is_some_and(|found| found.contains(*header)))
            .collect();
        assert!(
            missing.is_empty(),
            "{event}: {missing:?} of {}",
            path.display()
        );
    }
}

/// Calls between phones: answered, missed, busy, of the door station.
async fn telephones(asterisk: &Asterisk, recorder: &Recorder) {
    let registrar = asterisk.sip(Driver::Pjsip);
    let mut desk = UdpPhone::new("1001", "snomD785/10.1.1.1", registrar).await;
    desk.register(3600).await;
    let caller = SipPhone::new("1002", "Yealink SIP-T46S 66.85.0.5", registrar);
    caller.register().await;
    recorder.event("ContactStatus", 2).await;

    let call = caller.dial("700", Course::HungUp);
    let invite = desk.receive_invite().await;
    desk.accept(&invite).await;
    recorder.event("BridgeEnter", 2).await;
    call.hang_up().await;
    desk.receive_bye().await;
    call.end().await;

    let call = caller.dial("701", Course::Rejected);
    let invite = desk.receive_invite().await;
    desk.receive_cancel(&invite).await;
    call.end().await;

    let call = caller.dial("701", Course::Rejected);
    let invite = desk.receive_invite().await;
    desk.reject(&invite, "486 Busy Here").await;
    call.end().await;

    let door = SipPhone::new("door-front", "door station", registrar);
    let call = door.dial("701", Course::Rejected);
    let invite = desk.receive_invite().await;
    desk.receive_cancel(&invite).await;
    call.end().await;
    desk.register(0).await;
    recorder.event("DeviceStateChange", 6).await;
}

/// Members of a queue who pause, calls that are answered and abandoned, and an agent.
async fn queues(asterisk: &Asterisk, recorder: &mut Recorder) {
    for action in [
        "QueueAdd\r\nQueue: support\r\nInterface: PJSIP/1001\r\nMemberName: Desk",
        "QueueAdd\r\nQueue: support\r\nInterface: Local/730@phones\r\nMemberName: Answers",
        "QueuePause\r\nQueue: support\r\nInterface: PJSIP/1001\r\nPaused: true\r\nReason: lunch",
        "QueuePause\r\nQueue: support\r\nInterface: PJSIP/1001\r\nPaused: false",
        "QueuePenalty\r\nQueue: support\r\nInterface: PJSIP/1001\r\nPenalty: 3",
    ] {
        recorder.send(action).await;
    }
    recorder.event("QueueMemberPause", 2).await;
    recorder.event("QueueMemberPenalty", 1).await;
    dial(asterisk, "710", "Wait 1");
    recorder.event("AgentComplete", 1).await;
    recorder
        .send("QueueRemove\r\nQueue: support\r\nInterface: Local/730@phones")
        .await;
    recorder
        .send("QueueRemove\r\nQueue: support\r\nInterface: PJSIP/1001")
        .await;
    recorder.event("QueueMemberRemoved", 2).await;
    dial(asterisk, "710", "Wait 1");
    recorder.event("QueueCallerAbandon", 1).await;
    dial(asterisk, "720", "Wait 1");
    recorder.event("AgentLogin", 1).await;
    recorder.event("AgentLogoff", 1).await;
}

/// User events, states, conferences, parking and voicemail.
async fn others(asterisk: &Asterisk, recorder: &mut Recorder) {
    dial(asterisk, "740", "Wait 1");
    recorder.event("UserEvent", 3).await;
    asterisk.cli("devstate change Custom:night INUSE");
    asterisk.cli("devstate change Custom:night NOT_INUSE");
    recorder.event("ExtensionStatus", 2).await;
    dial(asterisk, "750", "Wait 1");
    recorder.event("ConfbridgeEnd", 1).await;
    dial(asterisk, "760", "Wait 1");
    recorder.event("ParkedCallGiveUp", 1).await;
    dial(asterisk, "770", "Read digit,,1");
    recorder.event("DTMFEnd", 1).await;
    recorder.event("PresenceStateChange", 1).await;
    dial(asterisk, "780", "Wait 1");
    recorder.event("MessageWaiting", 1).await;
}

/// Places a call to an extension that runs an application on its other side.
fn dial(asterisk: &Asterisk, extension: &str, application: &str) {
    let channel = format!("Local/{extension}@phones");
    asterisk.cli(&format!(
        "channel originate {channel} application {application}"
    ));
}

/// A connection to AMI whose bytes are kept.
struct Recorder {
    sender: OwnedWriteHalf,
    bytes: watch::Receiver<Vec<u8>>,
}

impl Recorder {
    async fn connect(asterisk: &Asterisk) -> Self {
        let stream = TcpStream::connect(asterisk.manager()).await.unwrap();
        let (mut reader, sender) = stream.into_split();
        let (received, bytes) = watch::channel(Vec::new());
        Tasks::new().spawn("recorder", async move {
            let mut chunk = vec![0; 64 * 1024];
            while let Ok(length @ 1..) = reader.read(&mut chunk).await {
                received.send_modify(|bytes| bytes.extend_from_slice(&chunk[..length]));
            }
        });
        let mut recorder = Self { sender, bytes };
        recorder
            .send("Login\r\nUsername: recorder\r\nSecret: hush")
            .await;
        // Nothing is sent before that.
        recorder.event("FullyBooted", 1).await;
        recorder
    }

    async fn send(&mut self, action: &str) {
        let action = format!("Action: {action}\r\n\r\n");
        self.sender.write_all(action.as_bytes()).await.unwrap();
    }

    /// Waits until events of this name have been received that many times.
    async fn event(&self, name: &str, count: usize) {
        let line = format!("Event: {name}\r\n");
        let mut bytes = self.bytes.clone();
        let is_enough = |bytes: &Vec<u8>| {
            let found = bytes
                .windows(line.len())
                .filter(|part| *part == line.as_bytes());
            found.count() >= count
        };
        soon(&format!("{count} {name}"), bytes.wait_for(is_enough))
            .await
            .unwrap();
    }
}

/// Returns the events that are recorded: their headers in order, with values that are the same in each
/// recording.
fn kept(bytes: &[u8]) -> Vec<Vec<(String, String)>> {
    let mut framer = Framer::new(1 << 20);
    let mut buffer = bytes.into();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut kept = Vec::new();
    while let Some(frame) = framer.next(&mut buffer) {
        let Frame::Packet { block, .. } = frame else {
            continue;
        };
        let Some(event) = Event::parse(&block) else {
            continue;
        };
        let headers: Vec<_> = event
            .headers()
            .map(|(name, value)| (name.to_owned(), steady(value)))
            .collect();
        let name = headers[0].1.clone();
        let device = event.header("Device").or_else(|| event.header("Hint"));
        let device = device.unwrap_or_default();
        let count = counts.entry(format!("{name} {device}")).or_default();
        *count += 1;
        if !LEFT_OUT.contains(&name.as_str()) && *count <= MOST {
            kept.push(headers);
        }
    }
    kept
}

fn written(events: &[Vec<(String, String)>]) -> String {
    let mut text = String::new();
    for event in events {
        for (name, value) in event {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        text.push_str("\r\n");
    }
    text
}

/// Returns a value without what differs in each recording: times, and addresses of this machine.
fn steady(value: &str) -> String {
    let mut steady = String::new();
    let is_address = |c: char| c.is_ascii_digit() || c == '.';
    for part in value.split_inclusive(|c| !is_address(c)) {
        let number = part.trim_end_matches(|c| !is_address(c));
        let rest = &part[number.len()..];
        let (seconds, fraction) = number.split_once('.').unwrap_or((number, ""));
        if number.parse().is_ok_and(|ip: Ipv4Addr| ip.is_loopback()) {
            steady += "192.0.2.10";
        } else if seconds.len() == 10 && seconds.starts_with('1') {
            steady += "1700000000";
            if !fraction.is_empty() {
                write!(steady, ".{fraction}").unwrap();
            }
        } else {
            steady += number;
        }
        steady += rest;
    }
    steady
}

fn fixture(version: Version) -> PathBuf {
    let file = match version {
        Version::V16 => "asterisk-16.ami",
        Version::V22 => "asterisk-22.ami",
    };
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/events")
        .join(file)
}

/// Events that no rule needs: of the server itself, and those that come in great numbers.
const LEFT_OUT: [&str; 9] = [
    "LocalBridge",
    "NewCallerid",
    "Newexten",
    "RTCPReceived",
    "RTCPSent",
    "SoftHangupRequest",
    "SuccessfulAuth",
    "TestEvent",
    "VarSet",
];

/// How many events of one name are recorded, and for one device.
const MOST: usize = 10;

const DIALPLAN: &str = "
exten => 700,1,Dial(PJSIP/1001,20)
exten => 701,1,Dial(PJSIP/1001,1)
 same => n,Busy(1)
exten => 710,1,Answer
 same => n,Queue(support)
exten => 720,1,AgentLogin(1001,s)
exten => 730,1,Answer
 same => n,Wait(1)
exten => 740,1,UserEvent(Door,Place: gate,Picture: gate.png)
 same => n,UserEvent(Alarm,Place: cellar,Level: 3)
 same => n,UserEvent(Meeting,Room: library,Phone: 1001)
exten => 750,1,ConfBridge(600)
exten => 760,1,Answer
 same => n,Park()
exten => 770,1,Answer
 same => n,Set(PRESENCE_STATE(CustomPresence:1001)=away,,lunch)
 same => n,SendDTMF(5)
 same => n,Wait(1)
exten => 780,1,MinivmMWI(1001@default,0,1,0)
exten => 1001,hint,PJSIP/1001
exten => 999,hint,Custom:night
";

const FILES: &[(&str, &str)] = &[
    (
        "modules.conf",
        "load=res_musiconhold.so
load=func_devstate.so
load=func_presencestate.so
load=res_manager_devicestate.so
load=res_manager_presencestate.so
load=app_queue.so
load=app_agent_pool.so
load=bridge_holding.so
load=bridge_softmix.so
load=app_confbridge.so
load=res_parking.so
load=app_senddtmf.so
load=app_minivm.so
",
    ),
    (
        "manager.conf",
        "[recorder]\nsecret=hush\nread=all\nwrite=all\n",
    ),
    ("queues.conf", "[general]\n[support]\nstrategy=ringall\n"),
    ("agents.conf", "[general]\n[1001]\nfullname=Desk\n"),
    ("confbridge.conf", "[general]\n"),
    (
        "res_parking.conf",
        "[general]\n[default]\nparkext=800\nparkpos=801-809\ncontext=parked\n",
    ),
    ("musiconhold.conf", "[general]\n"),
    ("minivm.conf", "[general]\n"),
];
