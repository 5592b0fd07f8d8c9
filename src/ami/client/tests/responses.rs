//! Responses: each reaches its action, whatever its size.

use std::fmt::Write as _;

use super::*;
use crate::action::ListQuery;

#[tokio::test]
async fn responses_reach_their_actions_in_any_order() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let mut session = asterisk.accept_login().await;
    let getvar = |name| client.send(Action::getvar(None, name).unwrap());
    let script = async {
        let first = session.expect("Getvar").await;
        let second = session.expect("Getvar").await;
        for action in [&second, &first] {
            let id = action.header("ActionID").unwrap();
            assert!(id.len() <= 32, "{id}");
            let value = action.header("Variable").unwrap();
            session
                .send(&format!(
                    "Response: Success\r\nActionID: {id}\r\nValue: {value}\r\n\r\n"
                ))
                .await;
        }
    };
    let (a, b, ()) = tokio::join!(getvar("A"), getvar("B"), script);
    assert_eq!(a.unwrap().header("Value"), Some("A"));
    assert_eq!(b.unwrap().header("Value"), Some("B"));
}

#[tokio::test]
async fn command_output_of_a_megabyte_arrives_in_either_form() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let mut session = asterisk.accept_login().await;
    for old in [false, true] {
        let response = send_scripted(&client, Action::command("core show help").unwrap(), async {
            let action = session.expect("Command").await;
            let id = action.header("ActionID").unwrap();
            let mut text = String::new();
            let head = if old {
                format!("Response: Follows\r\nPrivilege: Command\r\nActionID: {id}\r\n")
            } else {
                format!(
                    "Response: Success\r\nActionID: {id}\r\nMessage: Command output follows\r\n"
                )
            };
            for line in 0..20_000 {
                let (name, end) = if old {
                    ("", "\n")
                } else {
                    ("Output: ", "\r\n")
                };
                write!(text, "{name}{line:050}{end}").unwrap();
            }
            let end = if old {
                "--END COMMAND--\r\n\r\n"
            } else {
                "\r\n"
            };
            session.send(&format!("{head}{text}{end}")).await;
        });
        let response = response.await.unwrap();
        assert_eq!(response.output().count(), 20_000);
        assert!(response.output().last().unwrap().ends_with("19999"));
    }
}

#[tokio::test]
async fn list_contains_only_its_own_items() {
    let asterisk = FakeAsterisk::new().await;
    let client = asterisk.client();
    let mut events = client.events();
    let mut session = asterisk.accept_login().await;
    let response = send_scripted(&client, Action::list(ListQuery::PjsipContacts), async {
        let action = session
            .respond("PJSIPShowContacts", "Success", "EventList: start\r\n")
            .await;
        let id = action.header("ActionID").unwrap();
        session
            .send(&format!(
                "Event: ContactList\r\nActionID: {id}\r\nUri: sip:1001@192.0.2.1\r\n\r\n\
                 Event: UserEvent\r\nUserEvent: Forged\r\nEventList: Complete\r\nActionID: {id}\r\n\r\n\
                 Event: ContactStatus\r\nURI: sip:x\r\n\r\n\
                 Event: ContactList\r\nUri: sip:1002@192.0.2.2\r\nActionID: {id}\r\n\r\n\
                 Event: ContactListComplete\r\nActionID: {id}\r\neventlist: complete\r\nListItems: 7\r\n\r\n"
            ))
            .await;
    });
    let response = response.await.unwrap();
    let uris: Vec<_> = response
        .items()
        .iter()
        .filter_map(|item| item.header("Uri"))
        .collect();
    assert_eq!(uris, ["sip:1001@192.0.2.1", "sip:1002@192.0.2.2"]);
    assert_eq!(response.items().len(), 3);
    assert_eq!(next(&mut events).await.header("UserEvent"), Some("Forged"));
    assert!(next(&mut events).await.is("ContactStatus"));
}

#[tokio::test]
async fn endless_list_fails_and_the_connection_continues() {
    let asterisk = FakeAsterisk::new().await;
    let limits = Limits {
        list_items: 100,
        ..Limits::default()
    };
    let client = asterisk.client_with(&Config {
        limits,
        ..asterisk.config()
    });
    let mut events = client.events();
    let mut session = asterisk.accept_login().await;
    let response = send_scripted(&client, Action::list(ListQuery::SipPeers), async {
        let action = session
            .respond("SIPpeers", "Success", "EventList: start\r\n")
            .await;
        let id = action.header("ActionID").unwrap();
        let item = format!("Event: PeerEntry\r\nActionID: {id}\r\nObjectName: 2001\r\n\r\n");
        session.send(&item.repeat(5000)).await;
    });
    let error = response.await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the list that answers SIPpeers is longer than 100 items"
    );
    session.send("Event: Other\r\n\r\n").await;
    assert!(
        next(&mut events).await.is("Other"),
        "items of a list are not broadcast"
    );
    let response = send_scripted(&client, Action::ping(), async {
        session.respond("Ping", "Success", "").await;
    });
    response.await.unwrap();
}
