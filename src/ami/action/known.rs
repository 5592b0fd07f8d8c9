//! Constructors for commonly used actions.

use std::time::Duration;

use super::{Action, InvalidAction};
use crate::notify::{InvalidNotify, Notify};

impl Action {
    /// `Ping`: checks that Asterisk responds.
    pub fn ping() -> Self {
        Self::constant("Ping")
    }

    /// `ListCommands`: returns the available actions, one header each, with the permissions they need.
    pub fn list_commands() -> Self {
        Self::constant("ListCommands")
    }

    /// `CoreSettings`: returns Asterisk's version and settings.
    pub fn core_settings() -> Self {
        Self::constant("CoreSettings")
    }

    /// Requests a list without arguments.
    pub fn list(query: ListQuery) -> Self {
        let (name, items) = query.name_and_items();
        Self {
            items: Some(items),
            ..Self::constant(name)
        }
    }

    /// `PJSIPShowEndpoint`: returns an endpoint with its authentication, its addresses of record and
    /// the status of its contacts.
    ///
    /// The response contains passwords.
    pub fn pjsip_show_endpoint(endpoint: &str) -> Result<Self, InvalidAction> {
        Self::builder("PJSIPShowEndpoint")
            .with("Endpoint", endpoint)
            .with_list_events(&[
                "EndpointDetail",
                "AorDetail",
                "AuthDetail",
                "TransportDetail",
                "IdentifyDetail",
                "ContactStatusDetail",
                "EndpointDetailComplete",
            ])
            .build()
    }

    /// `Getvar`: returns a variable or function of `channel`, or a global one. It is empty if it is
    /// unset, unknown or not permitted.
    pub fn getvar(channel: Option<&str>, variable: &str) -> Result<Self, InvalidAction> {
        Self::builder("Getvar")
            .with_some("Channel", channel)
            .with("Variable", variable)
            .build()
    }

    /// `Command`: runs a command of Asterisk's CLI.
    pub fn command(command: &str) -> Result<Self, InvalidAction> {
        Self::builder("Command").with("Command", command).build()
    }

    /// `Hangup`: hangs up `channel`. Regular expressions are rejected, since one could hang up all
    /// calls.
    pub fn hangup(channel: &str, cause: Option<u8>) -> Result<Self, InvalidAction> {
        if channel.starts_with('/') {
            return Err(InvalidAction::Expression {
                channel: channel.to_owned(),
            });
        }
        Self::builder("Hangup")
            .with("Channel", channel)
            .with_some("Cause", cause.map(|cause| cause.to_string()))
            .build()
    }

    /// `BlindTransfer`: sends the other party of the call on `channel` to `extension` in `context`, and ends
    /// that channel's part. The response reports the result.
    pub fn blind_transfer(
        channel: &str,
        context: &str,
        extension: &str,
    ) -> Result<Self, InvalidAction> {
        Self::builder("BlindTransfer")
            .with("Channel", channel)
            .with("Context", context)
            .with("Exten", extension)
            .build()
    }

    /// `PJSIPNotify`: sends a NOTIFY to every contact of an endpoint, to a URI, or in the dialog of a
    /// call. A successful response only means that it was queued.
    pub fn pjsip_notify(target: &NotifyTarget, notify: &Notify) -> Result<Self, InvalidNotify> {
        let (header, value) = match target {
            NotifyTarget::Channel(channel) => ("Channel", channel),
            NotifyTarget::Endpoint(endpoint) => ("Endpoint", endpoint),
            NotifyTarget::Uri(uri) => ("URI", uri),
        };
        notify.add_to(Self::builder("PJSIPNotify").with(header, value))
    }

    /// `SIPnotify`: sends a NOTIFY through `chan_sip`, which Asterisk includes up to version 20.
    pub fn sip_notify(peer: &str, notify: &Notify) -> Result<Self, InvalidNotify> {
        notify.add_to(Self::builder("SIPnotify").with("Channel", peer))
    }

    fn constant(name: &'static str) -> Self {
        Self::builder(name)
            .build()
            .expect("the names of known actions are valid")
    }
}

/// A list that takes no arguments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ListQuery {
    /// All channels.
    Channels,
    /// All PJSIP contacts with endpoint, address and User-Agent. If there are none, Asterisk returns
    /// an error (`No Contacts found`) instead of an empty list.
    PjsipContacts,
    /// The devices of chan-sccp, a third-party module.
    SccpDevices,
    /// The lines of chan-sccp, once for each device that has them.
    SccpLines,
    /// The peers of `chan_sip`.
    SipPeers,
}

impl ListQuery {
    fn name_and_items(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Channels => (
                "CoreShowChannels",
                &["CoreShowChannel", "CoreShowChannelsComplete"],
            ),
            Self::PjsipContacts => ("PJSIPShowContacts", &["ContactList", "ContactListComplete"]),
            Self::SccpDevices => (
                "SCCPListDevices",
                &["DeviceEntry", "SCCPListDevicesComplete"],
            ),
            Self::SccpLines => (
                "SCCPShowLines",
                &[
                    "TableStart",
                    "SCCPLineEntry",
                    "TableEnd",
                    "SCCPShowLinesComplete",
                ],
            ),
            Self::SipPeers => ("SIPpeers", &["PeerEntry", "PeerlistComplete"]),
        }
    }
}

/// The recipients of a NOTIFY.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NotifyTarget {
    /// The phone of this channel, within the dialog of its call.
    Channel(String),
    /// Every contact of every address of record of an endpoint.
    Endpoint(String),
    /// One SIP URI; requires a `default_outbound_endpoint` in Asterisk.
    Uri(String),
}

/// A call that Asterisk places. It is always asynchronous, because a synchronous one would block the
/// connection until the call is answered. The event `OriginateResponse` reports its outcome.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Originate {
    /// The channel to call first, for example `PJSIP/1001`.
    pub channel: String,
    /// Where the call continues once it is answered.
    pub destination: Destination,
    /// How long it may ring; Asterisk's default is 30 s. Sent in milliseconds.
    pub timeout: Option<Duration>,
    /// Caller ID, `Name <number>`.
    pub caller_id: Option<String>,
    /// Variables or functions to set on the new channel, such as `PJSIP_HEADER(add,Alert-Info)`.
    pub variables: Vec<(String, String)>,
    /// `Uniqueid` for the new channel, which identifies its events.
    pub channel_id: Option<String>,
}

/// Where an answered call continues.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Destination {
    /// An application and its arguments.
    Application(&'static str, String),
    /// The first priority of an extension.
    Extension {
        /// The context.
        context: String,
        /// The extension.
        extension: String,
    },
}

impl Default for Destination {
    /// Ends the call.
    fn default() -> Self {
        Self::Application("Hangup", String::new())
    }
}

impl Originate {
    /// Builds the action.
    pub fn action(&self) -> Result<Action, InvalidAction> {
        let timeout = self.timeout.map(|timeout| timeout.as_millis().to_string());
        let action = Action::builder("Originate").with("Channel", &self.channel);
        let action = match &self.destination {
            Destination::Application(name, data) => action
                .with("Application", *name)
                .with_some("Data", Some(data).filter(|data| !data.is_empty())),
            Destination::Extension { context, extension } => action
                .with("Context", context)
                .with("Exten", extension)
                .with("Priority", "1"),
        };
        let action = action
            .with("Async", "true")
            .with_some("Timeout", timeout)
            .with_some("CallerID", self.caller_id.as_ref())
            .with_some("ChannelId", self.channel_id.as_ref());
        self.variables
            .iter()
            .fold(action, |action, (name, value)| {
                // The name may be a function, whose commas are protected by its parentheses.
                action.with(
                    "Variable",
                    format!("{name}={}", crate::notify::escaped(value)),
                )
            })
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(action: &Action) -> Vec<(&str, &str)> {
        action.headers().collect()
    }

    #[test]
    fn originate_is_asynchronous_and_escapes_variables() {
        let originate = Originate {
            channel: "PJSIP/1001".into(),
            destination: Destination::Extension {
                context: "phones".into(),
                extension: "1002".into(),
            },
            timeout: Some(Duration::from_secs(20)),
            variables: vec![(
                "PJSIP_HEADER(add,Alert-Info)".into(),
                "<http://127.0.0.1>;info=a,b".into(),
            )],
            ..Originate::default()
        };
        assert_eq!(
            headers(&originate.action().unwrap()),
            [
                ("Channel", "PJSIP/1001"),
                ("Context", "phones"),
                ("Exten", "1002"),
                ("Priority", "1"),
                ("Async", "true"),
                ("Timeout", "20000"),
                (
                    "Variable",
                    r"PJSIP_HEADER(add,Alert-Info)=<http://127.0.0.1>;info=a\,b"
                ),
            ]
        );
    }

    #[test]
    fn call_without_destination_ends_when_it_is_answered() {
        let originate = Originate {
            channel: "PJSIP/1001".into(),
            ..Originate::default()
        };
        let action = originate.action().unwrap();
        assert!(headers(&action).contains(&("Application", "Hangup")));
        assert!(headers(&action).iter().all(|(name, _)| *name != "Data"));
    }

    #[test]
    fn getvar_omits_a_missing_channel() {
        assert_eq!(
            headers(&Action::getvar(None, "A").unwrap()),
            [("Variable", "A")]
        );
        assert_eq!(
            headers(&Action::getvar(Some("PJSIP/1-1"), "A").unwrap()),
            [("Channel", "PJSIP/1-1"), ("Variable", "A"),]
        );
    }

    #[test]
    fn hangup_rejects_regular_expressions() {
        assert!(Action::hangup("PJSIP/1001-00000001", Some(16)).is_ok());
        assert!(Action::hangup("/.*/", None).is_err());
    }

    #[test]
    fn lists_accept_only_their_own_events() {
        let contacts = Action::list(ListQuery::PjsipContacts);
        assert!(
            contacts.accepts_item("ContactList") && contacts.accepts_item("ContactListComplete")
        );
        assert!(!contacts.accepts_item("ContactStatus"));
    }
}
