use tokio::time::Duration;

use super::testing::{Session, listen, soon};
use super::*;

#[tokio::test]
async fn each_connection_loads_registrations_again_and_hides_stale_ones() {
    let tasks = Tasks::new();
    let (listener, roster) = listen(&tasks).await;
    let phone: Endpoint = "1001".parse().unwrap();
    assert_eq!(roster.registrations(&phone, None), []);
    let mut session = Session::accept(&listener).await;
    session.answer_with_phone("192.0.2.21").await;
    let registration = roster.registration(&phone, None, soon()).await.unwrap();
    assert_eq!(registration.contacts[0].uri, "sip:1001@192.0.2.21:5060");
    let [info] = &roster.registrations(&phone, None)[..] else {
        panic!()
    };
    assert_eq!(
        info.sources.join(", "),
        "contact sip:1001@192.0.2.21:5060 of PJSIP/1001 on pbx, \
         its User-Agent \"snomD785/10.1.1.1\""
    );
    assert_eq!(roster.find("192.0.2.21").len(), 1);
    assert_eq!(roster.find("192.0.2.22").len(), 0);
    drop(session);
    // The phone moves while handsetd is disconnected.
    let mut session = Session::accept(&listener).await;
    assert_eq!(
        roster.registrations(&phone, None),
        [],
        "stale registrations are hidden"
    );
    session.answer_with_phone("192.0.2.99").await;
    let registration = roster.registration(&phone, None, soon()).await.unwrap();
    assert_eq!(registration.contacts[0].uri, "sip:1001@192.0.2.99:5060");
    tasks.shut_down(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn event_leads_to_a_query() {
    let tasks = Tasks::new();
    let (listener, roster) = listen(&tasks).await;
    let mut session = Session::accept(&listener).await;
    session.answer_with_phone("192.0.2.21").await;
    let other: Endpoint = "1002".parse().unwrap();
    let absent = roster.registration(&other, None, soon()).await.unwrap_err();
    assert_eq!(absent.to_string(), "PJSIP/1002 is not registered");
    session
        .say(
            "Event: ContactStatus\r\nURI: sip:1002@192.0.2.22\r\nContactStatus: NonQualified\r\n\
             AOR: 1002\r\nEndpointName: 1002\r\n\r\n",
        )
        .await;
    let details = "Event: ContactStatusDetail\nActionID: @ID@\nURI: sip:1002@192.0.2.22\n\
                   UserAgent: Yealink SIP-T46G\nEndpointName: 1002\nID: 1002;@2\n\n\
                   Event: EndpointDetailComplete\nActionID: @ID@\nEventList: Complete\n\n";
    session
        .answer("PJSIPShowEndpoint", "EventList: start\n", details)
        .await;
    let mut table = roster.list()[0].table.clone();
    let known = table.wait_for(|table| !table.contacts(&other).is_empty());
    assert!(timeout_at(soon(), known).await.is_ok());
    tasks.shut_down(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn registrations_are_announced_one_by_one_or_together() {
    let tasks = Tasks::new();
    let (listener, roster) = listen(&tasks).await;
    let mut arrivals = roster.arrivals();
    let mut session = Session::accept(&listener).await;
    session.answer_with_phone("192.0.2.21").await;
    let mut next = async || timeout_at(soon(), arrivals.recv()).await.unwrap().unwrap();
    // One for the list, one for the end of loading.
    assert_eq!(
        [next().await, next().await],
        [Registered::Any, Registered::Any]
    );
    let registered = |name: usize| {
        format!(
            "Event: ContactStatus\r\nURI: sip:{name}@192.0.2.22\r\n\
             ContactStatus: NonQualified\r\nAOR: {name}\r\nEndpointName: {name}\r\n\r\n"
        )
    };
    session.say(&registered(1002)).await;
    let id = session.hear("PJSIPShowEndpoint").await;
    // During the query for one phone, all phones of a building register.
    let building: String = (2000..2100).map(registered).collect();
    session.say(&building).await;
    session
        .say(
            "Event: ContactStatus\r\nURI: sip:1001@192.0.2.21:5060\r\n\
             ContactStatus: Removed\r\nAOR: 1001\r\nEndpointName: 1001\r\n\r\n",
        )
        .await;
    // This event is the last: once its contact is gone, all events were handled.
    let mut table = roster.list()[0].table.clone();
    let gone: Endpoint = "1001".parse().unwrap();
    let is_gone = table.wait_for(|table| table.contacts(&gone).is_empty());
    assert!(timeout_at(soon(), is_gone).await.is_ok());
    let details = format!(
        "Response: Success\nActionID: {id}\nEventList: start\n\n\
         Event: ContactStatusDetail\nActionID: {id}\nURI: sip:1002@192.0.2.22\n\
         UserAgent: Yealink SIP-T46G\nEndpointName: 1002\nID: 1002;@2\n\n\
         Event: EndpointDetailComplete\nActionID: {id}\nEventList: Complete\n\n"
    );
    session.say(&details.replace('\n', "\r\n")).await;
    let one = Registered::Endpoint("1002".parse().unwrap());
    assert_eq!(next().await, one);
    let list = "Event: ContactListComplete\nActionID: @ID@\nEventList: Complete\nListItems: 0\n\n";
    session
        .answer("PJSIPShowContacts", "EventList: start\n", list)
        .await;
    assert_eq!(next().await, Registered::Any);
    tasks.shut_down(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn missing_connections_and_missing_servers_are_distinguished() {
    let phone: Endpoint = "1001".parse().unwrap();
    let none = Roster::default()
        .registration(&phone, None, Instant::now())
        .await;
    assert_eq!(none.unwrap_err(), Unavailable::NoServer);
    let tasks = Tasks::new();
    let (listener, roster) = listen(&tasks).await;
    let disconnected = roster
        .registration(&phone, None, Instant::now())
        .await
        .unwrap_err();
    assert!(
        disconnected
            .to_string()
            .starts_with("Asterisk pbx is not connected: "),
        "{disconnected}"
    );
    drop(listener);
    tasks.shut_down(Duration::from_secs(5)).await;
}
