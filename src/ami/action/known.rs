//! The actions that we send, as constructors.

use std::time::Duration;

use super::{Action, InvalidAction};
use crate::notify::{InvalidNotify, Notify};

impl Action {
    /// Asks whether Asterisk is there.
    pub fn ping() -> Self {
        Self::constant("Ping")
    }

    /// Asks what actions Asterisk has, with the rights they need: one header each.
    pub fn list_commands() -> Self {
        Self::constant("ListCommands")
    }

    /// Asks for Asterisk's version and settings.
    pub fn core_settings() -> Self {
        Self::constant("CoreSettings")
    }

    /// Asks for a list that needs no argument.
    pub fn list(query: ListQuery) -> Self {
        let (name, items) = query.name_and_items();
        Self {
            items: Some(items),
            ..Self::constant(name)
        }
    }

    /// Asks for all there is about one PJSIP endpoint: itself, its authentication, its addresses
    /// of record and the status of its contacts.
    ///
    /// The answer holds passwords; it must not be shown.
    pub fn pjsip_show_endpoint(endpoint: &str) -> Result<Self, InvalidAction> {
        Self::builder("PJSIPShowEndpoint")
            .with("Endpoint", endpoint)
            .answered_by(&[
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

    /// Asks for a variable or a function of `channel`, or a global one. What is not set, not known
    /// or not allowed reads as empty.
    pub fn getvar(channel: Option<&str>, variable: &str) -> Result<Self, InvalidAction> {
        Self::builder("Getvar")
            .with_some("Channel", channel)
            .with("Variable", variable)
            .build()
    }

    /// Runs a command of Asterisk's console.
    pub fn command(command: &str) -> Result<Self, InvalidAction> {
        Self::builder("Command").with("Command", command).build()
    }

    /// Hangs `channel` up. Only a name is taken: a regular expression could hang up everybody.
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

    /// Sends a NOTIFY through PJSIP, to every contact of an endpoint, to a URI, or in a call's
    /// dialog. Success means that it was queued, and nothing more.
    pub fn pjsip_notify(target: &NotifyTarget, notify: &Notify) -> Result<Self, InvalidNotify> {
        let (header, value) = match target {
            NotifyTarget::Channel(channel) => ("Channel", channel),
            NotifyTarget::Endpoint(endpoint) => ("Endpoint", endpoint),
            NotifyTarget::Uri(uri) => ("URI", uri),
        };
        notify.add_to(Self::builder("PJSIPNotify").with(header, value))
    }

    /// Sends a NOTIFY through `chan_sip`, which Asterisk has up to 20.
    pub fn sip_notify(peer: &str, notify: &Notify) -> Result<Self, InvalidNotify> {
        notify.add_to(Self::builder("SIPnotify").with("Channel", peer))
    }

    fn constant(name: &'static str) -> Self {
        Self::builder(name)
            .build()
            .expect("the name of a known action is valid")
    }
}

/// A list that is asked for without arguments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ListQuery {
    /// Every channel.
    Channels,
    /// Every PJSIP contact with endpoint, address and User-Agent. None at all is an error
    /// (`No Contacts found`), not an empty list.
    PjsipContacts,
    /// The devices of chan-sccp, the module of a third party.
    SccpDevices,
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
            Self::SipPeers => ("SIPpeers", &["PeerEntry", "PeerlistComplete"]),
        }
    }
}

/// Where a NOTIFY goes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum NotifyTarget {
    /// The phone at the other end of a channel, within the dialog of that call.
    Channel(String),
    /// Every contact of every address of record of an endpoint.
    Endpoint(String),
    /// One SIP URI. Asterisk needs a `default_outbound_endpoint` for that.
    Uri(String),
}

/// A call that Asterisk places, always asynchronous: a synchronous one would silence the whole
/// connection until somebody answers. Its outcome is the event `OriginateResponse`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Originate {
    /// The channel to ring first, `PJSIP/1001`.
    pub channel: String,
    /// Where it goes when it answers.
    pub destination: Destination,
    /// How long it may ring; Asterisk's default is 30 s.
    pub timeout: Option<Duration>,
    /// Who calls, `Name <number>`.
    pub caller_id: Option<String>,
    /// Variables of the new channel, such as `PJSIP_HEADER(add,Alert-Info)`.
    pub variables: Vec<(String, String)>,
    /// The id that the new channel shall have, by which its events are known.
    pub channel_id: Option<String>,
}

/// Where a call goes that Asterisk places, once it is answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Destination {
    /// An application, and its arguments.
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
    /// The call is ended.
    fn default() -> Self {
        Self::Application("Hangup", String::new())
    }
}

impl Originate {
    /// Makes the action.
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
                // The name may be a function, whose brackets keep its commas together.
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
    fn originate_never_waits_and_escapes_its_variables() {
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
    fn without_a_destination_a_call_ends_when_it_is_answered() {
        let originate = Originate {
            channel: "PJSIP/1001".into(),
            ..Originate::default()
        };
        let action = originate.action().unwrap();
        assert!(headers(&action).contains(&("Application", "Hangup")));
        assert!(headers(&action).iter().all(|(name, _)| *name != "Data"));
    }

    #[test]
    fn getvar_names_the_channel_only_if_there_is_one() {
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
    fn hangup_takes_a_name_and_no_expression() {
        assert!(Action::hangup("PJSIP/1001-00000001", Some(16)).is_ok());
        assert!(Action::hangup("/.*/", None).is_err());
    }

    #[test]
    fn lists_take_only_their_own_events() {
        let contacts = Action::list(ListQuery::PjsipContacts);
        assert!(contacts.may_list("ContactList") && contacts.may_list("ContactListComplete"));
        assert!(!contacts.may_list("ContactStatus"));
    }
}
