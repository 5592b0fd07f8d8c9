//! The manager events of Asterisk 16 to 22, and the classes by which an account reads them.
//!
//! Taken from the documentation that Asterisk builds in (`manager show events`), and from its source for
//! events that are not documented there. Other modules may send others.

mod headers;

use std::fmt;

pub use headers::headers;

/// An event that Asterisk sends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KnownEvent {
    /// Its name.
    pub name: &'static str,
    /// Its class.
    pub class: EventClass,
    /// The first version that sends it, from 16.
    pub since: u8,
    /// The last version that sends it, up to 22.
    pub until: u8,
}

/// The class of an event: an account receives those that `read` names in `manager.conf`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[expect(missing_docs, reason = "they are the words of manager.conf")]
pub enum EventClass {
    Agent,
    Agi,
    Aoc,
    Call,
    Cc,
    Cdr,
    Cel,
    Dialplan,
    Dtmf,
    Reporting,
    /// It comes only in the response to an action.
    Response,
    Security,
    System,
    Test,
    User,
}

impl EventClass {
    /// Returns the word for it in `manager.conf`; empty for [`EventClass::Response`].
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Agi => "agi",
            Self::Aoc => "aoc",
            Self::Call => "call",
            Self::Cc => "cc",
            Self::Cdr => "cdr",
            Self::Cel => "cel",
            Self::Dialplan => "dialplan",
            Self::Dtmf => "dtmf",
            Self::Reporting => "reporting",
            Self::Response => "",
            Self::Security => "security",
            Self::System => "system",
            Self::Test => "test",
            Self::User => "user",
        }
    }
}

impl fmt::Display for EventClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Returns all events, without order.
pub fn all() -> impl Iterator<Item = KnownEvent> {
    TABLE.iter().flat_map(|&(class, since, until, names)| {
        names.split_whitespace().map(move |name| KnownEvent {
            name,
            class,
            since,
            until,
        })
    })
}

/// Returns the event of that name, which is compared case-insensitively.
#[must_use]
pub fn find(name: &str) -> Option<KnownEvent> {
    all().find(|event| event.name.eq_ignore_ascii_case(name))
}

use EventClass::{
    Agent, Agi, Aoc, Call, Cc, Cdr, Cel, Dialplan, Dtmf, Reporting, Response, Security, System,
    Test, User,
};

/// Class, first and last version, and names.
const TABLE: &[(EventClass, u8, u8, &str)] = &[
    (
        Agent,
        16,
        22,
        "AgentCalled AgentComplete AgentConnect AgentDump AgentLogin AgentLogoff \
         AgentRingNoAnswer QueueCallerAbandon QueueCallerJoin QueueCallerLeave \
         QueueMemberAdded QueueMemberPause QueueMemberPenalty QueueMemberRemoved \
         QueueMemberRinginuse QueueMemberStatus",
    ),
    (
        Agi,
        16,
        22,
        "AGIExecEnd AGIExecStart AsyncAGIEnd AsyncAGIExec AsyncAGIStart",
    ),
    (Aoc, 16, 22, "AOC-D AOC-E AOC-S"),
    (
        Call,
        16,
        20,
        "MonitorStart MonitorStop SessionTimeout SIPQualifyPeerDone",
    ),
    (
        Call,
        16,
        22,
        "AttendedTransfer BlindTransfer BridgeCreate BridgeDestroy BridgeEnter BridgeLeave \
         BridgeMerge BridgeVideoSourceUpdate ChannelTalkingStart ChannelTalkingStop \
         ChanSpyStart ChanSpyStop ConfbridgeEnd ConfbridgeJoin ConfbridgeLeave ConfbridgeMute \
         ConfbridgeRecord ConfbridgeStart ConfbridgeStopRecord ConfbridgeTalking \
         ConfbridgeUnmute DAHDIChannel DeviceStateChange DialBegin DialEnd DialState \
         ExtensionStatus FAXStatus Flash Hangup HangupRequest Hold LocalBridge \
         LocalOptimizationBegin LocalOptimizationEnd MCID MeetmeEnd MeetmeJoin MeetmeLeave \
         MeetmeMute MeetmeTalking MeetmeTalkRequest MessageWaiting MiniVoiceMail \
         MixMonitorMute MixMonitorStart MixMonitorStop MusicOnHoldStart MusicOnHoldStop \
         NewAccountCode NewCallerid Newchannel NewConnectedLine Newstate OriginateResponse \
         ParkedCall ParkedCallGiveUp ParkedCallSwap ParkedCallTimeOut Pickup \
         PresenceStateChange PresenceStatus ReceiveFAX Rename SendFAX SoftHangupRequest \
         Unhold UnParkedCall Wink",
    ),
    (
        Cc,
        16,
        22,
        "CCAvailable CCCallerRecalling CCCallerStartMonitoring CCCallerStopMonitoring \
         CCFailure CCMonitorFailed CCOfferTimerStart CCRecallComplete CCRequestAcknowledged \
         CCRequested",
    ),
    (Cdr, 16, 22, "Cdr"),
    (Cel, 16, 22, "CEL"),
    (
        Dialplan,
        16,
        22,
        "HangupHandlerPop HangupHandlerPush HangupHandlerRun Newexten VarSet",
    ),
    (Dtmf, 16, 22, "DTMFBegin DTMFEnd"),
    (Reporting, 16, 22, "RTCPReceived RTCPSent"),
    (Response, 16, 17, "ChannelsHungupListComplete"),
    (
        Response,
        16,
        20,
        "DeviceEntry DevicelistComplete LineEntry LinelistComplete SIPpeerstatusComplete",
    ),
    (
        Response,
        16,
        22,
        "Agents AgentsComplete AorDetail AorList AorListComplete AuthDetail AuthList \
         AuthListComplete BridgeInfoChannel BridgeInfoComplete BridgeListComplete \
         BridgeListItem BridgeTechnologyListComplete BridgeTechnologyListItem ChannelHungup \
         ConfbridgeList ConfbridgeListComplete ConfbridgeListRooms \
         ConfbridgeListRoomsComplete ContactList ContactListComplete ContactStatusDetail \
         ContactStatusDetailComplete CoreShowChannel CoreShowChannelsComplete \
         DAHDIShowChannels DAHDIShowChannelsComplete DBGetComplete DBGetResponse \
         DBGetTreeComplete DBGetTreeResponse DeviceStateListComplete EndpointDetail \
         EndpointDetailComplete EndpointList EndpointListComplete ExtensionStateListComplete \
         FAXSession FAXSessionsComplete FAXSessionsEntry FAXStats IdentifyDetail \
         InboundRegistrationDetail InboundRegistrationDetailComplete \
         InboundSubscriptionDetailComplete ListDialplan MeetmeList MeetmeListComplete \
         MeetmeListRooms MeetmeListRoomsComplete MWIGet MWIGetComplete \
         OutboundRegistrationDetail OutboundRegistrationDetailComplete \
         OutboundSubscriptionDetailComplete ParkedCallsComplete Parkinglot \
         ParkinglotsComplete PeerEntry PeerlistComplete PresenceStateListComplete \
         PRIShowSpans PRIShowSpansComplete QueueEntry QueueMember QueueParams \
         QueueStatusComplete QueueSummary QueueSummaryComplete RegistrationsComplete \
         RegistryEntry ResourceListDetail ResourceListDetailComplete ShowDialPlanComplete \
         Status StatusComplete TransportDetail VoicemailBoxDetail VoicemailUserDetail \
         VoicemailUserDetailComplete VoicemailUserEntry VoicemailUserEntryComplete",
    ),
    (
        Response,
        18,
        22,
        "CoreShowChannelMap CoreShowChannelMapComplete DAHDIShowStatus \
         DAHDIShowStatusComplete VoicemailBoxDetailComplete",
    ),
    (
        Response,
        20,
        22,
        "InboundSubscriptionDetail OutboundSubscriptionDetail PJSIPMaintenanceStatusComplete",
    ),
    (
        Security,
        16,
        22,
        "AuthMethodNotAllowed ChallengeResponseFailed ChallengeSent FailedACL \
         InvalidAccountID InvalidPassword InvalidTransport LoadAverageLimit MemoryLimit \
         RequestBadFormat RequestNotAllowed RequestNotSupported SessionLimit SuccessfulAuth \
         UnexpectedAddress",
    ),
    (
        System,
        16,
        22,
        "Alarm AlarmClear ContactStatus DeadlockStart DNDState FullyBooted Load LogChannel \
         MobileStatus PeerStatus Registry Reload Shutdown SpanAlarm SpanAlarmClear Unload",
    ),
    (System, 20, 22, "PJSIPMaintenanceStatus"),
    (Test, 16, 22, "TestEvent"),
    (User, 16, 22, "JabberStatus UserEvent"),
    (User, 18, 22, "VoicemailPasswordChange"),
    // Of chan_sccp.
    (
        Call,
        16,
        22,
        "CallAnswered CallForward DeviceStatus DND SCCPConfEntered SCCPConfLeave SCCPConfLeft \
         SCCPConfLock SCCPConfParticipantKicked SCCPConfParticipantMute \
         SCCPConfParticipantPromotion SCCPConfStarted",
    ),
    (System, 16, 22, "ChannelUpdate"),
    (User, 16, 22, "SCCPConfEnd SCCPConfStart"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn events_are_found_by_name() {
        let pause = find("queuememberpause").unwrap();
        assert_eq!(
            (pause.name, pause.class.word()),
            ("QueueMemberPause", "agent")
        );
        assert_eq!(find("MonitorStart").map(|event| event.until), Some(20));
        assert_eq!(find("QueueMember").map(|event| event.class), Some(Response));
        assert!(find("QueueMemberPaused").is_none());
    }

    #[test]
    fn names_are_unique_and_versions_sensible() {
        let mut names = HashSet::new();
        for event in all() {
            assert!(names.insert(event.name.to_lowercase()), "{}", event.name);
            assert!(
                (16..=22).contains(&event.since) && event.until <= 22,
                "{event:?}"
            );
            assert!(event.since <= event.until, "{event:?}");
        }
        assert!(names.len() > 200);
    }
}
