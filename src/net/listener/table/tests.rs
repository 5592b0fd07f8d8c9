use super::*;

const CAPACITY: Capacity = Capacity {
    total: 4,
    each: 4,
    reserved: 0,
    grace: None,
    wait: Duration::from_secs(1),
};

/// A table with a clock that stands still, and the connections by their number.
struct Site {
    table: Table,
    now: Instant,
    connections: Vec<(Id, CancellationToken)>,
}

impl Site {
    fn new(capacity: Capacity) -> Self {
        Self {
            table: Table::new(capacity),
            now: Instant::now(),
            connections: Vec::new(),
        }
    }

    /// Connects from `192.0.2.LAST`; an admitted connection gets the next number, from 0.
    fn connect(&mut self, last: u8) -> &'static str {
        match self.table.admit([192, 0, 2, last].into(), self.now) {
            Admission::Admitted(id, evicted) => {
                self.table.start(id);
                self.connections.push((id, evicted));
                "admitted"
            }
            Admission::Rejected => "rejected",
            Admission::Wait(None) => "waits",
            Admission::Wait(Some(_)) => "waits for grace",
            Admission::Full => "full",
        }
    }

    fn set_active(&mut self, number: usize, is_active: bool) {
        let (id, _) = self.connections[number];
        self.table.set_active(id, is_active, self.now);
    }

    fn trust(&mut self, number: usize) {
        let (id, _) = self.connections[number];
        self.table.set_trusted(id, true);
    }

    fn end(&mut self, number: usize) {
        let (id, _) = self.connections[number];
        self.table.end(id);
    }

    /// Returns the numbers of the evicted connections.
    fn evicted(&self) -> Vec<usize> {
        let numbered = self.connections.iter().enumerate();
        let evicted = numbered.filter(|(_, (_, evicted))| evicted.is_cancelled());
        evicted.map(|(number, _)| number).collect()
    }

    fn assert_empty(&self) {
        assert!(self.table.members.is_empty() && self.table.groups.is_empty());
        assert!(self.table.ranking.iter().all(BTreeSet::is_empty));
        assert_eq!((self.table.untrusted, self.table.open), (0, 0));
    }
}

#[test]
fn address_with_most_connections_makes_room_for_any_other() {
    let mut site = Site::new(CAPACITY);
    for last in [1, 2, 2, 2] {
        assert_eq!(site.connect(last), "admitted");
    }
    assert_eq!(site.connect(3), "admitted");
    assert_eq!(site.evicted(), [1], "the oldest of 192.0.2.2");
    // 192.0.2.2 has two connections left, the others have one.
    assert_eq!(site.connect(4), "admitted");
    assert_eq!(site.evicted(), [1, 2]);
    // All have one: the oldest goes.
    assert_eq!(site.connect(5), "admitted");
    assert_eq!(site.evicted(), [0, 1, 2]);
    for number in 0..7 {
        site.end(number);
    }
    site.assert_empty();
}

#[test]
fn connection_is_idle_again_after_its_request() {
    let mut site = Site::new(CAPACITY);
    for number in 0..4 {
        assert_eq!(site.connect(1), "admitted");
        site.set_active(number, true);
    }
    assert_eq!(site.connect(2), "waits");
    site.set_active(2, false);
    site.set_active(0, false);
    assert_eq!(site.connect(2), "admitted");
    assert_eq!(site.evicted(), [2], "idle for longer than the first one");
    site.set_active(2, true);
    site.set_active(4, true);
    assert_eq!(site.connect(2), "admitted");
    assert_eq!(site.evicted(), [0, 2]);
}

#[test]
fn address_at_its_limit_affects_only_itself() {
    let mut site = Site::new(Capacity {
        each: 2,
        ..CAPACITY
    });
    for number in 0..2 {
        site.connect(1);
        site.set_active(number, true);
    }
    assert_eq!(site.connect(1), "rejected");
    assert_eq!(site.connect(2), "admitted");
    site.set_active(1, false);
    assert_eq!(site.connect(1), "admitted");
    assert_eq!(site.evicted(), [1]);
    site.end(0);
    assert_eq!(site.connect(1), "admitted");
    assert_eq!(site.evicted(), [1]);
}

#[test]
fn connection_is_not_evicted_before_it_was_read() {
    for each in [2, 4] {
        let mut table = Table::new(Capacity {
            each,
            total: 2,
            ..CAPACITY
        });
        let peer = IpAddr::from([192, 0, 2, 1]);
        let mut admit = || match table.admit(peer, Instant::now()) {
            Admission::Admitted(id, evicted) => Some((id, evicted)),
            Admission::Wait(None) => None,
            other => panic!("{other:?}"),
        };
        let (_, first) = admit().unwrap();
        let (id, second) = admit().unwrap();
        assert!(admit().is_none());
        table.start(id);
        assert!(matches!(
            table.admit(peer, Instant::now()),
            Admission::Admitted(..)
        ));
        assert!(!first.is_cancelled() && second.is_cancelled());
    }
}

#[test]
fn address_that_may_have_all_connections_waits() {
    let mut site = Site::new(Capacity {
        total: 1,
        each: 1,
        ..CAPACITY
    });
    site.connect(1);
    site.set_active(0, true);
    assert_eq!(site.connect(1), "waits");
    site.set_active(0, false);
    assert_eq!(site.connect(1), "admitted");
}

#[test]
fn ended_connections_make_room_and_evicted_ones_only_once() {
    let mut site = Site::new(Capacity {
        total: 1,
        ..CAPACITY
    });
    site.connect(1);
    site.connect(1);
    site.set_active(1, true);
    site.end(0);
    assert_eq!(site.connect(1), "waits");
    site.end(1);
    assert_eq!(site.connect(1), "admitted");
    site.end(2);
    site.assert_empty();
}

#[test]
fn evicted_connections_that_do_not_end_are_limited() {
    let mut site = Site::new(CAPACITY);
    for _ in 0..CAPACITY.total + OVERFLOW {
        assert_eq!(site.connect(1), "admitted");
    }
    assert_eq!(site.connect(1), "full");
    assert_eq!(site.connect(2), "full");
    site.end(0);
    assert_eq!(site.connect(1), "admitted");
}

#[test]
fn long_requests_of_an_address_with_many_make_room_after_their_grace() {
    let grace = Duration::from_secs(3);
    let mut site = Site::new(Capacity {
        grace: Some(grace),
        ..CAPACITY
    });
    for number in 0..4 {
        site.connect(if number == 3 { 2 } else { 1 });
        site.set_active(number, true);
    }
    assert_eq!(site.connect(3), "waits for grace");
    assert_eq!(site.connect(1), "rejected", "it has more than its share");
    site.now += grace;
    assert_eq!(site.connect(3), "admitted");
    assert_eq!(site.evicted(), [0]);
    site.set_active(4, true);
    // 192.0.2.1 has two connections: no more than 192.0.2.2 would have.
    site.now += grace;
    assert_eq!(site.connect(2), "waits");
    assert_eq!(site.connect(4), "admitted");
    assert_eq!(site.evicted(), [0, 1]);
}

#[test]
fn requests_without_grace_are_never_interrupted() {
    let mut site = Site::new(CAPACITY);
    for number in 0..4 {
        site.connect(1);
        site.set_active(number, true);
    }
    site.now += Duration::from_hours(1);
    assert_eq!(site.connect(2), "waits");
    assert_eq!(site.evicted(), [0; 0]);
}

#[test]
fn untrusted_connections_never_take_the_reserve_nor_the_place_of_trusted_ones() {
    let mut site = Site::new(Capacity {
        reserved: 2,
        grace: Some(Duration::ZERO),
        ..CAPACITY
    });
    for number in 0..2 {
        site.connect(1);
        site.set_active(number, true);
    }
    // From the same address: an untrusted one makes room, although its request is in progress.
    assert_eq!(site.connect(1), "admitted");
    assert_eq!(site.evicted(), [0]);
    site.trust(2);
    site.set_active(2, true);
    for number in 3..5 {
        assert_eq!(site.connect(1), "admitted");
        site.trust(number);
    }
    site.set_active(3, true);
    assert_eq!(site.evicted(), [0]);
    // 1 is untrusted, 2 and 3 are active, 4 is idle and trusted.
    assert_eq!(site.connect(2), "admitted");
    assert_eq!(site.evicted(), [0, 1]);
    site.trust(5);
    site.set_active(5, true);
    // Only trusted connections are left: an idle one makes room.
    assert_eq!(site.connect(2), "admitted");
    assert_eq!(site.evicted(), [0, 1, 4]);
    site.trust(6);
    site.set_active(6, true);
    assert_eq!(site.connect(2), "waits");
}

#[test]
fn last_descriptor_is_freed_by_an_idle_connection() {
    let mut site = Site::new(CAPACITY);
    site.table.evict_idle();
    for last in [1, 2, 2] {
        site.connect(last);
    }
    site.set_active(1, true);
    site.table.evict_idle();
    assert_eq!(site.evicted(), [2]);
}

#[test]
fn ipv6_network_counts_as_one_address() {
    let key = |peer: &str| rate_limit_key(peer.parse().unwrap()).to_string();
    assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    assert_eq!(key("::ffff:192.0.2.1"), "192.0.2.1");
    let mut table = Table::new(Capacity {
        each: 1,
        ..CAPACITY
    });
    let mut connect = |peer: &str| match table.admit(peer.parse().unwrap(), Instant::now()) {
        Admission::Admitted(id, evicted) => {
            table.start(id);
            evicted
        }
        other => panic!("{other:?}"),
    };
    let first = connect("2001:db8::1");
    let other = connect("2001:db8:0:1::1");
    connect("2001:db8::2");
    assert!(first.is_cancelled() && !other.is_cancelled());
}

mod model {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// After any changes, the counts and ranks are those of the connections that are left.
        #[test]
        fn ranks_follow_every_change(
            steps in prop::collection::vec((0..6_u8, 0..4_u8, any::<prop::sample::Index>()), 0..200),
            reserved in 0..3_usize,
        ) {
            let grace = Some(Duration::ZERO);
            let mut site = Site::new(Capacity { reserved, grace, ..CAPACITY });
            let mut ended = Vec::new();
            for (step, last, at) in steps {
                if step < 2 || site.connections.len() == ended.len() {
                    site.connect(last);
                    continue;
                }
                let open: Vec<_> = (0..site.connections.len())
                    .filter(|number| !ended.contains(number))
                    .collect();
                let number = *at.get(&open);
                match step {
                    2 => site.set_active(number, true),
                    3 => site.set_active(number, false),
                    4 => site.trust(number),
                    _ => {
                        site.end(number);
                        ended.push(number);
                    }
                }
                let table = &site.table;
                prop_assert_eq!(table.open, site.connections.len() - ended.len());
                prop_assert!(table.members.len() <= CAPACITY.total);
                for class in [Class::Idle, Class::Active, Class::TrustedIdle] {
                    let of_class: Vec<_> = table
                        .members
                        .iter()
                        .filter(|(_, member)| member.state.class() == Some(class))
                        .collect();
                    let of = |key| table.members.values().filter(|member| member.key == key).count();
                    let expected = of_class
                        .iter()
                        .max_by_key(|(_, member)| (of(member.key), Reverse(member.state.since.0)))
                        .map(|(id, member)| (of(member.key), **id));
                    prop_assert_eq!(table.first_of(class), expected);
                }
                let untrusted = table.members.values().filter(|member| !member.state.is_trusted);
                prop_assert_eq!(table.untrusted, untrusted.count());
            }
            for number in (0..site.connections.len()).filter(|number| !ended.contains(number)) {
                site.end(number);
            }
            site.assert_empty();
        }
    }
}
