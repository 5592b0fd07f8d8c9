use std::time::Duration;

use super::*;
use crate::Error;

const LIST_LIMITS: ListLimits = ListLimits {
    items: 3,
    bytes: 1000,
};

/// A table of pending actions with a fixed time.
struct Table {
    pending: Pending,
    now: Instant,
}

impl Table {
    fn new(limit: usize) -> Self {
        Self {
            pending: Pending::new("abc".into(), limit, LIST_LIMITS),
            now: Instant::now(),
        }
    }

    fn register(
        &mut self,
        name: &str,
    ) -> (Option<String>, oneshot::Receiver<Result<Response, Error>>) {
        let (reply, answer) = oneshot::channel();
        let action = Action::builder(name).build().unwrap();
        (
            self.pending
                .register(&action, self.now + Duration::from_secs(5), reply),
            answer,
        )
    }

    fn receive(&mut self, text: &str) -> Resolved {
        self.pending.resolve(Packet::parse(text.as_bytes()))
    }
}

#[tokio::test(start_paused = true)]
async fn response_reaches_the_action_that_asked() {
    let mut table = Table::new(8);
    let (id, mut answer) = table.register("Ping");
    assert_eq!(id.as_deref(), Some("abc-1"));
    assert!(matches!(
        table.receive("Response: Success\nActionID: abc-1\n"),
        Resolved::Consumed
    ));
    assert!(answer.try_recv().unwrap().unwrap().is_success());
}

#[tokio::test(start_paused = true)]
async fn response_without_a_matching_id_is_unsolicited() {
    let mut table = Table::new(8);
    let _ping = table.register("Ping");
    for id in ["abd-1", "abc-2", "abc1", "1", ""] {
        let response = format!("Response: Success\nActionID: {id}\n");
        assert!(
            matches!(table.receive(&response), Resolved::Unsolicited(_)),
            "{id}"
        );
    }
    assert!(matches!(
        table.receive("Response: Error\nMessage: Missing action\n"),
        Resolved::Unsolicited(_)
    ));
}

#[tokio::test(start_paused = true)]
async fn originate_response_is_an_event_for_all() {
    let mut table = Table::new(8);
    let _originate = table.register("Originate");
    let event = "Event: OriginateResponse\nActionID: abc-1\nResponse: Failure\n";
    assert!(matches!(table.receive(event), Resolved::Event(_)));
    table.receive("Response: Success\nActionID: abc-1\n");
    assert!(matches!(table.receive(event), Resolved::Event(_)));
}

#[tokio::test(start_paused = true)]
async fn cancelled_list_is_complete() {
    let mut table = Table::new(8);
    let (_, mut answer) = table.register("QueueStatus");
    table.receive("Response: Success\nActionID: abc-1\nEventlist: Start\n");
    table.receive("Event: QueueMember\nActionID: abc-1\n");
    table.receive("Event: QueueStatusComplete\nActionID: abc-1\nEventList: CANCELLED\n");
    let response = answer.try_recv().unwrap().unwrap();
    assert!(response.is_cancelled());
    assert_eq!(response.items().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn error_response_never_starts_a_list() {
    let mut table = Table::new(8);
    let (_, mut answer) = table.register("X");
    table.receive("Response: Error\nActionID: abc-1\nEventList: start\nMessage: No\n");
    let error = answer
        .try_recv()
        .unwrap()
        .unwrap()
        .accepted("X")
        .unwrap_err();
    assert_eq!(error.to_string(), "Asterisk refused X: No");
}

#[tokio::test(start_paused = true)]
async fn list_over_a_limit_fails_and_its_remaining_items_are_dropped() {
    for (item, limit) in [
        ("A: 1".to_owned(), "3 items"),
        ("x".repeat(600), "1000 bytes"),
    ] {
        let mut table = Table::new(8);
        let (_, mut answer) = table.register("X");
        table.receive("Response: Success\nActionID: abc-1\nEventList: start\n");
        for _ in 0..10 {
            let event = format!("Event: Item\nActionID: abc-1\n{item}\n");
            assert!(matches!(table.receive(&event), Resolved::Consumed));
        }
        let error = answer.try_recv().unwrap().unwrap_err();
        assert_eq!(
            error,
            Error::ListTooLong {
                action: "X".into(),
                limit: limit.into()
            }
        );
        table.receive("Event: XComplete\nActionID: abc-1\nEventList: Complete\n");
        assert!(table.pending.abandoned_lists.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn late_actions_and_lists_end_with_unknown_outcome() {
    let mut table = Table::new(8);
    let (_, mut plain) = table.register("X");
    let (_, mut list) = table.register("Y");
    table.receive("Response: Success\nActionID: abc-2\nEventList: start\n");
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
    let item = table.receive("Event: Item\nActionID: abc-2\n");
    assert!(
        matches!(item, Resolved::Consumed),
        "remaining items of a list are not events"
    );
}

#[tokio::test(start_paused = true)]
async fn full_table_rejects_at_once() {
    let mut table = Table::new(1);
    let _first = table.register("X");
    let (id, mut answer) = table.register("Y");
    assert_eq!(id, None);
    assert_eq!(
        answer.try_recv().unwrap().unwrap_err(),
        Error::Busy { limit: 1 }
    );
}

#[tokio::test(start_paused = true)]
async fn lost_connection_fails_everything() {
    let mut table = Table::new(8);
    let (_, mut answer) = table.register("X");
    table.pending.fail_all();
    assert!(!answer.try_recv().unwrap().unwrap_err().is_safe_to_retry());
}

#[tokio::test(start_paused = true)]
async fn list_end_without_id_completes_the_only_matching_list() {
    let mut table = Table::new(8);
    let end = "Event: SCCPListDevicesComplete\nEventList: Complete\n";
    assert!(matches!(table.receive(end), Resolved::Event(_)));
    let mut start_list = || {
        let (reply, answer) = oneshot::channel();
        let action = Action::list(crate::ListQuery::SccpDevices);
        let deadline = table.now + Duration::from_secs(5);
        let id = table.pending.register(&action, deadline, reply).unwrap();
        let start = format!("Response: Success\nActionID: {id}\nEventList: start\n");
        assert!(matches!(table.receive(&start), Resolved::Consumed));
        let entry = format!("Event: DeviceEntry\nActionID: {id}\nObjectId: SEP1\n");
        assert!(matches!(table.receive(&entry), Resolved::Consumed));
        answer
    };
    let mut first = start_list();
    let mut second = start_list();
    // With two pending lists, it is unknown which one has ended.
    assert!(matches!(table.receive(end), Resolved::Event(_)));
    assert!(first.try_recv().is_err() && second.try_recv().is_err());
    drop(table);
    let mut table = Table::new(8);
    let (reply, mut answer) = oneshot::channel();
    let action = Action::list(crate::ListQuery::SccpDevices);
    let deadline = table.now + Duration::from_secs(5);
    let id = table.pending.register(&action, deadline, reply).unwrap();
    table.receive(&format!(
        "Response: Success\nActionID: {id}\nEventList: start\n"
    ));
    assert!(matches!(table.receive(end), Resolved::Consumed));
    assert_eq!(answer.try_recv().unwrap().unwrap().items().len(), 1);
}

#[test]
fn list_of_sccp_lines_is_read_as_chan_sccp_writes_it() {
    let mut table = Table::new(8);
    let (reply, mut answer) = oneshot::channel();
    let action = Action::list(crate::ListQuery::SccpLines);
    let deadline = table.now + Duration::from_secs(5);
    let id = table.pending.register(&action, deadline, reply).unwrap();
    for message in [
        format!(
            "Response: Success\nActionID: {id}\nEventList: start\nMessage: SCCPShowLines list will follow\n"
        ),
        format!("Event: TableStart\nTableName: Lines\nActionID: {id}\n"),
        // The case of this one differs.
        format!("Event: SCCPLineEntry\nActionId: {id}\nExten: 200\nDevice: SEP00005E005301\n"),
        format!("Event: TableEnd\nTableName: Lines\nActionID: {id}\n"),
        format!(
            "Event: SCCPShowLinesComplete\nEventList: Complete\nListItems: 5\nListTableItems: 1\nActionID: {id}\n"
        ),
    ] {
        assert!(
            matches!(table.receive(&message), Resolved::Consumed),
            "{message}"
        );
    }
    let response = answer.try_recv().unwrap().unwrap();
    let lines = response
        .items()
        .iter()
        .filter(|item| item.is("SCCPLineEntry"));
    assert_eq!(lines.count(), 1);
}
