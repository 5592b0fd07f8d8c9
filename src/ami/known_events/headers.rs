//! The headers of events, as far as they are documented.
//!
//! From the same documentation as the events: the parameters of each, with those that it includes from others.
//! Events that carry anything, such as `UserEvent`, are left out. Asterisk may send headers that it does not
//! document.

/// Returns the headers that an event may have in any version, its name compared case-insensitively; `None` if
/// they are not known.
#[must_use]
pub fn headers(event: &str) -> Option<Vec<String>> {
    let mut rows = TABLE.iter().filter_map(|row| row.split_once(": "));
    let (_, words) = rows.find(|(name, _)| name.eq_ignore_ascii_case(event))?;
    let mut headers: Vec<String> = COMMON.iter().copied().map(ToOwned::to_owned).collect();
    for word in words.split_whitespace() {
        let (prefix, names) = if let Some(prefix) = word.strip_prefix('@') {
            (prefix, CHANNEL)
        } else if let Some(prefix) = word.strip_prefix('%') {
            (prefix, BRIDGE)
        } else {
            headers.push(word.to_owned());
            continue;
        };
        headers.extend(names.iter().map(|name| format!("{prefix}{name}")));
    }
    Some(headers)
}

/// What any event may have.
const COMMON: &[&str] = &[
    "Event",
    "EventList",
    "File",
    "Func",
    "Line",
    "Privilege",
    "SequenceNumber",
    "SystemName",
    "Timestamp",
];

/// The headers of a channel, in the function `ast_manager_build_channel_state_string_prefix`.
const CHANNEL: &[&str] = &[
    "AccountCode",
    "CallerIDName",
    "CallerIDNum",
    "ChanVariable",
    "Channel",
    "ChannelState",
    "ChannelStateDesc",
    "ConnectedLineName",
    "ConnectedLineNum",
    "Context",
    "Exten",
    "Language",
    "Linkedid",
    "Priority",
    "TenantID",
    "Uniqueid",
];

/// The headers of a bridge, in the function `ast_manager_build_bridge_state_string_prefix`.
const BRIDGE: &[&str] = &[
    "BridgeCreator",
    "BridgeName",
    "BridgeNumChannels",
    "BridgeTechnology",
    "BridgeType",
    "BridgeUniqueid",
    "BridgeVideoSource",
    "BridgeVideoSourceMode",
];

/// Each event with its headers. `@` stands for a channel and `%` for a bridge, whose headers begin with what
/// follows.
const TABLE: &[&str] = &[
    "AGIExecEnd: @ Command CommandId Result ResultCode",
    "AGIExecStart: @ Command CommandId",
    "AgentCalled: @ @Dest Interface MemberName Queue",
    "AgentComplete: @ @Dest HoldTime Interface MemberName Queue Reason TalkTime",
    "AgentConnect: @ @Dest HoldTime Interface MemberName Queue RingTime",
    "AgentDump: @ @Dest Interface MemberName Queue",
    "AgentLogin: @ Agent",
    "AgentLogoff: @ Agent Logintime",
    "AgentRingNoAnswer: @ @Dest Interface MemberName Queue RingTime",
    "Alarm: Alarm DAHDIChannel",
    "AlarmClear: DAHDIChannel",
    "AsyncAGIEnd: @",
    "AsyncAGIExec: @ CommandID Result",
    "AsyncAGIStart: @ Env",
    "AttendedTransfer: %Orig %Second @LocalOne @LocalTwo @OrigTransferer @SecondTransferer \
     @TransferTarget @Transferee DestApp DestBridgeUniqueid DestTransfererChannel DestType",
    "AuthMethodNotAllowed: AccountID AuthMethod EventTV EventVersion LocalAddress Module \
     RemoteAddress Service SessionID SessionTV Severity",
    "BlindTransfer: % @Transferee @Transferer Context Extension IsExternal Result",
    "BridgeCreate: %",
    "BridgeDestroy: %",
    "BridgeEnter: % @ SwapUniqueid",
    "BridgeLeave: % @",
    "BridgeMerge: %From %To",
    "BridgeVideoSourceUpdate: % BridgePreviousVideoSource",
    "ChallengeResponseFailed: AccountID Challenge EventTV EventVersion ExpectedResponse \
     LocalAddress Module RemoteAddress Response Service SessionID SessionTV Severity",
    "ChallengeSent: AccountID Challenge EventTV EventVersion LocalAddress Module \
     RemoteAddress Service SessionID SessionTV Severity",
    "ChanSpyStart: @Spyee @Spyer",
    "ChanSpyStop: @Spyee @Spyer",
    "ChannelTalkingStart: @",
    "ChannelTalkingStop: @ Duration",
    "ConfbridgeEnd: % Conference",
    "ConfbridgeJoin: % @ Admin Conference Muted",
    "ConfbridgeLeave: % @ Admin Conference",
    "ConfbridgeMute: % @ Admin Conference",
    "ConfbridgeRecord: % Conference",
    "ConfbridgeStart: % Conference",
    "ConfbridgeStopRecord: % Conference",
    "ConfbridgeTalking: % @ Admin Conference TalkingStatus",
    "ConfbridgeUnmute: % @ Admin Conference",
    "ContactStatus: AOR ContactStatus EndpointName RoundtripUsec URI",
    "DAHDIChannel: @ DAHDIChannel DAHDIGroup DAHDISpan",
    "DNDState: DAHDIChannel Status",
    "DTMFBegin: @ Digit Direction",
    "DTMFEnd: @ Digit Direction DurationMs",
    "DeadlockStart: Mutex",
    "DeviceStateChange: Device State",
    "DialBegin: @ @Dest DialString",
    "DialEnd: @ @Dest DialStatus Forward",
    "DialState: @ @Dest DialStatus Forward",
    "ExtensionStatus: Context Exten Hint Status StatusText",
    "FAXStatus: @ FileName LocalStationID Operation Status",
    "FailedACL: ACLName AccountID EventTV EventVersion LocalAddress Module RemoteAddress \
     Service SessionID SessionTV Severity",
    "Flash: @",
    "FullyBooted: LastReload Status Uptime",
    "Hangup: @ Cause Cause-txt TechCause",
    "HangupHandlerPop: @ Handler",
    "HangupHandlerPush: @ Handler",
    "HangupHandlerRun: @ Handler",
    "HangupRequest: @ Cause TechCause",
    "Hold: @ MusicClass",
    "InvalidAccountID: AccountID EventTV EventVersion LocalAddress Module RemoteAddress \
     Service SessionID SessionTV Severity",
    "InvalidPassword: AccountID Challenge EventTV EventVersion LocalAddress Module \
     ReceivedChallenge ReceivedHash RemoteAddress Service SessionID SessionTV Severity",
    "InvalidTransport: AccountID AttemptedTransport EventTV EventVersion LocalAddress Module \
     RemoteAddress Service SessionID SessionTV Severity",
    "Load: Module Status",
    "LoadAverageLimit: AccountID EventTV EventVersion LocalAddress Module RemoteAddress \
     Service SessionID SessionTV Severity",
    "LocalBridge: @LocalOne @LocalTwo Context Exten LocalOptimization",
    "LocalOptimizationBegin: @LocalOne @LocalTwo @Source DestUniqueId Id",
    "LocalOptimizationEnd: @LocalOne @LocalTwo Id Success",
    "LogChannel: Channel",
    "MCID: @ MCallerIDName MCallerIDNameCharSet MCallerIDNamePres MCallerIDNameValid \
     MCallerIDNum MCallerIDNumPlan MCallerIDNumPres MCallerIDNumValid MCallerIDPres \
     MCallerIDSubaddr MCallerIDSubaddrOdd MCallerIDSubaddrType MCallerIDton MConnectedIDName \
     MConnectedIDNameCharSet MConnectedIDNamePres MConnectedIDNameValid MConnectedIDNum \
     MConnectedIDNumPlan MConnectedIDNumPres MConnectedIDNumValid MConnectedIDPres \
     MConnectedIDSubaddr MConnectedIDSubaddrOdd MConnectedIDSubaddrType MConnectedIDton",
    "MeetmeEnd: Meetme",
    "MeetmeJoin: @ Meetme User",
    "MeetmeLeave: @ Duration Meetme User",
    "MeetmeMute: @ Duration Meetme Status User",
    "MeetmeTalkRequest: @ Duration Meetme Status User",
    "MeetmeTalking: @ Duration Meetme Status User",
    "MemoryLimit: AccountID EventTV EventVersion LocalAddress Module RemoteAddress Service \
     SessionID SessionTV Severity",
    "MessageWaiting: @ Mailbox New Old Waiting",
    "MiniVoiceMail: @ Action Counter Mailbox",
    "MixMonitorMute: @ Direction State",
    "MixMonitorStart: @",
    "MixMonitorStop: @",
    "MonitorStart: @",
    "MonitorStop: @",
    "MusicOnHoldStart: @ Class",
    "MusicOnHoldStop: @",
    "NewAccountCode: @ OldAccountCode",
    "NewCallerid: @ CID-CallingPres",
    "NewConnectedLine: @",
    "Newexten: @ AppData Application Extension",
    "Newchannel: @",
    "Newstate: @",
    "OriginateResponse: ActionID Application CallerIDName CallerIDNum Channel Context Data \
     Exten Reason Response Uniqueid",
    "PJSIPMaintenanceStatus: Endpoint Status",
    "ParkedCall: @Parkee ParkerDialString ParkingDuration ParkingSpace ParkingTimeout Parkinglot",
    "ParkedCallGiveUp: @Parkee @Parker ParkerDialString ParkingDuration ParkingSpace \
     ParkingTimeout Parkinglot",
    "ParkedCallSwap: @Parkee @Parker ParkerDialString ParkingDuration ParkingSpace \
     ParkingTimeout Parkinglot",
    "ParkedCallTimeOut: @Parkee @Parker ParkerDialString ParkingDuration ParkingSpace \
     ParkingTimeout Parkinglot",
    "PeerStatus: Address Cause ChannelType Peer PeerStatus Port Time",
    "Pickup: @ @Target",
    "PresenceStateChange: Message Presentity Status Subtype",
    "PresenceStatus: Context Exten Hint Message Status Subtype",
    "QueueCallerAbandon: @ HoldTime OriginalPosition Position Queue",
    "QueueCallerJoin: @ Count Position Queue",
    "QueueCallerLeave: @ Count Position Queue",
    "QueueMemberAdded: CallsTaken InCall Interface LastCall LastPause LoginTime MemberName \
     Membership Paused PausedReason Penalty Queue Ringinuse StateInterface Status Wrapuptime",
    "QueueMemberPause: CallsTaken InCall Interface LastCall LastPause LoginTime MemberName \
     Membership Paused PausedReason Penalty Queue Reason Ringinuse StateInterface Status \
     Wrapuptime",
    "QueueMemberPenalty: CallsTaken InCall Interface LastCall LastPause LoginTime MemberName \
     Membership Paused PausedReason Penalty Queue Ringinuse StateInterface Status Wrapuptime",
    "QueueMemberRemoved: CallsTaken InCall Interface LastCall LastPause LoginTime MemberName \
     Membership Paused PausedReason Penalty Queue Ringinuse StateInterface Status Wrapuptime",
    "QueueMemberRinginuse: CallsTaken InCall Interface LastCall LastPause LoginTime \
     MemberName Membership Paused PausedReason Penalty Queue Ringinuse StateInterface Status \
     Wrapuptime",
    "QueueMemberStatus: CallsTaken InCall Interface LastCall LastPause LoginTime MemberName \
     Membership Paused PausedReason Penalty Queue Ringinuse StateInterface Status Wrapuptime",
    "ReceiveFAX: @ FileName LocalStationID PagesTransferred RemoteStationID Resolution \
     TransferRate",
    "Registry: Cause ChannelType Domain Status Username",
    "Reload: Module Status",
    "RequestBadFormat: AccountID EventTV EventVersion LocalAddress Module RemoteAddress \
     RequestParams RequestType Service SessionID SessionTV Severity",
    "RequestNotAllowed: AccountID EventTV EventVersion LocalAddress Module RemoteAddress \
     RequestParams RequestType Service SessionID SessionTV Severity",
    "RequestNotSupported: AccountID EventTV EventVersion LocalAddress Module RemoteAddress \
     RequestType Service SessionID SessionTV Severity",
    "SIPQualifyPeerDone: ActionID Peer",
    "SendFAX: @ FileName LocalStationID PagesTransferred RemoteStationID Resolution TransferRate",
    "SessionLimit: AccountID EventTV EventVersion LocalAddress Module RemoteAddress Service \
     SessionID SessionTV Severity",
    "SessionTimeout: @ Source",
    "Shutdown: Restart Shutdown",
    "SoftHangupRequest: @ Cause",
    "SpanAlarm: Alarm Span",
    "SpanAlarmClear: Span",
    "SuccessfulAuth: AccountID EventTV EventVersion LocalAddress Module RemoteAddress Service \
     SessionID SessionTV Severity UsingPassword",
    "UnParkedCall: @Parkee @Parker @Retriever ParkerDialString ParkingDuration ParkingSpace \
     ParkingTimeout Parkinglot",
    "UnexpectedAddress: AccountID EventTV EventVersion ExpectedAddress LocalAddress Module \
     RemoteAddress Service SessionID SessionTV Severity",
    "Unhold: @",
    "Unload: Module Status",
    "VarSet: @ Value Variable",
    "VoicemailPasswordChange: Context Mailbox NewPassword",
    "Wink: @",
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::known_events;

    #[test]
    fn headers_are_those_of_the_documentation() {
        let pause = headers("queuememberpause").unwrap();
        for name in ["Queue", "Paused", "PausedReason", "Interface", "Event"] {
            assert!(pause.iter().any(|known| known == name), "{name}");
        }
        assert!(!pause.contains(&"Channel".to_owned()));
        let dial = headers("DialBegin").unwrap();
        for name in ["Channel", "DestChannel", "DestChanVariable", "DialString"] {
            assert!(dial.iter().any(|known| known == name), "{name}");
        }
        for event in ["UserEvent", "Nonsense", "Cdr"] {
            assert_eq!(headers(event), None, "{event}");
        }
    }

    #[test]
    fn rows_are_of_known_events() {
        let mut names = HashSet::new();
        for row in TABLE {
            let (name, words) = row.split_once(": ").unwrap();
            let event = known_events::find(name).unwrap();
            assert_eq!(event.name, name);
            assert!(names.insert(name), "{name} is there twice");
            assert!(!words.is_empty(), "{name}");
        }
    }

    #[test]
    fn events_that_were_recorded_have_no_others() {
        let mut seen = 0;
        for version in [16, 22] {
            let file = format!("../../tests/fixtures/events/asterisk-{version}.ami");
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
            let text = fs::read(path).unwrap();
            let text = String::from_utf8_lossy(&text).replace("\r\n", "\n");
            for block in text.split("\n\n") {
                let pairs = block.lines().filter_map(|line| line.split_once(": "));
                let pairs: Vec<_> = pairs.collect();
                let event = pairs.iter().find(|(name, _)| *name == "Event");
                let Some(known) = event.and_then(|(_, event)| headers(event)) else {
                    continue;
                };
                for (name, _) in &pairs {
                    let is_known = known.iter().any(|known| known.eq_ignore_ascii_case(name));
                    let known = known.join(" ");
                    assert!(
                        is_known || *name == "ActionID",
                        "{event:?} has {name}, not only {known}"
                    );
                    seen += 1;
                }
            }
        }
        assert!(seen > 500, "{seen}");
    }
}
