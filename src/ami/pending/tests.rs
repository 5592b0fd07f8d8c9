use std::time::Duration;

use super::*;
use crate::Error;

const LISTS: Limits = Limits {
    items: 3,
    bytes: 1000,
};

struct Table {
    pending: Pending,
    now: Instant,
}

impl Table {
    fn new(limit: usize) -> Self {
        Self {
            pending: Pending::new("abc".into(), limit, LISTS),
            now: Instant::now(),
        }
    }

    fn admit(
        &mut self,
        name: &str,
    ) -> (Option<String>, oneshot::Receiver<Result<Response, Error>>) {
        let (reply, answer) = oneshot::channel();
        let action = Action::builder(name).build().unwrap();
        (
            self.pending
                .admit(&action, self.now + Duration::from_secs(5), reply),
            answer,
        )
    }

    fn take(&mut self, text: &str) -> Resolved {
        self.pending.resolve(Packet::parse(text.as_bytes()))
    }
}

#[tokio::test(start_paused = true)]
async fn response_reaches_the_action_that_asked() {
    let mut table = Table::new(8);
    let (id, mut answer) = table.admit("Ping");
    assert_eq!(id.as_deref(), Some("abc-1"));
    assert!(matches!(
        table.take("Response: Success\nActionID: abc-1\n"),
        Resolved::Taken
    ));
    assert!(answer.try_recv().unwrap().unwrap().is_success());
}

#[tokio::test(start_paused = true)]
async fn response_of_another_connection_or_without_id_is_a_stray() {
    let mut table = Table::new(8);
    let _ping = table.admit("Ping");
    for id in ["abd-1", "abc-2", "abc1", "1", ""] {
        let response = format!("Response: Success\nActionID: {id}\n");
        assert!(matches!(table.take(&response), Resolved::Stray(_)), "{id}");
    }
    assert!(matches!(
        table.take("Response: Error\nMessage: Missing action\n"),
        Resolved::Stray(_)
    ));
}

#[tokio::test(start_paused = true)]
async fn outcome_of_an_originate_is_for_everybody() {
    let mut table = Table::new(8);
    let _originate = table.admit("Originate");
    let event = "Event: OriginateResponse\nActionID: abc-1\nResponse: Failure\n";
    assert!(matches!(table.take(event), Resolved::Event(_)));
    table.take("Response: Success\nActionID: abc-1\n");
    assert!(matches!(table.take(event), Resolved::Event(_)));
}

#[tokio::test(start_paused = true)]
async fn list_ends_when_it_is_cancelled_too() {
    let mut table = Table::new(8);
    let (_, mut answer) = table.admit("QueueStatus");
    table.take("Response: Success\nActionID: abc-1\nEventlist: Start\n");
    table.take("Event: QueueMember\nActionID: abc-1\n");
    table.take("Event: QueueStatusComplete\nActionID: abc-1\nEventList: CANCELLED\n");
    let response = answer.try_recv().unwrap().unwrap();
    assert!(response.is_cancelled());
    assert_eq!(response.items().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn error_that_announces_a_list_has_none() {
    let mut table = Table::new(8);
    let (_, mut answer) = table.admit("X");
    table.take("Response: Error\nActionID: abc-1\nEventList: start\nMessage: No\n");
    let error = answer
        .try_recv()
        .unwrap()
        .unwrap()
        .accepted("X")
        .unwrap_err();
    assert_eq!(error.to_string(), "Asterisk refused X: No");
}

#[tokio::test(start_paused = true)]
async fn list_over_either_limit_ends_and_its_rest_is_no_news() {
    for (item, limit) in [
        ("A: 1".to_owned(), "3 items"),
        ("x".repeat(600), "1000 bytes"),
    ] {
        let mut table = Table::new(8);
        let (_, mut answer) = table.admit("X");
        table.take("Response: Success\nActionID: abc-1\nEventList: start\n");
        for _ in 0..10 {
            let event = format!("Event: Item\nActionID: abc-1\n{item}\n");
            assert!(matches!(table.take(&event), Resolved::Taken));
        }
        let error = answer.try_recv().unwrap().unwrap_err();
        assert_eq!(
            error,
            Error::ListTooLong {
                action: "X".into(),
                limit: limit.into()
            }
        );
        table.take("Event: XComplete\nActionID: abc-1\nEventList: Complete\n");
        assert!(table.pending.muted.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn late_actions_and_lists_end_with_unknown_outcome() {
    let mut table = Table::new(8);
    let (_, mut plain) = table.admit("X");
    let (_, mut list) = table.admit("Y");
    table.take("Response: Success\nActionID: abc-2\nEventList: start\n");
    table.pending.expire(table.now + Duration::from_secs(4));
    assert!(plain.try_recv().is_err());
    assert_eq!(
        table.pending.next_deadline(),
        Some(table.now + Duration::from_secs(5))
    );
    table.pending.expire(table.now + Duration::from_secs(5));
    for answer in [plain.try_recv(), list.try_recv()] {
        assert!(matches!(
            answer.unwrap().unwrap_err(),
            Error::OutcomeUnknown { .. }
        ));
    }
    assert_eq!(table.pending.next_deadline(), None);
    let item = table.take("Event: Item\nActionID: abc-2\n");
    assert!(
        matches!(item, Resolved::Taken),
        "the rest of a list is no news"
    );
}

#[tokio::test(start_paused = true)]
async fn full_table_refuses_at_once() {
    let mut table = Table::new(1);
    let _first = table.admit("X");
    let (id, mut answer) = table.admit("Y");
    assert_eq!(id, None);
    assert_eq!(
        answer.try_recv().unwrap().unwrap_err(),
        Error::Busy { limit: 1 }
    );
}

#[tokio::test(start_paused = true)]
async fn lost_connection_fails_everything() {
    let mut table = Table::new(8);
    let (_, mut answer) = table.admit("X");
    table.pending.abandon();
    assert!(!answer.try_recv().unwrap().unwrap_err().is_safe_to_retry());
}

#[tokio::test(start_paused = true)]
async fn list_that_ends_without_id_ends_the_one_that_waits_for_it() {
    let mut table = Table::new(8);
    let end = "Event: SCCPListDevicesComplete\nEventList: Complete\n";
    assert!(matches!(table.take(end), Resolved::Event(_)));
    let mut ask = || {
        let (reply, answer) = oneshot::channel();
        let action = Action::list(crate::ListQuery::SccpDevices);
        let deadline = table.now + Duration::from_secs(5);
        let id = table.pending.admit(&action, deadline, reply).unwrap();
        let start = format!("Response: Success\nActionID: {id}\nEventList: start\n");
        assert!(matches!(table.take(&start), Resolved::Taken));
        let entry = format!("Event: DeviceEntry\nActionID: {id}\nObjectId: SEP1\n");
        assert!(matches!(table.take(&entry), Resolved::Taken));
        answer
    };
    let mut first = ask();
    let mut second = ask();
    // With two that wait, nobody can tell whose end it is.
    assert!(matches!(table.take(end), Resolved::Event(_)));
    assert!(first.try_recv().is_err() && second.try_recv().is_err());
    drop(table);
    let mut table = Table::new(8);
    let (reply, mut answer) = oneshot::channel();
    let action = Action::list(crate::ListQuery::SccpDevices);
    let deadline = table.now + Duration::from_secs(5);
    let id = table.pending.admit(&action, deadline, reply).unwrap();
    table.take(&format!(
        "Response: Success\nActionID: {id}\nEventList: start\n"
    ));
    assert!(matches!(table.take(end), Resolved::Taken));
    assert_eq!(answer.try_recv().unwrap().unwrap().items().len(), 1);
}
