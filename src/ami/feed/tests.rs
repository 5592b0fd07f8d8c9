use super::*;

/// Returns an event with a number, of a fixed size.
fn event(number: usize) -> Event {
    let block = format!("Event: A\r\nB: {number:01000}\r\n");
    Event::parse(block.as_bytes()).unwrap()
}

/// A feed with room for that number of events, and its counters.
fn feed(room: usize) -> (Feed, Arc<Counters>) {
    let counters = Arc::new(Counters::default());
    let limit = room * event(0).packet().memory();
    (Feed::new(limit, Arc::clone(&counters)), counters)
}

fn publish(feed: &Feed, numbers: impl IntoIterator<Item = usize>) {
    feed.publish(&mut numbers.into_iter().map(event).collect());
}

/// Returns what a subscriber has lost, and the events that it takes.
async fn take(subscription: &Subscription) -> (u64, VecDeque<Event>) {
    let mut events = VecDeque::new();
    let lost = subscription.take(&mut events).await.unwrap();
    (lost, events)
}

fn events(numbers: impl IntoIterator<Item = usize>) -> VecDeque<Event> {
    numbers.into_iter().map(event).collect()
}

#[tokio::test]
async fn each_subscriber_receives_every_event_in_order() {
    let (feed, counters) = feed(1000);
    publish(&feed, 0..3);
    let first = feed.source().subscribe();
    publish(&feed, 3..5);
    let second = feed.source().subscribe();
    publish(&feed, 5..7);
    assert_eq!(take(&first).await, (0, events(3..7)));
    assert_eq!(take(&second).await, (0, events(5..7)));
    publish(&feed, 7..307);
    assert_eq!(take(&first).await, (0, events(7..263)));
    assert_eq!(take(&first).await, (0, events(263..307)));
    drop(feed);
    let mut rest = VecDeque::new();
    assert_eq!(second.take(&mut rest).await, Some(0));
    assert_eq!(second.take(&mut rest).await, Some(0));
    assert_eq!(rest, events(7..307));
    assert_eq!(second.take(&mut VecDeque::new()).await, None);
    assert_eq!(counters.totals().lost, 0);
}

#[tokio::test]
async fn oldest_events_are_lost_when_the_memory_is_full() {
    let (feed, counters) = feed(3);
    let slow = feed.source().subscribe();
    let quick = feed.source().subscribe();
    publish(&feed, 0..3);
    drop(take(&quick).await);
    publish(&feed, 3..5);
    assert_eq!(counters.totals().lost, 2);
    assert_eq!(take(&quick).await, (0, events(3..5)));
    assert_eq!(take(&slow).await, (2, events(2..5)));
    publish(&feed, 5..7);
    assert_eq!(take(&slow).await, (0, events(5..7)));
}

#[tokio::test]
async fn events_that_a_subscriber_holds_count() {
    let (feed, counters) = feed(3);
    let subscription = feed.source().subscribe();
    publish(&feed, 0..3);
    let (_, held) = take(&subscription).await;
    publish(&feed, 3..5);
    assert_eq!(counters.totals().lost, 2);
    // A copy that is kept takes no share.
    let kept = held[0].detached();
    drop(held);
    publish(&feed, 5..7);
    assert_eq!(take(&subscription).await, (2, events(5..7)));
    assert_eq!(kept, event(0));
}

#[tokio::test]
async fn nothing_is_kept_without_a_subscriber() {
    let (feed, counters) = feed(3);
    publish(&feed, 0..9);
    let subscription = feed.source().subscribe();
    publish(&feed, 9..11);
    drop(subscription);
    let later = feed.source().subscribe();
    publish(&feed, 11..14);
    assert_eq!(take(&later).await, (0, events(11..14)));
    assert_eq!(counters.totals().lost, 0);
}

#[tokio::test]
async fn waiting_subscriber_is_woken_by_an_event_and_by_the_end() {
    let (feed, _) = feed(3);
    let subscription = feed.source().subscribe();
    let arrive = async {
        tokio::task::yield_now().await;
        publish(&feed, 0..1);
    };
    assert_eq!(
        tokio::join!(take(&subscription), arrive).0,
        (0, events(0..1))
    );
    let end = async {
        tokio::task::yield_now().await;
        drop(feed);
    };
    let mut none = VecDeque::new();
    assert_eq!(tokio::join!(subscription.take(&mut none), end).0, None);
}
