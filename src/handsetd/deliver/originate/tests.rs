use std::time::Duration;

use handset_net::tasks::Tasks;
use handset_phones::phone::Vendor;

use super::*;
use crate::roster::testing::{Session, listen, soon};

fn phone() -> Phone {
    Phone {
        endpoint: Some("PJSIP/1001".parse().unwrap()),
        ..Phone::example(Vendor::Snom, "D862")
    }
}

fn call(purpose: Purpose) -> Call {
    let headers = vec![("Alert-Info", "<http://127.0.0.1>;info=a,b".to_owned())];
    Call { headers, purpose }
}

/// Places a call against a script; `events` are sent once the call is queued, with `@ID@` for the
/// `ActionID` and `@CHANNEL@` for the id of the channel.
async fn placed(purpose: Purpose, events: &str) -> Result<(), Failure> {
    let tasks = Tasks::new();
    let (listener, roster) = listen(&tasks).await;
    let is_dial = matches!(purpose, Purpose::Dial(_));
    let calls = OriginatedCalls::default();
    let phone = phone();
    let call = call(purpose);
    let commit_point = CommitPoint::default();
    let place = calls.place(&roster, &phone, &call, soon(), &commit_point);
    let script = async {
        let mut session = Session::accept(&listener).await;
        session.answer_with_phone("192.0.2.21").await;
        if is_dial {
            session.answer("Getvar", "Value: phones\n", "").await;
        }
        let headers = session.hear_all("Originate").await;
        let header = |name: &str| {
            let found = headers.iter().find(|(known, _)| known == name);
            found.map_or("", |(_, value)| value).to_owned()
        };
        assert_eq!(header("Channel"), "PJSIP/1001");
        assert_eq!(
            header("Variable"),
            r"PJSIP_HEADER(add,Alert-Info)=<http://127.0.0.1>;info=a\,b"
        );
        if is_dial {
            assert_eq!(
                (header("Context"), header("Exten")),
                ("phones".into(), "200".into())
            );
        }
        let events = events
            .replace("@ID@", &header("ActionID"))
            .replace("@CHANNEL@", &header("ChannelId"));
        let messages = format!("Response: Success\nActionID: @ID@\n\n{events}");
        let messages = messages.replace("@ID@", &header("ActionID"));
        session.say(&messages.replace('\n', "\r\n")).await;
        session
    };
    let (placed, _session) = tokio::join!(place, script);
    tasks.shut_down(Duration::from_secs(5)).await;
    placed
}

fn dial() -> Purpose {
    Purpose::Dial("200".parse().unwrap())
}

const RING: Purpose = Purpose::Ring(Duration::from_secs(3));

#[tokio::test]
async fn answered_call_succeeds() {
    let events = "Event: Newstate\nUniqueid: @CHANNEL@\nChannelState: 5\n\n\
                 Event: OriginateResponse\nActionID: @ID@\nResponse: Success\nReason: 4\n\n";
    assert_eq!(placed(dial(), events).await, Ok(()));
}

#[tokio::test]
async fn ring_succeeds_with_ringing_and_ignores_other_calls() {
    let events = "Event: Newstate\nUniqueid: another\nChannelState: 5\n\n\
                 Event: OriginateResponse\nActionID: another\nResponse: Failure\nReason: 0\n\n\
                 Event: Newstate\nUniqueid: @CHANNEL@\nChannelState: 5\n\n";
    assert_eq!(placed(RING, events).await, Ok(()));
}

#[tokio::test]
async fn cause_of_a_failed_call_decides_status_and_reason() {
    for (cause, reason, status, words) in [
        (17, 0, Status::Rejected, "busy"),
        (21, 0, Status::Rejected, "declined"),
        (20, 0, Status::Unreachable, "no longer registered"),
        (19, 3, Status::Rejected, "did not answer automatically"),
        (38, 0, Status::Rejected, "cause 38, Network"),
    ] {
        let events = format!(
            "Event: Hangup\nUniqueid: @CHANNEL@\nCause: {cause}\nCause-txt: Network\n\n\
             Event: OriginateResponse\nActionID: @ID@\nResponse: Failure\nReason: {reason}\n\n"
        );
        let failure = placed(dial(), &events).await.unwrap_err();
        assert_eq!(failure.status, status, "{cause}");
        assert!(failure.reason.contains(words), "{failure:?}");
    }
}
