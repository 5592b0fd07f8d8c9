//! A typical mix of events of an Asterisk with many phones.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::Load;
use super::manager::Manager;
use super::phones;

/// Sends `load.events` events per second until `stop`, in bursts like a busy server. Every twenty
/// seconds, all phones lose and regain their registration.
pub(super) async fn flood(manager: &Manager, load: &Load, stop: &CancellationToken) {
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let per_beat = load.events / PER_SECOND;
    let mut number = 0;
    while !stop.is_cancelled() {
        beat.tick().await;
        let (mut text, mut pauses) = (String::new(), 0);
        for _ in 0..per_beat {
            pauses += usize::from(event(&mut text, number, load));
            number += 1;
        }
        let text = text.replace('\n', "\r\n");
        manager.send(text, per_beat, pauses).await;
    }
}

/// Writes one event; returns whether the rule handles it.
fn event(text: &mut String, number: usize, load: &Load) -> bool {
    let at = number * 7919 % load.phones;
    let (name, ip) = (phones::name(at), phones::ip(at));
    // A storm: for one second, all events are about registrations.
    let is_storm = number % (20 * load.events) >= 19 * load.events;
    match number % 100 {
        _ if is_storm => contact(
            text,
            &name,
            &ip.to_string(),
            STATES[number / load.phones % 2],
        ),
        0 => {
            let at = number / 100 % load.listed;
            let paused = number / 100 / load.listed % 2;
            write!(
                text,
                "Event: QueueMemberPause\nPrivilege: agent,all\nQueue: support\n\
                 MemberName: Somebody\nInterface: PJSIP/{name}\nStateInterface: PJSIP/{name}\n\
                 Membership: static\nPenalty: 0\nCallsTaken: 3\nLastCall: 0\nInCall: 0\n\
                 Status: 1\nPaused: {paused}\nPausedReason: lunch\nRinginuse: 0\n\n",
                name = phones::name(at)
            )
            .unwrap();
            return true;
        }
        1..=4 => write!(
            text,
            "Event: UserEvent\nPrivilege: user,all\nChannel: PJSIP/{name}-{number:08x}\n\
             UserEvent: Alarm\nUniqueid: 1.{number}\nPlace: cellar\nLevel: 3\n\n"
        )
        .unwrap(),
        5 if number % 500 == 5 => contact(text, &name, &ip.to_string(), "Reachable"),
        6..=24 => {
            let state = ["NOT_INUSE", "INUSE", "RINGING", "BUSY"][number / 100 % 4];
            write!(
                text,
                "Event: DeviceStateChange\nPrivilege: call,all\nDevice: PJSIP/{name}\n\
                 State: {state}\n\n"
            )
            .unwrap();
        }
        // Occasionally a registered phone that does not respond.
        25 if number % 5000 == 25 => write!(
            text,
            "Event: DeviceStateChange\nPrivilege: call,all\nDevice: PJSIP/{name}\n\
             State: UNAVAILABLE\n\n"
        )
        .unwrap(),
        _ => write!(
            text,
            "Event: Newstate\nPrivilege: call,all\nChannel: PJSIP/{name}-{number:08x}\n\
             ChannelState: 4\nChannelStateDesc: Ring\nCallerIDNum: {name}\nCallerIDName: Alice\n\
             ConnectedLineNum: <unknown>\nConnectedLineName: <unknown>\nLanguage: en\n\
             AccountCode: \nContext: phones\nExten: 1002\nPriority: 1\nUniqueid: 1.{number}\n\
             Linkedid: 1.{number}\n\n"
        )
        .unwrap(),
    }
    false
}

fn contact(text: &mut String, name: &str, ip: &str, status: &str) {
    write!(
        text,
        "Event: ContactStatus\nPrivilege: system,all\nURI: sip:{name}@{ip}:5060\n\
         ContactStatus: {status}\nAOR: {name}\nEndpointName: {name}\nRoundtripUsec: 1200\n\n"
    )
    .unwrap();
}

const STATES: [&str; 2] = ["Unreachable", "Reachable"];

/// Interval of bursts.
const BEAT: Duration = Duration::from_millis(1000 / PER_SECOND as u64);
const PER_SECOND: usize = 50;
