use handset_ami::Limits;
use tokio::net::TcpListener;
use tokio::time::{Duration, timeout};

use super::testing::{Session, listen, listen_with, soon};
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

/// Lets time pass at once; sockets then take the real time that they need.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Limits under which a session stays although time jumps.
fn patient() -> Limits {
    Limits {
        ping: Duration::from_hours(24),
        ..Limits::default()
    }
}

async fn assert_no_connection(listener: &TcpListener) {
    let accepted = timeout(Duration::from_millis(200), listener.accept()).await;
    assert!(accepted.is_err(), "an early check");
}

#[tokio::test]
async fn missing_rights_are_checked_again_after_three_minutes() {
    let tasks = Tasks::new();
    let (listener, roster) = listen_with(&tasks, patient()).await;
    let mut session = Session::accept(&listener).await;
    let without = "Ping: Keepalive command.\n";
    session.answer("ListCommands", without, "").await;
    let until = Instant::now() + Duration::from_millis(500);
    let (_, unavailable) = roster.all(until).await;
    let reason = unavailable[0].to_string();
    assert!(
        reason.contains("it is asked again every 3 minutes"),
        "{reason}"
    );
    pass(Duration::from_secs(170)).await;
    assert_no_connection(&listener).await;
    pass(Duration::from_secs(10)).await;
    session.answer("ListCommands", without, "").await;
    // The check is a session of its own, which has the corrected rights.
    let mut check = Session::accept(&listener).await;
    let with = "PJSIPShowContacts: Lists.\n";
    check.answer("ListCommands", with, "").await;
    let mut session = Session::accept(&listener).await;
    session.answer_with_phone("192.0.2.21").await;
    let phone: Endpoint = "1001".parse().unwrap();
    assert!(roster.registration(&phone, None, soon()).await.is_ok());
    tasks.shut_down(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn corrected_eventfilter_is_noticed_without_a_reload() {
    let tasks = Tasks::new();
    let (listener, roster) = listen_with(&tasks, patient()).await;
    let mut session = Session::accept(&listener).await;
    session.answer_with_phone("192.0.2.21").await;
    let other: Endpoint = "1002".parse().unwrap();
    let details = "Event: ContactStatusDetail\nActionID: @ID@\nURI: sip:1002@192.0.2.22\n\
                   UserAgent: Yealink SIP-T46G\nEndpointName: 1002\nID: 1002;@2\n\n\
                   Event: EndpointDetailComplete\nActionID: @ID@\nEventList: Complete\n\n";
    // It is registered, and no event has said so.
    tokio::join!(
        roster.inquire(Some(&other), None, soon()),
        session.answer("PJSIPShowEndpoint", "EventList: start\n", details),
    );
    pass(Duration::from_secs(6)).await;
    let complaint = async {
        loop {
            if let Some(complaint) = roster.complaint("pbx") {
                break complaint;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let complaint = timeout_at(soon(), complaint).await.unwrap();
    assert!(
        complaint.contains("eventfilter hides ContactStatus"),
        "{complaint}"
    );
    pass(Duration::from_mins(3)).await;
    session.answer_with_phone("192.0.2.21").await;
    let mut check = Session::accept(&listener).await;
    check
        .answer("ListCommands", "PJSIPShowContacts: Lists.\n", "")
        .await;
    // The rights are the same; only an event shows that the filter is another.
    assert_no_connection(&listener).await;
    check
        .say("Event: ContactStatus\r\nContactStatus: Reachable\r\nEndpointName: 1002\r\n\r\n")
        .await;
    let mut session = Session::accept(&listener).await;
    session.answer_with_phone("192.0.2.21").await;
    let phone: Endpoint = "1001".parse().unwrap();
    assert!(roster.registration(&phone, None, soon()).await.is_ok());
    assert_eq!(roster.complaint("pbx"), None);
    tasks.shut_down(Duration::from_secs(5)).await;
}
